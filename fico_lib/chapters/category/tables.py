"""What a reader of the category chapter sees: tables beside the paper's, and sentences."""

from collections.abc import Iterator, Sequence

import pandas as pd

from fico_lib.chapters.category.results import Comparison, mean_accuracy
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.metrics import DENOMINATORS
from fico_lib.models import model_card
from fico_lib.models.controls import CONTROLS
from fico_lib.report import published
from fico_lib.report.reference_rows import RANDOM
from fico_lib.report.table import Table, Text, bullets, with_interval

# The paper's data set with the label skew of ours.
PAPER = {"coco": "mscoco", "flickr": "flickr30k"}
PAPER_NAMES = {"mscoco": "MS-COCO", "flickr30k": "Flickr30K"}


def name_of(model: str) -> str:
    """What tables and figures call a model, a control or the random scorer."""
    if model == RANDOM:
        return "random scorer"
    if model in CONTROLS:
        return f"control: {CONTROLS[model]}"
    return f"{model} ({model_card(model).granularity})"


def names(chosen: Sequence[str]) -> dict[str, str]:
    """Model -> its name, in the order given."""
    return {model: name_of(model) for model in chosen}


def _means(compared: Comparison) -> pd.DataFrame:
    means = mean_accuracy(compared.accuracy)
    return means.set_index(["data", "model", "direction", "metric"])


def metrics(compared: Comparison) -> list[str]:
    """The names of the precision metrics: mAP@10, ..., mAP@N."""
    return [*(f"mAP@{k}" for k in compared.depths), "mAP@N"]


def _order(
    compared: Comparison, data: str, kinds: Sequence[str] = ("model", "control", RANDOM)
) -> list[str]:
    """The entries of a data set, in order."""
    rows = compared.accuracy[compared.accuracy["data"] == data]
    return list(dict.fromkeys(rows[rows["kind"].isin(kinds)]["model"]))


def _number(value: float) -> str:
    return "n/a" if pd.isna(value) else f"{value:.1f}"


def facts_of_the_task(compared: Comparison) -> Text:
    """How large the tasks are, what chance is, and by which conventions."""
    means, sentences = _means(compared), []
    for data, (images, captions) in compared.sizes.items():
        i2t, t2i = (means.loc[(data, RANDOM, d, "mAP@N")] for d in DIRECTIONS)
        left_out = int(i2t["empty_queries"])
        sentences.append(
            f"**{data}**: {images:,} images, {captions:,} captions, all of them candidates; a "
            f"random ranking scores an mAP@N of {i2t['chance_percent']:.1f} % (image to text) and "
            f"{t2i['chance_percent']:.1f} % (text to image)"
            + (f"; {left_out} images have no label and ask nothing." if left_out else ".")
        )
    how = ", ".join(f"{name} `{value}`" for name, value in compared.how.items())
    return bullets([*sentences, f"Conventions: {how}."])


def precision(compared: Comparison, data: str) -> Table:
    """mAP at each depth in both directions, chance-corrected beside it, with intervals."""
    means, rows = _means(compared), []
    for model in _order(compared, data):
        row = {("", ""): name_of(model)}
        for direction, title in DIRECTIONS.items():
            for metric in metrics(compared):
                row[title, metric] = _cell(means.loc[(data, model, direction, metric)])
        rows.append(row)
    chance = {("", ""): "chance"}
    for direction, title in DIRECTIONS.items():
        for metric in metrics(compared):
            one = means.loc[(data, RANDOM, direction, metric)]
            chance[title, metric] = f"{one['chance_percent']:.1f} (0.0)"
    frame = pd.DataFrame([*rows, chance])
    notes = {
        "±": " After ±: the standard deviation over seeds.",
        "n/a": " n/a: a reranked, partial list says nothing at that depth.",
    }
    printed = frame.to_csv()
    return Table(
        frame,
        f"Mean average precision on {data} in percent, in parentheses corrected for chance, with "
        f"95 % intervals below.{''.join(note for sign, note in notes.items() if sign in printed)}",
        words=("",),
    )


def _cell(one: pd.Series) -> str:
    if pd.isna(one["percent"]):
        return "n/a"
    first, _, interval = with_interval(one["percent"], one["low"], one["high"]).partition("\n")
    deviation = "" if pd.isna(one["seed_deviation"]) else f"\n± {one['seed_deviation']:.1f}"
    return f"{first} ({one['corrected_percent']:.1f})\n{interval}{deviation}"


def denominators(compared: Comparison) -> Table:
    """mAP at each depth under the three denominators; at N they agree."""
    found = compared.denominators
    rows = []
    for (model, direction), part in found.groupby(["model", "direction"], sort=False):
        cells = part.set_index(["metric", "denominator"])["percent"]
        row = {("", ""): name_of(model), ("", "direction"): DIRECTIONS[direction]}
        for metric in metrics(compared):
            for denominator in DENOMINATORS:
                row[metric, denominator] = _number(cells[metric, denominator])
        rows.append(row)
    for direction, title in DIRECTIONS.items():
        part = found[(found["model"] == RANDOM) & (found["direction"] == direction)]
        cells = part.set_index(["metric", "denominator"])["chance_percent"]
        row = {("", ""): "chance", ("", "direction"): title}
        for metric in metrics(compared):
            row |= {(metric, d): _number(cells[metric, d]) for d in DENOMINATORS}
        rows.append(row)
    return Table(
        pd.DataFrame(rows),
        f"The same rankings of {found['data'].iloc[0]} under the three denominators of AP@k, "
        "percent.",
        words=("", "direction"),
    )


def denominators_in_words(compared: Comparison) -> Text:
    """What the denominator does to the random scorer at the first depth."""
    found, metric = compared.denominators, metrics(compared)[0]
    part = found[(found["model"] == RANDOM) & (found["metric"] == metric)]
    chance = part[part["direction"] == "i2t"].set_index("denominator")["chance_percent"]
    return Text(
        f"From image to text, a random ranking is worth an {metric} of {chance['hits']:.1f} % when "
        f"AP is divided by the hits it happened to have, {chance['min']:.1f} % when by what the "
        f"list could hold, and {chance['total']:.1f} % when by all that is relevant."
    )


def beside_table_4(compared: Comparison, data: str) -> Table:
    """The paper's Table 4 as printed, for its data set with the like skew, and our rows below."""
    theirs = next((p for skew, p in PAPER.items() if f"{skew}-like" in data), "mscoco")
    printed = published.wide(4, dataset=theirs, printed=True)
    labels = published.table(4).drop_duplicates("model").set_index("model")["name"]
    means, columns, rows = _means(compared), ("mAP@10", "mAP@100", "mAP@N"), []
    for model in printed.index:
        row = {("", "model"): labels[model], ("", "from"): "paper"}
        for direction, title in DIRECTIONS.items():
            row |= {(title, metric): printed.loc[model, (direction, metric)] for metric in columns}
        rows.append(row)
    for model in _order(compared, data):
        row = {("", "model"): name_of(model), ("", "from"): "this run"}
        for direction, title in DIRECTIONS.items():
            for metric in columns:
                there = (data, model, direction, metric) in means.index
                value = means.loc[(data, model, direction, metric), "percent"] if there else None
                row[title, metric] = _number(value)
        rows.append(row)
    return Table(
        pd.DataFrame(rows),
        f"The paper's Table 4, {PAPER_NAMES[theirs]} as printed, and this run on {data}.",
        words=("model", "from"),
    )


def controls(compared: Comparison, data: str) -> Table:
    """The 2×2 of the controls in both tasks: with labels or not, float or binary; and chance."""
    means, rows = _means(compared), []

    def cells(model: str, column: str) -> dict:
        return {
            (title, metric): _number(means.loc[(data, model, direction, metric), column])
            for direction, title in DIRECTIONS.items()
            for metric in ("R@1", *metrics(compared))
        }

    for head, what in (("pairs", "pairs only"), ("labels", "labels")):
        for form in ("float", "binary"):
            row = {("", "known in training"): what, ("", "form"): form}
            rows.append(row | cells(f"{head}_{form}", "percent"))
    chance = {("", "known in training"): "nothing (chance)", ("", "form"): ""}
    rows.append(chance | cells(RANDOM, "chance_percent"))
    return Table(
        pd.DataFrame(rows),
        f"The controls on {data}, percent: the same inputs, two heads, before and after ITQ.",
        words=("known in training", "form"),
    )


def _signed(row) -> str:
    return f"{row.gap_percent:+.1f} [{row.low:+.1f}, {row.high:+.1f}]"


def factors(compared: Comparison) -> Table:
    """What supervision and what binarisation changes, in points with paired intervals."""
    gaps = compared.gaps[compared.gaps["at"] != ""]
    rows = []
    for (data, factor, at), part in gaps.groupby(["data", "factor", "at"], sort=False):
        row = {("", "data"): data, ("", "factor"): factor, ("", "at"): at}
        for one in part[part["metric"].isin(["R@1", "mAP@N"])].itertuples():
            row[DIRECTIONS[one.direction], one.metric] = _signed(one).replace(" ", "\n", 1)
        rows.append(row)
    return Table(
        pd.DataFrame(rows),
        "What each factor adds while the other stays, in points with 95 % paired intervals.",
        words=("data", "factor", "at"),
    )


def factors_in_words(compared: Comparison) -> Text:
    """Which factor gives the category gain, and which costs the instance recall."""
    return bullets(list(_factor_sentences(compared)))


def _factor_sentences(compared: Comparison) -> Iterator[str]:
    for data in compared.sizes:
        gaps = compared.gaps[(compared.gaps["data"] == data) & (compared.gaps["at"] != "")]
        for factor, doing in (("labels", "Supervision by labels"), ("binarisation", "Binarising")):
            words = []
            for metric in ("mAP@N", "R@1"):
                part = gaps[(gaps["factor"] == factor) & (gaps["metric"] == metric)]
                low, high = part["gap_percent"].min(), part["gap_percent"].max()
                sure = (part["low"] > 0).all() or (part["high"] < 0).all()
                words.append(
                    f"{metric} by {low:+.1f} to {high:+.1f} points"
                    + ("" if sure else " (not always beyond the uncertainty of the queries)")
                )
            yield f"{doing} changes {' and '.join(words)} (controls, {data})."
        at_n = gaps[gaps["metric"] == "mAP@N"].groupby("factor")
        low, high = at_n["low"].min(), at_n["high"].max()
        if low["labels"] > 0 and high["binarisation"] < 0:
            yield (
                f"On {data} the category gain is therefore one of supervision; being binary costs "
                "some of it."
            )


def recorded(found: Sequence[tuple[Comparison, dict]]) -> list[Table | Text]:
    """Recorded results with where they come from; one sentence where there are none."""
    if not found:
        return [Text("No such result is recorded in `book/recorded/` of this copy of the study.")]
    shown: list[Table | Text] = []
    for compared, run in found:
        asked, machine = run["parameters"], run["machine"]
        (data,) = compared.sizes
        shown += [
            Text(
                f"*Recorded*, not computed with this page: by `{run['command']}` on "
                f"`{asked['data']['annotations']}` and `{asked['data']['labels']}` (split "
                f"{asked['split']}), on {run['started'][:10]}, {machine['processor']}, "
                f"{machine['cores']} cores, at commit {run['commit'] or 'unknown'}, in "
                f"{run['durations_seconds']['captions']:.0f} s; {asked['bits']} bits, seed "
                f"{asked['seed']}."
            ),
            precision(compared, data),
            controls(compared, data),
            factors_in_words(compared),
        ]
    return shown


def takeaways(compared: Comparison) -> Text:
    """The chapter's findings in sentences, computed from its rows."""
    means, sentences = _means(compared), []
    for data in compared.sizes:
        for metric in (metrics(compared)[0], "mAP@N"):
            known = means.loc[
                [(data, m, "i2t", metric) for m in _order(compared, data, ("model",))]
            ]
            known = known[known["percent"].notna()]
            if len(known):
                best = known["percent"].idxmax()
                one, chance = known.loc[best], known.loc[best, "chance_percent"]
                sentences.append(
                    f"**{data}, {metric}**, image to text: best is {name_of(best[1])} with "
                    f"{one['percent']:.1f} % [{one['low']:.1f}, {one['high']:.1f}]; chance is "
                    f"{chance:.1f} %, so {one['corrected_percent']:.1f} % of the way from chance "
                    "to perfect."
                )
    return bullets([*sentences, *_factor_sentences(compared)])


def beside_in_words(compared: Comparison) -> Text:
    """Which of the paper's findings this run shows, and which it does not."""
    return bullets([*_granularity_sentences(compared), *_skew_sentences(compared)])


def _granularity_sentences(compared: Comparison) -> Iterator[str]:
    gaps = compared.gaps[compared.gaps["factor"] == "best FG, best CG"]
    first = metrics(compared)[0]
    for metric, sign, finding in (
        (first, 1, f"Fine-grained models are best at {first}"),
        ("mAP@N", -1, "Coarse-grained models are competitive or best at mAP@N"),
    ):
        for data, part in gaps[gaps["metric"] == metric].groupby("data", sort=False):
            found = [
                f"{DIRECTIONS[row.direction]} {_verdict(sign * row.low, sign * row.high)}, "
                f"{row.model} against {row.than} {_signed(row)}"
                for row in part.itertuples()
            ]
            yield f"*{finding}*, {data}: {'; '.join(found)}."


def _verdict(a: float, b: float) -> str:
    """In words, what the interval between `a` and `b` says of a positive difference."""
    low, high = sorted((a, b))
    return "seen" if low > 0 else "the opposite seen" if high < 0 else "not decided"


def _skew_sentences(compared: Comparison) -> Iterator[str]:
    """Whether the easier data set is still easier once chance is taken out."""
    if len(compared.sizes) < 2:
        return
    rows = mean_accuracy(compared.accuracy)
    rows = rows[(rows["kind"] == "model") & (rows["metric"] == "mAP@N")]
    everywhere = rows.groupby("model")["data"].transform("nunique") == len(compared.sizes)
    rows = rows[everywhere]
    by_data = rows.groupby("data", sort=False)[["percent", "corrected_percent"]].mean()
    said = [
        f"{data} {one['percent']:.1f} % (corrected for chance {one['corrected_percent']:.1f} %)"
        for data, one in by_data.iterrows()
    ]
    same = by_data["percent"].idxmax() == by_data["corrected_percent"].idxmax()
    yield (
        "*The data set whose images mostly share one label is the easier one*: mean mAP@N of the "
        f"models that are compared on both is {', '.join(said)}; once chance is taken out "
        + ("the order stays." if same else "the order turns round.")
    )
