"""A cross-validation: pooled over all queries, with intervals narrower than those of one fold."""

import numpy as np
import pytest

from fico_lib.chapters.instance import folds as results
from fico_lib.chapters.instance import folds_tables as tables
from fico_lib.chapters.instance.parameters import InstanceChapter
from fico_lib.encodings import Codes, Embeddings
from fico_lib.evaluation import evaluate
from fico_lib.runtime.errors import InputError

SIZES = (30, 20, 25)
MODELS = ("vse", "dadh")
DATA = {"name": "karpathy", "root": "nowhere", "labels": "labels.csv"}


def check(folds: list[int], recall_at: list[int]) -> InstanceChapter:
    values = {"data": DATA, "folds": folds, "recall_at": recall_at, "resamples": 300}
    return InstanceChapter.check(values | {"device": "cpu"}, "test")


def made(fold: int, model: str):
    """Encodings of a fold's images, whose ids go on where those of the fold before ended."""
    n, rng = SIZES[fold], np.random.default_rng(fold)
    of, ids = np.repeat(np.arange(n), 2), sum(SIZES[:fold]) + np.arange(n)
    about = {"image_ids": ids.astype(str), "model": model}
    if model == "vse":
        images = rng.normal(size=(n, 8)).astype(np.float32)
        texts = images[of] + rng.normal(size=(2 * n, 8)).astype(np.float32)
        return Embeddings(images, texts, of, **about)
    bits = rng.random((n, 10)) < 0.5
    return Codes.pack(bits, bits[of] ^ (rng.random((2 * n, 10)) < 0.3), of, **about)


ENCODINGS = [made(fold, model) for fold in range(3) for model in MODELS]


@pytest.fixture(scope="module")
def crossed():
    return results.compare(ENCODINGS, check([0, 2, 3], [1, 5, 10]))


def test_the_recall_of_all_folds_counts_every_query_once(crossed):
    rows = crossed.recall.set_index(["model", "direction", "k"])
    for model in MODELS:
        found = [evaluate(made(fold, model)).instance["t2i"]["R@5"] for fold in range(3)]
        expected = np.average(found, weights=SIZES)
        assert rows.loc[(model, "t2i", 5), "percent"] == pytest.approx(expected)
    assert set(rows["queries"]) == {75, 150}
    assert (crossed.images, crossed.candidates) == (75, (30, 60))


def test_intervals_hold_the_mean_and_narrow_with_folds(crossed):
    for rows, value in ((crossed.recall, "percent"), (crossed.gaps, "gap_percent")):
        assert (rows["low"] < rows[value]).all()
        assert (rows[value] < rows["high"]).all()
    alone = results.compare(ENCODINGS[:2], check([0], [1, 5]))
    width = [(c.gaps["high"] - c.gaps["low"]).mean() for c in (crossed, alone)]
    assert width[0] < width[1]


def test_gaps_are_the_differences_of_the_recalls(crossed):
    recall = crossed.recall.set_index(["model", "direction", "k"])["percent"]
    assert len(crossed.gaps) == 4
    for gap in crossed.gaps.itertuples():
        place = gap.direction, gap.k
        assert gap.gap_percent == pytest.approx(recall["vse", *place] - recall["dadh", *place])


def test_rows_per_fold_are_the_engines(crossed):
    rows = crossed.folds.set_index(["model", "fold", "direction", "k"])["percent"]
    assert set(crossed.folds["fold"]) == {0, 2, 3}
    assert rows["dadh", 2, "i2t", 1] == evaluate(made(1, "dadh")).instance["i2t"]["R@1"]


def test_an_image_in_two_folds_is_refused():
    twice = [made(0, "vse"), made(0, "vse")]
    with pytest.raises(InputError, match="image '0' is in two"):
        results.compare(twice, check([0, 1], [1]))


def test_tables_and_sentences(crossed):
    gaps = crossed.gaps.assign(low=crossed.gaps["low"] - 3, high=crossed.gaps["high"] + 3)
    shown = [
        tables.table(crossed),
        tables.gaps(crossed, gaps),
        tables.facts(crossed),
        tables.takeaways(crossed, gaps),
    ]
    assert "nan" not in repr(shown)
    assert "75 images" in repr(shown)


def test_without_folds_there_is_a_sentence():
    nothing = results.compare([], check([], [1]))
    assert nothing.recall.empty
    assert "No cross-validation" in repr(tables.facts(nothing))
    assert tables.table(nothing) is None
