"""Metrics asked for by name, in both tasks, beside brute force over all tie orders."""

import brute
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from fico_lib.encodings import Codes, Scores
from fico_lib.evaluation import evaluate
from fico_lib.evaluation.folds import Folds
from fico_lib.metrics.registry import METRICS, metric
from fico_lib.runtime.errors import InputError
from fico_lib.similarity.backend import TorchBackend

TIES = ("expected", "optimistic", "pessimistic", "index")
RANKED = {
    **{f"nDCG@{k}": lambda o, k=k: brute.ndcg(o, k) for k in (1, 3, 10)},
    **{f"MRR@{k}": lambda o, k=k: brute.reciprocal_rank(o, k) for k in (1, 3, 10)},
    **{f"P@{k}": lambda o, k=k: brute.precision(o, k) for k in (1, 3, 10)},
    **{f"R@{k}": lambda o, k=k: brute.hit(o, k) for k in (1, 3)},
    "R-Precision": brute.r_precision,
    "mAP@R": brute.average_precision_at_r,
    "mAP@3": lambda o: brute.average_precision(o, 3, "hits"),
}


def problem(seed, n=4, m=7, levels=2):
    rng = np.random.default_rng(seed)
    of = np.concatenate([np.arange(n), rng.integers(0, n, m - n)])
    return rng.integers(-levels, levels, (n, m)) / 2, of, rng.random((n, 3)) < 0.4


def relevance_of(of, labels):
    shared = (labels.astype(int) @ labels[of].T.astype(int)) > 0
    return {"instance": of == np.arange(len(labels))[:, None], "category": shared}


def expected(scores, relevant, ties, metric):
    pairs = zip(scores.tolist(), relevant.tolist(), strict=True)
    return 100 * np.mean([brute.mean_over_orders(s, r, ties, metric) for s, r in pairs])


def check(found, scores, of, labels, ties, metrics=RANKED):
    for task, relevant in relevance_of(of, labels).items():
        for direction, s, r in (("i2t", scores, relevant), ("t2i", scores.T, relevant.T)):
            result = getattr(found, task)[direction]
            assert list(result.metrics) == list(metrics)
            for name, one in metrics.items():
                want = expected(s, r, ties, one)
                assert result[name] == pytest.approx(want, abs=1e-9), (task, direction, name)
                if ties != "index":
                    ends = [expected(s, r, rule, one) for rule in ("pessimistic", "optimistic")]
                    assert result.tie_interval[name] == pytest.approx(ends, abs=1e-9)


@pytest.mark.parametrize("tensors", [False, True])
@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("seed", range(4))
def test_scores_equal_brute_force(seed, ties, tensors):
    scores, of, labels = problem(seed)
    device = TorchBackend(torch.device("cpu")) if tensors else "cpu"
    given = Scores(scores.astype(np.float32), None, of)
    found = evaluate(given, labels, metrics=[*RANKED], ties=ties, device=device)
    check(found, scores, of, labels, ties)


@pytest.mark.parametrize("tensors", [False, True])
@pytest.mark.parametrize("ties", TIES)
def test_codes_equal_brute_force(ties, tensors):
    rng = np.random.default_rng(3)
    images, texts = rng.random((4, 3)) < 0.5, rng.random((7, 3)) < 0.5
    _, of, labels = problem(3)
    device = TorchBackend(torch.device("cpu")) if tensors else "cpu"
    given = Codes.pack(images, texts, of)
    found = evaluate(given, labels, metrics=[*RANKED], ties=ties, device=device)
    check(found, -(images[:, None] != texts).sum(2), of, labels, ties)


@settings(max_examples=30, deadline=None)
@given(
    hnp.arrays(np.float64, (2, 6), elements=st.integers(0, 2)), hnp.arrays(bool, (2, 6)),
    st.sampled_from(TIES),
)  # fmt: skip
def test_any_judgements_equal_brute_force(scores, judged, ties):
    of = np.array([0, 1, 0, 1, 0, 1])
    found = evaluate(Scores(scores, None, of), relevance=sparse.csr_matrix(judged),
                     metrics=[*RANKED], ties=ties)  # fmt: skip
    for task in ("instance", "category"):
        for direction, s, r in (("i2t", scores, judged), ("t2i", scores.T, judged.T)):
            for name, one in RANKED.items():
                value = getattr(found, task)[direction][name]
                assert value == pytest.approx(expected(s, r, ties, one), abs=1e-9), (task, name)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("seed", range(3))
def test_the_first_relevant_ones_equal_brute_force(seed, ties):
    scores, of, labels = problem(seed)
    names = {
        f"mAP@{k}": lambda o, k=k: brute.precision_of_first_relevant(o, k) for k in (1, 2, 3, 6)
    }
    how = {"metrics": [*names, "P@2"], "ties": ties, "denominator": "relevant"}
    found = evaluate(Scores(scores, None, of), labels, **how)
    check(found, scores, of, labels, ties, names | {"P@2": lambda o: brute.precision(o, 2)})


def test_many_positives_are_counted_as_few_are(monkeypatch):
    """By sorting, by counting, and from sort keys, as the category task ranks them."""
    rng = np.random.default_rng(0)
    scores, judged = rng.integers(0, 9, (5, 60)) / 4, rng.random((5, 60)) < 0.5
    given, names = Scores(scores, None, np.arange(60) % 5), [*RANKED]
    many = evaluate(given, relevance=judged, metrics=names)
    for direction in ("i2t", "t2i"):
        instance, category = many.instance[direction], many.category[direction]
        assert instance.metrics == pytest.approx(category.metrics)
    monkeypatch.setattr("fico_lib.evaluation.counts.FEW", 100)
    monkeypatch.setattr("fico_lib.evaluation.positive_groups.POSITIVES", 40)
    few = evaluate(given, relevance=judged, metrics=names)
    assert few.instance["i2t"].metrics == many.instance["i2t"].metrics


@pytest.mark.parametrize("name", [*RANKED])
def test_a_constant_scorer_is_at_chance(name):
    _, of, labels = problem(1)
    found = evaluate(Scores(np.zeros((4, 7)), None, of), labels, metrics=[name])
    for task in ("instance", "category"):
        for direction in ("i2t", "t2i"):
            result = getattr(found, task)[direction]
            assert result[name] == pytest.approx(result.chance[name], abs=1e-9)


def test_defaults_stand_unless_metrics_are_named():
    scores, of, labels = problem(0)
    found = evaluate(Scores(scores, None, of), labels)
    assert list(found.instance["i2t"].metrics) == ["R@1", "R@5", "R@10", "MedR", "MeanR"]
    assert list(found.category["i2t"].metrics) == ["mAP@10", "mAP@100", "mAP@N"]
    assert "metrics" not in found.to_dict()["conventions"]
    assert evaluate(Scores(scores, None, of), labels, metrics=None).to_dict() == found.to_dict()
    alone = evaluate(Scores(scores, None, of), labels, metrics="MRR@2")
    assert list(alone.category["i2t"].metrics) == ["MRR@2"]
    named = evaluate(Scores(scores, None, of), labels, metrics=("MedR", "mAP@N")).to_dict()
    assert named["conventions"]["metrics"] == ["MedR", "mAP@N"]
    assert "recall_at" not in named["conventions"]
    assert {"MedR", "mAP@N"} <= named["instance"]["i2t"].keys() & named["category"]["t2i"].keys()
    assert isinstance(named["instance"]["i2t"]["chance"], dict)
    assert isinstance(named["category"]["i2t"]["chance"], float)


def test_a_rank_of_the_category_task_is_that_of_the_best_relevant_candidate():
    scores, of, labels = problem(5)
    found = evaluate(Scores(scores, None, of), labels, metrics=["MeanR"], empty="skip")
    relevant = relevance_of(of, labels)["category"]
    some = relevant.any(1)
    want = expected(scores[some], relevant[some], "expected", brute.rank) / 100
    assert found.category["i2t"]["MeanR"] == pytest.approx(want)


def test_what_a_partial_ranking_cannot_tell_is_withheld():
    scores = np.array([[4.0, 3, 2, -9, -9], [1, 2, 3, 4, 5]])
    t2i = np.ascontiguousarray(np.abs(scores.T))
    judged = np.array([[1, 0, 1, 1, 0], [1, 1, 1, 1, 1]])
    given = Scores(scores, t2i, np.array([0, 0, 0, 1, 1]), missing=-9.0)
    names = ["MRR@3", "MRR@4", "nDCG@3", "nDCG@N", "P@3", "R-Precision", "mAP@R", "MedR"]
    of_pairs = evaluate(given, metrics=names).instance["i2t"]
    assert [n for n, v in of_pairs.metrics.items() if v is None] == ["MRR@4", "nDCG@N"]
    assert of_pairs["R-Precision"] == pytest.approx(100)  # three captions, and two
    judged_too = evaluate(given, relevance=judged, metrics=names)
    for result in (judged_too.instance["i2t"], judged_too.category["i2t"]):
        assert [n for n, v in result.metrics.items() if v is None] == [
            "MRR@4", "nDCG@N", "R-Precision", "mAP@R",
        ]  # fmt: skip
        assert result.tie_interval["R-Precision"] is None


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        (["nDCG"], "did you mean"), (["nDCG@x"], "unknown metric"), (["ndcg@10"], "nDCG@10"),
        (["P@0"], "unknown metric"), (["P@1", "P@1"], "each once"),
        ([1], "metrics: found 1"), ("nDCG", "did you mean"),
        (["P-radius@2"], "category task, which is not evaluated"),
        (["COCO-1K@1"], "4 images; expected 5 folds of 1000"),
    ],
)  # fmt: skip
def test_wrong_metrics_are_told(metrics, message):
    scores, of, _ = problem(0)
    with pytest.raises(InputError, match=message):
        evaluate(Scores(scores, None, of), metrics=metrics)


# -- within a Hamming radius -----------------------------------------------------------------------


@pytest.mark.parametrize("tensors", [False, True])
@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("empty", ["zero", "skip"])
@pytest.mark.parametrize("bits", [5, 64, 70])
def test_within_a_radius(bits, empty, ties, tensors):
    rng = np.random.default_rng(bits)
    n, m = 6, 15
    images, texts = rng.random((n, bits)) < 0.5, rng.random((m, bits)) < 0.5
    texts[:3] = images[:3]
    of, labels = np.arange(m) % n, rng.random((n, 3)) < 0.4
    labels[0] = False
    distance = (images[:, None] != texts).sum(2)
    relevant = relevance_of(of, labels)["category"]
    device = TorchBackend(torch.device("cpu")) if tensors else "cpu"
    radii = {0, 2, bits // 2, bits, bits + 9}
    names = [f"{side}-radius@{r}" for side in "PR" for r in radii] + ["nDCG@3"]
    found = evaluate(Codes.pack(images, texts, of), labels, metrics=names, tasks="category",
                     empty=empty, ties=ties, device=device).category  # fmt: skip
    for direction, d, r in (("i2t", distance, relevant), ("t2i", distance.T, relevant.T)):
        kept = r.any(1) if empty == "skip" else np.ones(len(r), bool)
        result = found[direction]
        for radius in range(bits + 1):
            within = d <= radius
            hits, size = (within & r).sum(1), within.sum(1)
            precision = (hits / np.maximum(size, 1))[kept].mean()
            recall = (hits / np.maximum(r.sum(1), 1))[kept].mean()
            assert result.radius["precision"][radius] == pytest.approx(precision)
            assert result.radius["recall"][radius] == pytest.approx(recall)
            if radius in radii:
                assert result[f"P-radius@{radius}"] == pytest.approx(100 * precision)
                assert result[f"R-radius@{radius}"] == pytest.approx(100 * recall)
                chance = (np.where(size > 0, r.sum(1), 0) / r.shape[1])[kept].mean()
                assert result.chance[f"P-radius@{radius}"] == pytest.approx(100 * chance)
        assert result[f"R-radius@{bits + 9}"] == pytest.approx(100 * r.any(1)[kept].mean())
        assert result.tie_interval["P-radius@2"] == (result["P-radius@2"],) * 2


def test_a_radius_is_for_codes():
    scores, of, labels = problem(0)
    with pytest.raises(
        InputError, match=r"P-radius@2: found scores that are no .*; expected codes"
    ):
        evaluate(Scores(scores, None, of), labels, metrics=["P-radius@2"])
    codes = Codes.pack(np.eye(4), np.eye(4), np.arange(4))
    with pytest.raises(InputError, match="no Hamming distances"):
        evaluate(codes, np.arange(4), metrics=["R-radius@0"], normalise="qb-norm")
    with pytest.raises(InputError, match="without_own"):
        evaluate(codes, np.arange(4), metrics=["R-radius@0"], without_own=True)
    assert "radius" not in evaluate(codes, np.arange(4)).to_dict()["category"]["i2t"]


# -- five folds ------------------------------------------------------------------------------------


@pytest.mark.parametrize("tensors", [False, True])
@pytest.mark.parametrize("ties", ["expected", "index"])
def test_folds_are_galleries_of_their_own(ties, tensors, monkeypatch):
    monkeypatch.setattr("fico_lib.evaluation.folds.IMAGES", 4)
    rng = np.random.default_rng(0)
    of = rng.permutation(np.r_[np.arange(20), rng.integers(0, 20, 30)])
    scores = rng.integers(0, 6, (20, 50)) / 2
    names = ["COCO-1K@1", "COCO-1K@3"]
    device = TorchBackend(torch.device("cpu")) if tensors else "cpu"
    found = evaluate(Scores(scores, None, of), metrics=[*names, "R@1"], ties=ties, device=device)
    values = {"i2t": np.zeros((2, 20)), "t2i": np.zeros((2, 50))}
    chances = {"i2t": np.zeros((2, 20)), "t2i": np.zeros((2, 50))}
    for fold in range(5):
        images = np.arange(4 * fold, 4 * fold + 4)
        captions = np.flatnonzero(np.isin(of, images))
        part = Scores(scores[np.ix_(images, captions)], None, of[captions] - 4 * fold)
        alone = evaluate(part, recall_at=(1, 3), ties=ties).instance
        for direction, rows in (("i2t", images), ("t2i", captions)):
            for i, k in enumerate((1, 3)):
                values[direction][i, rows] = alone[direction].per_query[f"R@{k}"]
                chances[direction][i, rows] = alone[direction].chance[f"R@{k}"]
    for direction, result in found.instance.items():
        for i, name in enumerate(names):
            np.testing.assert_allclose(result.per_query[name], values[direction][i], atol=1e-9)
            assert result.chance[name] == pytest.approx(chances[direction][i].mean())
        assert result["COCO-1K@1"] > result["R@1"]


def test_a_fold_holds_a_thousand_images():
    of = np.arange(5000)
    folds = Folds("i2t", of, 5000)
    assert [len(m) for m in folds.members] == [1000] * 5
    with pytest.raises(InputError, match="found 5001 images"):
        Folds("i2t", np.arange(5001), 5001)


def test_every_entry_has_a_k_or_none():
    for entry in METRICS.values():
        name = entry.name + ("@1" if entry.has_k else "")
        assert str(metric(name)) == name
        assert entry.tasks
