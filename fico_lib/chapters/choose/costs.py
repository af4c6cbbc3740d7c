"""What an answer takes: milliseconds of a query and bytes of an image, of every way to search.

Models are the papers' at their true sizes, as the chapters on costs measured them; searches are
those of the search chapter, measured on one gallery and taken to another by arithmetic.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import log

import pandas as pd

from fico_lib.costs.analytic import Analytic, embedding_bytes, feature_bytes

FLOATS, CODES, PAIRS, RERANKED = "floats", "codes", "all pairs", "reranked"
KINDS = FLOATS, CODES, PAIRS, RERANKED
BITS = 64  # of the codes that the search chapter measured
# Index -> what it is called; the first of each compares all.
FLOAT_SEARCH = {"flat": "exact", "hnsw": "HNSW"}
CODE_SEARCH = {"code_flat": "all codes", "code_ivf": "IVF of codes"}


@dataclass(frozen=True)
class Search:
    """A search on the gallery where it was measured.

    milliseconds: of a query alone; vectors, dimension: of that gallery (bits of a code); kept: the
    share of the nearest neighbour and of the nearest k that the search keeps of what comparing all
    finds; extra_bytes: of the index, per vector; grows: whether the time grows with the vectors (or
    with their logarithm, as that of a graph).
    """

    title: str
    milliseconds: float
    vectors: int
    dimension: int
    kept: tuple[float, float]
    extra_bytes: float
    grows: bool

    def of(self, vectors: int, dimension: int) -> float:
        """Milliseconds on another gallery: comparisons times what one of them reads."""
        if self.grows:
            growth = vectors / self.vectors
        else:
            growth = max(1.0, log(max(vectors, 2)) / log(max(self.vectors, 2)))
        return self.milliseconds * growth * dimension / self.dimension


@dataclass(frozen=True)
class Way:
    """A model with a search: its kind, what a query takes, what an image keeps, what is kept."""

    search: str
    kind: str
    milliseconds: float
    bytes_per_image: float
    kept: tuple[float, float] = (1.0, 1.0)


def searches(measured: pd.DataFrame, k: int, good: float) -> dict[str, Search]:
    """The searches that were measured, by index, each at one setting.

    measured: as the search chapter keeps it; k: the results asked of all; good: percent of nearest
    neighbours; chosen is the fastest setting that keeps as many, else the one that keeps most.
    """
    rows = measured[(measured["k"] == k) & measured["refused"].isna()]
    rows = rows[(rows["bits"] == 0) | ((rows["bits"] == BITS) & (rows["binariser"] == "itq"))]
    found: dict[str, Search] = {}
    for family in (FLOAT_SEARCH, CODE_SEARCH):
        whole: tuple[float, float] | None = None
        for index, title in family.items():
            batch = rows[(rows["index"] == index) & (rows["mode"] == "batch")]
            alone = rows[(rows["index"] == index) & (rows["mode"] == "single")]
            alone = alone.drop_duplicates("setting").set_index("setting")["milliseconds_per_query"]
            batch = batch[batch["setting"].isin(alone.index)].drop_duplicates("setting")
            batch = batch.set_index("setting", drop=False)
            if batch.empty:
                continue
            enough = batch[batch["one_recall_percent"] >= good]
            chosen = batch.loc[
                alone[enough.index].idxmin()
                if len(enough)
                else batch["one_recall_percent"].idxmax()
            ]
            recall = chosen["one_recall_percent"], chosen["k_recall_percent"]
            whole = whole or recall
            size = chosen["bits"] or chosen["dimension"]
            own_bytes = size / 8 if chosen["bits"] else 4 * size
            found[index] = Search(
                title,
                alone[chosen["setting"]],
                chosen["vectors"],
                size,
                tuple(min(1.0, a / b) if b else 1.0 for a, b in zip(recall, whole, strict=True)),
                chosen["bytes_per_vector"] - own_bytes,
                grows=index != "hnsw",
            )
    return found


def step_seconds(steps: pd.DataFrame) -> dict[tuple[str, str], tuple[float, float]]:
    """(model, step) -> seconds of one item alone, and in the largest batch; measured ones only."""
    known = steps.dropna(subset="seconds_per_item").groupby(["model", "step"], sort=False)
    seconds = known["seconds_per_item"].agg(["first", "last"])
    return {key: tuple(ends) for key, ends in zip(seconds.index, seconds.to_numpy(), strict=True)}


def pair_seconds(steps: Mapping[tuple[str, str], tuple[float, float]], model: str) -> float | None:
    """Seconds of a pair of one query, in a batch of its candidates where that was measured."""
    for step in ("pair, one query", "pair"):
        if (model, step) in steps:
            return steps[model, step][1]
    return None


def ways(
    one: Analytic,
    attention: bool,
    images: int,
    steps: Mapping[tuple[str, str], tuple[float, float]],
    by_index: Mapping[str, Search],
    k: int,
) -> Iterator[Way]:
    """Every way in which a text finds its images by this model, as far as it was measured.

    attention: whether the model's attention at query time is used, where it has any; k: candidates
    that are ranked again.
    """
    if (one.name, "text") not in steps:
        return
    text = 1000 * steps[one.name, "text"][0]
    pair = pair_seconds(steps, one.name) if attention and one.attention != "none" else None
    if attention and one.attention != "none" and pair is None:
        return
    kept_bytes = feature_bytes(one, 1, 0) if attention else 0
    if attention and one.attention == "all pairs":
        yield Way("all pairs", PAIRS, text + 1000 * pair * images, kept_bytes)
        return
    for index in CODE_SEARCH if one.bits else FLOAT_SEARCH:
        if index not in by_index:
            continue
        search, vectors = by_index[index], images * one.image_vectors
        size = embedding_bytes(one, 1, 0, "packed bits" if one.bits else "float32")
        size += search.extra_bytes * one.image_vectors
        time = text + search.of(vectors, one.dimension)
        if pair is None:
            yield Way(search.title, CODES if one.bits else FLOATS, time, size, search.kept)
        else:
            time += 1000 * pair * min(k, images)
            title = f"{search.title}, best {min(k, images)} again"
            yield Way(title, RERANKED, time, size + kept_bytes, search.kept)
