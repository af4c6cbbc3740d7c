"""The claims on factors, on cells whose numbers are set by hand."""

from dataclasses import dataclass

import pytest

from fico_lib.chapters.factors.claims import cell, claims
from fico_lib.chapters.factors.own import COARSE, FINE, OWN_OUT
from fico_lib.metrics.resampling import Estimate
from fico_lib.report.claims import FAILS, HOLDS, NOT_PRINTED, NOT_RUN, judge


@dataclass
class Source:
    """Percentages by name and metric, the same in both directions."""

    values: dict[tuple[str, str], float]

    def models(self, family: str | None = None) -> list[str]:
        return []  # cells are no registered models

    def has(self, *names: str) -> bool:
        return set(names) <= {name for name, _ in self.values}

    def estimate(self, name: str, direction: str, metric: str) -> Estimate | None:
        value = self.values.get((name, metric))
        return None if value is None else Estimate.exact(value)


def cells(metric: str, bits: int, **by_inputs: tuple[float, float, float]) -> dict:
    """Values of pairs, contrastive and labels, for each of the inputs."""
    return {
        (cell(supervision, bits, inputs), metric): value
        for inputs, values in by_inputs.items()
        for supervision, value in zip(("pairs", "contrastive", "labels"), values, strict=True)
    }


def verdicts(values: dict) -> dict[str, str]:
    return judge(claims(), {"here": Source(values)}, "factors").of("here")


@pytest.mark.parametrize(
    ("regions", "whole", "found"),
    [
        # The objective makes more of the difference than the inputs, and more than half of all.
        ((30, 8, 6), (20, 4, 3), (HOLDS, HOLDS, HOLDS)),
        # ... more than half of all, but not twice as many with the inputs of UCCH and DADH.
        ((30, 12, 6), (16, 9, 3), (HOLDS, HOLDS, FAILS)),
        # The inputs make more: pairs on the whole image are below contrast on regions.
        ((30, 20, 6), (18, 12, 3), (FAILS, HOLDS, FAILS)),
        # The objective makes nothing of it.
        ((30, 31, 6), (18, 19, 3), (FAILS, FAILS, FAILS)),
    ],
)
def test_the_objective_is_told_from_the_inputs(regions, whole, found):
    said = verdicts(cells("R@1", 64, regions=regions, whole=whole))
    names = ("adv_objective", "hashing_objective", "hashing_objective_size")
    assert tuple(said[name] for name in names) == found


def test_the_crossed_cells_decide_which_part_is_larger():
    pr, cr, pw, cw = 30.0, 20.0, 18.0, 12.0
    objective, inputs = (pr - cr + pw - cw) / 2, (pr - pw + cr - cw) / 2
    assert objective + inputs == pr - cw
    assert objective - inputs == pw - cr


def test_without_a_cell_that_a_claim_needs_it_is_not_run():
    values = cells("R@1", 64, regions=(30, 8, 6), whole=(20, 4, 3))
    del values[cell("labels", 64, "regions"), "R@1"]
    said = verdicts(values)
    assert said["adv_objective"] == NOT_RUN
    assert said["hashing_objective"] == HOLDS
    assert said["bits_instance"] == NOT_RUN


@pytest.mark.parametrize(("longer", "found"), [(50.9, HOLDS), (51.1, FAILS), (48.9, FAILS)])
def test_hardly_is_less_than_a_point_in_either_sense(longer, found):
    values = {
        (cell("pairs", bits, "regions"), metric): value
        for bits, value in ((64, 50.0), (256, longer))
        for metric in ("R@1", "mAP@10", "mAP@N")
    }
    assert verdicts(values)["bits_category"] == found


def test_code_lengths_are_tested_on_the_printed_cells_first():
    rows = judge(claims(), {"here": Source({})}, "factors").claims.set_index("claim")
    assert rows.loc["bits_instance", "in_paper"] == HOLDS
    assert rows.loc["bits_category", "in_paper"] == HOLDS
    others = rows.drop(index=["bits_instance", "bits_category"])
    assert set(others["in_paper"]) == {NOT_PRINTED}


@pytest.mark.parametrize(
    ("left", "code", "found"),
    [
        ((92.0, 91.0), 90.0, HOLDS),  # 6 points of advantage, 1 without own items
        ((92.0, 88.0), 90.0, FAILS),  # 4 of 6 are left
        ((92.0, 88.0), 97.0, NOT_RUN),  # there is no advantage to explain
    ],
)
def test_an_advantage_is_due_to_own_items_when_half_of_it_goes_with_them(left, code, found):
    values = {(FINE, "mAP@10"): 96.0, (FINE + OWN_OUT, "mAP@10"): left[0]}
    for name in COARSE:
        values |= {(name, "mAP@10"): code, (name + OWN_OUT, "mAP@10"): left[1]}
    assert verdicts(values)["own_items"] == found
