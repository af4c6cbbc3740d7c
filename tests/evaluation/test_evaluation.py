"""The engine beside brute force over all tie orders, in every convention."""

import brute
import numpy as np
import pytest
import torch
from scipy import sparse

from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.evaluation import evaluate
from fico_lib.runtime.errors import InputError
from fico_lib.similarity.backend import TorchBackend

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
            assert result["mAP@N" if k == "all" else f"mAP@{k}"] == pytest.approx(
                expected, abs=1e-9
            )
        if ties != "index":
            curve = np.mean([brute.precision_at_levels(list(a), list(b)) for a, b in
                             zip(s, r, strict=True)], axis=0)  # fmt: skip
            np.testing.assert_allclose(result.pr, curve, atol=1e-12)


@pytest.mark.parametrize("waiting", [1, 20, 10**6])
@pytest.mark.parametrize("ties", TIES)
def test_slices_and_what_waits_change_nothing(ties, waiting, monkeypatch):
    scores, of, labels = tied_scores(0)
    ask = {"tasks": "category", "map_at": (1, 3, "all"), "ties": ties}
    whole = evaluate(Scores(scores, None, of), labels, **ask).category
    monkeypatch.setattr("fico_lib.evaluation.stream.SLICE", 2 * scores.shape[1])
    monkeypatch.setattr("fico_lib.evaluation.category.GROUPS", waiting)
    parts = evaluate(Scores(scores, None, of), labels, threads=2, **ask).category
    for direction in ("i2t", "t2i"):
        for name, values in whole[direction].per_query.items():
            np.testing.assert_allclose(parts[direction].per_query[name], values, atol=1e-12)


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
    assert zero["mAP@N"] == pytest.approx(skip["mAP@N"] * (1 - zero.empty_queries / len(scores)))


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


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("kind", ["cosine", "euclidean", "codes", "scores", "missing", "judged"])
def test_the_code_of_the_gpu_gives_the_same(kind, ties):
    rng = np.random.default_rng(5)
    n, m, bits = 9, 31, 20
    of = np.arange(m) % n
    x, y = rng.standard_normal((n, bits)), rng.standard_normal((m, bits))
    y[:n] = x  # a distance of zero
    labels, options = rng.random((n, 5)) < 0.3, {}
    scores = rng.integers(0, 5, (n, m)).astype(np.float32)
    if kind == "codes":
        given = Codes.pack(x > 0, y > 0, of)
    elif kind in ("cosine", "euclidean"):
        given = Embeddings(x, y, of, measure=kind)
    else:
        given = Scores(scores, None, of, missing=0.0 if kind == "missing" else None)
    if kind == "judged":
        labels, options = None, {"relevance": sparse.csr_matrix(rng.random((n, m)) < 0.2)}
    how = {"ties": ties, "map_at": (1, 4, "all"), **options}
    a = evaluate(given, labels, **how)
    b = evaluate(given, labels, device=TorchBackend(torch.device("cpu")), **how)
    for task in ("instance", "category"):
        for direction in ("i2t", "t2i"):
            left, right = getattr(a, task)[direction], getattr(b, task)[direction]
            assert left.metrics == pytest.approx(right.metrics, abs=1e-9)
            assert left.tie_interval.keys() == right.tie_interval.keys()
            for name, interval in left.tie_interval.items():
                assert interval == pytest.approx(right.tie_interval[name], abs=1e-9)
            if left.pr is not None:
                np.testing.assert_allclose(left.pr, right.pr, atol=1e-12)


def test_one_pass_over_one_matrix_counts_both_directions():
    scores, of, _ = tied_scores(3, n=300, m=700, levels=40)
    for kind in (np.float32, np.float64):
        one = evaluate(Scores(scores.astype(kind), None, of))
        two = evaluate(Scores(scores.astype(kind), scores.T.astype(kind), of))
        for direction in ("i2t", "t2i"):
            a, b = one.instance[direction], two.instance[direction]
            assert a.metrics == b.metrics
            assert a.tie_interval == b.tie_interval


@pytest.mark.parametrize("measure", ["cosine", "euclidean", "inner_product"])
def test_memory_bounds_the_blocks_not_the_result(measure, monkeypatch):
    rng = np.random.default_rng(0)
    n, m = 40, 200
    x, y, of = rng.standard_normal((n, 64)), rng.standard_normal((m, 64)), np.arange(m) % n
    given = Embeddings(x, y, of, measure=measure)
    labels = rng.random((n, 4)) < 0.3
    monkeypatch.setattr("fico_lib.similarity.blocks.TILE", 32)
    large = evaluate(given, labels).to_dict()
    small = evaluate(given, labels, memory="90KB", threads=1).to_dict()
    for task in ("instance", "category"):
        for direction in ("i2t", "t2i"):
            for name, value in large[task][direction].items():
                if "@" in name:
                    assert small[task][direction][name] == pytest.approx(value, abs=1e-9)
    with pytest.raises(InputError, match="at least"):
        evaluate(given, labels, memory="1KB")


def test_a_subset_of_queries_meets_all_candidates():
    scores, of, labels = tied_scores(2, n=20, m=60)
    rows = {"i2t": np.array([3, 17, 4]), "t2i": np.array([5])}
    part = evaluate(Scores(scores, None, of), labels, queries=rows)
    whole = evaluate(Scores(scores, None, of), labels)
    for direction in ("i2t", "t2i"):
        for task, metric in (("instance", "R@5"), ("category", "AP@10")):
            a = getattr(part, task)[direction].per_query[metric]
            b = getattr(whole, task)[direction].per_query[metric]
            np.testing.assert_allclose(a, b[rows[direction]], atol=1e-12)
    np.testing.assert_array_equal(part.instance["t2i"].clusters, of[[5]])


@pytest.mark.parametrize("tensors", [False, True])
@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("seed", range(3))
def test_own_answers_can_be_left_out(seed, ties, tensors):
    """As if a query's own captions, or image, stood behind all others and were wrong."""
    device = TorchBackend(torch.device("cpu")) if tensors else "cpu"
    scores, of, labels = tied_scores(seed)
    scores = scores.astype(np.float32)
    found = evaluate(
        Scores(scores, None, of), labels, tasks="category", map_at=(1, 3, "all"), ties=ties,
        without_own=True, device=device,
    )  # fmt: skip
    own = of == np.arange(len(scores))[:, None]
    relevant = (labels.astype(int) @ labels[of].T.astype(int) > 0) & ~own
    last = np.where(own, -9.0, scores)
    for direction, s, r in (("i2t", last, relevant), ("t2i", last.T, relevant.T)):
        for k in (1, 3, "all"):
            depth = s.shape[1] if k == "all" else k
            expected = mean(s, r, ties, lambda o, d=depth: brute.average_precision(o, d, "hits"))
            name = "mAP@N" if k == "all" else f"mAP@{k}"
            assert found.category[direction][name] == pytest.approx(expected, abs=1e-9)


def test_own_answers_of_codes_can_be_left_out():
    rng, of = np.random.default_rng(5), np.repeat(np.arange(12), 3)
    labels = rng.random((12, 4)) < 0.4
    images, texts = rng.random((12, 3)) < 0.5, rng.random((36, 3)) < 0.5
    distance = (images[:, None] != texts[None]).sum(2).astype(np.float32)
    ask = {"tasks": "category", "map_at": (2, 20), "without_own": True}
    a = evaluate(Codes.pack(images, texts, of), labels, **ask).category
    b = evaluate(Scores(-distance, None, of), labels, **ask).category
    for direction in a:
        assert a[direction].metrics == pytest.approx(b[direction].metrics)
