"""The SelfAlign chapter: what it asks for, its rows, its claims, its pictures."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fico_lib.chapters.selfalign import claims, figures, results, tables, timing
from fico_lib.chapters.selfalign import words as selfalign_words
from fico_lib.chapters.selfalign.parameters import SelfAlignChapter
from fico_lib.encodings import Embeddings, Scores
from fico_lib.evaluation import evaluate
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.selfalign_parameters import SelfAlignParameters
from fico_lib.report.claims import judge
from fico_lib.runtime.errors import InputError
from fico_lib.similarity import similarity

N = 30
OF = np.repeat(np.arange(N), 2)
REAL = {"data": {"name": "karpathy", "root": "x"}, "features": {"name": "grid", "checkpoint": "y"}}


def check(**values) -> SelfAlignChapter:
    return SelfAlignChapter.check(values, "test")


def embeddings(noise: float, seed: int, measure: str = "cosine") -> Embeddings:
    images = np.eye(N) + 0.01
    texts = images[OF] + noise * np.random.default_rng(seed).normal(size=(2 * N, N))
    return Embeddings(images, texts, OF, model="selfalign", measure=measure)


def attention(noise: float, seed: int) -> Scores:
    scores = (np.arange(N)[:, None] == OF) + noise * np.random.default_rng(seed).normal(
        size=(N, 2 * N)
    )
    return Scores(scores, None, OF, model="scan", timings={"score_pairs": 1.8})


@pytest.fixture(scope="module")
def compared() -> results.Comparison:
    chapter = check(
        bases=["vse"],
        concepts=[8],
        aligned=["noun"],
        seeds=[3, 4],
        rerank_k=[2, 999],
        resamples=200,
        device="cpu",
    )
    noise = {"vse": 0.5, "vse+LCA": 0.5, "vse+CRA": 0.5, "vse+LCA+CRA": 0.1}
    made = [
        embeddings(noise.get(results.name_of(one), 0.6), seed)
        for one in chapter.settings()
        for seed in chapter.seeds
    ]
    made += [attention(0.05, seed) for seed in chapter.seeds]
    return results.compare(made, 2 * N, chapter)


def test_every_training_is_asked_for_once():
    requests = check(
        seeds=[0, 1], concepts=[8, 100], aligned=["all", "noun"], weights="train"
    ).requests()
    asked = [request.encodings_key for request in requests]
    # two bases in four variants, 8 concepts, nouns, and scan: 100 and "all" are a variant.
    assert len(asked) == len(set(asked)) == 2 * (8 + 1 + 1 + 1)
    assert [request.model for request in requests[-2:]] == ["scan", "scan"]


def test_bases_after_the_first_may_get_both_parts_only():
    found = check(parts="both", concepts=[], aligned=[]).settings()
    assert list(map(results.name_of, found)) == [
        *("vse", "vse+LCA", "vse+CRA", "vse+LCA+CRA"),
        *("vsrn", "vsrn+LCA+CRA"),
    ]


def test_the_pictured_model_is_one_of_the_encoded():
    chapter = check(bases=["vsrn", "vse"], seeds=[7])
    assert chapter.pictured() in chapter.requests()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (REAL, r"'aligned'.*expected \[\] for 'karpathy'"),
        ({"bases": ["scan"]}, r"'bases\.0'.*'vse' or 'vsrn'"),
        ({"bases": []}, "'bases'"),
        ({"concepts": [1]}, r"'concepts\.0'.*greater than or equal to 2"),
        ({"aligned": ["verb"]}, r"'aligned\.0'"),
        ({"cross_attention": "vse"}, "'cross_attention'"),
        ({"concept": [8]}, "did you mean 'concepts'"),
    ],
)
def test_wrong_parameters_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        check(**values)


def test_real_data_align_all_words():
    assert check(**REAL, aligned=[]).aligned == []


def test_sums_are_the_engine_s_and_gains_are_paired(compared):
    sums = compared.sums.set_index("model")
    assert list(sums.index) == [
        *("vse", "vse+LCA", "vse+CRA", "vse+LCA+CRA", "vse+LCA, 8 concepts", "vse+LCA, nouns"),
        *("scan", "random"),
    ]
    expected = np.mean([evaluate(embeddings(0.5, seed)).r_at_sum for seed in (3, 4)])
    assert sums.loc["vse", "r_sum_percent"] == pytest.approx(expected)
    one = sums.loc["vse+LCA, nouns"]
    assert one["than"] == "vse"
    assert one["gain_percent"] == pytest.approx(
        one["r_sum_percent"] - sums.loc["vse", "r_sum_percent"]
    )
    assert one["gain_low"] < one["gain_percent"] < one["gain_high"]
    assert pd.isna(sums.loc["vse", "gain_percent"])


def test_costs_add_up_and_stop_at_all_pairs(compared):
    costs = compared.costs.set_index("model")
    assert list(costs["attended"]) == [0, 0, 2, N]  # 999 candidates are more than there are
    per_pair = 1000 * 1.8 / (N * 2 * N)
    first = costs.loc["vse+LCA+CRA", "ms_per_query"]
    assert first > 0
    two = costs.loc["vse+LCA+CRA, then scan on 2", "ms_per_query"]
    assert two == pytest.approx(first + 2 * per_pair)
    assert costs.loc["scan", "ms_per_query"] == pytest.approx(N * per_pair)


def test_claims_have_their_cases_and_verdicts(compared):
    tested = judge(claims.claims(), {"here": compared.variants}, "selfalign")
    found = tested.of("here")
    assert found["selfalign_gain"] == found["selfalign_parts"] == "holds"
    assert found["selfalign_attention"] == "not run"  # VSRN was not
    assert found["selfalign_codebook"] != "not run"
    gains = tested.cases[tested.cases["claim"] == "selfalign_gain"].set_index("setting")
    assert list(gains.loc["abstract, printed", "estimate"]) == [9.1, 4.2, 6.6]
    share = compared.sums.set_index("model").loc["vse+LCA+CRA", "gain_share_percent"]
    assert gains.loc["here", "estimate"] == pytest.approx(share)
    assert "9.1% on Flickr30K" in tested.claims["evidence"][0]


def test_too_small_a_split_is_refused():
    small = Embeddings(np.eye(4), np.eye(4), np.arange(4), model="selfalign")
    chapter = check(bases=["vse"], concepts=[], aligned=[])
    with pytest.raises(InputError, match="has 4 images; R@sum needs 10"):
        results.compare([small] * 5, 4, chapter)


@pytest.mark.parametrize("measure", ["cosine", "inner_product"])
def test_two_stages_reorder_the_best_and_leave_the_rest(measure):
    first, second = embeddings(0.3, 0, measure), attention(0.3, 1)
    quick, k = similarity(first.images, first.texts, first.measure), 5
    found = timing.two_stages(first, second, k)
    for scores, by, slow in ((found.i2t, quick, second.i2t), (found.t2i, quick.T, second.i2t.T)):
        for got, one, other in zip(scores, by, slow, strict=True):
            best = np.argsort(-one, kind="stable")
            expected = [*sorted(best[:k], key=lambda c: -other[c]), *best[k:]]
            assert np.argsort(-got, kind="stable").tolist() == expected


def test_two_stages_with_all_candidates_are_the_second():
    second = attention(0.3, 1)
    found = evaluate(timing.two_stages(embeddings(0.3, 0), second, N)).instance["t2i"]
    assert found.metrics == evaluate(second).instance["t2i"].metrics


def test_tables_and_figures_show_every_row(compared):
    shown = repr(tables.variants(compared))
    assert all(name in shown for name in ("vse+LCA+CRA", "scan", "random scorer", "chance"))
    assert "nouns" in repr(tables.aligned(compared))
    assert "8" in repr(tables.concepts(compared))
    assert "9.1%" in repr(tables.beside_the_paper(compared))
    for text in (tables.takeaways(compared), tables.at_equal_accuracy(compared)):
        assert "nan" not in repr(text)
    assert "nan" not in repr(tables.costs(compared))
    rows = tables.concept_rows(compared), tables.aligned_rows(compared)
    assert list(rows[0]["concepts"]) == [8, 100]
    assert len(figures.sweeps(*rows, tables.base_row(compared)).axes) == 2
    assert len(figures.sweeps(rows[0], rows[1][:0], tables.base_row(compared)).axes) == 1
    labels = figures.variants(tables.variant_rows(compared)).axes[0].get_yticklabels()
    assert len(labels) == 4
    figures.time_and_accuracy(compared.costs, tables.stages(compared))
    assert tables.stages(compared)[0] == "vse+LCA+CRA"


class Matcher:
    """Stands for a trained model: every word matches region 1; images at the end match better."""

    def word_regions(self, split, captions):
        lengths = split.lengths[split.text_of_caption[captions]]
        regions = np.where(np.arange(lengths.max()) < lengths[:, None], 1, -1)
        return regions, np.repeat(split.image_of_caption[captions][:, None] / 10, lengths.max(), 1)


WORDS = np.array(["a", "square", "red", "circle", "huge"])
PARTS = np.array(["", "noun", "adjective", "noun", "adjective"])


@pytest.fixture
def split() -> FeatureSplit:
    tokens = np.array([[2, 4, 3], [2, 5, 0], [2, 3, 0]], np.int32)  # red square, circle, square
    return FeatureSplit(
        name="test",
        vocabulary_size=7,
        regions=np.zeros((3, 2, 4), np.float32),
        boxes=np.full((3, 2, 4), 0.5, np.float32),
        whole=np.zeros((3, 4), np.float32),
        tokens=tokens,
        lengths=np.array([3, 2, 2], np.int32),
        text_of_caption=np.array([0, 2, 2, 1]),
        image_of_caption=np.array([0, 0, 1, 2]),
        image_ids=np.array(["x", "y", "z"]),
        caption_ids=np.arange(4).astype(str),
        words=WORDS,
        parts_of_speech=PARTS,
    )


def test_words_are_chosen_by_frequency(split):
    assert selfalign_words.frequent_words(split, 2) == ["square", "red"]
    assert selfalign_words.frequent_words(split, 9) == ["square", "circle", "red"]


def test_without_parts_of_speech_stop_words_are_left_out(split):
    """A word of `scenes` in other captions is one of many there, however often it occurs."""
    words = np.array(["a", "runway", "of", "trees", "red"])
    other = replace(split, words=words, parts_of_speech=None)
    assert selfalign_words.frequent_words(other, 9) == ["runway", "trees"]


def test_matches_are_the_best_of_distinct_images(split):
    found = selfalign_words.matches(Matcher(), split, ["square", "red"], top=5)
    rows = list(zip(found["word"], found["place"], found["image_id"], found["region"], strict=True))
    assert rows == [("square", 1, "y", 1), ("square", 2, "x", 1), ("red", 1, "x", 1)]


def test_crops_show_the_box_and_keep_inside(split):
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[10:30, 10:30] = 255
    found = selfalign_words.matches(Matcher(), split, ["circle"], top=1)

    class Images:
        def read(self, rows):
            return picture[None]

    (crop,) = selfalign_words.crops(found, Images())
    assert crop.shape == (20, 20, 3)
    assert (crop == 255).all()
    found[["centre_x", "width", "height"]] = [1.0, 0.01, 0.01]
    (crop,) = selfalign_words.crops(found, Images())
    assert crop.shape == (8, 8, 3)
    assert len(figures.word_regions(found, [crop]).axes) == 1


def test_a_variant_s_name_says_what_is_switched_on():
    assert results.name_of(SelfAlignParameters()) == "vse+LCA+CRA"
    one = SelfAlignParameters(cra=False, concepts=8, aligned="noun")
    assert (results.name_of(one), results.base_of(one)) == ("vse+LCA, 8 concepts, nouns", "vse")
