"""Beside fico-itr, torchmetrics, ir_measures and eccv_caption: equal where the convention is, and
each place where they are wrong."""

import warnings

import numpy as np
import pytest
import torch
from scipy import sparse
from trec_files import write_qrels, write_run

from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.evaluation import audit, evaluate
from fico_lib.evaluation.trec import read_qrels
from fico_lib.metrics.presets import PRESETS, preset
from fico_lib.runtime.errors import InputError
from fico_lib.similarity import similarity

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import eccv_caption._metrics as eccv
    import fico_itr
    import ir_measures
    import torchmetrics.retrieval as tm

N, M = 40, 200
OF = np.arange(M) // 5
RNG = np.random.default_rng(0)
X = RNG.standard_normal((N, 16)).astype(np.float32)
Y = (X[OF] + 1.5 * RNG.standard_normal((M, 16))).astype(np.float32)
S = fico_itr.compute_similarity(X, Y)
LABELS = RNG.random((N, 8)) < 0.2
LABELS[0] = False  # an empty query
ROWS = {"i2t": S, "t2i": S.T}


def relevant(direction):
    shared = (LABELS.astype(int) @ LABELS[OF].T.astype(int)) > 0
    return shared if direction == "i2t" else shared.T


def own(direction):
    pairs = np.arange(N)[:, None] == OF
    return pairs if direction == "i2t" else pairs.T


# -- fico-itr 1.0.0 --------------------------------------------------------------------------------


@pytest.mark.parametrize("ties", ["expected", "index"])
def test_fico_itr_instance(ties):
    found = evaluate(Scores(S, None, OF), ties=ties)
    for direction, peer in zip(("i2t", "t2i"), fico_itr.instance_retrieval(S), strict=True):
        mine = found.instance[direction]
        for name in ("R@1", "R@5", "R@10", "MeanR"):
            assert mine[name] == pytest.approx(peer[name], abs=1e-9)
        assert np.floor(mine["MedR"]) == peer["MedianR"]  # fico-itr floors the median


@pytest.mark.parametrize("labels", [LABELS, np.arange(N) % 3])
@pytest.mark.parametrize("k", [1, 10, 100, None])
def test_fico_itr_category(k, labels):
    found = evaluate(Scores(S, None, OF), labels, map_at=("all" if k is None else k,))
    peer = fico_itr.category_retrieval(S, labels, k)
    for direction, value in zip(("i2t", "t2i"), peer, strict=True):
        mine = found.category[direction][f"mAP@{k or 'N'}"]
        assert mine == pytest.approx(100 * value, abs=1e-9)  # a fraction there, percent here


@pytest.mark.parametrize("measure", ["cosine", "euclidean", "inner_product"])
def test_fico_itr_similarities_in_float64(measure):
    a, b = X.astype(float), Y.astype(float)
    peer = fico_itr.compute_similarity(a, b, measure)
    np.testing.assert_allclose(similarity(a, b, measure), peer, atol=1e-12)


def test_fico_itr_hamming():
    a, b = (X > 0).astype(int), (Y > 0).astype(int)
    peer = fico_itr.compute_similarity(a, b, "hamming")
    np.testing.assert_array_equal(similarity(a, b, "hamming"), peer)


def test_fico_itr_square_matrices_of_repeated_images():
    square = np.repeat(S, 5, axis=0)
    peer = fico_itr.instance_retrieval(square, captions_per_image=5)
    found = evaluate(Scores(square[::5], None, OF))
    assert found.instance["i2t"]["R@1"] == pytest.approx(peer[0]["R@1"])
    assert found.instance["t2i"]["R@1"] == pytest.approx(peer[1]["R@1"])


def test_fico_itr_refuses_maps_as_arrays():
    with pytest.raises(ValueError, match="ambiguous"):
        fico_itr.instance_retrieval(S, captions_per_image=OF)
    listed = fico_itr.instance_retrieval(S, captions_per_image=OF.tolist())
    assert evaluate(Scores(S, None, OF)).instance["t2i"]["R@1"] == listed[1]["R@1"]


def test_fico_itr_breaks_ties_in_two_ways():
    """Last index first for instances, first index first for categories: all ties, one image hit."""
    flat, classes = np.zeros((4, 8)), np.eye(4)
    instance, category = (
        fico_itr.instance_retrieval(flat)[0]["R@1"],
        100 * fico_itr.category_retrieval(flat, classes, 1)[0],
    )
    assert (instance, category) == (25, 25)
    flat[0, :2] = 1  # image 0 now finds its captions without a tie
    flat[3] = -1
    flat[3, 6:] = -1
    assert fico_itr.instance_retrieval(flat)[0]["R@1"] == 50  # image 3, whose captions are last
    assert fico_itr.category_retrieval(flat, classes, 1)[0] == 0.25  # not image 3
    found = evaluate(Scores(flat, None, np.arange(8) // 2), classes, map_at=1, recall_at=1)
    for result, name in ((found.instance, "R@1"), (found.category, "mAP@1")):
        assert result["i2t"][name] == pytest.approx((100 + 3 * 25) / 4)


def test_fico_itr_takes_nan_for_the_best_score():
    bad = S.copy()
    bad[:, 3] = np.nan
    assert fico_itr.instance_retrieval(bad)[0]["R@1"] < 10
    assert fico_itr.instance_retrieval(np.full((4, 8), np.nan))[0]["R@10"] == 100
    with pytest.raises(InputError, match="is nan"):
        evaluate(Scores(bad, None, OF))


def test_fico_itr_wraps_unsigned_scores():
    scores = np.array([[9, 9, 0, 1], [1, 1, 9, 9]], np.uint8)
    assert fico_itr.category_retrieval(scores, np.eye(2), 1)[0] == 0.5  # 0 counts as the highest
    found = evaluate(Scores(scores, None, np.arange(4) // 2), np.eye(2), map_at=1)
    assert found.category["i2t"]["mAP@1"] == 100


def test_fico_itr_accepts_a_second_matrix_of_any_orientation():
    fico_itr.instance_retrieval(S, S)
    with pytest.raises(InputError, match=r"expected \(200, 40\)"):
        Scores(S, S, OF)


def test_fico_itr_transposes_silently():
    with pytest.warns(UserWarning, match="Transposing"):
        fico_itr.instance_retrieval(S.T)
    with pytest.raises(InputError, match="exchanged"):
        Scores(S.T, None, OF)


@pytest.mark.parametrize("k", [0, -1])
def test_fico_itr_accepts_any_k(k):
    assert fico_itr.category_retrieval(S, LABELS, k)[0] > 0
    with pytest.raises(InputError, match=f"found {k}"):
        evaluate(Scores(S, None, OF), LABELS, map_at=k)


def test_fico_itr_finds_everything_relevant_with_signed_labels():
    signs = np.where(LABELS, 1, -1)
    assert fico_itr.category_retrieval(S, signs) == (1, 1)
    found = evaluate(Scores(S, None, OF), signs).category["i2t"]["mAP@N"]
    peer = 100 * fico_itr.category_retrieval(S, LABELS)[0]
    assert found == pytest.approx(peer, abs=1e-9)


def test_fico_itr_mistakes_a_column_of_classes():
    classes = np.arange(N) % 3
    wrong = fico_itr.category_retrieval(S, classes[:, None])[0]
    right = fico_itr.category_retrieval(S, classes)[0]
    found = evaluate(Scores(S, None, OF), classes[:, None]).category["i2t"]["mAP@N"]
    assert abs(100 * wrong - found) > 1
    assert found == pytest.approx(100 * right, abs=1e-9)


def test_fico_itr_gives_lost_captions_to_image_zero():
    lost = {caption: int(image) for caption, image in enumerate(OF[:-1])}
    fico_itr.instance_retrieval(S, captions_per_image=lost)  # the last caption counts as image 0's
    with pytest.raises(InputError, match="each of the 200 captions"):
        evaluate(Scores(S, None, OF[:-1]))


def test_fico_itr_ranks_images_without_captions_beyond_all():
    of = np.where(OF == 0, 1, OF)
    assert fico_itr.instance_retrieval(S, captions_per_image=of.tolist())[0]["MeanR"] > 1e18
    with pytest.raises(InputError, match="image 0 has no caption"):
        Scores(S, None, of)


def test_fico_itr_guesses_square_matrices():
    square = RNG.random((6, 6))
    fico_itr.instance_retrieval(square)  # taken as one caption per image, in order
    with pytest.raises(TypeError, match="image_of_caption"):
        Scores(square, None)


def test_fico_itr_compares_codes_as_they_come():
    packed = np.packbits([[0] * 8, [1] * 8], axis=1)
    assert (
        fico_itr.compute_similarity(packed[:1], np.array([[254]]), "hamming") == -1
    )  # 7 of 8 bits
    mixed = fico_itr.compute_similarity(np.array([[0, 1]]), np.array([[-1, 1]]), "hamming")
    assert mixed == -0.5  # the same code
    assert similarity([[0, 1]], [[-1, 1]], "hamming") == 0


def test_fico_itr_cancels_in_float32():
    x = (RNG.standard_normal((40, 512)) * 10 + 100).astype(np.float32)
    assert np.diag(fico_itr.compute_similarity(x, x, "euclidean")).min() < 0.9
    np.testing.assert_allclose(np.diag(similarity(x, x, "euclidean")), 1, atol=2e-8)


# -- torchmetrics ----------------------------------------------------------------------------------


def torchmetrics_value(metric, direction, target):
    scores = torch.from_numpy(np.ascontiguousarray(ROWS[direction]))
    index = torch.arange(len(scores))[:, None].expand(scores.shape)
    target = torch.from_numpy(np.ascontiguousarray(target))
    positive = scores - scores.min() + 1  # torchmetrics drops relevant items scored 0 or less
    return 100 * float(metric(positive.flatten(), target.flatten(), indexes=index.flatten()))


@pytest.mark.parametrize("direction", ["i2t", "t2i"])
def test_torchmetrics(direction):
    """Its average precision is computed in float32."""
    found = evaluate(Scores(S, None, OF), LABELS, map_at=(10, "all"))
    literal = evaluate(Scores(S, None, OF), mode="fraction")
    pairs, shared = own(direction), relevant(direction)
    for k in (1, 5, 10):
        hit = torchmetrics_value(tm.RetrievalHitRate(top_k=k), direction, pairs)
        assert found.instance[direction][f"R@{k}"] == pytest.approx(hit, abs=1e-5)
        recall = torchmetrics_value(tm.RetrievalRecall(top_k=k), direction, pairs)
        assert literal.instance[direction][f"R@{k}"] == pytest.approx(recall, abs=1e-5)
    for name, k in (("mAP@10", 10), ("mAP@N", None)):
        value = torchmetrics_value(tm.RetrievalMAP(top_k=k), direction, shared)
        assert found.category[direction][name] == pytest.approx(value, abs=1e-4)


def test_torchmetrics_loses_hits_with_negative_scores():
    scores, target = torch.tensor([-0.1, -0.2, -0.3]), torch.tensor([True, False, True])
    assert float(tm.RetrievalMAP()(scores, target, indexes=torch.zeros(3, dtype=torch.long))) == 0
    mine = evaluate(Scores(scores[None], None, np.zeros(3, int)), tasks="category", map_at="all",
                    relevance=sparse.csr_matrix(target[None].numpy()))  # fmt: skip
    assert mine.category["i2t"]["mAP@N"] == pytest.approx(100 * (1 + 2 / 3) / 2)


# -- trec_eval, through files and ir_measures ------------------------------------------------------


def trec(tmp_path, encodings, direction, measures, labels=None):
    write_run(tmp_path / "run", encodings, direction)
    write_qrels(tmp_path / "qrels", encodings, direction, labels)
    qrels = list(ir_measures.read_trec_qrels(str(tmp_path / "qrels")))
    run = list(ir_measures.read_trec_run(str(tmp_path / "run")))
    return {str(name): 100 * value for name, value in
            ir_measures.calc_aggregate([ir_measures.parse_measure(m) for m in measures],
                                       qrels, run).items()}  # fmt: skip


IDS = {"image_ids": [f"i{i}" for i in range(N)], "caption_ids": [f"c{i}" for i in range(M)]}


@pytest.mark.parametrize("direction", ["i2t", "t2i"])
def test_trec_eval_instance(tmp_path, direction):
    encodings = Embeddings(X, Y, OF, **IDS)
    peer = trec(tmp_path, encodings, direction, ["Success@1", "Success@10", "R@5", "RR"])
    found = evaluate(encodings).instance[direction]
    literal = evaluate(encodings, mode="fraction").instance[direction]
    assert found["R@1"] == pytest.approx(peer["Success@1"], abs=1e-9)
    assert found["R@10"] == pytest.approx(peer["Success@10"], abs=1e-9)
    assert literal["R@5"] == pytest.approx(peer["R@5"], abs=1e-9)
    assert 100 * (1 / found.per_query["rank"]).mean() == pytest.approx(peer["RR"], abs=1e-9)


@pytest.mark.parametrize("direction", ["i2t", "t2i"])
def test_trec_eval_category(tmp_path, direction):
    """trec_eval leaves empty queries out and divides by all relevant candidates."""
    encodings = Embeddings(X, Y, OF, **IDS)
    levels = [f"IPrec@{level / 10}" for level in range(11)]
    peer = trec(tmp_path, encodings, direction, ["AP@10", "AP", *levels], LABELS)
    found = evaluate(encodings, LABELS, denominator="total", empty="skip",
                     map_at=(10, "all")).category[direction]  # fmt: skip
    assert found["mAP@10"] == pytest.approx(peer["AP@10"], abs=1e-9)
    assert found["mAP@N"] == pytest.approx(peer["AP"], abs=1e-9)
    # Levels where its `recall * R + 0.9` is exact for these R.
    for level in (0, 5, 10):
        assert 100 * found.pr[level] == pytest.approx(peer[f"IPrec@{level / 10}"], abs=1e-9)
    kept = evaluate(encodings, LABELS, denominator="total", map_at="all").category[direction]
    assert kept["mAP@N"] < found["mAP@N"]


RANKED = {
    "nDCG@10": "nDCG@10", "nDCG@N": "nDCG", "MRR@N": "RR", "MRR@3": "RR@3", "R-Precision": "Rprec",
    "P@10": "P@10", "P@300": "P@300", "R@5": "Success@5",
}  # fmt: skip


@pytest.mark.parametrize("direction", ["i2t", "t2i"])
@pytest.mark.parametrize("task", ["instance", "category"])
def test_trec_eval_by_name(tmp_path, task, direction):
    encodings = Embeddings(X, Y, OF, **IDS)
    labels = LABELS if task == "category" else None
    peer = trec(tmp_path, encodings, direction, [*RANKED.values()], labels)
    found = getattr(evaluate(encodings, LABELS, metrics=[*RANKED], empty="skip"), task)[direction]
    for name, other in RANKED.items():
        assert found[name] == pytest.approx(peer[other], abs=1e-9), name


def test_trec_eval_asks_too_little_at_recall_07_of_three(tmp_path):
    scores = np.array([[6.0, 5, 4, 3, 2, 1]])
    judged = np.array([[1, 1, 0, 0, 0, 1]])
    encodings = Scores(scores, None, np.zeros(6, int), image_ids=["q"],
                       caption_ids=list("abcdef"))  # fmt: skip
    write_run(tmp_path / "run", encodings, "i2t")
    (tmp_path / "qrels").write_text("q 0 a 1\nq 0 b 1\nq 0 f 1\n")
    peer = ir_measures.calc_aggregate(
        [ir_measures.parse_measure("IPrec@0.7")],
        ir_measures.read_trec_qrels(str(tmp_path / "qrels")),
        ir_measures.read_trec_run(str(tmp_path / "run")),
    )
    assert next(iter(peer.values())) == 1  # two of three found is a recall of 0.67
    found = evaluate(encodings, relevance=sparse.csr_matrix(judged), tasks="category")
    assert found.category["i2t"].pr[7] == pytest.approx(1 / 2)


def test_trec_eval_breaks_ties_by_name(tmp_path):
    encodings = Scores(np.ones((1, 2)), None, np.zeros(2, int), image_ids=["q"],
                       caption_ids=["a", "b"])  # fmt: skip
    write_run(tmp_path / "run", encodings, "i2t")
    for relevant_id, expected in (("a", 0), ("b", 1)):
        (tmp_path / "qrels").write_text(f"q 0 {relevant_id} 1\n")
        value = ir_measures.calc_aggregate(
            [ir_measures.parse_measure("Success@1")],
            ir_measures.read_trec_qrels(str(tmp_path / "qrels")),
            ir_measures.read_trec_run(str(tmp_path / "run")),
        )
        assert next(iter(value.values())) == expected
        judged = read_qrels(tmp_path / "qrels", encodings, "i2t")
        found = evaluate(encodings, relevance=judged, recall_at=1)
        assert found.instance["i2t"]["R@1"] == 50


# -- eccv_caption ----------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["i2t", "t2i"])
def test_eccv_caption(direction):
    """Ranked lists with several positives in both directions, as its CxC and ECCV truths have."""
    judged = own("i2t") | (RNG.random((N, M)) < 0.02)
    ranked = {q: np.argsort(-row).tolist() for q, row in enumerate(ROWS[direction])}
    matrix = judged if direction == "i2t" else judged.T
    truth = {q: np.flatnonzero(row).tolist() for q, row in enumerate(matrix)}
    found = evaluate(Scores(S, None, OF), relevance=sparse.csr_matrix(judged))
    for k in (1, 5, 10):
        peer = eccv.compute_r_at_k(ranked, truth, k)
        assert found.instance[direction][f"R@{k}"] == pytest.approx(100 * peer, abs=1e-9)


def test_eccv_caption_average_precision_at_r():
    """Its mAP@R is AP@k by all relevant candidates at k = R, here R = 5 for every image."""
    ranked = {q: np.argsort(-row).tolist() for q, row in enumerate(S)}
    truth = {q: list(range(5 * q, 5 * q + 5)) for q in range(N)}
    peer = eccv.compute_eccv_metrics(ranked, truth)["eccv_map_at_r"]
    found = evaluate(Scores(S, None, OF), relevance=sparse.csr_matrix(own("i2t")), map_at=5,
                     denominator="total")  # fmt: skip
    assert found.category["i2t"]["mAP@5"] == pytest.approx(100 * peer, abs=1e-9)


@pytest.mark.parametrize("direction", ["i2t", "t2i"])
def test_eccv_caption_by_name(direction):
    judged = own("i2t") | (RNG.random((N, M)) < 0.02)
    ranked = {q: np.argsort(-row).tolist() for q, row in enumerate(ROWS[direction])}
    matrix = judged if direction == "i2t" else judged.T
    truth = {q: np.flatnonzero(row).tolist() for q, row in enumerate(matrix)}
    peer = eccv.compute_eccv_metrics(ranked, truth)
    names = {"mAP@R": "eccv_map_at_r", "R-Precision": "eccv_rprecision", "R@1": "eccv_r1"}
    found = evaluate(Scores(S, None, OF), relevance=sparse.csr_matrix(judged), metrics=[*names])
    for task in (found.instance, found.category):
        for name, other in names.items():
            assert task[direction][name] == pytest.approx(100 * peer[other], abs=1e-9)


def test_eccv_caption_folds(monkeypatch):
    """Its five folds, here of eight images; it takes the mean of the folds' recalls."""
    monkeypatch.setattr("fico_lib.evaluation.folds.IMAGES", 8)
    found = evaluate(Scores(S, None, OF), metrics=["COCO-1K@1", "COCO-1K@5"])
    for direction, per_image in (("i2t", 5), ("t2i", 1)):
        rows = ROWS[direction]
        ranked = {q: np.argsort(-row).tolist() for q, row in enumerate(rows)}
        truth = {q: np.flatnonzero(row).tolist() for q, row in enumerate(own(direction))}
        for k in (1, 5):
            folds = []
            for fold in range(5):
                images = range(8 * fold, 8 * fold + 8)
                asked = [q for q in ranked if (q if per_image == 5 else OF[q]) in images]
                members = {c for c in range(rows.shape[1])
                           if (OF[c] if per_image == 5 else c) in images}  # fmt: skip
                folds.append(eccv.compute_coco1k_r_at_k(
                    {q: ranked[q] for q in asked}, {q: truth[q] for q in asked}, members, k,
                ))  # fmt: skip
            value = found.instance[direction][f"COCO-1K@{k}"]
            assert value == pytest.approx(100 * np.mean(folds), abs=1e-9)


# -- presets ---------------------------------------------------------------------------------------


def under(name, encodings=None):
    encodings = Scores(S, None, OF) if encodings is None else encodings
    return evaluate(encodings, LABELS, **preset(name).settings())


def test_as_fico_itr():
    found = under("fico-itr")
    for direction, peer in zip(("i2t", "t2i"), fico_itr.instance_retrieval(S), strict=True):
        mine = found.instance[direction]
        for name in ("R@1", "R@5", "R@10", "MeanR"):
            assert mine[name] == pytest.approx(peer[name], abs=1e-9)
    for name, k in (("mAP@10", 10), ("mAP@100", 100), ("mAP@N", None)):
        for direction, value in zip(("i2t", "t2i"), fico_itr.category_retrieval(S, LABELS, k),
                                    strict=True):  # fmt: skip
            assert found.category[direction][name] == pytest.approx(100 * value, abs=1e-9)


@pytest.mark.parametrize("direction", ["i2t", "t2i"])
@pytest.mark.parametrize("task", ["instance", "category"])
def test_as_torchmetrics(task, direction):
    target = own(direction) if task == "instance" else relevant(direction)
    found = getattr(under("torchmetrics"), task)[direction]
    peers = {
        **{f"R@{k}": tm.RetrievalRecall(top_k=k) for k in (1, 5, 10)},
        "MRR@10": tm.RetrievalMRR(top_k=10), "mAP@10": tm.RetrievalMAP(top_k=10),
        "mAP@N": tm.RetrievalMAP(), "nDCG@10": tm.RetrievalNormalizedDCG(top_k=10),
        "P@10": tm.RetrievalPrecision(top_k=10), "R-Precision": tm.RetrievalRPrecision(),
    }  # fmt: skip
    assert peers.keys() == found.metrics.keys()
    for name, metric in peers.items():
        value = torchmetrics_value(metric, direction, target)
        assert found[name] == pytest.approx(value, abs=1e-4), name


TREC_NAMES = {
    "trec-eval": {"mAP@N": "AP", "mAP@10": "AP@10", "R@5": "R@5", "R@10": "R@10", "P@10": "P@10",
                  "R-Precision": "Rprec", "MRR@N": "RR", "nDCG@10": "nDCG@10"},
    "mteb": {"nDCG@10": "nDCG@10", "mAP@10": "AP@10", "R@1": "R@1", "R@5": "R@5", "R@10": "R@10",
             "P@10": "P@10", "MRR@10": "RR@10"},
}  # fmt: skip


@pytest.mark.parametrize("direction", ["i2t", "t2i"])
@pytest.mark.parametrize("task", ["instance", "category"])
@pytest.mark.parametrize("name", TREC_NAMES)
def test_as_trec_eval_and_mteb(tmp_path, name, task, direction):
    """MTEB evaluates through pytrec_eval, and counts its MRR within the first k."""
    encodings = Embeddings(X, Y, OF, **IDS)
    labels = LABELS if task == "category" else None
    peer = trec(tmp_path, encodings, direction, [*TREC_NAMES[name].values()], labels)
    found = getattr(under(name, encodings), task)[direction]
    assert TREC_NAMES[name].keys() == found.metrics.keys()
    for mine, other in TREC_NAMES[name].items():
        assert found[mine] == pytest.approx(peer[other], abs=1e-9), mine


def clip_benchmark_recall(scores, pairs, k):
    """`recall_at_k` of CLIP_benchmark's metrics/zeroshot_retrieval.py, whose caller takes > 0."""
    scores, pairs = torch.from_numpy(scores), torch.from_numpy(pairs)
    top = torch.topk(scores, k, dim=1)[1]
    one_hot = torch.nn.functional.one_hot(top, num_classes=scores.shape[1])
    found = (one_hot * pairs[:, None, :]).sum(dim=(1, 2))
    return 100 * float((found / pairs.sum(dim=1) > 0).float().mean())


@pytest.mark.parametrize("direction", ["i2t", "t2i"])
def test_as_clip_benchmark(direction):
    found = under("clip-benchmark").instance[direction]
    scores, pairs = (np.ascontiguousarray(v) for v in (ROWS[direction], own(direction)))
    for k in (1, 5, 10):
        peer = clip_benchmark_recall(scores, pairs, k)
        assert found[f"R@{k}"] == pytest.approx(peer, abs=1e-4)


def calc_map_k(hamming, ground_truth, k=None):
    """DCMH's formula, as DarrenZZhang/MM23-MITH has it in utils/calc_utils.py, without ties.

    For each query with a relevant item: those sorted by distance, the first min(k, R) of them.
    """
    total = 0.0
    for distance, gnd in zip(hamming, ground_truth, strict=True):
        if not gnd.any():
            continue
        places = np.flatnonzero(gnd[np.argsort(distance, kind="stable")])[:k] + 1.0
        total += np.mean(np.arange(1, len(places) + 1) / places)
    return 100 * total / len(hamming)


@pytest.mark.parametrize("direction", ["i2t", "t2i"])
def test_as_dcmh(direction):
    found = under("dcmh").category[direction]
    for name, k in (("mAP@50", 50), ("mAP@N", None)):
        peer = calc_map_k(-ROWS[direction], relevant(direction), k)
        assert found[name] == pytest.approx(peer, abs=1e-9)


@pytest.mark.parametrize("direction", ["i2t", "t2i"])
def test_as_dcmh_with_codes(direction):
    """Its sort leaves ties to the order of the data; here stable, as the preset takes them."""
    images, texts = X > 0, Y > 0
    distance = (images[:, None] != texts).sum(2)
    distance = distance if direction == "i2t" else distance.T
    found = under("dcmh", Codes.pack(images, texts, OF)).category[direction]
    for name, k in (("mAP@50", 50), ("mAP@N", None)):
        peer = calc_map_k(distance, relevant(direction), k)
        assert found[name] == pytest.approx(peer, abs=1e-9)


@pytest.mark.parametrize("direction", ["i2t", "t2i"])
def test_as_eccv(direction):
    ranked = {q: np.argsort(-row).tolist() for q, row in enumerate(ROWS[direction])}
    truth = {q: np.flatnonzero(row).tolist() for q, row in enumerate(relevant(direction))
             if row.any()}  # fmt: skip
    peer = eccv.compute_eccv_metrics(ranked, truth)
    found = under("eccv").category[direction]
    for name, other in (("mAP@R", "map_at_r"), ("R-Precision", "rprecision"), ("R@1", "r1")):
        assert found[name] == pytest.approx(100 * peer[f"eccv_{other}"], abs=1e-9)


def test_one_ranking_has_several_average_precisions():
    """One relevant item of two is found first: 1.0 by torchmetrics, 0.5 by others (k = 3)."""
    given = Scores(np.array([[4.0, 3, 2, 1]]), None, np.zeros(4, int))
    judged = sparse.csr_matrix([[1, 0, 0, 1]])
    values = {}
    for name in ("torchmetrics", "trec-eval", "dcmh"):
        how = preset(name).settings() | {"metrics": ("mAP@3",)}
        values[name] = evaluate(given, relevance=judged, **how).category["i2t"]["mAP@3"]
    assert values == {
        "torchmetrics": pytest.approx(100), "trec-eval": pytest.approx(50),
        "dcmh": pytest.approx(75),
    }  # fmt: skip


def test_the_order_of_the_data_can_give_a_constant_scorer_everything_or_nothing():
    """MRR@10 of 1.0 beside nDCG@10 of 0 in one run, where two metrics break ties differently."""
    rows = [row for row in audit(Scores(S, None, OF)) if row["preset"] == "mteb"]
    ends = {r["metric"]: (r["constant_from"], r["constant_to"]) for r in rows
            if r["direction"] == "i2t"}  # fmt: skip
    assert ends["MRR@10"][1] == pytest.approx(100)
    assert ends["nDCG@10"] == pytest.approx((0, 100))


def test_the_audit_has_each_preset_with_its_own_metrics():
    rows = list(audit(Scores(S, None, OF), LABELS))
    for name, entry in PRESETS.items():
        mine = [row for row in rows if row["preset"] == name]
        assert len(mine) == 4 * len(entry.conventions.metrics)
        found = under(name)
        for row in mine:
            part = getattr(found, row["task"])[row["direction"]]
            assert row["value"] == part[row["metric"]]
            assert row["chance"] == part.chance[row["metric"]]
            if entry.conventions.ties == "expected":
                assert row["constant"] == pytest.approx(row["chance"], abs=1e-9)
