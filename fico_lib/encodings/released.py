"""The folder of model outputs that the FiCo-ITR authors released (`results_data/`).

Files are `{model}_{dataset}_img.npy` with `_txt.npy`, or `_sim.npy`, or `_sim_i2t.npy` with
`_sim_t2i.npy`; datasets are `f30k` and `coco`; labels and COCO's caption map lie beside them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fico_lib.encodings import (
    Codes,
    Embeddings,
    Encodings,
    Scores,
    caption_map,
    captions_per_image,
    unrepeated,
)
from fico_lib.encodings.checks import checked_matrix
from fico_lib.formats import read_mat
from fico_lib.runtime.arrays import read_npy
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.reading import as_path

LABELS = {"f30k": "flickr30k-karpathy-test-lall.mat", "coco": "coco-karpathy-testall-lall.mat"}
CAPTION_MAP = {"coco": "mscoco_test_indices.npy"}
FILE = re.compile(
    r"(?P<model>.+)_(?P<dataset>f30k|coco)_(?P<part>img|txt|sim|sim_i2t|sim_t2i)\.npy"
)
PER_IMAGE = 5  # captions of an image in both sets, where no map says otherwise
UNSCORED = -100.0  # what the rerankers BLIP-2 and X-VLM leave where they did not look


@dataclass(frozen=True)
class Released:
    """One model on one data set; labels (n_images, categories) bool-like, or None if not there."""

    model: str
    dataset: str
    encodings: Encodings
    labels: np.ndarray | None


def find(folder: Path | str) -> dict[tuple[str, str], dict[str, Path]]:
    """The files of each (model, dataset) in the folder or below it, by part."""
    folder = as_path(folder, "folder")
    if not _is_folder(folder):
        raise InputError(f"{folder}: no such folder; expected the released results_data")
    files: dict[tuple[str, str], dict[str, Path]] = {}
    for path in sorted(folder.rglob("*.npy")):
        if any(part.startswith(".") or part == "__MACOSX" for part in _below(path, folder)):
            continue  # what macOS and editors leave beside the files
        if match := FILE.fullmatch(path.name):
            parts = files.setdefault((match["model"], match["dataset"]), {})
            if match["part"] in parts:
                raise InputError(
                    f"{folder}: {path.name} is there twice, as {parts[match['part']]} and {path}"
                )
            parts[match["part"]] = path
    if not files:
        raise InputError(f"{folder}: no file like beit3_coco_img.npy or scan_f30k_sim.npy in it")
    for (model, dataset), parts in files.items():
        if set(parts) not in ({"img", "txt"}, {"sim"}, {"sim_i2t", "sim_t2i"}):
            raise InputError(
                f"{folder}: {model} on {dataset} has {', '.join(sorted(parts))}; expected img and "
                "txt, or sim, or sim_i2t and sim_t2i"
            )
    return files


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that is too long, or holds a zero byte
        return False


def load_released(folder: Path | str) -> Iterator[Released]:
    """Every model found in the folder, one at a time (they may be large)."""
    files, folder = find(folder), Path(folder)
    for (model, dataset), parts in files.items():
        labels = _beside(folder, LABELS[dataset])
        try:
            encodings = _encodings(folder, model, dataset, parts)
        except InputError as error:
            raise InputError(f"{model} on {dataset}: {error}") from error
        yield Released(
            model, dataset, encodings, None if labels is None else read_mat(labels, "LAll")
        )


def _encodings(folder: Path, model: str, dataset: str, parts: dict[str, Path]) -> Encodings:
    arrays = {part: checked_matrix(read_npy(path), path.name) for part, path in parts.items()}
    for part, array in arrays.items():
        if not array.size:
            raise InputError(f"{parts[part].name}: found shape {array.shape}; expected values")
    if "img" in arrays:
        images, texts = arrays["img"], arrays["txt"]
        image_of_caption = _map(folder, dataset, len(images), len(texts))
        if len(images) == len(texts):
            images = unrepeated(images, PER_IMAGE, parts["img"].name)
        if _binary(images, parts["img"].name) and _binary(texts, parts["txt"].name):
            return Codes.pack(images, texts, image_of_caption, model=model)
        return Embeddings(images, texts, image_of_caption, model=model)
    if "sim" in arrays:
        i2t, t2i = arrays["sim"], None
    else:
        i2t, t2i = arrays["sim_i2t"], arrays["sim_t2i"]
    image_of_caption = _map(folder, dataset, *i2t.shape)
    if i2t.shape[0] == i2t.shape[1]:
        i2t = unrepeated(i2t, PER_IMAGE, "sim")
        t2i = None if t2i is None else unrepeated(t2i.T, PER_IMAGE, "sim_t2i").T
    unscored = any((np.asarray(m) == UNSCORED).any() for m in (i2t, t2i) if m is not None)
    return Scores(i2t, t2i, image_of_caption, model=model, missing=UNSCORED if unscored else None)


def _map(folder: Path, dataset: str, n_images: int, n_captions: int) -> np.ndarray:
    """Caption-to-image map: from the file that gives one (or a count per image), else five each."""
    path = _beside(folder, CAPTION_MAP[dataset]) if dataset in CAPTION_MAP else None
    if path is not None and n_images != n_captions:
        given = read_npy(path)
        if given.shape == (n_captions,):
            return caption_map(given, n_images, n_captions)
        if given.shape == (n_images,) and given.sum() == n_captions:
            return np.repeat(np.arange(n_images), given)
        if n_captions != PER_IMAGE * n_images:
            raise InputError(
                f"{path}: shape {given.shape}; expected an image for each of {n_captions} captions"
            )
    image_of_caption = captions_per_image(PER_IMAGE, n_captions)
    if n_images not in (image_of_caption[-1] + 1, n_captions):
        raise InputError(
            f"{n_images} images and {n_captions} captions; expected {PER_IMAGE} captions per image"
            " (or every image repeated as often)"
        )
    return image_of_caption


def _binary(array: np.ndarray, name: str) -> bool:
    """Only -1 and 1, or only 0 and 1?  InputError for -1, 0 and 1, of which a sign was 0."""
    low, high = array.min(), array.max()
    if (low, high) == (-1, 1) and ((zero := array == 0) | (abs(array) == 1)).all() and zero.any():
        row, column = np.argwhere(zero)[0]
        raise InputError(
            f"{name}: row {row}, column {column} is 0 beside -1 and 1, the sign of an exact 0; "
            "expected codes of -1 and 1 throughout"
        )
    return (low, high) in ((-1, 1), (0, 1)) and bool(((array == low) | (array == high)).all())


def _below(path: Path, folder: Path) -> tuple[str, ...]:
    return path.relative_to(folder).parts


def _beside(folder: Path, name: str) -> Path | None:
    """The file of that name in the folder, below it, or next to it."""
    return next(iter([*sorted(folder.rglob(name)), *folder.parent.glob(name)]), None)
