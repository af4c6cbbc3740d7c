"""How long a search takes over stored codes: one query, one thread, every vector read.

The time of an exhaustive search hardly depends on the values, so the gallery is random vectors. The
first stage is faiss's, rescoring numpy's.
"""

from collections.abc import Callable, Iterable, Iterator

import faiss
import numpy as np
import pandas as pd
import torch

from fico_lib.chapters.compression.parameters import CompressionChapter
from fico_lib.costs.measured import TooLongError, measure
from fico_lib.search.compress import Compression
from fico_lib.search.compress.quantizers import Int8, Signs
from fico_lib.search.compress.setting import DEPTH, RABITQ, SIGNS
from fico_lib.search.threads import search_settings

COLUMNS = ["setting", "ms", "ms_fastest", "ms_slowest", "repeats", "gallery", "dimensions", "note"]
CPU = torch.device("cpu")
SCALAR = {
    "float16": faiss.ScalarQuantizer.QT_fp16,
    "int8": faiss.ScalarQuantizer.QT_8bit,
}


def alike(setting: Compression) -> Compression:
    """The setting that stands for it: thresholds, and which dimensions are left out, are free."""
    quantizer = "sign-mean" if setting.quantizer in SIGNS else setting.quantizer
    reduction = setting.reduction and "pca"
    return Compression(
        quantizer, reduction, setting.dimension, setting.rescoring, setting.multiplier
    )


def is_timed(setting: Compression) -> bool:
    """Whether a setting is timed at all: RaBitQ of fewer dimensions, or rescored, is not."""
    return setting.quantizer not in RABITQ or not (setting.reduction or setting.rescoring)


def times(settings: Iterable[Compression], dimensions: int, p: CompressionChapter) -> pd.DataFrame:
    """Milliseconds per query of each distinct setting; why there are none, in `note`.

    dimensions: of the embeddings. Columns as `COLUMNS`: the median of the repeats, the fastest and
    the slowest; a setting of which five repeats take too long is not measured.
    """
    distinct = dict.fromkeys(alike(setting) for setting in settings if is_timed(setting))
    rng = np.random.default_rng(0)
    gallery = rng.standard_normal((p.timed_gallery, dimensions), np.float32)
    gallery /= np.linalg.norm(gallery, axis=1, keepdims=True)
    queries = gallery[: p.timed_queries] + rng.standard_normal(
        (min(p.timed_queries, len(gallery)), dimensions), np.float32
    ) / np.sqrt(dimensions)
    with search_settings(1, dimensions):
        rows = list(_rows(distinct, gallery, queries, p))
    return pd.DataFrame(rows, columns=COLUMNS)


def _rows(settings, gallery, queries, p: CompressionChapter) -> Iterator[dict]:
    first: dict[Compression, FirstStage] = {}
    whole = {"float32": (gallery, np.asarray)}
    whole["int8"] = (Int8.fit(gallery).encode(gallery), Int8.fit(gallery).decode)
    for setting in settings:
        base = Compression(setting.quantizer, setting.reduction, setting.dimension)
        if base not in first:
            first[base] = FirstStage(base, gallery)
        search = searcher(setting, first[base], whole)

        def ask(search=search) -> None:
            for query in queries:
                search(query)

        row = {"setting": str(setting), "gallery": len(gallery), "dimensions": gallery.shape[1]}
        try:
            found = measure(ask, len(queries), CPU, seconds=p.seconds, longest=p.longest)
        except TooLongError:
            yield row | {"note": f"not measured: five repeats take more than {p.longest:g} s"}
            continue
        fastest, slowest = found.spread
        yield row | {
            "ms": 1e3 * found.per_item,
            "ms_fastest": 1e3 * fastest,
            "ms_slowest": 1e3 * slowest,
            "repeats": len(found.seconds),
            "note": "",
        }


class FirstStage:
    """An exhaustive search over the codes of a gallery, (n, d) float32."""

    def __init__(self, setting: Compression, gallery: np.ndarray):
        self.turn = None
        if setting.reduction:  # any directions do: what a product with them takes is what counts
            turn = np.linalg.qr(gallery[: 2 * gallery.shape[1]].T).Q[:, : setting.dimension]
            self.turn = np.ascontiguousarray(turn, np.float32)
        kept = self.reduce(gallery)
        self.signs = Signs.fit(kept, "mean") if setting.quantizer in SIGNS else None
        if self.signs is None:
            self.index = _index(setting.quantizer, kept.shape[1])
            self.index.train(kept)
            self.index.add(kept)
            return
        self.codes = self.signs.encode(kept)
        self.index = faiss.IndexBinaryFlat(8 * self.codes.shape[1])
        self.index.add(self.codes)

    def reduce(self, vectors: np.ndarray) -> np.ndarray:
        """The vectors in the dimensions that are kept."""
        return vectors if self.turn is None else np.ascontiguousarray(vectors @ self.turn)

    def find(self, query: np.ndarray, k: int) -> np.ndarray:
        """The rows of the k best candidates of a query (1, d), whose dimensions are reduced."""
        return self.index.search(query if self.signs is None else self.signs.encode(query), k)[1][0]


def _index(quantizer: str, d: int):
    """faiss's index of stored numbers: RaBitQ there has the rotation in front of it."""
    if quantizer in RABITQ:
        bits = quantizer[-1].replace("1", "")
        return faiss.index_factory(d, f"RR{d},RaBitQ{bits}", faiss.METRIC_INNER_PRODUCT)
    if quantizer in SCALAR:
        return faiss.IndexScalarQuantizer(d, SCALAR[quantizer], faiss.METRIC_INNER_PRODUCT)
    return faiss.IndexFlatIP(d)


def searcher(setting: Compression, first: FirstStage, whole: dict) -> Callable:
    """A function of a query (d,) float32 that gives the rows of its `DEPTH` best candidates.

    whole: what rescoring reads, all dimensions of it: (what is stored, how it is decoded), by name.
    """
    n = first.index.ntotal
    depth = min(max(setting.depth, DEPTH), n)
    if not setting.rescoring:
        return lambda query: first.find(first.reduce(query[None]), depth)
    own = setting.rescoring == "code"
    stored, decode = (first.codes, first.signs.decode) if own else whole[setting.rescoring]

    def search(query: np.ndarray) -> np.ndarray:
        reduced = first.reduce(query[None])
        found = first.find(reduced, depth)
        scores = decode(stored[found]) @ (first.signs.centre(reduced)[0] if own else query)
        return found[np.argsort(-scores, kind="stable")[:DEPTH]]

    return search
