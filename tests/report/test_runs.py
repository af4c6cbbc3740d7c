"""Estimates of several trainings: what shares weights shares their scatter."""

import numpy as np
import pytest

from fico_lib.encodings import Embeddings
from fico_lib.evaluation import evaluate
from fico_lib.report.runs import Runs

N = 60
OF = np.repeat(np.arange(N), 2)


def result(noise: float, seed: int, task: str = "instance"):
    images = np.eye(N) + 0.01
    texts = images[OF] + noise * np.random.default_rng(seed).normal(size=(2 * N, N))
    labels = np.eye(3, dtype=bool)[np.arange(N) % 3]
    return evaluate(
        Embeddings(images, texts, OF), labels, tasks=("instance", "category"), recall_at=(1, 5, 10)
    )


@pytest.fixture(scope="module")
def runs() -> Runs:
    levels = (0.3, 0.4, 0.5)
    same = [result(noise, 0) for noise in levels]
    return Runs(
        {
            "xvlm": same,
            "xvlm_nf": same,
            "scan": [result(noise, 1) for noise in levels],
            "vse, then scan": same,
            "pairs_float": same[:1],
        },
        N,
        300,
        trained_as={"vse, then scan": "scan"},
    )


def width(estimate) -> float:
    return float(np.diff(estimate.interval())[0])


def test_variants_of_one_training_do_not_differ_by_chance(runs):
    """X-VLM with and without fusion have one set of weights: equal results differ by nothing."""
    a, b = (runs.estimate(model, "i2t", "R@1") for model in ("xvlm", "xvlm_nf"))
    assert (a - b).interval() == pytest.approx((0, 0), abs=1e-9)
    other = runs.estimate("scan", "i2t", "R@1")
    assert width(a - other) > 5


def test_two_stages_share_the_weights_that_are_named(runs):
    a, b = (runs.estimate(model, "i2t", "R@1") for model in ("vse, then scan", "scan"))
    assert set((a - b).runs) == set(b.runs)


def test_a_sum_of_recalls_is_as_uncertain_as_its_trainings_are(runs):
    """The sums of the trainings, seen as one number each, have nearly the interval of R@sum."""
    total = runs.recall_sum("scan")
    sums = [one.r_at_sum for one in runs.results["scan"]]
    assert total.value == pytest.approx(np.mean(sums))
    alone = 4.303 * np.std(sums, ddof=1) / np.sqrt(3)
    images = (np.quantile(total.draws, 0.975) - np.quantile(total.draws, 0.025)) / 2
    assert width(total) / 2 == pytest.approx(np.hypot(alone, images), rel=0.05)


def test_closed_form_rows_are_no_trainings(runs):
    assert runs.estimate("pairs_float", "i2t", "R@1").trainings is None
    assert runs.estimate("scan", "i2t", "R@1").trainings == 3


def test_the_families_are_those_of_the_models(runs):
    assert runs.models() == ["xvlm", "xvlm_nf", "scan"]
    assert runs.models("VLP") == ["xvlm", "xvlm_nf"]
    assert runs.models("FG") == runs.models()
    assert runs.models("CG") == []


def test_chance_is_that_of_the_task(runs):
    assert runs.chance("scan", "t2i", "R@1") == pytest.approx(100 / N)
    assert runs.chance("scan", "t2i", "mAP@N") > 30
