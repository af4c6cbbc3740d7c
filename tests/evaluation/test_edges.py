"""Edges at which a change of one sign in the code would give another number."""

import numpy as np
import pytest
import torch
from scipy import sparse

from fico_lib.encodings import Codes, Embeddings, Scores, unrepeated
from fico_lib.evaluation import evaluate
from fico_lib.evaluation.relevance import label_matrix
from fico_lib.evaluation.sort_keys import ordered_keys
from fico_lib.evaluation.stream import Resources, serves_both
from fico_lib.metrics.chance import chance
from fico_lib.metrics.conventions import Conventions
from fico_lib.metrics.registry import metric
from fico_lib.runtime.errors import InputError
from fico_lib.similarity.backend import NumpyBackend, TorchBackend

N, M = 6, 18
OF = np.arange(M) // 3
RNG = np.random.default_rng(0)
S = RNG.standard_normal((N, M))
LABELS = RNG.random((N, 4)) < 0.5
NUMPY = Resources(10**9, 1, NumpyBackend())


def asked(**changes):
    """Arguments of `serves_both` for which one pass serves both directions, with changes."""
    right = {
        "encodings": Scores(S, None, OF), "tasks": ("instance",), "how": Conventions(),
        "relevance": None, "queries": None, "resources": NUMPY,
    }  # fmt: skip
    return right | changes


@pytest.mark.parametrize(
    "change",
    [
        {"encodings": Embeddings(S, RNG.standard_normal((M, M)), OF)},
        {"encodings": Scores(S, S.T, OF)},
        {"encodings": Scores(S, None, OF, missing=0.0)},
        {"encodings": Scores((9 * S).astype(int), None, OF)},
        {"encodings": Scores(np.asfortranarray(S), None, OF)},
        {"tasks": ("category",)},
        {"tasks": ("instance", "category")},
        {"how": Conventions(mode="fraction")},
        {"how": Conventions(ties="index")},
        {"relevance": sparse.csr_matrix((N, M))},
        {"queries": {"i2t": np.array([0])}},
        {"resources": Resources(10**9, 1, TorchBackend(torch.device("cpu")))},
    ],
)
def test_one_pass_serves_both_directions_only_where_it_may(change):
    assert serves_both(**asked())
    assert not serves_both(**asked(**change))


@pytest.mark.parametrize("t2i", [None, S.T + 1])
@pytest.mark.parametrize("rows", [[0, 2, 1, 3], [3, 2, 1, 0], [0, 1, 1, 3], [5, 0], [1, 2, 3]])
def test_queries_in_any_order_keep_their_own_values(t2i, rows):
    given = Scores(S, t2i, OF)
    whole = evaluate(given, LABELS)
    columns = [3 * row + 1 for row in rows]
    part = evaluate(given, LABELS, queries={"i2t": np.array(rows), "t2i": np.array(columns)})
    for task in ("instance", "category"):
        for direction, places in (("i2t", rows), ("t2i", columns)):
            found, all_of = getattr(part, task)[direction], getattr(whole, task)[direction]
            for name, values in found.per_query.items():
                np.testing.assert_array_equal(values, all_of.per_query[name][places])


def test_only_queries_that_are_asked_must_have_an_answer():
    labels = np.ones((N, 2), bool)
    labels[2] = False
    rows = {"i2t": np.array([0, 1, 3]), "t2i": np.array([0])}
    given = Scores(S, None, OF)
    evaluate(given, labels, tasks="category", empty="error", queries=rows)
    with pytest.raises(InputError, match="category i2t: query 2"):
        evaluate(given, labels, tasks="category", empty="error",
                 queries=rows | {"i2t": np.array([0, 2])})  # fmt: skip


@pytest.mark.parametrize("outside", [2, 3, 4])
def test_the_median_rank_is_known_while_most_queries_have_one(outside):
    """Positives that were not scored stand anywhere below: the median may still be known."""
    scores = np.tile(np.linspace(1, 0.1, 6), (6, 1))
    scores[:, 3:] = -100
    of = np.r_[np.zeros(6 - outside, int), np.full(outside, 5)]  # the own one is scored, or is not
    judged = np.zeros((6, 6))
    judged[np.arange(6), of] = 1
    found = evaluate(Scores(scores, None, np.arange(6), missing=-100), relevance=judged)
    median = found.instance["i2t"].metrics["MedR"]
    assert median == (1 if outside < 3 else None)
    assert found.instance["i2t"].metrics["MeanR"] is None


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_minus_zero_ties_with_zero_in_tensors_too(kind):
    scores = torch.tensor([[0.0, -0.0, 1.0, -1.0]], dtype=kind)
    keys = ordered_keys(scores, torch.zeros(1, 4, dtype=torch.bool))[0]
    assert keys[1] == keys[2]
    assert keys[0] < keys[1] < keys[3]


def test_judgements_of_each_direction_are_its_own():
    i2t = sparse.csr_matrix(np.arange(N)[:, None] == OF)
    t2i = sparse.csr_matrix(np.roll(i2t.toarray(), 1, axis=0).T)
    given = Scores(S, None, OF)
    both = evaluate(given, relevance=(i2t, t2i))
    one, other = evaluate(given, relevance=i2t), evaluate(given, relevance=(t2i.T.tocsr(), t2i))
    for task in ("instance", "category"):
        found = getattr(both, task)
        assert found["i2t"].metrics == getattr(one, task)["i2t"].metrics
        assert found["t2i"].metrics == getattr(other, task)["t2i"].metrics
        assert found["t2i"].metrics != getattr(one, task)["t2i"].metrics


def test_an_explicit_zero_judges_nothing_relevant():
    own = (np.arange(N)[:, None] == OF).astype(float)
    rows, columns = np.indices(own.shape)
    explicit = sparse.csr_matrix((own.ravel(), (rows.ravel(), columns.ravel())), shape=own.shape)
    assert explicit.nnz == own.size
    given = Scores(S, None, OF)
    assert evaluate(given, relevance=explicit).to_dict() == evaluate(
        given, relevance=own).to_dict()  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([[1, 0], [0, 1]], [[1, 0], [0, 1]]),  # rows of a matrix
        ([[1, -1], [-1, 1]], [[1, 0], [0, 1]]),
        ([[0, 2], [1, 0]], [[1, 0, 1], [1, 1, 0]]),  # numbers of categories
        ([[0], [1, 0]], [[1, 0], [1, 1]]),
    ],
)
def test_rows_and_lists_of_numbers_are_told_apart(labels, expected):
    assert label_matrix(labels, 2).astype(int).tolist() == expected


@pytest.mark.parametrize("bits", range(9, 17))
def test_bits_beyond_those_stated_are_found(bits):
    codes = np.zeros((2, 2), np.uint8)
    Codes(codes, codes, bits, np.arange(2))
    if bits == 16:
        return
    codes[1, 1] = 1 << (15 - bits)  # the first bit that is too many
    with pytest.raises(InputError, match="bits set beyond"):
        Codes(codes, codes, bits, np.arange(2))
    codes[1, 1] = 1 << (16 - bits)  # the last that is not
    Codes(codes, codes, bits, np.arange(2))


@pytest.mark.parametrize("shift", [1, 2])
def test_every_repeat_is_compared(shift):
    rows = np.repeat(np.eye(3), 3, axis=0)
    np.testing.assert_array_equal(unrepeated(rows, 3, "images"), np.eye(3))
    rows[3 + shift, 0] = 7
    with pytest.raises(InputError, match=rf"rows 3 and {3 + shift} differ"):
        unrepeated(rows, 3, "images")


def test_the_chance_of_a_query_without_an_answer_is_zero():
    for name in ("R@5", "mAP@10", "mAP@N"):
        assert chance(metric(name), np.array([0, 1]), candidates=9)[0] == 0
