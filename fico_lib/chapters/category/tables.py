"""What a reader of the category chapter sees: tables beside the paper's, and sentences."""

from collections.abc import Iterator, Sequence

import pandas as pd

from fico_lib.chapters.category.results import Comparison, mean_accuracy
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.metrics import TOP_K_DENOMINATORS
from fico_lib.report.ranks import place
from fico_lib.report.reference_rows import CHANCE, RANDOM, name_of, names
from fico_lib.report.table import Table, Text, bullets, interval_of, percentage, signed, stated
from fico_lib.report.wide_table import beside_the_paper, by_direction, each_direction, wide_table

PLACE = "place"
# The paper's data set with the label skew of ours.
PAPER = {"coco": "mscoco", "flickr": "flickr30k"}
PAPER_NAMES = {"mscoco": "MS-COCO", "flickr30k": "Flickr30K"}
CONTROL_LINES = {
    "pairs_float": ("pairs only", "float"),
    "pairs_binary": ("pairs only", "binary"),
    "labels_float": ("labels", "float"),
    "labels_binary": ("labels", "binary"),
    CHANCE: ("nothing (chance)", ""),
}


def _means(compared: Comparison, data: str) -> pd.DataFrame:
    """The means over seeds of one data set, indexed by model, direction and metric."""
    means = mean_accuracy(compared.accuracy)
    return means[means["data"] == data].set_index(["model", "direction", "metric"])


def metrics(compared: Comparison) -> list[str]:
    """The names of the precision metrics: mAP@10, ..., mAP@N."""
    return [*(f"mAP@{k}" for k in compared.depths), "mAP@N"]


def _order(compared: Comparison, data: str) -> list[str]:
    """Models, controls and the random scorer of a data set, in order."""
    return list(dict.fromkeys(compared.accuracy.loc[compared.accuracy["data"] == data, "model"]))


def facts_of_the_task(compared: Comparison) -> Text:
    """How large the tasks are, what chance is, and by which conventions."""
    sentences = []
    for data, (images, captions) in compared.sizes.items():
        means = _means(compared, data)
        i2t, t2i = (means.loc[(RANDOM, d, "mAP@N")] for d in DIRECTIONS)
        unlabelled = int(i2t["empty_queries"])
        sentences.append(
            f"**{data}**: {images:,} images, {captions:,} captions, all of them candidates; a "
            f"random ranking scores an mAP@N of {i2t['chance_percent']:.1f} % (image to text) and "
            f"{t2i['chance_percent']:.1f} % (text to image)"
            + (f"; {unlabelled} images without a label are no queries." if unlabelled else ".")
        )
    conventions = ", ".join(f"{name} `{value}`" for name, value in compared.how.items())
    return bullets([*sentences, f"Conventions: {conventions}."])


def precision(compared: Comparison, data: str) -> Table:
    """mAP at each depth in both directions, chance-corrected beside it, with intervals."""
    means = _means(compared, data)

    def cell(model: str, direction: str, metric: str) -> str:
        if model == CHANCE:
            if metric == PLACE:
                return ""
            return f"{means.loc[(RANDOM, direction, metric), 'chance_percent']:.1f} (0.0)"
        if metric == PLACE:
            return place(means.loc[(model, direction, "mAP@N")])
        row = means.loc[(model, direction, metric)]
        if pd.isna(row["percent"]):
            return "n/a"
        value, interval = interval_of(row).split("\n")
        deviation = "" if pd.isna(row["seed_deviation"]) else f"\n± {row['seed_deviation']:.1f}"
        return f"{value} ({row['corrected_percent']:.1f})\n{interval}{deviation}"

    shown = means[means.index.isin(metrics(compared), level="metric")]
    notes = (
        " Place: which places among the models at mAP@N the intervals leave open; models that may "
        "be first are tied with the best."
        if data in compared.runs
        else ""
    )
    if shown["seed_deviation"].notna().any():
        notes += " After ±: the standard deviation over seeds."
    if shown["percent"].isna().any():
        notes += " n/a: a partly reranked list has no value at that depth."
    return wide_table(
        names([*_order(compared, data), CHANCE]),
        by_direction([*metrics(compared), *([PLACE] if data in compared.runs else [])]),
        cell,
        f"Mean average precision on {data} in percent, in parentheses corrected for chance, with "
        f"95 % intervals below.{notes}",
    )


def denominators(compared: Comparison) -> Table:
    """mAP at each depth under the three denominators; at N they agree."""
    rows = compared.denominators.set_index(["model", "direction", "metric", "denominator"])

    def cell(model: str, *place: str) -> str:
        if model == CHANCE:
            return percentage(rows.loc[(RANDOM, *place), "chance_percent"])
        return percentage(rows.loc[(model, *place), "percent"])

    return wide_table(
        each_direction([*dict.fromkeys(compared.denominators["model"]), CHANCE]),
        {(m, d): (m, d) for m in metrics(compared) for d in TOP_K_DENOMINATORS},
        cell,
        f"The same rankings of {compared.denominators['data'].iloc[0]} under the three "
        "denominators of AP@k, percent.",
        labels=("model", "direction"),
    )


def denominators_in_words(compared: Comparison) -> Text:
    """What the denominator does to the random scorer at the first depth."""
    rows, metric = compared.denominators, metrics(compared)[0]
    part = rows[(rows["model"] == RANDOM) & (rows["metric"] == metric)]
    chance = part[part["direction"] == "i2t"].set_index("denominator")["chance_percent"]
    return Text(
        f"From image to text, a random ranking scores an {metric} of {chance['hits']:.1f} % when "
        f"AP is divided by the hits in the list, {chance['min']:.1f} % when by the relevant items "
        f"that the list could hold, and {chance['total']:.1f} % when by all relevant items."
    )


def beside_table_4(compared: Comparison, data: str) -> Table:
    """The paper's Table 4 as printed, for its data set with the like skew, and our rows below."""
    dataset = next((paper for skew, paper in PAPER.items() if f"{skew}-like" in data), "mscoco")
    return beside_the_paper(
        4,
        dataset,
        ("mAP@10", "mAP@100", "mAP@N"),
        _order(compared, data),
        _means(compared, data)["percent"],
        f"The paper's Table 4, {PAPER_NAMES[dataset]} as printed, and this run on {data}.",
    )


def controls(compared: Comparison, data: str) -> Table:
    """The 2×2 of the controls in both tasks: with labels or not, float or binary; and chance."""
    means = _means(compared, data)

    def cell(model: str, *place: str) -> str:
        if model == CHANCE:
            return percentage(means.loc[(RANDOM, *place), "chance_percent"])
        return percentage(means.loc[(model, *place), "percent"])

    return wide_table(
        CONTROL_LINES,
        by_direction(["R@1", *metrics(compared)]),
        cell,
        f"The controls on {data}, percent: the same inputs, two heads, before and after ITQ.",
        labels=("known in training", "form"),
    )


def factors(compared: Comparison) -> Table:
    """What supervision and what binarisation changes, in points with paired intervals."""
    keys = ["data", "factor", "at"]
    gaps = compared.gaps.set_index([*keys, "direction", "metric"])
    lines = dict.fromkeys(compared.gaps[keys].itertuples(index=False, name=None))
    return wide_table(
        {line: line for line in lines},
        by_direction(["R@1", "mAP@N"]),
        lambda *key: signed(gaps.loc[key], between="\n"),
        "What each factor adds while the other stays, in points with 95 % paired intervals.",
        labels=keys,
    )


def factors_in_words(compared: Comparison) -> Text:
    """Which factor gives the category gain, and which costs the instance recall."""
    return bullets(list(_factor_sentences(compared)))


def _factor_sentences(compared: Comparison) -> Iterator[str]:
    for data in compared.sizes:
        gaps = compared.gaps
        gaps = gaps[gaps["data"] == data]
        for factor, subject in (
            ("labels", "Supervision by labels"),
            ("binarisation", "Binarising"),
        ):
            words = []
            for metric in ("mAP@N", "R@1"):
                part = gaps[(gaps["factor"] == factor) & (gaps["metric"] == metric)]
                low, high = part["gap_percent"].min(), part["gap_percent"].max()
                sure = (part["low"] > 0).all() or (part["high"] < 0).all()
                words.append(
                    f"{metric} by {low:+.1f} to {high:+.1f} points"
                    + ("" if sure else " (not always beyond the uncertainty of the queries)")
                )
            yield f"{subject} changes {' and '.join(words)} (controls, {data})."
        at_n = gaps[gaps["metric"] == "mAP@N"].groupby("factor")
        low, high = at_n["low"].min(), at_n["high"].max()
        if low["labels"] > 0 and high["binarisation"] < 0:
            yield (
                f"On {data} the category gain therefore comes from supervision; binary codes lose "
                "some of it."
            )


def recorded(comparisons: Sequence[tuple[Comparison, dict]]) -> list[Table | Text]:
    """Recorded results with where they come from; one sentence where there are none."""
    if not comparisons:
        return [Text("No such result is recorded in `book/recorded/` of this copy of the study.")]
    shown: list[Table | Text] = []
    for compared, run in comparisons:
        parameters, machine = run["parameters"], run["machine"]
        (data,) = compared.sizes
        shown += [
            Text(
                f"*Recorded*, not computed with this page: by `{run['command']}` on "
                f"`{parameters['data']['annotations']}` and `{parameters['data']['labels']}` "
                f"(split {parameters['split']}), on {run['started'][:10]}, {machine['processor']}, "
                f"{machine['cores']} cores, at commit {run['commit'] or 'unknown'}, in "
                f"{run['durations_seconds']['captions']:.0f} s; {parameters['bits']} bits, seed "
                f"{parameters['seed']}."
            ),
            precision(compared, data),
            controls(compared, data),
            factors_in_words(compared),
        ]
    return shown


def takeaways(compared: Comparison) -> Text:
    """The chapter's findings in sentences, computed from its rows."""
    sentences, rows = [], mean_accuracy(compared.accuracy)
    rows = rows[(rows["kind"] == "model") & (rows["direction"] == "i2t") & rows["percent"].notna()]
    for data in compared.sizes:
        for metric in (metrics(compared)[0], "mAP@N"):
            known = rows[(rows["data"] == data) & (rows["metric"] == metric)]
            if len(known):
                best = known.loc[known["percent"].idxmax()]
                sentences.append(
                    f"**{data}, {metric}**, image to text: best is {name_of(best['model'])} with "
                    f"{stated(best)}; chance is {best['chance_percent']:.1f} %, so that is "
                    f"{best['corrected_percent']:.1f} % of the way from chance to perfect."
                )
    return bullets([*sentences, *_factor_sentences(compared)])
