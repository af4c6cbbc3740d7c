"""Embeddings in fewer bytes, judged on the task: quantizers, fewer dimensions, rescoring.

>>> import numpy as np
>>> from fico_lib.encodings import Embeddings
>>> from fico_lib.evaluation import evaluate
>>> images = np.array([[4, 0, 2], [0, 1, 2]], np.float32)  # with the first text: 8 and 7
>>> texts = np.array([[1, 3, 2], [0, 1, 1]], np.float32)
>>> given = Embeddings(images, texts, np.arange(2), measure="inner_product")
>>> evaluate(compress(given, "int8")).instance["t2i"]["R@1"]
100.0
"""

import numpy as np

from fico_lib.encodings import Embeddings
from fico_lib.runtime.errors import InputError
from fico_lib.search.compress.blocks import Compressed, Stage
from fico_lib.search.compress.reduce import basis
from fico_lib.search.compress.setting import QUANTIZERS, SIGNS, Compression
from fico_lib.similarity.blocks import check_rows
from fico_lib.similarity.continuous import unit

__all__ = ["Compressed", "Compression", "compress"]


def compress(
    embeddings: Embeddings, setting: Compression | str, fit_to: Embeddings | None = None
) -> Compressed:
    """Embeddings compressed by a setting, ready to be evaluated.

    Ranges, thresholds, means and directions are fitted to the embeddings themselves, or to those
    of `fit_to`, images and texts apart, without any knowledge of what is relevant. Vectors compared
    by cosine are scaled to length one, before and after dimensions are left out. A query stays
    float32, but for signs, which are compared by Hamming distance; where signs meet a float query,
    its side's thresholds are taken off it, too. Rescoring by int8 or float32 is of all dimensions.

    Raises InputError for NaN, infinity, zero vectors under cosine, and the Euclidean distance.
    """
    if isinstance(setting, str):
        setting = Compression.parse(setting)
    sides, cosine = _sides(embeddings), embeddings.measure == "cosine"
    fit = sides if fit_to is None else _sides(fit_to)
    first, second = _stages(sides, fit, setting, cosine), {}
    if setting.rescoring == "code":
        second = _stages(sides, fit, setting, cosine, float_query=True)
    elif setting.rescoring:
        second = _stages(sides, fit, Compression(setting.rescoring), cosine)
    return Compressed(
        setting,
        first,
        second,
        embeddings.image_of_caption,
        embeddings.image_ids,
        embeddings.caption_ids,
        embeddings.model,
    )


def _sides(embeddings: Embeddings) -> dict[str, np.ndarray]:
    """Checked images and texts, (n, d) float32, by the direction that each asks in."""
    if not isinstance(embeddings, Embeddings):
        raise InputError(
            f"compression: found {type(embeddings).__name__}; expected embeddings, whose numbers "
            "can be stored in fewer bits"
        )
    if embeddings.measure == "euclidean":
        raise InputError(
            "compression: embeddings compared by euclidean; expected cosine or inner_product"
        )
    cosine = embeddings.measure == "cosine"
    for name, side in (("images", embeddings.images), ("texts", embeddings.texts)):
        check_rows(side, name, zero_allowed=not cosine)
    return {"i2t": _scaled(embeddings.images, cosine), "t2i": _scaled(embeddings.texts, cosine)}


def _scaled(vectors: np.ndarray, cosine: bool) -> np.ndarray:
    vectors = np.asarray(vectors, np.float32)
    return unit(vectors).astype(np.float32) if cosine else vectors


def _stages(
    sides: dict, fit: dict, setting: Compression, cosine: bool, float_query: bool = False
) -> dict[str, Stage]:
    """The stage of each direction: queries and decoded candidates."""
    if setting.reduction:
        directions = basis(setting.reduction, setting.dimension, fit["i2t"], fit["t2i"])
        sides, fit = (_reduced(both, directions, cosine) for both in (sides, fit))
    fitted = {d: QUANTIZERS[setting.quantizer](side) for d, side in fit.items()}
    decoded = {d: fitted[d].decode(fitted[d].encode(side)) for d, side in sides.items()}
    queries = sides
    if setting.quantizer in SIGNS:
        queries = {d: fitted[d].centre(sides[d]) for d in sides} if float_query else decoded
    return {d: Stage(queries[d], decoded[o]) for d, o in (("i2t", "t2i"), ("t2i", "i2t"))}


def _reduced(sides: dict, directions: np.ndarray, cosine: bool) -> dict[str, np.ndarray]:
    reduced = {d: side @ directions for d, side in sides.items()}
    for name, side in zip(("images", "texts"), reduced.values(), strict=True):
        where = f"{name} in {directions.shape[1]} dimensions"
        check_rows(side, where, zero_allowed=not cosine)
    return {d: _scaled(side, cosine) for d, side in reduced.items()}
