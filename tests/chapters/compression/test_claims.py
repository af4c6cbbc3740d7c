"""The claims on compression, on numbers that are set by hand."""

from dataclasses import dataclass, field
from itertools import product

import pandas as pd
import pytest

from fico_lib.chapters.compression.claims import claims
from fico_lib.chapters.compression.gap import GALLERY, OWN
from fico_lib.metrics.resampling import Estimate
from fico_lib.report.claims import FAILS, HOLDS, NOT_RUN, UNDECIDED, judge
from fico_lib.report.claims_table import own_table


@dataclass
class Source:
    """What is reached by setting, the same in all directions and metrics, in percent."""

    values: dict[str, float]
    spread: float = 0.0
    gap: tuple[float, float] = (60.0, 20.0)
    offset_size: float = 2.0
    models: list[str] = field(default_factory=lambda: ["vse"])

    @property
    def offsets(self) -> pd.DataFrame:
        return pd.DataFrame({"offset": [0.0, self.offset_size]})

    @property
    def grid(self) -> pd.DataFrame:
        rows = [("sign-mean", "pca", 64), ("sign-mean", "", 256)]
        return pd.DataFrame(rows, columns=["quantizer", "reduction", "dimensions"])

    def has(self, *names: str) -> bool:
        return True

    def estimate(self, model, setting, direction, metric):
        value = self.values.get(setting)
        if value is None:
            return None
        return Estimate(value, pd.Series([value - self.spread, value + self.spread]).to_numpy())

    def retained(self, model, setting, direction, metric):
        value = self.estimate(model, setting, direction, metric)
        return None if value is None else value * (100 / self.values["float32"])

    def offset(self, size, centring, direction, metric):
        return Estimate.exact({OWN: self.gap[0], GALLERY: self.gap[1]}[centring])


GOOD = {
    "float32": 50.0,
    "float16": 50.0,
    "int8": 49.8,
    "rabitq4": 49.9,
    "sign-mean": 40.0,
    "sign-mean+codex4": 46.0,
    "sign-mean+float32x4": 49.9,
    "sign-mean:pca64": 30.0,
    "sign-mean:prefix64": 25.0,
}


def verdicts(source: Source) -> dict[str, str]:
    return judge(claims(), {"here": source}, "compression").of("here")


def test_what_was_expected_holds_where_it_is_so():
    assert set(verdicts(Source(GOOD)).values()) == {HOLDS}


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        ({"int8": 49.4}, "compress_float16_int8"),  # 98.8 % kept
        ({"float16": 49.4}, "compress_float16_int8"),
        ({"rabitq4": 49.4}, "compress_rabitq4"),
        ({"sign-mean+float32x4": 49.4}, "compress_signs_rescored"),
        ({"sign-mean+codex4": 44.9}, "compress_code_rescored"),  # 49 % of 10 points come back
        ({"sign-mean:pca64": 24.9}, "compress_pca"),
    ],
)
def test_each_fails_alone(change, claim):
    found = verdicts(Source(GOOD | change))
    assert found.pop(claim) == FAILS
    assert set(found.values()) == {HOLDS}


@pytest.mark.parametrize(("gap", "verdict"), [((60, 29), HOLDS), ((60, 31), FAILS)])
def test_the_gallery_s_mean_must_ruin_the_code(gap, verdict):
    assert verdicts(Source(GOOD, gap=gap))["compress_centring"] == verdict


def test_without_an_offset_or_a_setting_a_claim_is_not_run():
    assert verdicts(Source(GOOD, offset_size=0.5))["compress_centring"] == NOT_RUN
    few = {name: value for name, value in GOOD.items() if name in ("float32", "int8")}
    found = verdicts(Source(few))
    assert found["compress_rabitq4"] == found["compress_pca"] == NOT_RUN
    assert found["compress_float16_int8"] == HOLDS  # of what was run


def test_wide_intervals_decide_nothing():
    assert verdicts(Source(GOOD, spread=1.0))["compress_rabitq4"] == UNDECIDED


def test_the_table_of_own_claims_has_grounds_and_margins():
    frame = own_table(judge(claims(), {"here": Source(GOOD)}, "compression")).frame
    assert list(frame.columns) == ["claim", "grounds", "test", "here"]
    assert frame["test"].str.contains("Margin: ").sum() == 5
    for column, text in product(frame.columns, ("nan", "None")):
        assert not frame[column].str.contains(text).any()
