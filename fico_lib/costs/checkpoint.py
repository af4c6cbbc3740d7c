"""Any vision-language model of transformers, by its configuration: counted and measured alike.

Weights are never read and code is never fetched or run from a checkpoint: the configuration names a
class of the installed transformers library, which is built with random weights. FLOPs are counted
by torch (`torch.utils.flop_counter`) in a run on the meta device, or, where a model looks at the
values of its inputs, in one run on the CPU.
"""

import json
import math
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from fico_lib.costs.architectures.model import Flops, PaperModel, Step, build, materialise
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.reading import as_path, reason

LONGEST_TEXT = 40  # tokens, as the paper pads its texts; shorter where a model cannot read so many
LARGE = 500_000_000  # weights; beyond this they are counted in bfloat16, to fit a laptop
MATCHING = ("itm_head", "itm_score", "rank_output")  # heads that score a pair


# What the forward pass of a model raises for inputs that it cannot use.
UNUSABLE = (
    ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, RuntimeError,
    TypeError, ValueError,
)  # fmt: skip
LIMITS = {
    "hidden_layers": 1000, "attention_heads": 4096, "hidden_size": 10**6,
    "intermediate_size": 10**7,
    "vocab_size": 10**8, "image_size": 10**5, "patch_size": 10**5, "num_channels": 10**4,
    "position_embeddings": 10**7, "projection_dim": 10**6,
}  # fmt: skip
OPTIONAL = ("image_text_hidden_size",)  # 0 where there is no such part


def read_configuration(path: Path):
    """The transformers configuration in a folder or a config.json file; nothing is executed."""
    from transformers import AutoConfig

    try:
        file = path / "config.json" if path.is_dir() else path
        there = file.is_file()
    except (OSError, ValueError):  # a name that is too long, or holds a zero byte
        there = False
    if not there:
        raise InputError(f"{path}: no config.json in it; expected a transformers checkpoint folder")
    try:
        content = json.loads(file.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file}: not valid JSON ({error})") from error
    names = content.get("architectures") if isinstance(content, dict) else None
    if names and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise InputError(f"{file}: architectures is {names!r:.60}; expected a list of names")
    kind = content.get("model_type") if isinstance(content, dict) else None
    if not isinstance(kind, str):
        raise InputError(f"{file}: no 'model_type'; expected a transformers configuration")
    content = _plain(content, str(file))
    try:
        known = AutoConfig.for_model(kind)
    except ValueError as error:
        raise InputError(
            f"{file}: model_type '{kind}' is not part of the installed transformers library "
            "(code that comes with a checkpoint is never run)"
        ) from error
    try:
        return type(known).from_dict(content)
    except Exception as error:  # its checks have classes of their own
        raise InputError(
            f"{file}: no usable configuration of '{kind}' ({reason(error)})"
        ) from error


def _plain(content: Any, where: str) -> Any:
    """The content without what chooses an attention kernel, which could be fetched or be missing.

    Raises InputError for numbers of layers, heads or units that no model has, which would build
    nothing, or without end.
    """
    if isinstance(content, list):
        return [_plain(part, where) for part in content]
    if not isinstance(content, dict):
        return content
    for name, value in content.items():
        if isinstance(value, bool) or not isinstance(value, int):
            continue
        most = next((limit for end, limit in LIMITS.items() if name.endswith(end)), None)
        if most and not 1 <= value <= most and name not in OPTIONAL:
            raise InputError(f"{where}: {name} is {value}; expected 1 to {most}")
    return {
        name: _plain(value, where)
        for name, value in content.items()
        if "attn_implementation" not in name
    }


def model_class(configuration) -> type:
    """The class that the configuration names, or, where that is none for retrieval, the family's.

    A checkpoint that was saved by another head (masked words, say) has the trunk of the same model.
    """
    import transformers

    _refuse_own_code(configuration)
    kind = _named_class(configuration)
    family = type(configuration).__name__.removesuffix("Config")
    retrieval = [family + f"ForImage{link}TextRetrieval" for link in ("And", "")]
    if _encodes(kind) or kind.__name__ in retrieval:
        return kind
    if not any(hasattr(transformers, name) for name in retrieval):
        base = _base_class(configuration)
        return base if _encodes(base) else kind  # under a classifier, segments, boxes
    kinds = (getattr(transformers, name, None) for name in retrieval)
    return next((other for other in kinds if other is not None), kind)


def _named_class(configuration) -> type:
    """The class that the configuration names, where transformers has it, else its base class."""
    import transformers
    from transformers import PreTrainedModel

    for name in getattr(configuration, "architectures", None) or ():
        kind = getattr(transformers, name, None)
        if isinstance(kind, type) and issubclass(kind, PreTrainedModel):
            if not isinstance(configuration, kind.config_class):
                raise InputError(
                    f"{name} is one part of a '{configuration.model_type}' model: expected a model "
                    "that encodes images and texts"
                )
            return kind
    return _base_class(configuration)


def _refuse_own_code(configuration) -> None:
    """InputError where the checkpoint's class is code of its own: another would be counted."""
    import transformers

    own = getattr(configuration, "auto_map", None)
    names = getattr(configuration, "architectures", None) or ()
    if own and names and not any(hasattr(transformers, name) for name in names):
        raise InputError(
            f"'{names[0]}' is code that comes with the checkpoint, which is never run: expected a "
            "class of the installed transformers library"
        )


def _base_class(configuration) -> type:
    """The class that transformers opens such a configuration with."""
    from transformers import AutoModel

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

    def __init__(self, configuration, image_side: int | None = None):
        """image_side: pixels, where the model takes any and its preprocessor is known."""
        super().__init__()
        kind = model_class(configuration)
        self.title, self.image_side = kind.__name__, image_side
        named = (getattr(configuration, "architectures", None) or [self.title])[0]
        if named != self.title:
            self.note = f"{self.note}, which was saved as {named}"
        self.configuration = configuration
        try:
            self.network = kind(configuration)
        except Exception as error:  # what a constructor trips over is not foreseen
            raise InputError(
                f"{self.title} cannot be made of this configuration: {reason(error)}"
            ) from error
        self.encodes = _encodes(kind)
        self.matches = any(hasattr(self.network, head) for head in MATCHING)
        if not (self.encodes or self.matches):
            raise InputError(
                f"{self.title} neither encodes images and texts (get_image_features, "
                "get_text_features) nor scores pairs (an image-text-retrieval head): expected a "
                "vision-language model for retrieval"
            )
        self.attention = "all pairs" if self.matches else "none"
        longest = self._text("max_position_embeddings", 512)
        padded = str(configuration.model_type).startswith("siglip")  # always to the longest
        self.n_tokens = longest if padded else min(LONGEST_TEXT, longest)
        self.dimension = None
        self._flops: Flops | None = None

    def _part(self, side: str):
        names = {
            "vision": ("vision_config", "image_config"),
            "text": ("qformer_config", "text_config"),
        }[side]
        parts = (getattr(self.configuration, name, None) for name in names)
        return next((part for part in parts if part is not None), self.configuration)

    def _text(self, name: str, default: int) -> int:
        return getattr(self._part("text"), name, None) or default

    def image_inputs(self, count: int) -> torch.Tensor:
        """Pixels (count, channels, height, width), or NaFlex's patches (count, patches, pixels)."""
        vision = self._part("vision")
        if self._patches():
            return torch.randn(count, self._patches(), vision.num_channels * vision.patch_size**2)
        side = self.image_side or getattr(vision, "image_size", None) or 224
        height, width = side if isinstance(side, list | tuple) else (side, side)
        return torch.randn(count, getattr(vision, "num_channels", None) or 3, height, width)

    def _patches(self) -> int:
        """How many patches an image is cut into beforehand; 0 for models that take pixels."""
        vision = self._part("vision")
        flexible = self.configuration.model_type == "siglip2"
        return getattr(vision, "num_patches", 0) if flexible else 0

    def text_inputs(self, count: int) -> torch.Tensor:
        """Token ids (count, n_tokens)."""
        return torch.randint(1, min(1000, self._text("vocab_size", 1000)), (count, self.n_tokens))

    def encode_images(self, inputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Pixels -> embeddings (n, d)."""
        more = {}
        if self._patches():
            side = math.isqrt(self._patches())
            more["pixel_attention_mask"] = torch.ones(inputs.shape[:2], device=inputs.device)
            more["spatial_shapes"] = torch.full((len(inputs), 2), side, device=inputs.device)
        return _vectors(self.network.get_image_features(pixel_values=inputs, **more)), None

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
        except UNUSABLE as error:
            if isinstance(error, InputError) or (device == "meta" and _needs_values(error)):
                raise
            raise InputError(
                f"{self.title} does not run on pixels and token ids alone: {reason(error)}"
            ) from error
        self._flops = Flops(image, text, pair)


def _needs_values(error: Exception) -> bool:
    """Whether a model failed on the meta device because it looks at the values of its inputs."""
    return isinstance(error, (RuntimeError, NotImplementedError)) and "meta" in str(error)


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
    path = as_path(path)
    configuration = read_configuration(path)
    side = _preprocessed_side(path, configuration)
    with torch.device("meta"):
        counted = Checkpoint(configuration, side).eval().requires_grad_(False)
    try:
        counted.count("meta")
    except RuntimeError:  # it asks for values, and there are none
        counted = build(lambda: Checkpoint(configuration, side))
        large = counted.parameters_count() > LARGE
        dtype = torch.bfloat16 if large else torch.float32
        materialise([counted.network], torch.device("cpu"), dtype)
        counted.count("cpu")
    model = build(lambda: Checkpoint(configuration, side))
    model.dimension, model._flops = counted.dimension, counted._flops
    return model


def _preprocessed_side(path: Path, configuration) -> int | None:
    """The side to which the folder's preprocessor crops images, where the model takes any size.

    A model without patches (ALIGN) runs on what it is given, whatever its configuration says.
    """
    file = path / "preprocessor_config.json"
    vision = getattr(configuration, "vision_config", None)
    if not file.is_file() or vision is None or hasattr(vision, "patch_size"):
        return None
    try:
        about = json.loads(file.read_bytes().decode("utf-8-sig"))
        size = about.get("crop_size") or about.get("size") or {}
        side = size if isinstance(size, int) else size.get("height")
        return int(side) if side else None
    except (ValueError, AttributeError, TypeError) as error:
        raise InputError(f"{file}: no usable sizes of images ({reason(error)})") from error
