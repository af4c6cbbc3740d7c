"""The noun `Encodings`: what a model hands over, in exactly three kinds (FiCo-ITR, Section 3.2)."""

import json
import numbers
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from fico_lib.encodings.checks import caption_map, checked_ids, checked_matrix, pack_bits, whole
from fico_lib.runtime.arrays import read_npy, read_npz, read_safetensors
from fico_lib.runtime.errors import InputError, unknown_name
from fico_lib.runtime.files import write_whole
from fico_lib.runtime.reading import as_path

MEASURES = ("cosine", "euclidean", "inner_product")
FACTS = "encodings.json"  # in a folder of encodings: all but the arrays
ROW_NUMBERS: Any = None  # ids that are not given: the checks put row numbers in their place


class Encodings:
    """What the three kinds share: how many there are, their ids, saving.

    Only embeddings and codes have images and texts; the other attributes are those of all kinds.
    """

    images: np.ndarray
    texts: np.ndarray
    image_of_caption: np.ndarray
    image_ids: np.ndarray
    caption_ids: np.ndarray
    model: str
    timings: dict[str, float]

    def __post_init__(self) -> None:
        for name in ("images", "texts", "i2t", "t2i"):
            if name in vars(self) and not (name == "t2i" and self.t2i is None):  # type: ignore[attr-defined]
                object.__setattr__(self, name, checked_matrix(getattr(self, name), name))
        self._check()
        n, m = self.n_images, self.n_captions
        object.__setattr__(self, "image_of_caption", caption_map(self.image_of_caption, n, m))
        object.__setattr__(self, "image_ids", checked_ids(self.image_ids, n, "image"))
        object.__setattr__(self, "caption_ids", checked_ids(self.caption_ids, m, "caption"))

    @property
    def n_images(self) -> int:
        """How many images there are."""
        return len(self.images)

    @property
    def n_captions(self) -> int:
        """How many captions there are."""
        return len(self.texts)

    def _check(self) -> None:
        """Raise InputError where the arrays of a kind disagree."""
        raise NotImplementedError

    def save(self, path: Path | str) -> None:
        """Write to a `.npz` or `.safetensors` file, or (any other name) a folder of `.npy` files.

        Files are written whole or not at all. Large encodings belong in a folder: `load` maps its
        files into memory instead of reading them. Raises `InputError` for a folder that is there
        and holds something else than encodings, which would be deleted.
        """
        if (folder := as_path(path)).is_dir() and any(folder.iterdir()):
            names = {entry.name for entry in folder.iterdir()}
            if FACTS not in names or any(Path(n).suffix not in (".npy", ".json") for n in names):
                raise InputError(
                    f"{path}: a folder with other files in it, which would be deleted; expected a "
                    "new name, or a folder of encodings"
                )
        values = vars(self)
        arrays = {name: v for name, v in values.items() if isinstance(v, np.ndarray)}
        facts = {name: v for name, v in values.items() if name not in arrays}
        with write_whole(path) as part:
            write = _WRITERS.get(Path(path).suffix, _write_folder)
            write(part, arrays, {"kind": type(self).__name__} | facts)


@dataclass(frozen=True, eq=False)
class Embeddings(Encodings):
    """Continuous embeddings of one split.

    images: (n_images, d) float; texts: (n_captions, d) float;
    image_of_caption: (n_captions,) int64; image_ids, caption_ids: str (default: row numbers);
    measure: how two of them are compared (cosine, euclidean, inner_product);
    timings: seconds per step, by name.

    Raises `InputError` where lengths, widths or the map disagree.
    """

    images: np.ndarray
    texts: np.ndarray
    image_of_caption: np.ndarray
    image_ids: np.ndarray = ROW_NUMBERS
    caption_ids: np.ndarray = ROW_NUMBERS
    model: str = ""
    measure: str = "cosine"
    timings: dict[str, float] = field(default_factory=dict)

    def _check(self) -> None:
        if not isinstance(self.measure, str) or self.measure not in MEASURES:
            raise unknown_name("measure of embeddings", self.measure, MEASURES)
        if self.images.shape[1] != self.texts.shape[1] or not self.images.shape[1]:
            raise InputError(
                f"embeddings: images have {self.images.shape[1]} dimensions, texts "
                f"{self.texts.shape[1]}; expected the same, at least one"
            )


@dataclass(frozen=True, eq=False)
class Codes(Encodings):
    """Binary hash codes of one split, bit-packed: compared by Hamming distance.

    images: (n_images, ceil(bits / 8)) uint8; texts: (n_captions, ceil(bits / 8)) uint8, packed by
    `numpy.packbits` (big bit order, zero padding); the rest as in `Embeddings`.
    `Codes.pack` takes unpacked bits.
    """

    images: np.ndarray
    texts: np.ndarray
    bits: int
    image_of_caption: np.ndarray
    image_ids: np.ndarray = ROW_NUMBERS
    caption_ids: np.ndarray = ROW_NUMBERS
    model: str = ""
    timings: dict[str, float] = field(default_factory=dict)

    @classmethod
    def pack(cls, images, texts, image_of_caption, *, bits: int | None = None, **rest) -> "Codes":
        """Codes from {0, 1}, {-1, +1}, boolean or packed arrays; each side on its own.

        An array counts as packed when it is uint8, `bits` is given and its width is that of
        packed codes. `rest` are the other fields.
        """
        images, texts = checked_matrix(images, "images"), checked_matrix(texts, "texts")
        images, image_bits = pack_bits(images, bits, "images")
        texts, text_bits = pack_bits(texts, bits, "texts")
        if image_bits != text_bits:
            raise InputError(f"codes: images have {image_bits} bits, texts {text_bits}")
        return cls(images, texts, image_bits, image_of_caption, **rest)

    def _check(self) -> None:
        if not whole(self.bits) or self.bits < 1:
            raise InputError(f"codes: found {self.bits!r} bits; expected a whole number above 0")
        width = -(-self.bits // 8)
        for name, array in (("images", self.images), ("texts", self.texts)):
            if array.dtype != np.uint8 or array.shape[1] != width:
                raise InputError(
                    f"codes: {name} are {array.dtype} of width {array.shape[1]}; expected uint8 of "
                    f"width {width} for {self.bits} bits (Codes.pack takes unpacked bits)"
                )
            if self.bits % 8 and (array[:, -1] & (255 >> self.bits % 8)).any():
                raise InputError(f"codes: {name} have bits set beyond the {self.bits} stated")


@dataclass(frozen=True, eq=False)
class Scores(Encodings):
    """Similarities that a model computed itself (query-time attention): higher is more similar.

    i2t: (n_images, n_captions); t2i: (n_captions, n_images), or None where one matrix serves both
    directions; missing: the value of pairs that were never scored (a reranker scores only its top
    k), or None where all were; the rest as in `Embeddings`.
    """

    i2t: np.ndarray
    t2i: np.ndarray | None
    image_of_caption: np.ndarray
    image_ids: np.ndarray = ROW_NUMBERS
    caption_ids: np.ndarray = ROW_NUMBERS
    model: str = ""
    missing: float | None = None
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def n_images(self) -> int:
        """How many images there are."""
        return len(self.i2t)

    @property
    def n_captions(self) -> int:
        """How many captions there are."""
        return self.i2t.shape[1]

    def _check(self) -> None:
        if self.missing is not None and (
            isinstance(self.missing, bool) or not isinstance(self.missing, numbers.Real)
        ):
            raise InputError(f"missing: found {self.missing!r}; expected a number or None")
        if self.t2i is not None and self.t2i.shape != self.i2t.shape[::-1]:
            raise InputError(
                f"scores: i2t is {self.i2t.shape} (images, captions) and t2i {self.t2i.shape}; "
                f"expected {self.i2t.shape[::-1]} (captions, images)"
            )


KINDS = {kind.__name__: kind for kind in (Embeddings, Codes, Scores)}


def load(path: Path | str) -> Embeddings | Codes | Scores:
    """Encodings that `save` wrote. Raises `InputError` for anything else; nothing is unpickled."""
    path = as_path(path)
    try:
        there = path.exists()
    except (OSError, ValueError):  # a name that is too long, or holds a zero byte
        there = False
    if not there:
        raise InputError(f"{path}: no such file or folder of encodings")
    arrays, text = _READERS.get(path.suffix, _read_folder)(path)
    try:
        facts = json.loads(text)
        kind = KINDS[facts.pop("kind")]
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise InputError(f"{path}: no saved encodings ({error})") from error
    unknown = (facts.keys() | arrays) - {entry.name for entry in fields(kind)}
    if unknown:
        raise InputError(f"{path}: unknown entries {sorted(unknown)} for {kind.__name__}")
    try:
        return kind(**arrays, **facts)
    except (TypeError, InputError) as error:
        raise InputError(f"{path}: {error}") from error


def _write_npz(part: Path, arrays: dict[str, Any], facts: dict) -> None:
    np.savez(part, about=np.array(json.dumps(facts)), **arrays)


def _read_npz(path: Path) -> tuple[dict[str, Any], str]:
    arrays = read_npz(path)
    return arrays, str(arrays.pop("about", ""))


def _write_safetensors(part: Path, arrays: dict[str, Any], facts: dict) -> None:
    from safetensors.numpy import save_file

    texts = {name: value.tolist() for name, value in arrays.items() if value.dtype.kind == "U"}
    numbers = {k: np.ascontiguousarray(v) for k, v in arrays.items() if k not in texts}
    save_file(numbers, part, metadata={"about": json.dumps(facts | texts)})


def _read_safetensors(path: Path) -> tuple[dict[str, Any], str]:
    arrays, metadata = read_safetensors(path)
    return arrays, metadata.get("about", "")


def _write_folder(part: Path, arrays: dict[str, Any], facts: dict) -> None:
    part.mkdir()
    for name, value in arrays.items():
        np.save(part / f"{name}.npy", value)
    (part / FACTS).write_text(json.dumps(facts, indent=1))


def _read_folder(path: Path) -> tuple[dict[str, Any], str]:
    facts = path / FACTS
    if not facts.is_file():
        raise InputError(f"{path}: no encodings.json in it; expected what `save` wrote")
    arrays = {file.stem: read_npy(file) for file in sorted(path.glob("[!.]*.npy"))}
    try:
        return arrays, facts.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{facts}: not UTF-8 ({error})") from error


_WRITERS = {".npz": _write_npz, ".safetensors": _write_safetensors}
_READERS = {".npz": _read_npz, ".safetensors": _read_safetensors}
