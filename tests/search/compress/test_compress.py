"""Compressed embeddings, judged: hand-worked rankings, brute force, and an offset of one side."""

import numpy as np
import pytest

from fico_lib.encodings import Codes, Embeddings
from fico_lib.evaluation import evaluate
from fico_lib.runtime.errors import InputError
from fico_lib.search.compress import Compression, compress
from fico_lib.search.compress.reduce import basis, components
from fico_lib.similarity.backend import NumpyBackend, TorchBackend

RNG = np.random.default_rng(0)
N, D = 60, 32
OF = RNG.permutation(np.repeat(np.arange(N), RNG.integers(1, 4, N)))  # uneven counts
IMAGES = RNG.normal(size=(N, D)).astype(np.float32) * np.linspace(2, 0.2, D, dtype=np.float32)
TEXTS = IMAGES[OF] + RNG.normal(size=(len(OF), D)).astype(np.float32)
GIVEN = Embeddings(IMAGES, TEXTS, OF)
LABELS = np.eye(4, dtype=bool)[RNG.integers(0, 4, N)]
EVERY = [
    *("float32", "float16", "int8", "rabitq1", "rabitq4", "sign-zero", "sign-mean", "sign-median"),
    *("int8:pca8", "sign-mean:prefix16", "sign-mean+codex2", "rabitq1+int8x1", "sign-mean:rpca8"),
    "sign-median:pca16+float32x2",
]


def block(encodings, setting: str, direction: str = "t2i", backend=None) -> np.ndarray:
    compressed = compress(encodings, setting)
    rows = np.arange(compressed.n_captions if direction == "t2i" else compressed.n_images)
    return np.asarray(compressed.blocks(backend or NumpyBackend()).block(direction, rows))


def measured(encodings, **how):
    found = evaluate(encodings, LABELS, recall_at=(1, 10), map_at=("all",), device="cpu", **how)
    return {
        (task, direction, metric): value
        for task, direction, part in found.parts()
        for metric, value in part.metrics.items()
    }


@pytest.mark.parametrize("setting", ["int8", "sign-mean+int8x1", "rabitq1+int8x1"])
def test_int8_puts_8_before_7(setting):
    # The case of sentence-transformers#4058: products of the codes themselves reverse it.
    images = np.array([[4, 0, 2], [0, 1, 2]], np.float32)
    texts = np.array([[1, 3, 2], [1, 3, 2]], np.float32)
    given = Embeddings(images, texts, np.array([0, 1]), measure="inner_product")
    scores = block(given, setting)[0]
    assert (texts @ images.T)[0].tolist() == [8.0, 7.0]
    assert scores == pytest.approx([8, 7])


def test_float32_is_what_was_given():
    assert measured(compress(GIVEN, "float32")) == pytest.approx(measured(GIVEN))


@pytest.mark.parametrize("setting", EVERY)
@pytest.mark.parametrize("direction", ["i2t", "t2i"])
def test_the_ranking_is_that_of_brute_force(setting, direction):
    images, texts = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (IMAGES, TEXTS))
    scores = block(GIVEN, setting, direction)
    exact = images @ texts.T if direction == "i2t" else texts @ images.T
    given = Compression.parse(setting)
    first = block(GIVEN, setting.partition("+")[0], direction)
    if not given.rescoring:
        assert scores.shape == exact.shape
        return
    for row, one, right in zip(scores, first, exact, strict=True):
        best = np.argsort(-row, kind="stable")[: given.depth]
        # Nobody below was nearer by the codes than one of those that were rescored.
        rest = np.setdiff1d(np.arange(len(row)), best)
        assert one[best].min() >= one[rest].max()
        assert (np.diff(one[rest][np.argsort(-row[rest], kind="stable")]) <= 0).all()
        if given.rescoring == "float32":
            assert (np.diff(right[best]) <= 1e-6).all()


def test_signs_are_codes_compared_by_hamming_distance():
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (IMAGES, TEXTS)]
    for threshold, middle in (("zero", None), ("mean", np.mean), ("median", np.median)):
        bits = [x > (0 if middle is None else middle(x, axis=0)) for x in unit]
        codes = Codes.pack(*bits, OF)
        assert measured(compress(GIVEN, f"sign-{threshold}")) == pytest.approx(measured(codes))


def test_a_prefix_is_a_prefix_and_all_components_change_nothing():
    short = Embeddings(IMAGES[:, :8], TEXTS[:, :8], OF)
    assert measured(compress(GIVEN, "float32:prefix8")) == pytest.approx(measured(short))
    for all_of_them in (f"float32:pca{D}", f"float32:rpca{D}"):
        assert measured(compress(GIVEN, all_of_them)) == pytest.approx(measured(GIVEN))


def test_principal_components_are_those_of_both_sides_centred_apart():
    directions = basis("pca", 5, IMAGES, TEXTS + 50)
    assert directions.T @ directions == pytest.approx(np.eye(5), abs=1e-5)
    centred = [x - x.mean(0) for x in (IMAGES, TEXTS)]
    weighted = np.concatenate([x / np.sqrt(len(x)) for x in centred])
    _, _, expected = np.linalg.svd(weighted, full_matrices=False)
    assert np.abs((directions * expected[:5].T).sum(0)) == pytest.approx(np.ones(5), abs=1e-3)


def test_a_rotation_spans_the_same_components_and_evens_out_their_variance():
    plain, turned = (basis(name, 6, IMAGES, TEXTS) for name in ("pca", "rpca"))
    assert turned.T @ turned == pytest.approx(np.eye(6), abs=1e-5)
    assert turned @ turned.T == pytest.approx(plain @ plain.T, abs=1e-5)
    spreads = [(TEXTS @ directions).var(0) for directions in (plain, turned)]
    assert spreads[0].max() / spreads[0].min() > spreads[1].max() / spreads[1].min()


def test_components_of_a_share_are_counted():
    rng = np.random.default_rng(2)
    plane = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 9)) + 5
    flat = Embeddings(plane, plane, np.arange(200), measure="inner_product")
    assert components(flat, 0.999) <= 3  # of unit length, a plane bends a little
    assert components(GIVEN, 1.0) == D
    assert components(GIVEN, 0.5) < components(GIVEN, 0.9) < D


@pytest.mark.parametrize("setting", EVERY)
def test_all_candidates_rescored_are_ranked_by_the_second_stage(setting):
    many = setting.partition("+")[0] + "+float32x99"
    assert measured(compress(GIVEN, many)) == pytest.approx(measured(GIVEN))


@pytest.mark.parametrize("setting", EVERY)
def test_tensors_give_the_same_scores(setting):
    import torch

    for direction in ("i2t", "t2i"):
        ours = block(GIVEN, setting, direction)
        theirs = block(GIVEN, setting, direction, TorchBackend(torch.device("cpu")))
        assert theirs == pytest.approx(ours, abs=1e-5)


def test_what_is_fitted_to_others_is_theirs():
    rows = np.arange(len(OF)) < len(OF) // 2
    kept = np.unique(OF[rows])
    others = Embeddings(IMAGES[kept] + 1, TEXTS[rows], np.searchsorted(kept, OF[rows]))
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (IMAGES, TEXTS)]
    means = [(x / np.linalg.norm(x, axis=1, keepdims=True)).mean(0)
             for x in (others.images, others.texts)]  # fmt: skip
    codes = Codes.pack(*(x > mean for x, mean in zip(unit, means, strict=True)), OF)
    found = measured(compress(GIVEN, "sign-mean", others))
    assert found == pytest.approx(measured(codes))
    assert found != pytest.approx(measured(compress(GIVEN, "sign-mean")))
    same = measured(compress(GIVEN, "int8:rpca8", GIVEN))
    assert same == pytest.approx(measured(compress(GIVEN, "int8:rpca8")))


@pytest.mark.parametrize("setting", ["sign-mean+codex2", "rabitq1+int8x1"])
def test_little_memory_and_threads_change_nothing(setting):
    compressed = compress(GIVEN, setting)
    little = measured(compressed, memory="40KB", threads=1)
    assert little == pytest.approx(measured(compressed, threads=2))


def with_gap(size: float) -> Embeddings:
    """An offset between the sides, at right angles to the data: exact rankings stay.

    One dimension more, in which all images have `size` and all texts -size; then a rotation, so
    that the offset is in every dimension.
    """
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(D + 1, D + 1))).Q
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (IMAGES, TEXTS)]
    sides = (
        np.concatenate([x, np.full((len(x), 1), offset)], 1) @ turn
        for x, offset in zip(unit, (size, -size), strict=True)
    )
    return Embeddings(*(x.astype(np.float32) for x in sides), OF)


@pytest.mark.parametrize("setting", ["sign-mean", "sign-median", "sign-mean+codex2"])
def test_what_is_centred_on_each_side_does_not_see_an_offset_between_them(setting):
    near, far = with_gap(0), with_gap(1)
    for direction in ("i2t", "t2i"):
        before = block(replaced(near), setting, direction)
        after = block(replaced(far), setting, direction)
        assert (np.abs(after - before) < 1e-4).mean() > 0.99  # but for bits at the threshold


def replaced(embeddings: Embeddings) -> Embeddings:
    """By inner product: a cosine would shrink the data beside the offset."""
    return Embeddings(embeddings.images, embeddings.texts, OF, measure="inner_product")


def test_thresholds_at_zero_do():
    near, far = (measured(compress(with_gap(g), "sign-zero")) for g in (0, 3))
    key = ("instance", "t2i", "R@1")
    assert far[key] < near[key] / 2
    exact = [measured(with_gap(g))[key] for g in (0, 3)]
    assert exact[0] == pytest.approx(exact[1])


def test_bytes_are_an_exact_share():
    def searched(text):
        return Compression.parse(text).searched_bytes(256)

    assert searched("float32") == 1024
    assert searched("float16") * 2 == searched("int8") * 4 == searched("sign-mean") * 32 == 1024
    assert searched("rabitq4") == 132
    assert searched("sign-zero:pca60") == 8
    kept = {
        text: Compression.parse(text).kept_bytes(256)
        for text in ("sign-mean+codex4", "sign-mean+int8x4", "sign-mean:pca64+float32x4",
                     "int8+int8x1", "int8+float32x2")
    }  # fmt: skip
    # Signs that are rescored by themselves store no floats.
    assert list(kept.values()) == [32, 288, 1032, 256, 1280]
    stored = compress(GIVEN, "sign-mean").first["i2t"].candidates
    assert set(np.unique(stored)) == {-1, 1}


@pytest.mark.parametrize("setting", EVERY)
def test_one_item_of_each_side(setting):
    one = Embeddings(np.ones((1, 16), np.float32), np.ones((1, 16), np.float32), np.array([0]))
    found = evaluate(compress(one, setting.replace("pca16", "pca4")), device="cpu")
    assert found.instance["t2i"]["R@1"] == 100


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("int9", "quantizer 'int9'.*int8"),
        ("int8:pcb64", "reduction 'pcb'.*pca"),
        ("sign-mean+float33x4", "rescoring 'float33'.*float32"),
        ("int8+codex2", "int8 meets a float query already.*sign-mean"),
        ("sign-mean+float32x0", "multiplier of at least 1"),
        ("int8 pca", "found 'int8 pca'; expected QUANTIZER"),
        ("int8:pca0", "pca0: vectors of 32 dimensions; expected 1 to 32"),
        ("int8:pca33", "pca33: vectors of 32 dimensions; expected 1 to 32"),
    ],
)
def test_what_is_wrong_with_a_setting_is_said(text, message):
    with pytest.raises(InputError, match=message):
        compress(GIVEN, text)


@pytest.mark.parametrize("setting", EVERY)
def test_a_setting_is_read_as_it_is_written(setting):
    assert str(Compression.parse(setting)) == setting


def test_what_cannot_be_compressed_is_refused():
    broken = IMAGES.copy()
    broken[3, 1] = np.nan
    with pytest.raises(InputError, match="images: row 3 holds NaN"):
        compress(Embeddings(broken, TEXTS, OF), "int8")
    with pytest.raises(InputError, match="texts: row 0 is a zero vector"):
        compress(Embeddings(IMAGES, 0 * TEXTS, OF), "int8")
    short = IMAGES.copy()
    short[2, :4] = 0
    with pytest.raises(InputError, match="images in 4 dimensions: row 2 is a zero vector"):
        compress(Embeddings(short, TEXTS, OF), "int8:prefix4")
    with pytest.raises(InputError, match="found Codes; expected embeddings"):
        compress(Codes.pack(IMAGES > 0, TEXTS > 0, OF), "int8")
    with pytest.raises(InputError, match="euclidean; expected cosine or inner_product"):
        compress(Embeddings(IMAGES, TEXTS, OF, measure="euclidean"), "int8")
    with pytest.raises(InputError, match="measure 'cosine' has no place"):
        evaluate(compress(GIVEN, "int8"), measure="cosine")


def test_huge_and_tiny_values_compare_as_their_directions():
    for factor in (1e-18, 1e18):
        scaled = Embeddings((IMAGES * factor).astype(np.float32), TEXTS, OF)
        for setting in ("float16", "int8", "rabitq4", "sign-mean"):
            ours, theirs = measured(compress(scaled, setting)), measured(compress(GIVEN, setting))
            assert ours == pytest.approx(theirs, abs=3)  # rounding may exchange near ties
