"""Counting in a gallery that grows: the engine's own ranks, twins by hand, files that are kept."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from growing import encoded, make_shard, make_texts, vectors

from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.evaluation import evaluate
from fico_lib.evaluation.growing import store as stores
from fico_lib.evaluation.growing.counts import Count, Counts, ranker
from fico_lib.evaluation.growing.store import Store
from fico_lib.evaluation.growing.twins import KINDS, Texts, Twins
from fico_lib.metrics.registry import metric
from fico_lib.runtime.errors import InputError

TEST = make_texts(30, 0)
ENCODED = encoded(TEST, 0)
RANKERS = [ranker(one, 0, place) for place, one in enumerate(ENCODED)]
METRICS = ("R@1", "R@10", "MRR@10")
SHARDS = [make_shard(number, 20) for number in range(3)]


def counted(*parts: tuple[int, slice]) -> Count:
    """The counts of the test split and of parts of shards."""
    count = Count(RANKERS, ENCODED, TEST)
    count.start()
    for number, rows in parts:
        count.add(SHARDS[number].encodings, SHARDS[number].texts, rows)
    return count


WHOLE = counted(*((number, slice(0, 20)) for number in range(3)))


def joined(place: int) -> Embeddings | Codes:
    """The test split and all shards as one split."""
    parts = [(TEST, ENCODED[place]), *((s.texts, s.encodings[place]) for s in SHARDS)]
    starts = np.cumsum([0, *(len(texts.labels) for texts, _ in parts)])
    own = ENCODED[place]
    return replace(
        own,
        images=np.concatenate([one.images for _, one in parts]),
        texts=np.concatenate([one.texts for _, one in parts]),
        image_of_caption=np.concatenate(
            [s + t.image_of_caption for s, (t, _) in zip(starts, parts, strict=False)]
        ),
        image_ids=None,
        caption_ids=None,
    )


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("direction", ["i2t", "t2i"])
def test_the_ranks_are_those_of_one_split_that_holds_everything(place, direction):
    result = evaluate(joined(place), tasks="instance", metrics=list(METRICS))
    part = result.instance[direction]
    counts, relevant = WHOLE.counts, WHOLE.relevant(direction)[place]
    above, equal = (c[direction][place, 0] for c in (counts.above, counts.equal))
    assert equal.any()
    candidates = counts.images if direction == "t2i" else counts.captions
    assert candidates == part.candidates
    for name in METRICS:
        group = above.astype(int), equal + relevant, relevant
        values = metric(name).of_best(group, candidates, "expected")
        assert part.per_query[metric(name).column][: len(values)] == pytest.approx(values), name


def test_where_shards_are_cut_changes_nothing(monkeypatch):
    parts = [(0, slice(0, 7)), (0, slice(7, 20)), (1, slice(0, 20)), (2, slice(0, 1)),
             (2, slice(1, 20))]  # fmt: skip
    monkeypatch.setattr("fico_lib.evaluation.growing.counts.BLOCK", 100)  # and blocks of queries
    other = counted(*parts).counts
    assert (other.images, other.captions) == (90, 180)
    for part in ("above", "equal", "twins"):
        for direction, array in getattr(WHOLE.counts, part).items():
            assert (getattr(other, part)[direction] == array).all()


def test_a_caption_that_comes_again_ties_even_if_it_was_computed_otherwise():
    again = Texts(
        TEST.tokens, TEST.lengths, TEST.text_of_caption[:2], np.zeros(2, int), TEST.labels[:1]
    )
    off = vectors(TEST, 0).texts[:2] * (1 + 1e-6) + 1e-6
    further = Embeddings(ENCODED[0].images[:1], off, np.zeros(2, int), model="vse")
    count = counted()
    before = count.counts.equal["i2t"][0, 0, 0]
    count.add([further, SHARDS[0].encodings[1]], again, slice(0, 1))
    assert count.counts.equal["i2t"][0, 0, 0] > before


def test_twins_are_found_as_one_would_by_reading():
    other = SHARDS[0].texts
    twins = Twins(TEST)

    def says(texts, caption):
        text = texts.text_of_caption[caption]
        return tuple(texts.tokens[text][: texts.lengths[text]])

    own, others = ([says(t, c) for c in range(len(t.image_of_caption))] for t in (TEST, other))
    same = {(i, j) for i, a in enumerate(own) for j, b in enumerate(others) if a == b}
    kinds = {
        (i, j)
        for i, a in enumerate(TEST.labels)
        for j, b in enumerate(other.labels)
        if (a == b).all()
    }
    image, other_image = TEST.image_of_caption, other.image_of_caption
    expected = {
        "t2i": (
            {(i, other_image[j]) for i, j in same},
            {(i, j) for i in range(60) for j in range(20) if (image[i], j) in kinds},
        ),
        "i2t": (
            {(image[i], j) for i, j in same},
            {(i, j) for i in range(30) for j in range(40) if (i, other_image[j]) in kinds},
        ),
    }
    for direction, sets in expected.items():
        found = twins.pairs(direction, other)
        assert list(found) == list(KINDS)
        for pairs, wanted in zip(found.values(), sets, strict=True):
            pairs = list(zip(*(side.tolist() for side in pairs), strict=True))
            assert len(pairs) == len(set(pairs))
            assert set(pairs) == wanted


def test_right_answers_are_no_twins():
    count = counted()
    assert len(TEST.labels) == 30
    same = (TEST.labels[:, None] == TEST.labels).all(2).sum(1) - 1
    assert (count.counts.twins["t2i"][1] == same[TEST.image_of_caption]).all()
    assert (count.counts.twins["i2t"][1] == 2 * same).all()


def test_without_labels_there_are_no_twins_of_that_kind():
    bare = replace(TEST, labels=np.zeros((30, 0), bool))
    pairs = Twins(bare).pairs("t2i", bare)
    assert len(pairs["texts"][0])
    assert not len(pairs["labels"][0])


def test_twins_are_part_of_what_is_counted():
    for direction in ("i2t", "t2i"):
        above, equal = (c[direction] for c in (WHOLE.counts.above, WHOLE.counts.equal))
        assert (above[:, 1:] <= above[:, :1]).all()
        both = (above + equal)[:, 1:]
        assert (both <= WHOLE.counts.twins[direction][None]).all()
        assert both.any()


@pytest.mark.parametrize(
    ("encodings", "message"),
    [
        (Scores(np.eye(2), None, np.arange(2), model="scan"), "'scan' hands over scores"),
        (replace(ENCODED[0], measure="euclidean"), "compared by cosine"),
    ],
)
def test_what_cannot_be_counted_is_named(encodings, message):
    with pytest.raises(InputError, match=message):
        ranker(encodings, 0, 0)


class TestStore:
    """Files of counts."""

    def test_what_was_kept_comes_back(self, tmp_path):
        store = Store(tmp_path / "growing", [30, 90])
        assert store.latest(90) is None
        store.save(WHOLE.counts)
        again = store.load(90)
        assert (again.images, again.captions) == (90, 180)
        for part in ("above", "equal", "twins"):
            for direction, array in getattr(WHOLE.counts, part).items():
                assert (getattr(again, part)[direction] == array).all()
        assert (store.latest(89), store.latest(90), store.latest(1000)) == (None, 90, 90)

    def test_what_is_in_between_goes_with_the_next(self, tmp_path):
        store = Store(tmp_path, [30, 90])
        for images in (30, 50, 70, 90):
            store.save(replace(WHOLE.counts, images=images))
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "30.safetensors",
            "90.safetensors",
        ]

    def test_other_counts_than_were_written_are_refused(self, tmp_path):
        store = Store(tmp_path, [90])
        store.save(WHOLE.counts)
        content = bytearray(store.path(90).read_bytes())
        content[-1] ^= 1
        store.path(90).write_bytes(content)
        with pytest.raises(InputError, match=r"90.safetensors: found other counts"):
            store.load(90)
        store.path(90).write_bytes(content[:-5])
        with pytest.raises(InputError, match=r"90.safetensors"):
            store.load(90)

    @pytest.mark.parametrize(("files", "says"), [(2, "sizes up to 30 fit"), (1, "none fits")])
    def test_a_full_disk_is_said_with_the_arithmetic(self, tmp_path, monkeypatch, files, says):
        counts = Counts.empty(2, {"i2t": 1000, "t2i": 5000})
        each = 2 * 2 * 3 * 6000 * 4 + 2 * 6000 * 4
        free = SimpleNamespace(free=files * each + 10)
        monkeypatch.setattr(stores.shutil, "disk_usage", lambda place: free)
        store = Store(tmp_path / "not" / "yet", [30, 90])
        message = rf"2 sizes and one in between of 0.3 MB take 1.0 MB.*{says}"
        with pytest.raises(InputError, match=message):
            store.check_room(counts)
        free.free = 3 * each
        store.check_room(counts)
