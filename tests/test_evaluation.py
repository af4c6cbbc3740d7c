"""The engine beside brute force over all tie orders, in every convention."""

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.evaluation import evaluate

sys.path.insert(0, str(Path(__file__).parent))
import brute

TIES = ("expected", "optimistic", "pessimistic", "index")


def tied_scores(seed, n=4, m=7, levels=3):
    rng = np.random.default_rng(seed)
    image_of_caption = np.concatenate([np.arange(n), rng.integers(0, n, m - n)])
    scores = rng.integers(-levels, levels, (n, m)) / 2
    labels = rng.random((n, 3)) < 0.5
    return scores, image_of_caption, labels


def mean(scores, relevant, ties, metric):
    return 100 * np.mean(
        [brute.mean_over_orders(list(s), list(r), ties, metric)
         for s, r in zip(scores, relevant, strict=True)]
    )  # fmt: skip


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("mode", ["any", "fraction"])
@pytest.mark.parametrize("seed", range(4))
def test_instance_equals_brute_force(seed, ties, mode):
    scores, of, _ = tied_scores(seed)
    found = evaluate(Scores(scores, None, of), recall_at=(1, 2, 5), ties=ties, mode=mode)
    relevant = of[None] == np.arange(len(scores))[:, None]
    metric = brute.hit if mode == "any" else brute.fraction
    for direction, s, r in (("i2t", scores, relevant), ("t2i", scores.T, relevant.T)):
        for k in (1, 2, 5):
            expected = mean(s, r, ties, lambda o, k=k: metric(o, k))
            assert found.instance[direction][f"R@{k}"] == pytest.approx(expected, abs=1e-9)
        expected = mean(s, r, ties, brute.rank) / 100
        assert found.instance[direction]["MeanR"] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int8])
@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("denominator", ["hits", "min", "total"])
@pytest.mark.parametrize("seed", range(3))
def test_category_equals_brute_force(seed, denominator, ties, kind):
    scores, of, labels = tied_scores(seed)
    scores = (2 * scores).astype(kind)
    found = evaluate(
        Scores(scores, None, of), labels, tasks="category", map_at=(1, 3, 5, "all"),
        denominator=denominator, ties=ties,
    )  # fmt: skip
    relevant = (labels.astype(int) @ labels[of].T.astype(int)) > 0
    for direction, s, r in (("i2t", scores, relevant), ("t2i", scores.T, relevant.T)):
        result = found.category[direction]
        for k in (1, 3, 5, "all"):
            depth = s.shape[1] if k == "all" else k
            expected = mean(
                s, r, ties, lambda o, d=depth: brute.average_precision(o, d, denominator)
            )
            assert result[f"mAP@{k}"] == pytest.approx(expected, abs=1e-9)
        if ties != "index":
            curve = np.mean([brute.precision_at_levels(list(a), list(b)) for a, b in
                             zip(s, r, strict=True)], axis=0)  # fmt: skip
            np.testing.assert_allclose(result.pr, curve, atol=1e-12)


@pytest.mark.parametrize("bits", [3, 8, 70, 300])
@pytest.mark.parametrize("ties", TIES)
def test_codes_equal_their_distances_as_scores(bits, ties):
    rng = np.random.default_rng(bits)
    n, m = 12, 40
    images, texts = rng.random((n, bits)) < 0.5, rng.random((m, bits)) < 0.5
    of = np.arange(m) % n
    labels = rng.random((n, 70)) < 0.05
    distance = (images[:, None] != texts[None]).sum(2)
    a = evaluate(Codes.pack(images, texts, of), labels, ties=ties, map_at=(1, 5, "all"))
    b = evaluate(Scores(-distance, None, of), labels, ties=ties, map_at=(1, 5, "all"))
    for task in ("instance", "category"):
        for direction in ("i2t", "t2i"):
            x, y = getattr(a, task)[direction], getattr(b, task)[direction]
            for name, value in x.metrics.items():
                assert value == pytest.approx(y[name], abs=1e-9), name
                if "@" in name:
                    assert x.tie_interval[name] == pytest.approx(y.tie_interval[name], abs=1e-9)
    np.testing.assert_allclose(a.category["i2t"].pr, b.category["i2t"].pr, atol=1e-12)


def test_explicit_relevance_equals_labels_and_pairs():
    scores, of, labels = tied_scores(1)
    shared = sparse.csr_matrix((labels.astype(int) @ labels[of].T.astype(int)) > 0)
    a = evaluate(Scores(scores, None, of), labels, tasks="category", map_at=(3, "all"))
    b = evaluate(Scores(scores, None, of), relevance=shared, tasks="category", map_at=(3, "all"))
    own = sparse.csr_matrix(of[None] == np.arange(len(scores))[:, None])
    c = evaluate(Scores(scores, None, of), relevance=own, tasks="instance")
    for d in ("i2t", "t2i"):
        assert a.category[d].metrics == pytest.approx(b.category[d].metrics)
        assert c.instance[d].metrics == evaluate(Scores(scores, None, of)).instance[d].metrics


def test_empty_queries_are_counted_as_zero_or_skipped():
    scores, of, labels = tied_scores(0)
    labels[0] = False
    zero = evaluate(Scores(scores, None, of), labels).category["i2t"]
    skip = evaluate(Scores(scores, None, of), labels, empty="skip").category["i2t"]
    assert zero.empty_queries == skip.empty_queries >= 1
    assert zero["mAP@all"] == pytest.approx(
        skip["mAP@all"] * (1 - zero.empty_queries / len(scores))
    )


def test_embeddings_rank_as_the_measure_says():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((6, 8)), rng.standard_normal((18, 8))
    of = np.arange(18) // 3
    from fico_lib.similarity import similarity

    for measure in ("cosine", "euclidean", "inner_product"):
        a = evaluate(Embeddings(x, y, of, measure=measure), rng.random((6, 3)) < 0.5)
        b = evaluate(Scores(similarity(x, y, measure), None, of))
        assert a.instance["i2t"].metrics == b.instance["i2t"].metrics
        assert a.instance["t2i"].metrics == b.instance["t2i"].metrics
