"""What `fico evaluate` reads: encodings from arrays in files, judgements, depths."""

from pathlib import Path

from fico_lib.encodings import Codes, Embeddings, Encodings, Scores, captions_per_image, unrepeated
from fico_lib.evaluation.trec import read_qrels
from fico_lib.runtime.arrays import read_array
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
    return Embeddings(left, right, of)


def relevance(qrels: Path | None, qrels_t2i: Path | None, encodings: Encodings) -> object:
    """Judgements of one file or of one for each direction, None where there are none."""
    if qrels is None:
        if qrels_t2i is not None:
            raise InputError("--qrels-t2i needs --qrels beside it")
        return None
    i2t = read_qrels(qrels, encodings, "i2t")
    return i2t if qrels_t2i is None else (i2t, read_qrels(qrels_t2i, encodings, "t2i"))
