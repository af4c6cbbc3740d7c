"""Every kind of wrong or strange input has a decided behaviour."""

import numpy as np
import pytest
from scipy import sparse

from fico_lib.encodings import Codes, Embeddings, Scores, captions_per_image
from fico_lib.evaluation import evaluate
from fico_lib.evaluation.relevance import label_matrix
from fico_lib.metrics.conventions import Conventions
from fico_lib.runtime.errors import InputError

N, M = 6, 18
OF = np.arange(M) // 3
RNG = np.random.default_rng(0)
S = RNG.standard_normal((N, M))
X, Y = RNG.standard_normal((N, 8)), RNG.standard_normal((M, 8))
LABELS = RNG.random((N, 4)) < 0.5


def changed(array, where, value):
    array = array.copy()
    array[where] = value
    return array


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("tasks", ["instance", "category"])
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_scores_that_are_not_finite(value, tasks, kind):
    bad = changed(S, (2, 7), value).astype(kind)
    with pytest.raises(InputError, match=r"i2t scores: query 2, candidate 7 is (nan|-?inf)"):
        evaluate(Scores(bad, None, OF), LABELS, tasks=tasks)
    with pytest.raises(InputError, match=r"t2i scores: query 7, candidate 2 is (nan|-?inf)"):
        evaluate(Scores(S, bad.T, OF), LABELS, tasks=tasks)


@pytest.mark.parametrize("measure", ["cosine", "euclidean", "inner_product"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_embeddings_that_are_not_finite(measure, value):
    with pytest.raises(InputError, match="texts: row 4 holds NaN or infinity"):
        evaluate(Embeddings(X, changed(Y, (4, 1), value), OF, measure=measure))


def test_zero_vectors_have_no_cosine_but_a_place():
    zero = changed(X, 3, 0.0)
    with pytest.raises(InputError, match="images: row 3 is a zero vector"):
        evaluate(Embeddings(zero, Y, OF))
    for measure in ("euclidean", "inner_product"):
        assert evaluate(Embeddings(zero, Y, OF, measure=measure)).r_at_sum > 0


def test_a_product_that_overflows_is_said():
    huge = np.full((N, 2), 1e30, np.float32)
    with pytest.raises(InputError, match="is inf"):
        evaluate(Embeddings(huge, np.repeat(huge, 3, 0), OF, measure="inner_product"))


@pytest.mark.parametrize("make", ["scores", "embeddings", "codes"])
def test_all_equal_rows_are_at_chance(make):
    given = {
        "scores": Scores(np.full((N, M), 0.3), None, OF),
        # 16 dimensions: norm and products are exact, whichever way a processor adds them.
        "embeddings": Embeddings(np.ones((N, 16)), np.ones((M, 16)), OF),
        "codes": Codes.pack(np.ones((N, 8)), np.ones((M, 8)), OF),
    }[make]
    result = evaluate(given, LABELS, map_at=(1, 5, 10, "all"))
    for by_direction in (result.instance, result.category):
        for found in by_direction.values():
            for name, value in found.metrics.items():
                assert value == pytest.approx(found.chance[name], abs=1e-9)
            if found.pr is not None:  # one threshold: the share of relevant candidates
                relevant = (LABELS.astype(int) @ LABELS.T.astype(int)) > 0
                assert found.pr == pytest.approx(np.full(11, relevant.mean()))
    low, high = result.instance["i2t"].tie_interval["R@1"]
    assert (low, high) == (0, 100)


def test_a_transposed_matrix_is_not_turned_silently():
    with pytest.raises(InputError, match="exchanged"):
        evaluate(Scores(S.T, None, OF))


def test_more_images_than_captions_cannot_be():
    with pytest.raises(InputError, match="has no caption"):
        Scores(np.ones((4, 2)), None, np.array([0, 1]))


def test_square_scores_follow_the_map_given():
    square = RNG.standard_normal((4, 4))
    shuffled = np.array([2, 0, 3, 1])
    result = evaluate(Scores(square, None, shuffled), recall_at=1)
    assert result.instance["t2i"]["R@1"] == 100 * (square.argmax(0) == shuffled).mean()


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int16, np.int64, np.uint64, bool])
def test_integer_scores_are_numbers_and_do_not_wrap(kind):
    scores = RNG.integers(0, 2 if kind is bool else 100, (N, M))
    a = evaluate(Scores(scores.astype(kind), None, OF), LABELS)
    b = evaluate(Scores(scores.astype(np.float64), None, OF), LABELS)
    for task in ("instance", "category"):
        for direction in ("i2t", "t2i"):
            left, right = getattr(a, task)[direction], getattr(b, task)[direction]
            assert left.metrics == pytest.approx(right.metrics, abs=1e-9)


def test_float64_scores_are_compared_in_float64():
    step = 1e-12  # lost in float32
    scores = np.array([[0.5, 0.5 + step, 0.1], [0.2, 0.3, 0.4]])
    of, labels = np.array([0, 1, 1]), np.eye(2, dtype=bool)
    result = evaluate(Scores(scores, None, of), labels, recall_at=1, map_at=(1, "all"))
    assert result.instance["i2t"].per_query["R@1"].tolist() == [0, 100]
    assert result.category["i2t"].per_query["AP@1"].tolist() == [0, 100]


def test_minus_zero_ties_with_zero():
    scores = np.array([[0.0, -0.0], [-1.0, 1.0]], np.float32)
    result = evaluate(Scores(scores, None, np.array([0, 1])), np.eye(2, dtype=bool), map_at=1,
                      recall_at=1)  # fmt: skip
    assert result.instance["i2t"].per_query["R@1"][0] == 50
    assert result.category["i2t"].per_query["AP@1"][0] == 50


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_scores_of_any_magnitude_keep_their_order(kind, scale):
    unit = (RNG.integers(-40, 40, (N, M)) / 8).astype(kind)
    wide = unit.copy()
    wide[:, ::4] *= kind(1e-8) * kind(scale)  # both magnitudes in one row
    wide[:, 1::4] *= kind(scale)
    labels = LABELS | True
    labels[:, 1:] = LABELS[:, 1:]
    labels[:3, 0] = False
    result = evaluate(Scores(wide, None, OF), labels, map_at=("all",))
    ranks = np.unique(wide, return_inverse=True)[1].reshape(wide.shape) / 1000
    expected = evaluate(Scores(ranks, None, OF), labels, map_at=("all",))
    for direction in ("i2t", "t2i"):
        assert result.category[direction].metrics == expected.category[direction].metrics
        assert result.instance[direction].metrics == expected.instance[direction].metrics


def test_the_smallest_and_the_largest_floats_in_one_row():
    tiny, huge = np.float32(1e-45), np.float32(3e38)
    scores = np.array([[0, tiny, huge, -huge, -tiny, 2 * tiny]], np.float32)
    relevant = sparse.csr_matrix(np.array([[0, 1, 0, 0, 0, 0]]))
    result = evaluate(Scores(scores, None, np.zeros(6, int)), relevance=relevant, map_at="all")
    assert result.category["i2t"].per_query["AP@N"][0] == pytest.approx(100 / 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"recall_at": (0,)}, "recall_at: found 0"),
        ({"recall_at": (-1,)}, "found -1"),
        ({"recall_at": ()}, "at least one k"),
        ({"recall_at": (1, 1)}, "each once"),
        ({"recall_at": (1.5,)}, "found 1.5"),
        ({"recall_at": (True,)}, "found True"),
        ({"recall_at": ("all",)}, "found 'all'"),
        ({"map_at": (0,)}, "map_at: found 0"),
        ({"map_at": (None,)}, "found None"),
        ({"map_at": ("al",)}, "or 'all'"),
        ({"ties": "random"}, "unknown ties 'random'"),
        ({"mode": "all"}, "unknown mode"),
        ({"denominator": "hit"}, "did you mean 'hits'"),
        ({"empty": "drop"}, "unknown empty"),
        ({"tasks": ("instanc",)}, "did you mean 'instance'"),
        ({"tasks": ()}, "none given"),
        ({"tasks": "category", "labels": None}, "needs labels"),
        ({"measure": "cosine"}, "has no place"),
        ({"memory": "lots"}, "400MB or 2GB"),
        ({"memory": 0}, "400MB or 2GB"),
        ({"device": "gpu"}, "expected auto, cpu"),
        ({"queries": {"i2t": []}}, "at least one"),
        ({"queries": {"t2i": [M]}}, "expected 0 to 17"),
        ({"relevance": sparse.csr_matrix((M, N))}, r"expected \(6, 18\)"),
        ({"relevance": -np.ones((N, M))}, "negative judgements"),
        ({"relevance": (1, 2, 3)}, "tuple of 3"),
    ],
)
def test_options_are_checked(options, message):
    options = {"labels": LABELS, **options}
    with pytest.raises(InputError, match=message):
        evaluate(Scores(S, None, OF), **options)


def test_codes_and_embeddings_know_their_measures():
    with pytest.raises(InputError, match="hamming distance, not by cosine"):
        evaluate(Codes.pack(X > 0, Y > 0, OF), measure="cosine")
    with pytest.raises(InputError, match="are not codes"):
        evaluate(Embeddings(X, Y, OF), measure="hamming")
    with pytest.raises(InputError, match="unknown measure"):
        evaluate(Embeddings(X, Y, OF), measure="dot")


def test_k_beyond_the_gallery_means_all_of_it():
    result = evaluate(Scores(S, None, OF), LABELS, recall_at=(M, 10**6), map_at=(10**6, "all"))
    for direction in ("i2t", "t2i"):
        assert result.instance[direction]["R@1000000"] == 100
        found = result.category[direction]
        assert found["mAP@1000000"] == found["mAP@N"]


def test_conventions_take_numpy_integers():
    assert Conventions(recall_at=tuple(np.array([1, 5]))).recall_at == (1, 5)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([[1, 0], [0, 1], [1, 1]], [[1, 0], [0, 1], [1, 1]]),
        ([[1, -1], [-1, 1], [1, 1]], [[1, 0], [0, 1], [1, 1]]),
        (np.array([[1.0, 0], [0, 1], [0, 0]]), [[1, 0], [0, 1], [0, 0]]),
        (np.array([[3], [7], [3]]), [[1, 0], [0, 1], [1, 0]]),
        (np.array([3.0, 7, 3]), [[1, 0], [0, 1], [1, 0]]),
        (np.array([[True], [False], [True]]), [[1], [0], [1]]),
        ([[0, 2], [], [1]], [[1, 0, 1], [0, 0, 0], [0, 1, 0]]),
        (sparse.csr_matrix([[1, 0], [0, 1], [0, 0]]), [[1, 0], [0, 1], [0, 0]]),
    ],
)
def test_labels_in_every_form(labels, expected):
    np.testing.assert_array_equal(label_matrix(labels, 3), np.array(expected, bool))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.ones((M, 4)), "one row for each of 6 images"),
        (np.ones((N, 2, 2)), "one row for each"),
        (np.full((N, 3), 0.5), r"labels\[0, 0\] is 0.5"),
        (changed(np.zeros((N, 3)), (2, 1), np.nan), "expected 0 and 1"),
        (np.tile([-1, 0, 1], (N, 1)), "expected 0 and 1, or -1 and 1"),
        (np.full(N, -1), "class numbers"),
        (np.full((N, 1), 1.5), "class numbers"),
        ([[-2], [1, 2], [3], [4], [5], [6]], "negative category number"),
        (np.array(["cat"] * N), "expected booleans or numbers"),
    ],
)
def test_labels_that_are_none(labels, message):
    with pytest.raises(InputError, match=message):
        label_matrix(labels, N)


def test_minus_one_labels_do_not_make_everything_relevant():
    signs = np.where(LABELS, 1, -1)
    assert evaluate(Scores(S, None, OF), signs).to_dict() == evaluate(
        Scores(S, None, OF), LABELS).to_dict()  # fmt: skip


def test_empty_queries_may_be_an_error():
    labels = changed(np.ones((N, 2), bool), 2, False)
    with pytest.raises(InputError, match=r"category i2t: query 2 has no relevant candidate \(1"):
        evaluate(Scores(S, None, OF), labels, empty="error")
    judged = sparse.csr_matrix((np.ones(1), ([0], [0])), shape=(N, M))
    with pytest.raises(InputError, match=r"instance i2t: query 1 .* \(5 such\)"):
        evaluate(Scores(S, None, OF), relevance=judged, empty="error")


@pytest.mark.parametrize("empty", ["zero", "skip"])
def test_queries_without_positives(empty):
    judged = np.zeros((N, M))
    judged[:2] = (np.arange(N)[:, None] == OF)[:2]
    part = evaluate(Scores(S, None, OF), relevance=judged, empty=empty)
    whole = evaluate(Scores(S, None, OF))
    found, share = part.instance["i2t"], 1.0 if empty == "skip" else 2 / N
    expected = whole.instance["i2t"].per_query["R@5"][:2].mean() * share
    assert found["R@5"] == pytest.approx(expected)
    assert found.empty_queries == N - 2
    assert found["MeanR"] == pytest.approx(whole.instance["i2t"].per_query["rank"][:2].mean())
    assert part.category["t2i"].empty_queries == M - 6


def test_nothing_relevant_at_all():
    nothing = evaluate(Scores(S, None, OF), relevance=sparse.csr_matrix((N, M)), empty="skip")
    found = nothing.to_dict()
    assert found["instance"]["i2t"]["R@1"] is None
    assert found["instance"]["R@sum"] is None
    assert found["category"]["t2i"]["mAP@N"] is None
    assert found["category"]["t2i"]["pr"] is None
    zero = evaluate(Scores(S, None, OF), relevance=sparse.csr_matrix((N, M))).to_dict()
    assert zero["instance"]["i2t"]["R@1"] == 0
    assert zero["instance"]["i2t"]["MedR"] is None


def partial(value):
    """The best 9 of 18 captions, and 3 of 6 images, of each query scored."""
    i2t, t2i = S.copy(), S.T.copy()
    i2t[np.argsort(-i2t, axis=1).argsort(1) >= 9] = value
    t2i[np.argsort(-t2i, axis=1).argsort(1) >= 3] = value
    return i2t, t2i


@pytest.mark.parametrize("value", [-100.0, -np.inf, np.nan, 5.0])
def test_partial_scores_know_where_they_end(value):
    given = Scores(*partial(value), OF, missing=value)
    whole = Scores(S, S.T, OF)
    how = {"recall_at": (1, 3, 9, 10), "map_at": (3, 9, 10, "all")}
    a, b = evaluate(given, LABELS, **how), evaluate(whole, LABELS, **how)
    for k in (1, 3, 9):
        assert a.instance["i2t"][f"R@{k}"] == b.instance["i2t"][f"R@{k}"]
    for k in (3, 9):
        assert a.category["i2t"][f"mAP@{k}"] == pytest.approx(b.category["i2t"][f"mAP@{k}"])
    assert a.instance["i2t"]["R@10"] is None
    assert a.category["i2t"]["mAP@10"] is None
    assert a.category["i2t"]["mAP@N"] is None
    assert a.category["i2t"].pr is None
    assert a.instance["t2i"]["R@3"] == b.instance["t2i"]["R@3"]
    assert a.instance["t2i"]["R@9"] is None
    assert a.category["t2i"]["mAP@9"] is None
    assert a.r_at_sum is None
    known = b.instance["t2i"].per_query["rank"] <= 3
    assert a.instance["t2i"]["MeanR"] is None
    assert (np.isnan(a.instance["t2i"].per_query["rank"]) == ~known).all()


def test_complete_scores_that_name_a_missing_value_are_complete():
    a, b = evaluate(Scores(S, None, OF, missing=-100.0), LABELS), evaluate(
        Scores(S, None, OF), LABELS)  # fmt: skip
    for direction in ("i2t", "t2i"):
        assert a.instance[direction].metrics == b.instance[direction].metrics
        assert a.category[direction].metrics == b.category[direction].metrics


def test_uneven_captions_and_a_caption_short():
    of = np.array([0, 0, 0, 1, 2, 2, 3, 4, 5, 5])
    result = evaluate(Scores(S[:, :10], None, of), LABELS)
    relevant = of == np.arange(N)[:, None]
    best = np.where(relevant, S[:, :10], -np.inf).max(1)
    ranks = (S[:, :10] > best[:, None]).sum(1) + 1
    np.testing.assert_array_equal(result.instance["i2t"].per_query["rank"], ranks)
    with pytest.raises(InputError, match="explicit map"):
        captions_per_image(5, 24_999)
