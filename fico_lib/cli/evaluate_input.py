"""What `fico evaluate` reads: encodings from arrays in files, judgements, depths."""

from pathlib import Path
from typing import Literal

import numpy as np

from fico_lib.encodings import Codes, Embeddings, Encodings, Scores, captions_per_image, unrepeated
from fico_lib.evaluation.trec import read_qrels
from fico_lib.formats import read_array
from fico_lib.runtime.errors import InputError


def depths(text: str) -> tuple[int | str, ...]:
    """Depths with commas between them."""
    try:
        return tuple(k if k == "all" else int(k) for k in (p.strip() for p in text.split(",")))
    except ValueError as error:
        raise InputError(f"found '{text}'; expected depths such as 1,5,10 or 10,100,all") from error


def names(text: str | None) -> tuple[str, ...]:
    """Names with commas between them; none where the option is not given."""
    if text is None:
        return ()
    found = tuple(name.strip() for name in text.split(","))
    if "" in found:
        raise InputError(f"found '{text}'; expected names such as R@1,nDCG@10")
    return found


def from_arrays(
    images, texts, scores, scores_t2i, image_of_caption, per_image, bits, missing, measure
) -> Encodings:
    """Encodings from the arrays in these files: the options of `fico evaluate` of these names."""
    if scores is None:
        if images is None or texts is None:
            raise InputError("--images and --texts belong together (or give --scores)")
        left, right = read_array(images), read_array(texts)
        n_images, n_captions = len(left), len(right)
    else:
        left, right = read_array(scores), None if scores_t2i is None else read_array(scores_t2i)
        if left.ndim != 2:
            raise InputError(f"{scores}: shape {left.shape}; expected images × captions")
        n_images, n_captions = left.shape
    if (image_of_caption is None) == (per_image is None):
        raise InputError("expected one of --image-of-caption and --captions-per-image")
    if per_image is None:
        of = read_array(image_of_caption)
    else:
        of = captions_per_image(per_image, n_captions)
        if n_images == n_captions and per_image > 1:  # every image repeated, as VSRN and UCCH do
            left = unrepeated(left, per_image, str(images or scores))
            right = right if scores is None or right is None else unrepeated(
                right.T, per_image, str(scores_t2i)
            ).T  # fmt: skip
    if scores is not None:
        return Scores(left, right, of, missing=missing)
    if missing is not None:
        raise InputError("--missing belongs to --scores")
    if bits is not None or measure == "hamming":
        return Codes.pack(left, right, of, bits=bits)
    for path, array in ((images, left), (texts, right)):
        if array.dtype == np.uint8 and measure is None:
            raise InputError(
                f"{path}: found uint8, which may be packed codes or 8-bit numbers; give --bits for "
                "codes, or --measure for numbers"
            )
    if measure is None and _signs(left) and _signs(right):  # as codes, equal distances tie exactly
        return Codes.pack(left, right, of)
    return Embeddings(left, right, of)


def _signs(array: np.ndarray) -> bool:
    """Only -1 and 1, both of them?"""
    if array.ndim != 2 or not array.size or not (abs(array[:1]) == 1).all():
        return False  # looked at first: most arrays end here
    return bool((abs(array) == 1).all() and array.min() < 0 < array.max())


def labels_of(path: Path | None, n_images: int, per_image: int | None) -> np.ndarray | None:
    """The labels, one row per image; also where they are repeated as images are."""
    if path is None:
        return None
    labels = read_array(path)
    if per_image and per_image > 1 and len(labels) == per_image * n_images:
        return unrepeated(labels.reshape(len(labels), -1), per_image, str(path))
    return labels


def relevance(
    qrels: Path | None,
    qrels_t2i: Path | None,
    encodings: Encodings,
    unknown: Literal["skip", "error"] = "error",
) -> object:
    """Judgements of one file or of one for each direction, None where there are none.

    unknown: what a judgement of an item that is not there does.
    """
    if qrels is None:
        if qrels_t2i is not None:
            raise InputError("--qrels-t2i needs --qrels beside it")
        return None
    i2t = read_qrels(qrels, encodings, "i2t", unknown)
    t2i = None if qrels_t2i is None else read_qrels(qrels_t2i, encodings, "t2i", unknown)
    for path, judged in ((qrels, i2t), (qrels_t2i, t2i)):
        if judged is not None and not judged.nnz:
            raise InputError(f"{path}: judges no pair of known items relevant; expected some")
    return i2t if t2i is None else (i2t, t2i)
