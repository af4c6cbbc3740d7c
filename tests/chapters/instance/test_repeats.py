"""Repeated captions and classes: judgements by hand, classes by brute force."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from feature_splits import split_of

from fico_lib.chapters.instance import repeats
from fico_lib.chapters.instance import repeats_tables as tables
from fico_lib.chapters.instance.parameters import InstanceChapter
from fico_lib.chapters.instance.pooled import pooled
from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.evaluation import evaluate


def check(seeds: list[int], recall_at: list[int]) -> InstanceChapter:
    values = {"seeds": seeds, "recall_at": recall_at, "resamples": 200, "device": "cpu"}
    return InstanceChapter.check(values, "test")


# -- by hand: images 0 and 1 have the same two texts, image 2 has its own --------------------------

TEXTS, OF = np.array([5, 6, 6, 5, 7, 8]), np.array([0, 0, 1, 1, 2, 2])
HAND = Scores(
    # Image 0 prefers a caption of image 1, image 1 one of image 2, image 2 its own.
    np.array([[1, 2, 9, 3, 4, 5], [1, 2, 3, 4, 9, 5], [1, 2, 3, 4, 5, 9]], float),
    # Captions 0 and 2 prefer image 1, captions 1 and 3 image 0, captions 4 and 5 image 2.
    np.array([[1, 9, 2], [9, 1, 2], [1, 9, 2], [9, 1, 2], [1, 2, 9], [1, 2, 9]], float),
    OF,
    model="vse",
)


def test_sets_and_judgements_by_hand():
    assert repeats.caption_sets(TEXTS, OF).tolist() == [0, 0, 1]
    i2t, t2i = repeats.duplicates(TEXTS, OF)
    assert i2t.astype(bool).astype(int).toarray().tolist() == [
        [1, 1, 1, 1, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [0, 0, 0, 0, 1, 1],
    ]
    both, last = [1, 1, 0], [0, 0, 1]
    assert t2i.astype(bool).astype(int).toarray().tolist() == [*[both] * 4, last, last]


def test_a_text_that_is_shared_alone_counts_and_its_neighbour_does_not():
    i2t, t2i = repeats.duplicates(np.array([1, 2, 1, 3]), np.array([0, 0, 1, 1]))
    assert i2t.toarray().astype(int).tolist() == [[1, 1, 1, 0], [1, 0, 1, 1]]
    assert t2i.toarray().astype(int).tolist() == [[1, 1], [1, 0], [1, 1], [0, 1]]


def test_recall_by_hand():
    found = repeats.compare([HAND], split_of(TEXTS, OF), check([0], [1, 5]))
    assert (found.images, found.sharing, found.sets, found.shared) == (3, 2, 2, 4)
    assert found.judgements == ["usual", "duplicates"]
    rows = found.recall.set_index(["judgement", "model", "direction", "k"])["percent"]
    assert rows["usual", "vse", "i2t", 1] == pytest.approx(100 / 3)
    assert rows["duplicates", "vse", "i2t", 1] == pytest.approx(200 / 3)
    assert rows["usual", "vse", "t2i", 1] == pytest.approx(400 / 6)
    assert rows["duplicates", "vse", "t2i", 1] == pytest.approx(100)
    assert rows["duplicates", "caption_oracle", "i2t", 1] == pytest.approx(100)


# -- within classes --------------------------------------------------------------------------------

N, PER = 24, 3
CLASSES = np.arange(N) % 4
MAP = np.repeat(np.arange(N), PER)
LABELS = np.eye(4, dtype=bool)[CLASSES]


def embeddings(noise: float, seed: int = 0, model: str = "vse") -> Embeddings:
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(N, 6)).astype(np.float32)
    texts = images[MAP] + noise * rng.normal(size=(N * PER, 6)).astype(np.float32)
    return Embeddings(images, texts, MAP, model=model)


def codes(bits: int = 12) -> Codes:
    rng = np.random.default_rng(1)
    images = rng.random((N, bits)) < 0.5
    return Codes.pack(images, images[MAP] ^ (rng.random((N * PER, bits)) < 0.2), MAP, model="dadh")


def brute(scores: np.ndarray, right: np.ndarray, same: np.ndarray, k: int) -> float:
    """R@k in percent without ties: a query's candidates are those of `same`."""
    hits = []
    for row, own, allowed in zip(scores, right, same, strict=True):
        order = [c for c in np.argsort(-row) if allowed[c]]
        hits.append(own[order[:k]].any())
    return 100 * float(np.mean(hits))


def test_within_classes_is_what_brute_force_finds():
    one = embeddings(1.5)
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (one.images, one.texts)]
    scores = unit[0].astype(float) @ unit[1].astype(float).T
    right = np.arange(N)[:, None] == MAP
    same = CLASSES[:, None] == CLASSES[MAP]
    found = repeats.within_classes(one, CLASSES, partial(evaluate, recall_at=(1, 2))).instance
    for k in (1, 2):
        assert found["i2t"][f"R@{k}"] == pytest.approx(brute(scores, right, same, k))
        assert found["t2i"][f"R@{k}"] == pytest.approx(brute(scores.T, right.T, same.T, k))
    assert found["t2i"].chance["R@1"] == pytest.approx(100 / 6)
    assert sorted(set(found["t2i"].clusters)) == list(range(N))
    # A caption of image 4 (class 0) stands after those of image 0: the map is of the whole.
    assert found["t2i"].clusters[: PER * 2].tolist() == [0, 0, 0, 4, 4, 4]


def test_ties_within_classes_are_expected_values():
    flat = Embeddings(np.ones((N, 2), np.float32), np.ones((N * PER, 2), np.float32), MAP)
    found = repeats.within_classes(flat, CLASSES, partial(evaluate, recall_at=(1,))).instance
    assert found["t2i"]["R@1"] == pytest.approx(100 / 6)
    assert found["t2i"].tie_interval["R@1"] == pytest.approx((0, 100))


@pytest.mark.parametrize("kind", ["embeddings", "codes", "scores", "two scores"])
def test_the_encodings_of_some_images_are_those_rows(kind):
    rng, rows = np.random.default_rng(0), np.array([1, 5, 9])
    i2t, t2i = rng.normal(size=(N, N * PER)), rng.normal(size=(N * PER, N))
    one = {
        "embeddings": embeddings(1.0),
        "codes": codes(),
        "scores": Scores(i2t, None, MAP),
        "two scores": Scores(i2t, t2i, MAP),
    }[kind]
    part = repeats.of_images(one, rows)
    assert part.image_of_caption.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert part.image_ids.tolist() == ["1", "5", "9"]
    assert part.caption_ids.tolist() == [str(c) for r in rows for c in range(3 * r, 3 * r + 3)]
    captions = np.flatnonzero(np.isin(MAP, rows))
    if kind == "two scores":
        assert (part.t2i == t2i[captions][:, rows]).all()
    elif kind == "scores":
        assert (part.i2t == i2t[rows][:, captions]).all()
    else:
        assert (part.texts == one.texts[captions]).all()


def test_pooling_counts_every_query_once():
    one, whole = embeddings(1.5), np.arange(N)
    parts = [repeats.of_images(one, rows) for rows in (whole[:6], whole[6:])]
    found = [evaluate(part, tasks="instance") for part in parts]
    both = pooled(found, [whole[:6], whole[6:]]).instance["i2t"]
    expected = (6 * found[0].instance["i2t"]["R@1"] + 18 * found[1].instance["i2t"]["R@1"]) / 24
    assert both["R@1"] == pytest.approx(expected) == np.mean(both.per_query["R@1"])
    assert both.queries == N
    assert both.clusters.tolist() == list(range(N))


# -- what the data allow ---------------------------------------------------------------------------


def test_a_reranked_list_that_ends_within_a_class_has_no_value():
    full = embeddings(1.0)
    scores = full.images @ full.texts.T
    kept = [np.where(s >= np.sort(s, 1)[:, [-2]], s, -np.inf) for s in (scores, scores.T)]
    partial = Scores(*kept, MAP, missing=-np.inf, model="xvlm")
    texts = np.arange(N * PER)
    found = repeats.compare([full, partial], split_of(texts, MAP, LABELS), check([0], [1, 5]))
    rows = found.recall.set_index(["judgement", "model", "direction", "k"])["percent"]
    assert ("class", "xvlm", "i2t", 5) not in rows.index
    assert ("class", "vse", "i2t", 5) in rows.index
    assert "nan" not in repr(tables.table(found))


@pytest.fixture(scope="module")
def compared():
    made = [embeddings(1.5, seed) for seed in (0, 1)]
    made += [replace(codes(), model="dadh")] * 2
    texts = np.where(np.arange(N * PER) < 2 * PER, np.arange(N * PER) % PER, np.arange(N * PER))
    return repeats.compare(made, split_of(texts, MAP, LABELS), check([3, 4], [1, 5, 10]))


def test_intervals_hold_the_mean_and_gaps_are_paired(compared):
    rows = compared.recall[compared.recall["model"].isin(["vse", "dadh"])]
    assert set(rows["judgement"]) == {"usual", "duplicates", "class"}
    assert (rows["low"] <= rows["percent"]).all()
    assert (rows["percent"] <= rows["high"]).all()
    assert (rows["low"] < rows["high"]).any()
    means = rows.set_index(["judgement", "model", "direction", "k"])["percent"]
    for gap in compared.gaps.itertuples():
        place = gap.direction, gap.k
        difference = means[gap.judgement, "vse", *place] - means[gap.judgement, "dadh", *place]
        assert gap.gap_percent == pytest.approx(difference)
        assert gap.low <= gap.gap_percent <= gap.high


def test_every_judgement_of_the_usual_rows_is_the_engines(compared):
    rows = compared.recall.set_index(["judgement", "model", "direction", "k"])
    found = [evaluate(embeddings(1.5, seed)).instance["t2i"]["R@5"] for seed in (0, 1)]
    assert rows.loc[("usual", "vse", "t2i", 5), "percent"] == pytest.approx(np.mean(found))
    assert rows.loc[("class", "label_oracle", "t2i", 1), "percent"] == pytest.approx(100 / 6)


def test_tables_and_sentences(compared):
    shown = [tables.table(compared), tables.gaps(compared), tables.facts(compared)]
    assert "nan" not in repr(shown)
    assert "2 of the 24 test images share" in repr(shown)
    assert "own class" in repr(tables.table(compared))


def test_no_repeats_and_several_labels_leave_a_sentence():
    several = LABELS.copy()
    several[0] = True
    found = repeats.compare(
        [embeddings(1.0)], split_of(np.arange(N * PER), MAP, several), check([0], [1])
    )
    assert found.recall.empty
    assert found.classes == 0
    assert "Every text of the 24 test images belongs to one image" in repr(tables.facts(found))
    assert tables.table(found) is tables.gaps(found) is None


def test_texts_that_repeat_without_their_sets_leave_a_sentence():
    texts = np.arange(N * PER)
    texts[PER] = 0  # one text of image 1 is one of image 0
    found = repeats.compare([embeddings(1.0)], split_of(texts, MAP), check([0], [1]))
    assert (found.sharing, found.shared, found.judgements) == (0, 2, [])
    assert "2 of the 72 captions" in repr(tables.facts(found))
    assert "2.8 %" in repr(tables.facts(found))


def test_without_labels_only_repeats_are_judged():
    found = repeats.compare([HAND], split_of(TEXTS, OF), check([0], [1]))
    assert "class" not in found.judgements
    assert "own class" not in repr(tables.table(found))
