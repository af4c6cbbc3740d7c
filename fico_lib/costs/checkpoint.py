"""Any vision-language model of transformers, by its configuration: counted and measured alike.

Weights are never read and code is never fetched or run from a checkpoint: the configuration names a
class of the installed transformers library, which is built with random weights. FLOPs are counted
by torch (`torch.utils.flop_counter`) in a run on the meta device, or, where a model looks at the
values of its inputs, in one run on the CPU.
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from fico_lib.costs.architectures.model import Flops, PaperModel, Step, build, materialise
from fico_lib.runtime.errors import InputError

LONGEST_TEXT = 40  # tokens, as the paper pads its texts; shorter where a model cannot read so many
LARGE = 500_000_000  # weights; beyond this they are counted in bfloat16, to fit a laptop
MATCHING = ("itm_head", "itm_score", "rank_output")  # heads that score a pair


def read_configuration(path: Path):
    """The transformers configuration in a folder or a config.json file; nothing is executed."""
    from transformers import AutoConfig

    file = path / "config.json" if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"{path}: no config.json in it; expected a transformers checkpoint folder")
    try:
        content = json.loads(file.read_text())
    except (UnicodeDecodeError, ValueError) as error:
        raise InputError(f"{file}: not valid JSON ({error})") from error
    kind = content.get("model_type") if isinstance(content, dict) else None
    if not isinstance(kind, str):
        raise InputError(f"{file}: no 'model_type'; expected a transformers configuration")
    try:
        known = AutoConfig.for_model(kind)
    except ValueError as error:
        raise InputError(
            f"{file}: model_type '{kind}' is not part of the installed transformers library "
            "(code that comes with a checkpoint is never run)"
        ) from error
    try:
        return type(known).from_dict(content)
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{file}: no usable configuration of '{kind}' ({error})") from error


def _class_of(configuration) -> type:
    """The class that the configuration names, or, where that is none for retrieval, the family's.

    A checkpoint that was saved by another head (masked words, say) has the trunk of the same model.
    """
    import transformers

    kind = _named_class(configuration)
    family = type(configuration).__name__.removesuffix("Config")
    retrieval = [family + f"ForImage{link}TextRetrieval" for link in ("And", "")]
    if _encodes(kind) or kind.__name__ in retrieval:
        return kind
    kinds = (getattr(transformers, name, None) for name in retrieval)
    return next((other for other in kinds if other is not None), kind)


def _named_class(configuration) -> type:
    """The class that the configuration names, where transformers has it, else its base class."""
    import transformers
    from transformers import AutoModel, PreTrainedModel

    for name in getattr(configuration, "architectures", None) or ():
        kind = getattr(transformers, name, None)
        if isinstance(kind, type) and issubclass(kind, PreTrainedModel):
            return kind
    try:
        return AutoModel._model_mapping[type(configuration)]
    except KeyError as error:
        raise InputError(
            f"'{configuration.model_type}' has no model class; expected a vision-language model"
        ) from error


def _encodes(kind: type) -> bool:
    return all(hasattr(kind, f"get_{side}_features") for side in ("image", "text"))


class Checkpoint(PaperModel):
    """A model of transformers with the two steps of a dual encoder, or with a score of pairs.

    The score of a pair is a run of the whole model: where it could keep an image's tokens, the
    pair's FLOPs include encoding it.
    """

    group, note = "transformers", "random weights of the architecture that the configuration names"

    def __init__(self, configuration):
        super().__init__()
        kind = _class_of(configuration)
        self.title = kind.__name__
        self.configuration = configuration
        self.network = kind(configuration)
        self.encodes = _encodes(kind)
        self.matches = any(hasattr(self.network, head) for head in MATCHING)
        if not (self.encodes or self.matches):
            raise InputError(
                f"{self.title} neither encodes images and texts (get_image_features, "
                "get_text_features) nor scores pairs (an image-text-retrieval head): expected a "
                "vision-language model for retrieval"
            )
        self.attention = "all pairs" if self.matches else "none"
        self.n_tokens = min(LONGEST_TEXT, self._text("max_position_embeddings", 512))
        self.dimension = None
        self._flops: Flops | None = None

    def _part(self, side: str):
        names = {"vision": ("vision_config",), "text": ("qformer_config", "text_config")}[side]
        parts = (getattr(self.configuration, name, None) for name in names)
        return next((part for part in parts if part is not None), self.configuration)

    def _text(self, name: str, default: int) -> int:
        return getattr(self._part("text"), name, None) or default

    def image_inputs(self, count: int) -> torch.Tensor:
        """Pixels (count, channels, height, width)."""
        vision = self._part("vision")
        side = getattr(vision, "image_size", None) or 224
        height, width = side if isinstance(side, list | tuple) else (side, side)
        return torch.randn(count, getattr(vision, "num_channels", None) or 3, height, width)

    def text_inputs(self, count: int) -> torch.Tensor:
        """Token ids (count, n_tokens)."""
        return torch.randint(1, min(1000, self._text("vocab_size", 1000)), (count, self.n_tokens))

    def encode_images(self, inputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Pixels -> embeddings (n, d)."""
        return _vectors(self.network.get_image_features(pixel_values=inputs)), None

    def encode_texts(self, inputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Token ids -> embeddings (n, d)."""
        return _vectors(self.network.get_text_features(input_ids=inputs)), None

    def score(self, images: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
        """Pixels of n images and token ids of n texts -> (n,): a pair in each row."""
        more = {}
        if hasattr(self.network, "query_tokens"):  # BLIP-2 scores by its matching head if told so
            more["use_image_text_matching_head"] = True
            queries = self.configuration.num_query_tokens
            mask = torch.ones(len(texts), self.n_tokens, dtype=torch.long, device=texts.device)
            if getattr(self.configuration, "image_token_index", None) is not None:
                texts = torch.nn.functional.pad(texts, (queries, 0), value=1)  # it cuts them off
                mask = torch.nn.functional.pad(mask, (queries, 0), value=1)
            more["attention_mask"] = mask
        out = self.network(pixel_values=images, input_ids=texts, **more)
        for name in ("logits", "logits_per_image", "itm_score"):
            if getattr(out, name, None) is not None:
                return getattr(out, name)[..., -1].flatten()
        raise InputError(f"{self.title}: no score of a pair in its output")

    def parts(self, step: Step) -> list[nn.Module]:
        """The whole network: which part a step runs through only the network knows."""
        return [self.network]

    def flops(self) -> Flops:
        """Counted by torch; `count` must have been called (`checkpoint` does)."""
        assert self._flops is not None
        return self._flops

    def count(self, device: str) -> None:
        """Run each step once, with weights on `device`, counting; sets `dimension` and FLOPs."""
        image = text = pair = None
        try:
            dtype = next(self.parameters()).dtype
            pixels, tokens = self.image_inputs(1).to(device, dtype), self.text_inputs(1).to(device)
            # Without the fused kernel of attention, for which the counter counts nothing on a CPU.
            with torch.device(device), torch.inference_mode(), sdpa_kernel(SDPBackend.MATH):
                if self.encodes:
                    image, vectors = _counted(lambda: self.encode_images(pixels)[0])
                    text, _ = _counted(lambda: self.encode_texts(tokens)[0])
                    self.dimension = vectors.shape[-1]
                if self.matches:
                    pair, _ = _counted(lambda: self.score(pixels, tokens))
        except (RuntimeError, TypeError, ValueError, AttributeError, NotImplementedError) as error:
            if isinstance(error, InputError) or "meta tensors" in str(error):
                raise
            raise InputError(
                f"{self.title} does not run on pixels and token ids alone: {error}"
            ) from error
        self._flops = Flops(image, text, pair)


def _vectors(out) -> torch.Tensor:
    """Embeddings, from a tensor or from the output object of newer versions."""
    return out if isinstance(out, torch.Tensor) else out.pooler_output


def _counted(run) -> tuple[int, torch.Tensor]:
    with FlopCounterMode(display=False) as counter:
        out = run()
    return counter.get_total_flops(), out


def checkpoint(path: Path | str) -> Checkpoint:
    """The model of a checkpoint folder or config.json, counted, with weights yet to be made.

    Raises InputError where the configuration is unusable, needs code of its own, or does not
    describe a model that encodes images and texts or scores pairs.
    """
    configuration = read_configuration(Path(path))
    with torch.device("meta"):
        counted = Checkpoint(configuration).eval().requires_grad_(False)
    try:
        counted.count("meta")
    except RuntimeError:  # it asks for values, and there are none
        counted = build(lambda: Checkpoint(configuration))
        large = counted.parameters_count() > LARGE
        dtype = torch.bfloat16 if large else torch.float32
        materialise([counted.network], torch.device("cpu"), dtype)
        counted.count("cpu")
    model = build(lambda: Checkpoint(configuration))
    model.dimension, model._flops = counted.dimension, counted._flops
    return model
