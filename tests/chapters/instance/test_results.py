"""Rows of the instance chapter: the engine's numbers, n/a where a reranked list ends."""

from dataclasses import replace

import numpy as np
import pytest
from feature_splits import split_of

from fico_lib.chapters.instance import claims, results, tables
from fico_lib.chapters.instance.parameters import InstanceChapter
from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.evaluation import evaluate
from fico_lib.report.claims import judge
from fico_lib.report.reference_rows import caption_oracle

# The first two images share their only text.
TEXTS = np.arange(120)
TEXTS[:6] = 0
SPLIT = split_of(TEXTS, np.repeat(np.arange(40), 3), np.eye(4, dtype=bool)[np.arange(40) % 4])
N, OF = 40, np.repeat(np.arange(40), 3)


def check(**values) -> InstanceChapter:
    return InstanceChapter.check(values | {"resamples": 200, "device": "cpu"}, "test")


def partial(embeddings: Embeddings, k: int) -> Scores:
    """The scores of the best k candidates of each query."""
    full = embeddings.images @ embeddings.texts.T
    kept = [np.where(s >= np.sort(s, 1)[:, [-k]], s, -np.inf) for s in (full, full.T)]
    return Scores(*kept, OF, missing=-np.inf, model="xvlm")


@pytest.fixture(scope="module")
def made():
    rng, found = np.random.default_rng(0), []
    for noise in (0.3, 0.5):  # two seeds of each model
        images = rng.normal(size=(N, 8)).astype(np.float32)
        texts = images[OF] + noise * rng.normal(size=(3 * N, 8)).astype(np.float32)
        found.append(Embeddings(images, texts, OF, model="vse"))
    found += [partial(one, 10) for one in found]
    for _ in range(2):
        bits = rng.random((N, 16)) < 0.5
        found.append(Codes.pack(bits, bits[OF] ^ (rng.random((3 * N, 16)) < 0.3), OF, model="dadh"))
    return found


@pytest.fixture(scope="module")
def compared(made):
    return results.compare(
        made, SPLIT, check(seeds=[5, 6], recall_at=[1, 5, 10], recall_at_codes=[20, 500])
    )


def test_recall_is_what_the_engine_says(made, compared):
    rows = compared.recall.set_index(["model", "seed", "direction", "k"])["percent"]
    for number, (model, seed) in enumerate([("vse", 5), ("vse", 6), ("xvlm", 5), ("xvlm", 6)]):
        found = evaluate(made[number], recall_at=(1, 5, 10)).instance
        for direction in ("i2t", "t2i"):
            for k in (1, 5, 10):
                assert rows[model, seed, direction, k] == found[direction][f"R@{k}"]
    assert set(compared.recall["k"]) == {1, 5, 10, 20}  # 500 is beyond the candidates


def test_a_reranked_list_has_no_value_beyond_its_end(compared):
    deep = compared.means[compared.means["k"] == 20]
    assert set(deep["model"]) == {"vse", "dadh", "random", "label_oracle", "caption_oracle"}
    text = repr(tables.recall(compared)) + repr(tables.ties(compared))
    assert "nan" not in text


def test_intervals_hold_the_mean_and_seeds_widen_them(made, compared):
    means = compared.means.set_index(["model", "direction", "k"])
    one = means.loc["vse", "t2i", 1]
    assert one["low"] < one["percent"] < one["high"]
    assert one["seed_deviation"] > 0
    alone = results.compare(
        made[:1], SPLIT, check(seeds=[5], recall_at=[1, 5, 10], recall_at_codes=[1, 5, 10])
    ).means
    assert alone["seed_deviation"].isna().all()


def test_gaps_are_fine_minus_coarse(compared):
    gaps = compared.gaps.set_index(["model", "than", "direction", "k"])
    assert set(compared.gaps["model"]) == {"vse", "xvlm"}
    assert set(compared.gaps["than"]) == {"dadh"}
    means = compared.means.set_index(["model", "direction", "k"])["percent"]
    expected = means["vse", "i2t", 1] - means["dadh", "i2t", 1]
    assert gaps.loc[("vse", "dadh", "i2t", 1), "gap_percent"] == pytest.approx(expected)


def test_claims_that_need_other_models_are_not_run(compared):
    found = judge(claims.claims(), {"here": compared.runs}, "instance").of("here")
    assert found["fg_above_cg"] == "holds"
    assert found["rerank"] == found["long_codes_comparable"] == "not run"
    assert found["screening_unsuitable"] == "not run"  # fewer images than in the paper


def test_the_random_scorer_is_at_chance(compared):
    rows = compared.means[compared.means["model"] == "random"]
    assert (rows["percent"] - rows["chance_percent"]).abs().max() < 15
    assert "random scorer" in repr(tables.recall(compared))


def test_the_oracles_know_labels_and_texts_alone(compared):
    means = compared.means.set_index(["model", "direction", "k"])["percent"]
    # Ten images of a label: each of its 10 (or 30) equal candidates is as likely to come first.
    assert means["label_oracle", "t2i", 1] == pytest.approx(100 / 10)
    assert means["label_oracle", "i2t", 1] == pytest.approx(100 * 3 / 30)
    # Two of 40 images cannot be told apart, and have a chance of a half each.
    assert means["caption_oracle", "t2i", 1] == pytest.approx(100 * (38 + 2 / 2) / 40)


def test_the_caption_oracle_offers_the_rarest_text_first():
    # Image 0 shares one text with both others and has one of its own; images 1 and 2 share all.
    oracle = caption_oracle(split_of([7, 8, 7, 9, 7, 9], [0, 0, 1, 1, 2, 2]))
    third, half = pytest.approx(1 / 3), 1 / 2
    assert oracle.i2t[0].tolist() == [third, 1, third, 0, third, 0]
    assert oracle.i2t[1].tolist() == [third, 0, third, half, third, half]
    found = evaluate(oracle, recall_at=[1]).instance
    assert found["i2t"]["R@1"] == pytest.approx(100 * (1 + 1 / 2 + 1 / 2) / 3)
    assert found["t2i"]["R@1"] == pytest.approx(100 * (3 / 3 + 1 + 2 / 2) / 6)


def test_without_labels_there_is_no_label_oracle(made):
    bare = replace(SPLIT, labels=None)
    found = results.compare(made[:2], bare, check(seeds=[5, 6], recall_at=[1], recall_at_codes=[1]))
    assert set(found.means["model"]) == {"vse", "random", "caption_oracle"}


def test_every_table_and_sentence_can_be_made(compared):
    for shown in (
        tables.takeaways(compared),
        tables.gaps(compared),
        tables.first_stage(compared),
        tables.beside_table_2(compared),
        tables.beside_table_3(compared),
        tables.facts_of_the_task(compared),
    ):
        assert "nan" not in repr(shown)


def test_one_kind_of_model_alone_is_enough(made):
    found = results.compare(
        made[4:], SPLIT, check(seeds=[5, 6], recall_at=[1], recall_at_codes=[1])
    )
    assert found.gaps.empty
    assert found.sums.empty
    for shown in (tables.takeaways(found), tables.recall(found), tables.gaps(found)):
        assert "nan" not in repr(shown)


def test_closed_form_baselines_stand_beside_the_models(made, compared):
    rng = np.random.default_rng(1)
    whole = rng.normal(size=(N, 12)).astype(np.float32)
    words = rng.integers(2, 20, (TEXTS.max() + 1, 5)).astype(np.int32)
    told = {"tokens": words, "lengths": np.full(len(words), 5, np.int32), "vocabulary_size": 20}
    splits = {name: replace(SPLIT, whole=whole, **told) for name in ("train", "test")}
    parameters = check(
        seeds=[5, 6], recall_at=[1], recall_at_codes=[1], training={"bits": 8, "dimension": 8}
    )
    rows = results.baselines(splits, parameters)
    found = results.compare(made, SPLIT, parameters, rows)
    named = ["pairs_float", "pairs_binary", "labels_float", "labels_binary"]
    assert set(named) <= set(found.recall["model"])
    float_rows = found.recall[found.recall["model"] == "pairs_float"]
    assert float_rows.groupby(["direction", "k"])["percent"].nunique().max() == 1  # no seed in it
    assert "control: pairs, binary" in repr(tables.recall(found))
    unlabelled = {name: replace(split, labels=None) for name, split in splits.items()}
    assert results.baselines(unlabelled, parameters) == []
