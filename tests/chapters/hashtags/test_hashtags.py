"""The chapter on hashtags: tags, captioner, orders and claims by hand, bad parameters."""

import numpy as np
import pandas as pd
import pytest

from fico_lib.chapters import chapter
from fico_lib.chapters.hashtags import captioner, claims, figures, tables
from fico_lib.chapters.hashtags.results import HASHTAGS, LEARNED, METRICS, SENTENCES, TEXTS, Found
from fico_lib.chapters.hashtags.tags import drawn_tags, hashtags, sentence
from fico_lib.metrics.resampling import Estimate
from fico_lib.report.claims import FAILS, HOLDS, NOT_RUN
from fico_lib.runtime.errors import InputError

NAMES = ["star", "ring", "arrow"]
LABELS = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 0]], bool)
POPULARITY = np.array([1, 5, 3])


def test_without_chance_the_tags_are_the_labels_the_commonest_first():
    assert drawn_tags(LABELS, POPULARITY, 0, 0, seed=0)[:2] == [(2, 0), (1,)]


def test_no_set_of_tags_is_empty():
    for seed in range(20):
        tags = drawn_tags(LABELS, POPULARITY, 0.999, 0, seed)
        assert all(tags)
        assert tags[2] == (1,)  # nothing is in it: the commonest tag of all


def test_tags_are_missing_and_wrong_as_often_as_asked():
    labels = np.repeat([[True, False]], 20_000, 0)
    tags = drawn_tags(labels, np.array([1, 2]), 0.25, 0.1, seed=3)
    # Where nothing would be left, the label stays: missing counts only beside a wrong tag.
    assert np.mean([0 in one for one in tags]) == pytest.approx(1 - 0.25 * 0.1, abs=0.01)
    assert np.mean([1 in one for one in tags]) == pytest.approx(0.1, abs=0.01)


def test_the_same_seed_draws_the_same():
    labels = np.random.default_rng(0).random((50, 3)) < 0.5
    first, again, other = (drawn_tags(labels, POPULARITY, 0.3, 0.1, seed) for seed in (1, 1, 2))
    assert first == again != other


def test_texts_of_tags():
    assert hashtags((2, 0), ["polar bear", "ring", "arrow"]) == "#arrow #polarbear"
    assert sentence((1,), NAMES) == "a ring"
    assert sentence((2, 0), NAMES) == "an arrow and a star"


@pytest.fixture(scope="module")
def writer():
    """A captioner of sentences that name one of two things and a colour at random."""
    rng = np.random.default_rng(0)
    tags = [(int(t),) for t in rng.integers(0, 2, 300)]
    colours = rng.choice(["red", "blue"], 300)
    said = [f"a {c} {('star', 'ring')[t[0]]}" for t, c in zip(tags, colours, strict=True)]
    own = np.arange(300)
    held_out = tags[:50], said[:50], own[:50]
    return captioner.train(tags, said, own, held_out, 2, width=32, most=800, seed=0)


def test_the_captioner_writes_what_the_tags_say(writer):
    written = writer.write([(0,), (1,), (0,)], NAMES[:2], samples=8, seed=0)
    assert written[0] == written[2] in ("a red star", "a blue star")
    assert written[1] in ("a red ring", "a blue ring")


def test_a_colour_at_random_costs_one_bit_of_four_words(writer):
    # Three words and the end, of which one is one of two: 2 ** (1 / 4).
    assert writer.perplexity == pytest.approx(2**0.25, abs=0.05)


def test_the_captioner_is_the_same_for_the_same_seed(writer):
    one, again = (writer.write([(0,), (1,)], NAMES[:2], samples=4, seed=s) for s in (5, 5))
    assert one == again


def made(values: dict[tuple[str, str], float]) -> Found:
    """Results in which a model's R@1 on a kind of text is given; intervals are narrow."""
    draws = np.linspace(-0.1, 0.1, 100)
    estimates = {
        (model, text, direction, metric): Estimate(value, value + draws)
        for (model, text), value in values.items()
        for direction in ("i2t", "t2i")
        for metric in METRICS
    }
    accuracy = pd.DataFrame(
        [
            {"model": m, "text": t, "direction": d, "metric": k, "chance_percent": 0.1}
            | e.columns("percent")
            for (m, t, d, k), e in estimates.items()
        ]
    )
    texts = pd.DataFrame({"text": list(TEXTS), "distinct_percent": [100.0, 70, 70, 70]})
    return Found(accuracy, pd.DataFrame(), texts, pd.DataFrame(), pd.DataFrame(), estimates)


def worked(changed: dict | None = None) -> Found:
    values = {(m, t): v - 4 * i for i, t in enumerate(TEXTS)
              for m, v in {"vse": 30.0, "scan": 35.0, "adv64": 20.0}.items()}  # fmt: skip
    return made(values | (changed or {}))


def test_the_gap_is_that_of_the_means():
    gap = worked().gap(SENTENCES, "t2i", "R@1")
    assert gap.value == pytest.approx((30 + 35) / 2 - 20)


def test_the_same_order_has_a_tau_of_one():
    assert worked().order(HASHTAGS, "i2t", "R@1").value == 1


def test_a_family_without_models_has_no_gap_and_one_model_no_order():
    found = made({("vse", text): 30.0 for text in TEXTS})
    assert found.gap(SENTENCES, "t2i", "R@1") is None
    assert found.order(HASHTAGS, "t2i", "R@1") is None
    verdicts = claims.judged(found, "here").of("here")
    assert verdicts["hashtags_fine_above_coarse"] == NOT_RUN
    assert verdicts["generated_order_survives"] == NOT_RUN
    assert "Not run" in str(tables.gaps(found).markdown)


def test_claims_on_worked_values():
    verdicts = claims.judged(worked({("adv64", HASHTAGS): 10.0}), "here").of("here")
    assert verdicts == {
        "hashtags_fine_above_coarse": HOLDS,
        "generated_fine_above_coarse": HOLDS,
        "hashtags_narrow_the_gap": FAILS,  # it is six points wider
        "generated_captions_help": FAILS,
        "generated_order_survives": HOLDS,
    }


def test_an_order_that_is_turned_round_does_not_survive():
    turned = {("vse", LEARNED): 10.0, ("scan", LEARNED): 5.0, ("adv64", LEARNED): 20.0}
    values = {("vse", t): 30.0 for t in TEXTS} | {("scan", t): 35.0 for t in TEXTS}
    values |= {("adv64", t): 20.0 for t in TEXTS}
    found = made(values | turned)
    assert found.order(LEARNED, "t2i", "R@1").value == -1
    assert claims.judged(found, "here").of("here")["generated_order_survives"] == FAILS


def test_tables_and_figures_show_every_model_and_text():
    found = worked()
    shown = tables.accuracy(found, "R@1")._repr_html_()
    assert all(name in shown for name in (*TEXTS, "vse", "scan", "adv64", "chance"))
    assert len(figures.lines(found).axes) == 2
    assert "+12.5 points" in str(tables.takeaways(found).markdown)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"missing": 1.0}, "missing"),
        ({"wrong": -0.1}, "wrong"),
        ({"models": ["vse"]}, "models"),
        ({"captioner_steps": 0}, "captioner_steps"),
        ({"data": {"name": "karpathy", "root": "/", "annotations": "x.json"}}, "expected labels"),
    ],
)
def test_wrong_parameters_are_named(changed, message):
    with pytest.raises(InputError, match=message):
        chapter("hashtags").check(changed, "test")
