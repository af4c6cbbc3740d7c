"""What people report elsewhere, with the right values: types, ties and values that are missing."""

import numpy as np
import pytest
import torch
from scipy import sparse

from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.evaluation import evaluate
from fico_lib.evaluation.relevance import Categories, label_matrix
from fico_lib.runtime.errors import InputError
from fico_lib.similarity.blocks import repeated_rows, rounded

N, M = 6, 18
OF = np.arange(M) // 3
RNG = np.random.default_rng(0)
S = RNG.standard_normal((N, M))
X, Y = RNG.standard_normal((N, 8)), RNG.standard_normal((M, 8))
LABELS = RNG.random((N, 4)) < 0.5


def test_a_matrix_of_numpy_is_an_array():
    labels = sparse.csr_matrix(LABELS.astype(int)).todense()
    assert isinstance(labels, np.matrix)
    expected = evaluate(Scores(S, None, OF), LABELS).to_dict()
    assert evaluate(Scores(np.matrix(S), None, OF), labels).to_dict() == expected
    codes = evaluate(Codes.pack(X > 0, Y > 0, OF)).to_dict()
    assert evaluate(Codes.pack(np.matrix(X > 0), np.matrix(Y > 0), OF)).to_dict() == codes


@pytest.mark.parametrize("where", ["scores", "labels", "relevance", "images"])
def test_a_mask_is_not_dropped(where):
    mask = np.zeros((N, M), bool)
    mask[2, 7] = True
    masked = np.ma.masked_array(S, mask)
    with pytest.raises(InputError, match="masked array with 1 masked value"):
        if where == "scores":
            Scores(masked, None, OF)
        elif where == "labels":
            evaluate(Scores(S, None, OF), np.ma.masked_array(LABELS, mask[:, 6:10]))
        elif where == "relevance":
            evaluate(Scores(S, None, OF), relevance=np.ma.masked_array(S > 0, mask))
        else:
            Embeddings(np.ma.masked_array(X, mask[:, :8]), Y, OF)
    unmasked = np.ma.masked_array(S, np.zeros((N, M), bool))
    assert evaluate(Scores(unmasked, None, OF)).to_dict() == evaluate(
        Scores(S, None, OF)).to_dict()  # fmt: skip


def partial(value, kind, k=9):
    scores = S.copy()
    scores[np.argsort(-scores, axis=1).argsort(1) >= k] = value
    return scores.astype(kind)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("value", [-9999, 0.1, -1e30])
def test_missing_is_compared_as_it_is_stored(kind, value):
    with np.errstate(over="ignore"):
        result = evaluate(Scores(partial(value, kind), None, OF, missing=value), recall_at=(9, 10))
    assert result.instance["i2t"]["R@9"] is not None
    assert result.instance["i2t"]["R@10"] is None


@pytest.mark.parametrize("narrow", ["float16", "bfloat16"])
def test_missing_that_was_rounded_before_is_said(narrow):
    scores = torch.from_numpy(partial(-9999, np.float64)).to(getattr(torch, narrow)).float()
    message = rf"no score is -9999, but some are -\d+, which is what {narrow} makes of it"
    with pytest.raises(InputError, match=message):
        evaluate(Scores(scores, None, OF, missing=-9999))


@pytest.mark.parametrize("value", [-9999.0, 0.1, 3.14159, 1e-20, 65504, 1e39])
def test_values_are_rounded_as_torch_does(value):
    found = rounded(value)
    for name in ("float16", "bfloat16", "float32"):
        expected = float(torch.tensor(value, dtype=torch.float64).to(getattr(torch, name)))
        assert found.get(name, np.inf) == expected or not np.isfinite(expected)


@pytest.mark.parametrize("missing", ["nan", True, [1], 1j])
def test_missing_is_a_number(missing):
    with pytest.raises(InputError, match="missing: found"):
        Scores(S, None, OF, missing=missing)


@pytest.mark.parametrize("measure", ["cosine", "inner_product", "euclidean"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_equal_rows_tie_wherever_they_stand_in_a_product(measure, kind):
    """The edges of BLAS's blocks round otherwise: 210 equal images, 1,050 captions, 768 wide."""
    rng = np.random.default_rng(0)
    images = np.repeat(rng.standard_normal((1, 768)), 210, axis=0).astype(kind)
    texts = np.repeat(rng.standard_normal((7, 768)), 150, axis=0).astype(kind)
    given = Embeddings(images, texts, np.arange(1050) // 5, measure=measure)
    found = evaluate(given, recall_at=(1,), memory="50MB").instance["t2i"]
    assert found["R@1"] == pytest.approx(100 / 210, abs=1e-9)
    assert found.tie_interval["R@1"] == (0, 100)
    i2t = evaluate(given, recall_at=(1,)).instance["i2t"]
    low, high = i2t.tie_interval["R@1"]
    assert (low, high) == (0, pytest.approx(100 * 30 / 210))  # the images of the best 150 captions


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.int8, np.uint8, bool])
@pytest.mark.parametrize("width", [1, 3, 8])
def test_repeated_rows_are_all_found(kind, width):
    rows = RNG.integers(0, 2, (300, width)).astype(kind)
    repeats, firsts = repeated_rows(rows)
    _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    expected = first[inverse.reshape(-1)]
    np.testing.assert_array_equal(repeats, np.flatnonzero(expected != np.arange(300)))
    np.testing.assert_array_equal(firsts, expected[repeats])


def test_minus_zero_repeats_zero():
    assert repeated_rows(np.array([[0.0, 1], [-0.0, 1]]))[0].tolist() == [1]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([[0], [1], [1], [0], [1], [0]]), "one column of 0 and 1 could be"),
        ([["cat"]] * N, "found 'cat'"),
        ([[0.7], [1, 2], [3], [4], [5], [6]], "found 0.7"),
        ([[1e300], [1, 2], [3], [4], [5], [6]], "expected less than 1000000"),
        ([[None], [1, 2], [3], [4], [5], [6]], "found None"),
        (None, "needs labels"),
        ("labels", "found str"),
        ({1: 2}, "found dict"),
        (LABELS.astype(complex), "dtype complex"),
        ([[1, 2], 3, 4, 5, 6, 7], "no array of numbers"),
    ],
)
def test_labels_that_say_two_things_or_nothing(labels, message):
    with pytest.raises(InputError, match=message):
        evaluate(Scores(S, None, OF), labels, tasks=["category"])


def test_a_column_of_signs_is_one_category():
    signs = np.array([[-1], [1], [1], [-1], [1], [-1]])
    np.testing.assert_array_equal(label_matrix(signs, N), signs == 1)


def test_class_numbers_take_no_matrix_of_classes():
    classes = np.arange(N) % 4 * 10**9
    found = Categories(classes, OF, N)
    assert found.masks["i2t"][0].nbytes == 8 * N
    hot = Categories(classes[:, None] == np.unique(classes), OF, N)
    for direction, rows in (("i2t", np.arange(N)), ("t2i", np.arange(M))):
        np.testing.assert_array_equal(found.block(direction, rows), hot.block(direction, rows))
        assert not found.empty(direction).any()
    given = Scores(S, None, OF)
    assert evaluate(given, classes).to_dict() == evaluate(given, hot.labels).to_dict()


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
def test_judgements_are_numbers(value, form):
    judged = (np.arange(N)[:, None] == OF).astype(float)
    judged[1, 2] = value
    with pytest.raises(InputError, match="relevance i2t: found NaN or infinity"):
        evaluate(Scores(S, None, OF), relevance=form(judged))
    with pytest.raises(InputError, match="dtype complex"):
        evaluate(Scores(S, None, OF), relevance=sparse.csr_matrix(judged * 1j))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"queries": {"i2i": [0]}}, r"found \['i2i'\]"),
        ({"queries": [0, 1]}, "found list"),
        ({"queries": {"i2t": [[0], [1, 2]]}}, "no list of row numbers"),
        ({"threads": -1}, "threads: found -1"),
        ({"threads": 10**6}, "expected 1 to 1024"),
        ({"threads": True}, "found True"),
        ({"recall_at": 1.5}, "found 1.5"),
        ({"recall_at": None}, "found None"),
        ({"mode": None}, "unknown mode"),
        ({"ties": []}, "unknown ties"),
        ({"tasks": 3}, "unknown task"),
        ({"memory": True}, "found True"),
        ({"memory": None}, "found None"),
        ({"device": 3}, "device: found 3"),
        ({"device": None}, "device: found None"),
        ({"measure": 3}, "unknown measure|has no place"),
    ],
)
def test_options_of_the_wrong_kind(options, message):
    with pytest.raises(InputError, match=message):
        evaluate(Scores(S, None, OF), LABELS, **options)


def test_a_device_of_torch_is_a_device():
    given = Scores(S, None, OF)
    assert evaluate(given, device=torch.device("cpu")).to_dict() == evaluate(given).to_dict()


@pytest.mark.parametrize(
    "array",
    [
        None, "x", {}, [[1, 2], [3]], [["a"]], np.array([[None]]), S * 1j,
        torch.ones(2, 2).to_sparse(), torch.ones(2, 2, device="meta"),
        sparse.csr_matrix(np.ones((2, 2))), np.ones((2, 2, 2)), np.float64(3), [],
    ],
)  # fmt: skip
def test_what_is_no_matrix_is_said(array):
    for make in (
        lambda: Embeddings(array, Y, OF),
        lambda: Codes.pack(array, Y > 0, OF),
        lambda: Scores(array, None, OF),
    ):
        with pytest.raises(InputError):
            make()


def test_conjugated_tensors_are_their_values():
    np.testing.assert_array_equal(Scores(torch.from_numpy(S).neg().neg(), None, OF).i2t, S)


@pytest.mark.parametrize("bits", [6.0, "6", True, 0, -1, 10**9])
def test_bits_are_a_whole_number(bits):
    with pytest.raises(InputError, match="bits"):
        Codes.pack(X > 0, Y > 0, OF, bits=bits)
    with pytest.raises(InputError, match=r"bits|width"):
        Codes(np.zeros((N, 1), np.uint8), np.zeros((M, 1), np.uint8), bits, OF)


def test_something_else_than_encodings_is_said():
    with pytest.raises(InputError, match="found ndarray; expected Embeddings"):
        evaluate(S)


def test_rows_that_share_a_key_are_told_apart(monkeypatch):
    class Zero:
        def integers(self, low, high, size, kind):
            return np.zeros(size, kind)

    monkeypatch.setattr(np.random, "default_rng", lambda seed: Zero())
    rows = np.array([[1, 2], [2, 1], [1, 2], [3, 0]], np.int8)  # their sums are all three
    found = repeated_rows(rows)
    assert [part.tolist() for part in found] == [[2], [0]]
