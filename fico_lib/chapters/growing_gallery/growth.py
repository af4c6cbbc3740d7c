"""The pass over the further scenes, which a run that was killed takes up again.

Kept are the counts at each size of the gallery, and now and then in between, in
cache/growing/<key>: see `store`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

import numpy as np

from fico_lib.chapters.growing_gallery.parameters import GrowingGalleryChapter
from fico_lib.datasets.scenes.parameters import MOST
from fico_lib.encodings import Encodings
from fico_lib.evaluation.growing.counts import Count, Counts, Ranker, ranker
from fico_lib.evaluation.growing.store import Store
from fico_lib.evaluation.growing.twins import Texts
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.pipeline.request import Request
from fico_lib.pipeline.shards import SIZE, Shards
from fico_lib.runtime.digests import LIBRARY, code_digest, digest, file_digest
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.progress import track
from fico_lib.search import binarise
from fico_lib.search.dataset import unit_rows

KEPT = 20  # shards after which counts are kept in between
LEARNED = MOST // SIZE  # the shard behind the largest gallery, which binarisers learn from
COUNTING = ("fico_lib.evaluation.growing.counts", "fico_lib.evaluation.growing.store")


@dataclass(frozen=True)
class Growth:
    """Counts at each size of the gallery, and what they are counts of.

    relevant: by direction, (rankers, n_queries) int64, how many right answers stand together.
    """

    rankers: list[Ranker]
    relevant: dict[str, np.ndarray]
    image_of_caption: np.ndarray
    at: dict[int, Counts]


class Source:
    """Shards that are opened when the first is asked for: where all is kept, none is."""

    def __init__(self, requests: Sequence[Request], cache: Path | str):
        self.requests, self.cache = requests, cache

    @cached_property
    def shards(self) -> Shards:
        """The shards of the requests' world."""
        return Shards(self.requests, self.cache)

    def __getitem__(self, number: int):
        return self.shards[number]


def grow(
    encodings: Sequence[Encodings],
    test: FeatureSplit,
    parameters: GrowingGalleryChapter,
    cache: Path | str,
) -> Growth:
    """Count the candidates above each answer in galleries of all sizes.

    encodings: of the test split, by each of the parameters' requests. Raises InputError where a
    model's encodings cannot be counted, the disk has no room for what is kept, or a kept file is
    broken.
    """
    p, requests = parameters, parameters.requests()
    source = Source(requests, cache)
    rankers = [
        ranker(own, request.seed, number)
        for number, (own, request) in enumerate(zip(encodings, requests, strict=True))
    ]
    rankers += _binarised(rankers, source, p)
    count = Count(rankers, encodings, Texts.of(test))
    folder = Path(cache) / "growing" / _key(requests, rankers, p.binarisers)
    sizes = p.sizes or [len(count.test.labels)]
    store = Store(folder, sizes)
    store.check_room(count.counts)
    at = {counts.images: counts for counts in _pass(count, store, source, sizes)}
    relevant = {direction: count.relevant(direction) for direction in DIRECTIONS}
    return Growth(rankers, relevant, np.array(test.image_of_caption), at)


def _key(requests: Sequence[Request], rankers: Sequence[Ranker], binarisers: Sequence[str]) -> str:
    """The key of the counts: of the encodings, who ranks, and the code that makes and counts."""
    names = [(one.name, one.seed) for one in rankers]
    modules = [binarise.quantizer_module(name) for name in binarisers]
    return digest(
        [request.encodings_key for request in requests],
        names,
        code_digest(*COUNTING, *modules),
        [file_digest(file) for file in (Path(__file__), LIBRARY / "pipeline/shards.py")],
    )


def _binarised(
    rankers: Sequence[Ranker], source: Source, parameters: GrowingGalleryChapter
) -> list[Ranker]:
    """Codes made from the embeddings of one model, by binarisers that learn from scenes apart."""
    p, made = parameters, []
    for one in rankers:
        if one.name != p.binarised or not p.binarisers or not p.sizes:
            continue  # where there is no more data, there is none to learn from apart
        if one.bits:
            raise InputError(f"binarised: '{one.name}' has codes; expected a model of embeddings")
        apart = source[LEARNED].encodings[one.source]
        vectors = np.concatenate([unit_rows(side) for side in (apart.images, apart.texts)])
        for name, bits in product(p.binarisers, p.bits):
            if name != "hyperplanes" and bits > vectors.shape[1]:
                continue  # there are no more directions than dimensions
            projection = binarise.fit(name, vectors, bits)
            title = f"{one.name}, {bits} bits {name}"
            made.append(Ranker(title, one.model, one.seed, one.source, bits, projection))
    return made


def _pass(count: Count, store: Store, source: Source, sizes: Sequence[int]) -> Iterator[Counts]:
    """The counts at each size, kept or counted now."""
    missing = [size for size in sizes if not store.path(size).is_file()]
    if missing:
        begun = store.latest(missing[0])
        if begun is None:
            count.start()
            store.save(count.counts)
        else:
            count.counts = store.load(begun)
        _count_further(count, store, source, [size - sizes[0] for size in missing])
    yield from (store.load(size) for size in sizes)


def _count_further(count: Count, store: Store, source: Source, wanted: Sequence[int]) -> None:
    """Count further scenes until there are as many as are wanted, each of which is kept."""
    base = len(count.test.labels)
    done = count.counts.images - base
    for number in track(range(done // SIZE, -(-wanted[-1] // SIZE)), "shards of further scenes"):
        shard, begin, end = source[number], number * SIZE, (number + 1) * SIZE
        for stop in sorted({n for n in wanted if max(done, begin) < n < end} | {end}):
            if stop > wanted[-1]:
                break
            count.add(shard.encodings, shard.texts, slice(done - begin, stop - begin))
            done = stop
            if done in wanted or number % KEPT == KEPT - 1:
                store.save(count.counts)
