"""Queries and a database of their own, beside brute force and DCMH's formula."""

import brute
import numpy as np
import pytest
import torch

from fico_lib.encodings import Codes, Embeddings
from fico_lib.evaluation import compare, evaluate, evaluate_two_sets
from fico_lib.metrics.presets import preset
from fico_lib.runtime.errors import InputError
from fico_lib.similarity import similarity
from fico_lib.similarity.backend import TorchBackend

N, M, BITS = 9, 25, 12


def problem(seed=0):
    rng = np.random.default_rng(seed)
    queries, database = rng.standard_normal((N, BITS)), rng.standard_normal((M, BITS))
    labels = rng.random((N + M, 70)) < 0.03
    labels[0] = False
    return queries, database, labels[:N], labels[N:]


def relevant(query_labels, database_labels):
    return (query_labels.astype(int) @ database_labels.T.astype(int)) > 0


@pytest.mark.parametrize("tensors", [False, True])
@pytest.mark.parametrize("measure", ["cosine", "euclidean", "inner_product"])
def test_embeddings_equal_brute_force(measure, tensors):
    queries, database, *labels = problem()
    device = TorchBackend(torch.device("cpu")) if tensors else "cpu"
    names = ("mAP@5", "mAP@N", "nDCG@5", "P@5", "R@3")
    found = evaluate_two_sets(
        queries, database, *labels, measure=measure, device=device, metrics=names
    ).category["q2d"]
    order = np.argsort(-similarity(queries, database, measure), axis=1)
    ranked = np.take_along_axis(relevant(*labels), order, 1).tolist()
    expected = {
        "mAP@5": [brute.average_precision(r, 5, "hits") for r in ranked],
        "mAP@N": [brute.average_precision(r, M, "hits") for r in ranked],
        "nDCG@5": [brute.ndcg(r, 5) for r in ranked],
        "P@5": [brute.precision(r, 5) for r in ranked],
        "R@3": [brute.hit(r, 3) for r in ranked],
    }
    for name, values in expected.items():
        assert found[name] == pytest.approx(100 * np.mean(values), abs=1e-9), name
    assert (found.queries, found.candidates, found.empty_queries) == (
        N, M, int((~relevant(*labels).any(1)).sum()),
    )  # fmt: skip


def calc_map_k(distance, truth, k=None):
    """DCMH's formula (see `tests/test_peers.py`), with a stable sort."""
    total = 0.0
    for row, gnd in zip(distance, truth, strict=True):
        if gnd.any():
            places = np.flatnonzero(gnd[np.argsort(row, kind="stable")])[:k] + 1.0
            total += np.mean(np.arange(1, len(places) + 1) / places)
    return 100 * total / len(distance)


@pytest.mark.parametrize("packed", [False, True])
def test_codes_equal_the_formula_of_dcmh(packed):
    queries, database, *labels = problem(1)
    bits = [side > 0 for side in (queries, database)]
    given = [np.packbits(b, axis=1) for b in bits] if packed else [np.where(b, 1, -1) for b in bits]
    found = evaluate_two_sets(*given, *labels, bits=BITS, **preset("dcmh").settings())
    distance = (bits[0][:, None] != bits[1]).sum(2)
    for name, k in (("mAP@50", 50), ("mAP@N", None)):
        expected = calc_map_k(distance, relevant(*labels), k)
        assert found.category["q2d"][name] == pytest.approx(expected, abs=1e-9)
    within = evaluate_two_sets(*given, *labels, bits=BITS, metrics=["P-radius@4"]).category["q2d"]
    near = distance <= 4
    share = (near & relevant(*labels)).sum(1) / np.maximum(near.sum(1), 1)
    assert within["P-radius@4"] == pytest.approx(100 * share.mean())
    assert len(within.radius["recall"]) == BITS + 1


def test_one_set_of_pairs_is_a_special_case():
    rng = np.random.default_rng(0)
    images, texts, of = rng.standard_normal((8, 4)), rng.standard_normal((24, 4)), np.arange(24) % 8
    labels = rng.random((8, 3)) < 0.5
    expected = evaluate(Embeddings(images, texts, of), labels, tasks="category").category["i2t"]
    found = evaluate_two_sets(images, texts, labels, labels[of]).category["q2d"]
    assert found.metrics == pytest.approx(expected.metrics, abs=1e-9)
    assert found.chance == pytest.approx(expected.chance)
    codes = evaluate(Codes.pack(images > 0, texts > 0, of), labels, tasks="category")
    found = evaluate_two_sets(images > 0, texts > 0, labels, labels[of], measure="hamming")
    assert found.category["q2d"].metrics == pytest.approx(codes.category["i2t"].metrics, abs=1e-9)


@pytest.mark.parametrize("form", [list, np.array, lambda x: np.array(x)[:, None] + 5.0])
def test_class_numbers_mean_the_same_in_both(form):
    """A class that only one of the sets has takes no other's place."""
    x, y = np.eye(3), np.eye(3)
    found = evaluate_two_sets(x, y, form([7, 1, 2]), form([1, 7, 9]), metrics=["P@1", "R@3"])
    assert found.category["q2d"].empty_queries == 1
    assert found.category["q2d"].per_query["R@3"].tolist() == [100, 100, 0]


def test_lists_of_categories():
    found = evaluate_two_sets(np.eye(2), np.eye(2), [[0, 5], []], [[5, 6], [1]], metrics=["P@1"],
                              empty="skip")  # fmt: skip
    assert found.category["q2d"]["P@1"] == 100
    assert found.to_dict()["category"]["q2d"]["interval"]["P@1"] == [100, 100]


def test_two_models_on_two_sets_compare():
    queries, database, *labels = problem(2)
    one = evaluate_two_sets(queries, database, *labels)
    other = evaluate_two_sets(queries[::-1].copy(), database, *labels)
    found = compare(one, other, names=["one", "other"])
    assert {row.direction for row in found.models} == {"q2d"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"queries": np.ones((N, 3))}, "queries have 3 dimensions, the database 12"),
        ({"queries": np.ones(N)}, "expected a matrix"),
        ({"queries": np.ones((N - 1, BITS))}, "queries: 8 items and 9 rows of labels"),
        ({"database": np.ones((M + 1, BITS))}, "database: 26 items and 25 rows of labels"),
        ({"database": np.ones((0, BITS))}, "9 queries and 0 database items"),
        ({"query_labels": np.ones((N, 3))}, r"found shapes \(9, 3\) and \(25, 70\)"),
        ({"queries": np.full((N, BITS), np.nan)}, "NaN or infinity"),
        ({"queries": np.zeros((N, BITS))}, "zero vector"),
        ({"bits": 5}, "expected 5 bits"), ({"empty": "error"}, "query 0 has no relevant item"),
        ({"metrics": ("COCO-1K@1",)}, "instance task, which two sets do not have"),
        ({"metrics": ("P-radius@2",)}, "expected codes"), ({"mode": "x"}, "unknown mode"),
        ({"measure": "cosinus"}, "did you mean 'cosine'"),
    ],
)  # fmt: skip
def test_wrong_input_is_told(change, message):
    names = ("queries", "database", "query_labels", "database_labels")
    given = dict(zip(names, problem(), strict=True)) | change
    with pytest.raises(InputError, match=message):
        evaluate_two_sets(**given)


def test_an_unknown_argument_is_named():
    with pytest.raises(TypeError, match="unknown argument 'tasks'"):
        evaluate_two_sets(*problem(), tasks="category")
