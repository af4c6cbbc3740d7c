"""Cases of accuracy say which closed form is above the models that they compare."""

import pytest

from fico_lib.metrics.resampling import Estimate
from fico_lib.models.factor_parameters import FactorParameters
from fico_lib.report.accuracy_cases import above, gap, gaps


class Source:
    """Values by model, the same for all metrics and directions; codes are named."""

    n_images = 1000

    def __init__(self, codes=("adv64", "ucch"), **values: float):
        self.values, self.codes = values, codes

    def models(self, family=None):
        return [name for name in self.values if family != "CG" or name in self.codes]

    def has(self, *models):
        return set(models) <= set(self.values)

    def estimate(self, model, direction, metric):
        known = self.values[model]
        return None if known is None else Estimate.exact(known)


def lead(source: Source, *models: str):
    found = above(source, models, "i2t", "R@1")
    return found and (found.name, found.value, pytest.approx(found.lead))


def test_a_closed_form_counts_where_it_is_above_all_that_are_compared():
    source = Source(vse=24.0, scan=39.0, pairs_float=30.0)
    assert lead(source, "vse", "scan") is None
    assert lead(source, "vse") == ("pairs_float", 30.0, 6.0)
    assert gap(source, "scan", "vse", "i2t")[0].closed_form is None
    both = Source(vse=24.0, scan=29.0, pairs_float=30.0)
    (case,) = gap(both, "scan", "vse", "i2t")
    assert (case.closed_form.name, case.closed_form.lead) == ("pairs_float", pytest.approx(1.0))


def test_the_largest_lead_is_named():
    assert lead(Source(vse=24.0, pairs_float=30.0, labels_float=25.0), "vse")[0] == "pairs_float"


def test_being_equal_is_not_being_above():
    assert lead(Source(vse=24.0, pairs_float=24.0), "vse") is None


def test_floats_do_not_count_against_codes_alone():
    source = Source(adv64=10.0, ucch=3.0, vse=9.0, pairs_float=30.0, pairs_binary=9.5)
    assert lead(source, "adv64", "ucch") is None
    assert lead(source, "ucch") == ("pairs_binary", 9.5, 6.5)
    assert lead(source, "adv64", "vse")[0] == "pairs_float"


def test_cells_of_a_factorial_are_told_apart_by_their_names():
    code, float_ = (
        FactorParameters(supervision="pairs", bits=bits, inputs="regions").variant
        for bits in (64, 0)
    )
    source = Source(**{code: 8.0, float_: 9.0}, pairs_float=30.0, pairs_binary=7.0)
    assert lead(source, code) is None
    assert lead(source, code, float_)[0] == "pairs_float"


def test_a_partial_ranking_and_a_missing_baseline_say_nothing():
    assert lead(Source(blip2=None, vse=24.0, pairs_float=None), "vse") is None
    assert lead(Source(vse=24.0), "vse") is None
    assert gap(Source(blip2=None, vse=24.0, pairs_float=30.0), "blip2", "vse", "i2t") == []


def test_all_cases_of_a_claim_are_looked_at():
    source = Source(beit3=11.0, scan=39.0, adv64=14.0, pairs_float=23.0)
    cases = list(gaps([("beit3", "adv64"), ("scan", "adv64")])(source))
    names = [case.closed_form and case.closed_form.name for case in cases]
    assert names == ["pairs_float", "pairs_float", None, None]
