"""What a reader of the chapter on coarse to fine sees as tables and sentences."""

import numpy as np
import pandas as pd

from fico_lib.chapters.coarse_to_fine.results import CoarseToFine
from fico_lib.report.table import Table, Text, bullets, signed, stated, with_interval

NEAR = 1.0  # points of R@1 that a recommended pair may lose


def kept(found: CoarseToFine) -> Table:
    """The share of queries that keep a right answer, by screen and number of candidates."""
    lines = []
    for screen, part in found.kept.groupby("screen", sort=False):
        line = {("", "screen"): screen, ("", "bits"): str(found.bits[screen])}
        for row in part.itertuples():
            line[row.direction, f"K = {row.candidates}"] = with_interval(
                row.kept_percent, row.low, row.high
            )
        lines.append(line)
    return Table(
        pd.DataFrame(lines),
        "Queries with a right answer among the K nearest codes (percent, 95 % interval): no second "
        "stage can find more. Codes in commas are made from the embeddings of a model.",
        words=("screen",),
    )


def two_stages(found: CoarseToFine, metric: str, ranker: str) -> Table:
    """One metric after both stages, and its difference to the ranking model alone."""
    rows = found.found[(found.found["metric"] == metric) & (found.found["ranker"] == ranker)]
    lines = []
    rows = rows.sort_values(["direction", "candidates"], kind="stable")
    for screen, part in rows.groupby("screen", sort=False):
        line: dict = {("", "screen"): screen, ("", "bits"): str(found.bits[screen])}
        for row in part.to_dict("records"):
            gap = {
                "gap_percent": row["gap_percent"],
                "low": row["gap_low"],
                "high": row["gap_high"],
            }
            line[row["direction"], f"K = {row['candidates']}"] = (
                f"{row['percent']:.1f}\n{signed(gap)}"
            )
        lines.append(line)
    alone = []
    for direction in dict.fromkeys(rows["direction"]):
        estimate = found.runs.estimate(ranker, direction, metric)
        if estimate is not None:
            alone.append(f"{direction} {stated(estimate.columns('percent'))}")
    return Table(
        pd.DataFrame(lines).fillna("n/a"),
        f"{metric} when {ranker} ranks the K candidates of a screen, and the difference to "
        f"{ranker} alone in points (95 % interval, paired); alone: {'; '.join(alone)}.",
        words=("screen",),
    )


def pairs(found: CoarseToFine) -> Table:
    """What one pair takes."""
    lines = []
    for row in found.pairs.to_dict("records"):
        size = f"{row['bits']} bits" if row["bits"] else f"{row['dimension']}-d"
        known = not np.isnan(row["nanoseconds"])
        lines.append(
            {
                "compared": row["what"] + (f", {size}" if row["bits"] or row["dimension"] else ""),
                "ns per pair": f"{row['nanoseconds']:,.3g}" if known else "not measured",
                "fastest to slowest": f"{row['fastest_nanoseconds']:,.3g} to "
                f"{row['slowest_nanoseconds']:,.3g}"
                if known
                else "",
                "from": row["source"],
            }
        )
    return Table(
        pd.DataFrame(lines),
        "One pair of a query and an item on one core, median of at least five repeats; attention "
        "is that of the true architecture, where it was measured.",
        words=("compared", "from"),
    )


def even(found: CoarseToFine) -> Table:
    """The gallery from which on two stages are faster than one."""
    lines = []
    for (ranker, bits), part in found.even.groupby(["ranker", "bits"], sort=False):
        line = {"ranking": f"{ranker} ({found.rankers[ranker]})", "bits": str(bits)}
        for row in part.itertuples():
            text = "never" if np.isinf(row.items) else f"{np.ceil(row.items):,.0f}"
            line[f"K = {row.candidates}"] = text
        lines.append(line)
    return Table(
        pd.DataFrame(lines),
        "Items in the gallery from which on K candidates of a code, ranked again, take less time "
        "than ranking all items.",
        words=("ranking",),
    )


def takeaways(found: CoarseToFine) -> Text:
    """What the run says, in plain sentences."""
    return bullets([*_best_and_worst(found), *_recommended(found), *_even(found)])


def _best_and_worst(found: CoarseToFine):
    middle = found.kept["candidates"].unique()
    k = 100 if 100 in middle else int(middle[len(middle) // 2])
    rows = found.kept[(found.kept["candidates"] == k) & (found.kept["direction"] == "t2i")]
    if len(rows) < 2:
        return
    best, worst = (rows.loc[rows["kept_percent"].agg(end)] for end in ("idxmax", "idxmin"))
    yield (
        f"*What a screen drops is lost.* Among {k} candidates for a sentence, {best['screen']} "
        f"keeps a right image for {best['kept_percent']:.1f} % of the queries, {worst['screen']} "
        f"for {worst['kept_percent']:.1f} %."
    )


def _recommended(found: CoarseToFine):
    """The fewest candidates and bits with which hardly anything is lost, for each ranking model."""
    rows = found.found[found.found["metric"] == "R@1"]
    for ranker, part in rows.groupby("ranker", sort=False):
        worst = part.groupby(["screen", "candidates"])["gap_low"].min()
        near = worst[worst > -NEAR].reset_index()
        if near.empty:
            yield (
                f"*No screen of this run is free for {ranker}*: none keeps its R@1 to within "
                f"{NEAR:g} point in both directions, intervals included."
            )
            continue
        near["bits"] = near["screen"].map(found.bits)
        best = near.sort_values(["candidates", "bits"]).iloc[0]
        yield (
            f"*The smallest screen that costs {ranker} nothing to speak of* is {best['screen']} "
            f"({best['bits']} bits) with K = {best['candidates']}: R@1 stays within {NEAR:g} point "
            "in both directions, intervals included."
        )


def _even(found: CoarseToFine):
    for ranker, part in found.even.groupby("ranker", sort=False):
        row = part.sort_values(["bits", "candidates"]).iloc[0]
        kind = found.rankers[ranker]
        if np.isinf(row["items"]):
            yield f"*Against {kind}, screening never pays*: a pair of codes takes as long."
            continue
        yield (
            f"*Against {kind}, screening pays beyond {np.ceil(row['items']):,.0f} items*, with "
            f"{row['bits']} bits and {row['candidates']} candidates."
        )
