"""The noun `FeatureSplit`: what a model sees of one split, kept as plain memory-mapped files."""

import json
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from fico_lib.runtime.errors import InputError


@dataclass(frozen=True)
class FeatureSplit:
    """Features of one split; rows are in the order of the ids.

    regions: (n_images, n_regions, d) float32, standardised on the train split; the last region is
        the whole image. None for features without regions.
    boxes: (n_images, n_regions, 4) float32: centre x, centre y, width, height as fractions of the
        image; None where regions is.
    whole: (n_images, e) float32, one vector per image, standardised on the train split.
    tokens: (n_texts, longest) int32 word numbers of the distinct texts, padded by 0;
    lengths: (n_texts,) int32; text_of_caption: (n_captions,) int64 into their rows.
    image_of_caption: (n_captions,) int64. image_ids, caption_ids: str.
    labels: (n_images, n_categories) bool, or None.
    documents: (n_texts, e) float32, one vector per distinct text, standardised on the train split;
        or None.
    words: (vocabulary_size - 2,) str, word i has number i + 2; or None.
    parts_of_speech: (vocabulary_size - 2,) str, "" where a word's is not known; None where none is.
    vocabulary_size: word numbers are below it.
    boxes_for: which models read `boxes`: "published", those whose originals know where regions are,
        or "all".
    """

    name: str
    vocabulary_size: int
    regions: np.ndarray | None
    boxes: np.ndarray | None
    whole: np.ndarray
    tokens: np.ndarray
    lengths: np.ndarray
    text_of_caption: np.ndarray
    image_of_caption: np.ndarray
    image_ids: np.ndarray
    caption_ids: np.ndarray
    labels: np.ndarray | None = None
    documents: np.ndarray | None = None
    words: np.ndarray | None = None
    parts_of_speech: np.ndarray | None = None
    boxes_for: str = "published"

    def __post_init__(self):
        n, m = len(self.image_ids), len(self.caption_ids)
        expected = {"regions": n, "boxes": n, "whole": n, "labels": n}
        expected |= {"text_of_caption": m, "image_of_caption": m}
        for field, rows in expected.items():
            array = getattr(self, field)
            if array is not None and len(array) != rows:
                raise InputError(
                    f"features of split '{self.name}': {field} has {len(array)} rows; expected "
                    f"{rows} for {n} images and {m} captions"
                )
        if self.documents is not None and len(self.documents) != len(self.tokens):
            raise InputError(
                f"features of split '{self.name}': documents has {len(self.documents)} rows; "
                f"expected {len(self.tokens)}, one for each distinct text"
            )

    def save(self, folder: Path, written: tuple[str, ...] = ()) -> None:
        """Write one .npy file per array and `split.json` into `folder` (use `write_whole`).

        written: arrays that are memory maps of their file there already.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for field in ARRAYS:
            if field in written:
                getattr(self, field).flush()
            elif getattr(self, field) is not None:
                np.save(folder / f"{field}.npy", getattr(self, field), allow_pickle=False)
        about = {name: getattr(self, name) for name in ABOUT}
        (folder / "split.json").write_text(json.dumps(about))

    @classmethod
    def load(cls, folder: Path | str) -> "FeatureSplit":
        """Read what `save` wrote; arrays are memory maps and read when used."""
        folder = Path(folder)
        if not (folder / "split.json").is_file():
            raise InputError(f"{folder}: no saved features here (split.json is missing)")
        arrays = dict.fromkeys(ARRAYS)
        for path in folder.glob("*.npy"):
            arrays[path.stem] = np.load(path, mmap_mode="r", allow_pickle=False)
        return cls(**json.loads((folder / "split.json").read_text()), **arrays)


ABOUT = ("name", "vocabulary_size", "boxes_for")
ARRAYS = [f.name for f in fields(FeatureSplit) if f.name not in ABOUT]
