"""Counts of the candidates that stand above each query's answer, in one pass over all sizes.

Queries are the test split's and stay the same. Of each further scene only one thing is kept: for
which queries it scores higher than their answer, or as high. So ranks are exact, and memory does
not grow with the gallery.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from fico_lib.encodings import Codes, Embeddings, Encodings
from fico_lib.evaluation.growing.twins import KINDS, Texts, Twins, numbered
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.runtime.errors import InputError
from fico_lib.search.binarise.projection import Projection
from fico_lib.search.dataset import unit_rows
from fico_lib.similarity.beaten import AgreeingBits, Comparison, Cosines

BLOCK = 1 << 21  # scores compared at once
ALL = "all"
GROUPS = (ALL, *KINDS)  # what is counted: all candidates, and the two kinds of twins among them


@dataclass(frozen=True)
class Ranker:
    """Something that ranks: a model's encodings, or codes made from its embeddings.

    name: in tables; model: whose weights it has; source: the place of its encodings among those of
    a split; bits: 0 for embeddings.
    """

    name: str
    model: str
    seed: int
    source: int
    bits: int
    projection: Projection | None = None

    @property
    def comparison(self) -> Comparison:
        """How its encodings are compared."""
        return AgreeingBits() if self.bits else Cosines()

    def sides(self, encodings: Encodings) -> tuple[np.ndarray, np.ndarray]:
        """Images and texts of a split's encodings, prepared for its comparison."""
        return self._prepared(encodings.images), self._prepared(encodings.texts)

    def _prepared(self, side: np.ndarray) -> np.ndarray:
        if self.projection is not None:
            return self.projection.encode(unit_rows(side))
        return self.comparison.prepared(side)


def ranker(encodings: Encodings, seed: int, source: int) -> Ranker:
    """The ranker of a model's own encodings; InputError where they are of no kind that grows."""
    if isinstance(encodings, Codes):
        return Ranker(encodings.model, encodings.model, seed, source, encodings.bits)
    if isinstance(encodings, Embeddings) and encodings.measure == "cosine":
        return Ranker(encodings.model, encodings.model, seed, source, 0)
    raise InputError(
        f"models: '{encodings.model}' hands over {type(encodings).__name__.lower()}; expected "
        "embeddings that are compared by cosine, or codes"
    )


@dataclass
class Counts:
    """What stands above and beside the queries' answers in a gallery, without the answers.

    above, equal: by direction, (rankers, `GROUPS`, n_queries) int32; twins: by direction, (kinds,
    n_queries) int32, how many there are. images, captions: of the gallery.
    """

    above: dict[str, np.ndarray]
    equal: dict[str, np.ndarray]
    twins: dict[str, np.ndarray]
    images: int = 0
    captions: int = 0

    @classmethod
    def empty(cls, rankers: int, queries: dict[str, int]) -> "Counts":
        """Of no candidate."""
        shapes = {d: (rankers, len(GROUPS), n) for d, n in queries.items()}
        above, equal = ({d: np.zeros(s, np.int32) for d, s in shapes.items()} for _ in range(2))
        twins = {d: np.zeros((len(KINDS), n), np.int32) for d, n in queries.items()}
        return cls(above, equal, twins)


@dataclass
class Count:
    """Counts against the queries of one test split.

    rankers: what ranks; encodings: of the test split, by each source; test: its texts. After
    `start`, `counts` are of the test split as the gallery; `add` lets it grow.
    """

    rankers: Sequence[Ranker]
    encodings: Sequence[Encodings]
    test: Texts
    counts: Counts = field(init=False)

    def __post_init__(self) -> None:
        of = self.test.image_of_caption
        self.rows = {"t2i": np.arange(len(of)), "i2t": of}  # the query of each right pair
        self.queries = {"t2i": len(of), "i2t": len(self.test.labels)}
        self.twins = Twins(self.test)
        self.sides = [r.sides(self.encodings[r.source]) for r in self.rankers]
        self.own = {d: np.stack(list(self._own(d))) for d in DIRECTIONS}
        self.counts = Counts.empty(len(self.rankers), self.queries)

    def _own(self, direction: str) -> Iterator[np.ndarray]:
        """The score of each query's best right answer, by each ranker."""
        of = self.test.image_of_caption
        for one, (images, texts) in zip(self.rankers, self.sides, strict=True):
            pairs = one.comparison.pairs(texts, images[of]).astype(np.float64)
            best = np.full(self.queries[direction], -np.inf)
            np.maximum.at(best, self.rows[direction], pairs)
            yield best

    def relevant(self, direction: str) -> np.ndarray:
        """How many right answers have that score: (rankers, n_queries) int64."""
        of, rows, found = self.test.image_of_caption, self.rows[direction], []
        for one, (images, texts), own in zip(
            self.rankers, self.sides, self.own[direction], strict=True
        ):
            best = one.comparison.pairs(texts, images[of]) == own[rows]
            found.append(np.bincount(rows, best, self.queries[direction]).astype(np.int64))
        return np.stack(found)

    def start(self) -> None:
        """Count the test split itself, without each query's right answers."""
        self._add(self.sides, self.test, right=True)

    def add(self, encodings: Sequence[Encodings], texts: Texts, rows: slice) -> None:
        """Count further scenes: the images `rows` of a shard, and their captions.

        A caption with a text of the test split gets the very encoding that it has there: computed
        in another batch it would differ in its last digits, and not tie.
        """
        texts, images, captions = _part(texts, rows)
        known = numbered(texts, self.twins.known)
        again = np.flatnonzero(known >= 0)
        first = np.unique(self.test.text_of_caption, return_index=True)[1]
        sides = []
        for one, (_, own_texts) in zip(self.rankers, self.sides, strict=True):
            further = one.sides(encodings[one.source])
            side = further[1][captions]
            side[again] = own_texts[first[known[again]]]
            sides.append((further[0][images], side))
        self._add(sides, texts, right=False)

    def _add(self, sides: Sequence[tuple], texts: Texts, right: bool) -> None:
        """right: the candidates are the test split's, with the right answers among them."""
        of = self.test.image_of_caption
        for direction in DIRECTIONS:
            twins = self.twins.pairs(direction, texts)
            answers = (self.rows[direction], of if direction == "t2i" else np.arange(len(of)))
            if right:
                twins = {kind: _without(pairs, answers) for kind, pairs in twins.items()}
            for place, (rows, _) in enumerate(twins.values()):
                self.counts.twins[direction][place] += np.bincount(
                    rows, minlength=self.queries[direction]
                ).astype(np.int32)
            for number, one in enumerate(self.rankers):
                asking, asked = (1, 0) if direction == "t2i" else (0, 1)
                self._count(
                    number, direction, self.sides[number][asking], sides[number][asked],
                    one.comparison, list(twins.values()), answers if right else None,
                )  # fmt: skip
        self.counts.images += len(texts.labels)
        self.counts.captions += len(texts.image_of_caption)

    def _count(
        self, number: int, direction: str, queries: np.ndarray, candidates: np.ndarray,
        comparison: Comparison, twins: Sequence[tuple], answers: tuple | None,
    ) -> None:  # fmt: skip
        step = max(1, BLOCK // len(candidates))
        for start in range(0, len(queries), step):
            block = slice(start, start + step)
            own = self.own[direction][number][block]
            found = comparison.beaten(queries[block], candidates, own)
            totals = self.counts.above[direction][number], self.counts.equal[direction][number]
            for seen, total in zip(found, totals, strict=True):
                if answers is not None:
                    rows, columns = _inside(answers, block)
                    seen[rows, columns] = False
                total[0, block] += seen.sum(1, dtype=np.int32)
                for place, pairs in enumerate(twins, start=1):
                    rows, columns = _inside(pairs, block)
                    total[place, block] += np.bincount(rows, seen[rows, columns], len(own)).astype(
                        np.int32
                    )


def _inside(pairs: tuple[np.ndarray, np.ndarray], block: slice) -> tuple[np.ndarray, np.ndarray]:
    """The pairs whose query is in the block, counted from its start."""
    kept = (pairs[0] >= block.start) & (pairs[0] < block.stop)
    return pairs[0][kept] - block.start, pairs[1][kept]


def _without(pairs: tuple, others: tuple) -> tuple[np.ndarray, np.ndarray]:
    """The pairs that are not among others."""
    width = 1 + max(int(side[1].max(initial=0)) for side in (pairs, others))
    keys, taken = (p[0].astype(np.int64) * width + p[1] for p in (pairs, others))
    kept = ~np.isin(keys, taken)
    return pairs[0][kept], pairs[1][kept]


def _part(texts: Texts, rows: slice) -> tuple[Texts, slice, np.ndarray]:
    """The images `rows`, the same slice, and the rows of their captions."""
    of = texts.image_of_caption
    captions = np.flatnonzero((of >= rows.start) & (of < rows.stop))
    part = Texts(
        texts.tokens,
        texts.lengths,
        texts.text_of_caption[captions],
        of[captions] - rows.start,
        texts.labels[rows],
    )
    return part, rows, captions
