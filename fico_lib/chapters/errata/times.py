"""Findings on the times of Tables 5 and 6: how they grow, and what pairs and operations say."""

import numpy as np

from fico_lib.chapters.errata.finding import Number, finding
from fico_lib.chapters.errata.parameters import COUNTED
from fico_lib.costs.analytic import analytic_of, encoding_flops
from fico_lib.report import published

SIZES = ("1K/5K", "10K/50K", "100K/500K", "1M/5M")
EXCEPTIONS = ("xvlm", "adv64", "adv2048")  # that the text names
HOUR = 3600


def encoding():
    """The encoding times of Table 5 in seconds: models × sizes."""
    return published.wide(5)["encoding_time"]


def growth(model: str, larger: str):
    """The time at a size over that for a tenth of the data."""
    at, smaller = encoding().loc[model], SIZES[SIZES.index(larger) - 1]
    return at[larger] / at[smaller]


@finding(
    "imram-faster-with-more",
    5,
    "IMRAM is faster with ten times the data",
    "number",
    says="IMRAM: 50.4 s for 1K/5K, 47.35 s for 10K/50K.",
    reason="The first measurement includes loading or a warm-up; from there on the time grows "
    "tenfold.",
)
def imram_faster():
    """Growth for ten times the data, at each step."""
    for larger in SIZES[1:3]:
        yield Number(f"growth to {larger}", "", growth("imram", larger), "times", 2)


@finding(
    "adv2048-growth",
    5,
    "ADV with 2048 bits takes 22 times as long for ten times the data",
    "number",
    says="ADV 2048-Bit: 447 s for 100K/500K, 9854.41 s for 1M/5M.",
    reason="The machine ran out of memory and swapped, or the run shared it with another.",
)
def adv2048_growth():
    """Growth for ten times the data, of both lengths."""
    for model, title in (("adv2048", "2048 bits"), ("adv64", "64 bits")):
        yield Number(f"growth to 1M/5M, {title}", "", growth(model, "1M/5M"), "times")


@finding(
    "ucch-growth",
    5,
    "UCCH takes 14.7 times as long for ten times the data",
    "number",
    says="UCCH: 4.12 s for 10K/50K, 60.57 s for 100K/500K.",
    reason="One of the two was disturbed: the next step grows less than tenfold.",
)
def ucch_growth():
    """Growth for ten times the data, at each step."""
    for larger in SIZES[1:]:
        yield Number(f"growth to {larger}", "", growth("ucch", larger), "times")


@finding(
    "ucch-slower-than-dadh",
    5,
    "UCCH is slower than DADH, with fewer operations",
    "conclusion",
    section="5.3",
    says="“The rapid encoding times of UCCH and DADH demonstrate the computational efficiency of "
    "hash function encoders.” At 1M/5M: UCCH 488.28 s, DADH 59.41 s.",
    reason="The implementations differ, not the models: loading and single batches dominate.",
)
def ucch_slower():
    """The ratio of the times, and that of the operations of the two architectures."""
    at = encoding()["1M/5M"]
    yield Number("time, UCCH over DADH", "", at["ucch"] / at["dadh"], "times")
    flops = {
        model: encoding_flops(analytic_of(model)[1], 10**6, 5 * 10**6) / 1e12 for model in COUNTED
    }
    for model, teraflops in flops.items():
        yield Number(f"operations of {model.upper()}", "", teraflops, "TFLOP", 0)
    yield Number("operations, DADH over UCCH", "", flops["dadh"] / flops["ucch"], "times")


@finding(
    "scan-three-decimals",
    5,
    "A time with three decimals",
    "remark",
    says="SCAN, 100K/500K: 464.464s.",
    reason="Digits were repeated when the table was typed; 464.46 s is meant.",
)
def scan_decimals():
    """Decimals of the cell, and the most of any other time of Table 5."""
    cells = published.table(5).query("quantity == 'encoding_time'").dropna(subset="value")
    decimals = cells.set_index("cell")["printed"].str.extract(r"\.(\d+)")[0].str.len().fillna(0)
    own = "scan encoding_time 100K/500K"
    yield Number("decimals of the cell", "464.464s", decimals[own], "", 0)
    yield Number("the most of any other time", "", decimals.drop(own).max(), "", 0)


@finding(
    "factor-of-ten",
    5,
    "“A factor of 10” is 6 to 26",
    "remark",
    section="5.3",
    says="“Encoding time generally increased by a factor of 10 from CG to FG methods and again to "
    "VLP models, with X-VLM and ADV as exceptions.”",
    reason="An order of magnitude is meant.",
)
def factor_of_ten():
    """Ratios of the geometric means of the groups, without the exceptions, at each size."""
    rows = published.table(5).query("quantity == 'encoding_time'").dropna(subset="value")
    rows = rows[~rows["model"].isin(EXCEPTIONS)].assign(log=lambda part: np.log(part["value"]))
    means = np.exp(rows.pivot_table(index="size", columns="group", values="log", sort=False))
    for larger, smaller in (("FG", "CG"), ("VLP FG", "FG")):
        for size in SIZES:
            ratio = means.loc[size, larger] / means.loc[size, smaller]
            if np.isfinite(ratio):  # the pre-trained models did not finish at 100K and 1M
                yield Number(f"{larger} over {smaller}, {size}", "10", ratio, "times")


@finding(
    "vilt-hours",
    6,
    "ViLT's 4880 hours",
    "number",
    says="ViLT: 3093.76 s for 1K/5K, 4880 h for 10K/50K.",
    reason="The cell is not a measurement: it is exactly a hundred times 48.8 hours, the time of "
    "5M pairs scored one at a time, set beside a time of pairs in batches.",
)
def vilt_hours():
    """A hundred times the pairs, at the pace of 1K/5K; and the pace of both cells."""
    at = published.wide(6)["attention_time"].loc["vilt"]
    linear = 100 * at["1K/5K"] / HOUR
    hours = at["10K/50K"] / HOUR
    yield Number("a hundred times the time of 1K/5K", "4880h", linear, "h")
    yield Number("printed over that", "", hours / linear, "times", 0)
    yield Number("a hundredth of the cell", "", hours / 100, "h")
    yield Number("a pair at 1K/5K", "", 1e3 * at["1K/5K"] / 5e6, "ms", 3)
    yield Number("a pair at 10K/50K", "", 1e3 * at["10K/50K"] / 5e8, "ms")


@finding(
    "all-pairs-growth",
    6,
    "The time of all pairs grows less than the pairs",
    "remark",
    says="IMRAM: 190.67 s, then 12200.28 s; SCAN: 17.51 s, then 1285.34 s.",
    reason="A fixed cost at 1K/5K, which the larger run does not see, explains a part.",
)
def all_pairs_growth():
    """Growth of the time where the pairs grow a hundredfold."""
    at = published.wide(6)["attention_time"]
    for model, title in (("imram", "IMRAM"), ("scan", "SCAN")):
        ratio = at.loc[model, "10K/50K"] / at.loc[model, "1K/5K"]
        yield Number(f"growth of {title}, for 100 times the pairs", "", ratio, "times", 0)
