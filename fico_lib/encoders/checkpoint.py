"""Opens a checkpoint of transformers: its network, and what makes its inputs.

Only folders on this machine, only safetensors, and only classes of the installed library.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from fico_lib.costs.checkpoint import model_class, read_configuration
from fico_lib.encoders.kinds import Blip, Blip2, DualEncoder, Encoder, SentenceEncoder
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.reading import reason

DTYPES = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}
POOLING = {
    "pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
}  # fmt: skip
VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json")
DEFAULT_LONGEST = 512  # tokens, where a configuration names no number
# Models of the RoBERTa family number positions from two on.
COUNT_FROM_TWO = ("roberta", "xlm-roberta", "camembert", "mpnet", "altclip_text_model")
LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


@dataclass(frozen=True)
class Opened:
    """A checkpoint ready to encode.

    title: of its class; preprocess: one image -> the arguments of `Encoder.images` without the
    first axis; tokenizer and longest: how texts become tokens, at most so many; vocabulary: tokens
    that there are; padded: all to `longest`; names: the arguments that texts are given as; dtype:
    of mixed precision, None for float32 throughout.
    """

    title: str
    encoder: Encoder
    preprocess: Any
    tokenizer: Any
    longest: int
    vocabulary: int
    padded: bool
    names: tuple[str, ...]
    device: torch.device
    dtype: torch.dtype | None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Without gradients, in the precision asked for."""
        mixed = torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not None)
        with torch.inference_mode(), mixed:
            yield

    def tokens(self, texts: list[str]) -> tuple[dict[str, torch.Tensor], int]:
        """The texts as arguments, on the device, and how many were longer than the model reads."""
        whole = self.tokenizer(texts, add_special_tokens=True)["input_ids"]
        found = self.tokenizer(
            texts, padding="max_length" if self.padded else True, truncation=True,
            max_length=self.longest, return_tensors="pt",
        )  # fmt: skip
        cut = sum(len(ids) > self.longest for ids in whole)
        if (largest := int(found["input_ids"].max())) >= self.vocabulary:
            raise InputError(
                f"the tokenizer gives number {largest}, {self.title} has {self.vocabulary} tokens: "
                "expected the tokenizer of the checkpoint"
            )
        return {n: found[n].to(self.device) for n in self.names if n in found}, cut


def open_checkpoint(folder: Path | str, device: torch.device, dtype: str = "float32") -> Opened:
    """The checkpoint in a folder, ready to encode on `device`.

    dtype: float32, or bfloat16 or float16 for mixed precision. Raises InputError for weights that
    are not there as safetensors or do not fill the model, for code of the checkpoint's own, and for
    models that encode neither images with texts nor texts.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"--checkpoint {folder}: no such folder; expected a checkpoint on this "
                         "machine (nothing is downloaded)")  # fmt: skip
    if dtype not in DTYPES:
        raise InputError(f"dtype: found '{dtype}'; expected {', '.join(DTYPES)}")
    place, pooling = _sentence_layout(folder)
    configuration = read_configuration(place)
    if not list(place.glob("*.safetensors")):
        raise InputError(
            f"{place}: no *.safetensors file; weights in other formats are not read, because "
            "loading them may run code"
        )
    kind, texts_only = model_class(configuration), False
    if not hasattr(kind, "get_image_features") and kind.__name__ not in MATCHERS:
        kind, texts_only = _text_class(configuration, place), True
    network = _load(kind, place, configuration).to(device).eval().requires_grad_(False)
    if texts_only:
        encoder: Encoder = SentenceEncoder(network, pooling)
    else:
        encoder = MATCHERS.get(kind.__name__, DualEncoder)(network)
    tokenizer = _tokenizer(place)
    siglip = str(configuration.model_type).startswith("siglip")  # trained on texts of one length
    image_names, text_names = encoder.arguments()
    return Opened(
        kind.__name__, encoder, _preprocess(place, image_names) if encoder.has_images else None,
        tokenizer, _longest(configuration, tokenizer), _vocabulary(network), siglip, text_names,
        device, DTYPES[dtype],
    )  # fmt: skip


MATCHERS: dict[str, type[Encoder]] = {
    "BlipForImageTextRetrieval": Blip,
    "Blip2ForImageTextRetrieval": Blip2,
}


def _longest(configuration, tokenizer) -> int:
    """Tokens that a text may have: as the tokenizer and the table of positions allow."""
    text = getattr(configuration, "qformer_config", None) or configuration.get_text_config()
    positions = getattr(text, "max_position_embeddings", None) or DEFAULT_LONGEST
    if getattr(text, "model_type", "") in COUNT_FROM_TWO:
        positions -= 2
    return int(min(positions, tokenizer.model_max_length))


def _vocabulary(network) -> int:
    """How many tokens there are embeddings of: the largest table, since positions are fewer."""
    tables = [m.num_embeddings for m in network.modules() if isinstance(m, torch.nn.Embedding)]
    return max(tables, default=1 << 31)


def _text_class(configuration, place: Path) -> type:
    """The class of an encoder of texts; InputError for what is none."""
    from transformers import AutoModel

    kind = AutoModel._model_mapping[type(configuration)]
    reads = getattr(kind, "main_input_name", "") == "input_ids"
    if not reads or getattr(configuration, "is_encoder_decoder", False):
        raise InputError(
            f"{place}: {kind.__name__} encodes neither images and texts (get_image_features, "
            "get_text_features) nor sentences: expected a dual encoder or a sentence encoder"
        )
    return kind


def _load(kind: type, place: Path, configuration):
    """The network, all of whose weights come from the file.

    configuration: as read, without a choice of attention kernel, which could be fetched.
    """
    from transformers.utils import logging

    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        network, found = kind.from_pretrained(  # type: ignore[attr-defined]
            place, config=configuration, use_safetensors=True, output_loading_info=True,
            dtype=torch.float32, **LOCAL,
        )  # fmt: skip
    except Exception as error:  # damaged files make it raise almost anything
        raise InputError(f"{place}: {kind.__name__} cannot be loaded: {reason(error)}") from error
    finally:
        logging.set_verbosity(verbosity)
        logging.enable_progress_bar()
    missing = [key for key in found["missing_keys"] if not key.startswith("pooler.")]
    wrong = [*missing, *(str(key) for key in found.get("mismatched_keys", ()))]
    if wrong:
        raise InputError(
            f"{place}: {len(wrong)} weights of {kind.__name__} are not in the file (or of another "
            f"shape), such as {wrong[0]}; expected all: they would be random"
        )
    return network


def _tokenizer(place: Path):
    from transformers import AutoTokenizer

    if not any(path.name in VOCABULARIES or path.suffix == ".model" for path in place.iterdir()):
        raise InputError(  # transformers would make one without words
            f"{place}: no tokenizer; expected {', '.join(VOCABULARIES)} or a *.model file"
        )
    try:
        return AutoTokenizer.from_pretrained(place, **LOCAL)
    except Exception as error:
        raise InputError(f"{place}: its tokenizer cannot be loaded: {reason(error)}") from error


def _preprocess(place: Path, names: tuple[str, ...]):
    from transformers import AutoImageProcessor

    try:
        processor = AutoImageProcessor.from_pretrained(place, **LOCAL)
    except Exception as error:
        raise InputError(
            f"{place}: its image processor cannot be loaded: {reason(error)}"
        ) from error

    def preprocess(image) -> dict[str, torch.Tensor]:
        found = processor(images=[image], return_tensors="pt")
        return {name: found[name][0] for name in names if name in found}

    return preprocess


def _sentence_layout(folder: Path) -> tuple[Path, str]:
    """Where the network of a sentence-transformers folder lies, and its pooling.

    Of any other folder: itself, and the mean. Whether vectors are scaled to length 1 does not
    matter: they are compared by cosine.
    """
    file = folder / "modules.json"
    if not file.is_file():
        return folder, "mean"
    place, pooling = folder, "mean"
    try:
        for module in json.loads(file.read_text(encoding="utf-8")):
            name, part = module["type"].rpartition(".")[2], folder / module["path"]
            if name == "Transformer":
                place = part
            elif name == "Pooling":
                pooling = _pooling(part / "config.json")
            elif name != "Normalize":
                raise InputError(
                    f"{file}: its module {name} is not known; expected Transformer, Pooling and "
                    "Normalize"
                )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{file}: no list of modules ({reason(error)})") from error
    return place, pooling


def _pooling(file: Path) -> str:
    asked = [name for name, chosen in json.loads(file.read_text()).items() if chosen is True]
    modes = [name for name in asked if name.startswith("pooling_mode")]
    if len(modes) != 1 or modes[0] not in POOLING:
        raise InputError(f"{file}: pools by {', '.join(modes) or 'nothing'}; expected one of "
                         f"{', '.join(POOLING)}")  # fmt: skip
    return POOLING[modes[0]]
