"""What a reader of the instance chapter sees: tables beside the paper's, and sentences."""

from collections.abc import Sequence

import pandas as pd

from fico_lib.chapters.instance.results import Comparison
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.models import model_card, model_class
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.report import published
from fico_lib.report.reference_rows import NAMES
from fico_lib.report.table import Table, Text, bullets, with_interval


def names(models: Sequence[str]) -> dict[str, str]:
    """Model -> the name that figures and tables show, with its granularity."""
    return {
        model: NAMES.get(model) or f"{model} ({model_card(model).granularity})" for model in models
    }


def models(chosen: Sequence[str], training: TrainingParameters) -> Table:
    """The model cards as a table in the manner of the paper's Table 1."""
    cards = [model_card(model) for model in chosen]
    frame = pd.DataFrame(
        {
            "model": list(chosen),
            "what": [card.title for card in cards],
            "granularity": [card.granularity for card in cards],
            "query-time attention": [card.query_time_attention for card in cards],
            "dimension": [model_class(model).dimension(training) for model in chosen],
            "image features": [card.image_features for card in cards],
            "text features": [card.text_features for card in cards],
            "dtype": [card.dtype for card in cards],
            "after": [card.reference for card in cards],
        }
    )
    return Table(
        frame, "The models of this run, in the columns of the paper's Table 1.", words=frame.columns
    )


def facts_of_the_task(compared: Comparison) -> Text:
    """How large the task is."""
    seeds = ", ".join(map(str, compared.seeds))
    return Text(
        f"The test split has {compared.n_images:,} images and {compared.n_captions:,} captions, "
        f"all of them candidates. Seeds: {seeds}."
    )


def _means(compared: Comparison) -> pd.DataFrame:
    return compared.means.set_index(["model", "direction", "k"])


def _models(compared: Comparison) -> list[str]:
    return list(dict.fromkeys(compared.means["model"]))


def percentage(value: float) -> str:
    """A percentage; a list that was reranked in part has no value at some depths."""
    return "n/a" if pd.isna(value) else f"{value:.1f}"


def interval_of(row: pd.Series | dict, value: str = "percent") -> str:
    """A row's percentage with its interval, which its columns `low` and `high` hold."""
    return with_interval(row[value], row["low"], row["high"])


def recall(compared: Comparison) -> Table:
    """R@k with intervals in both directions, median rank and R@sum, and the chance level."""
    means, ranks = _means(compared), compared.ranks.groupby(["model", "direction"], sort=False)
    ranks, rows = ranks.mean(numeric_only=True), []
    sums = compared.sums.set_index("model") if len(compared.sums) else None
    for model in _models(compared):
        row = {("", "model"): names([model])[model]}
        for direction, title in DIRECTIONS.items():
            for k in compared.headline:
                row[title, f"R@{k}"] = _recall_cell(means, (model, direction, k))
            row[title, "MedR"] = percentage(ranks.loc[(model, direction), "median_rank"])
        if sums is not None:
            one = sums.loc[model]
            row["", "R@sum"] = with_interval(one["r_sum_percent"], one["low"], one["high"])
        rows.append(row)
    rows.append(_chance_row(compared, means))
    deviation = " After ±: the standard deviation over seeds." if len(compared.seeds) > 1 else ""
    return Table(
        pd.DataFrame(rows).fillna(""),
        f"Queries answered within the first k, in percent, with 95 % intervals.{deviation} "
        "MedR: the median rank of the first right answer. The oracles know the labels alone, "
        "and which texts describe an image; images that share texts stay a guess even then.",
        words=("model",),
    )


def _recall_cell(means: pd.DataFrame, key: tuple) -> str:
    if key not in means.index:
        return "n/a"
    one = means.loc[key]
    value = with_interval(one["percent"], one["low"], one["high"])
    return value if pd.isna(one["seed_deviation"]) else f"{value}\n± {one['seed_deviation']:.1f}"


def _chance_row(compared: Comparison, means: pd.DataFrame) -> dict:
    model = _complete(compared)
    row = {("", "model"): "chance"}
    for direction, title in DIRECTIONS.items():
        for k in compared.headline:
            row[title, f"R@{k}"] = f"{means.loc[(model, direction, k), 'chance_percent']:.1f}"
        row[title, "MedR"] = ""
    return row


def _complete(compared: Comparison) -> str:
    """A model with a value at every depth, if there is one."""
    return compared.means["model"].value_counts(sort=False).idxmax()


def _codes(compared: Comparison) -> list[str]:
    rows = compared.means
    return list(dict.fromkeys(rows[rows["granularity"] == "CG"]["model"]))


def first_stage(compared: Comparison) -> Text:
    """What the codes would keep, and lose, as a first stage."""
    means, sentences = _means(compared), []
    for model in _codes(compared):
        k = int(compared.means["k"].max())
        share = {d: means.loc[(model, d, k), "percent"] for d in DIRECTIONS}
        chance = {d: means.loc[(model, d, k), "chance_percent"] for d in DIRECTIONS}
        sentences.append(
            f"With the {k} nearest codes of {model}, the right item is still there for "
            f"{share['i2t']:.1f} % of the image queries and {share['t2i']:.1f} % of the text "
            f"queries (chance: {chance['i2t']:.1f} % and {chance['t2i']:.1f} %). The rest is lost "
            "before any second stage can see it."
        )
    return bullets(sentences or ["No model of this run has hash codes."])


def ties(compared: Comparison) -> Table:
    """R@k at the first headline cut under the three ways to break ties."""
    means, k = _means(compared), compared.headline[0]
    columns = {
        "all lost": "pessimistic_percent",
        "as reported": "percent",
        "all won": "optimistic_percent",
    }
    rows = []
    for model, name in names(_models(compared)).items():
        row = {("", "model"): name}
        for direction, title in DIRECTIONS.items():
            one = means.loc[(model, direction, k)]
            row |= {(title, label): f"{one[column]:.1f}" for label, column in columns.items()}
        rows.append(row)
    return Table(pd.DataFrame(rows), f"What ties are worth: R@{k} in percent.", words=("model",))


def _beside(compared: Comparison, number: int, cuts: list[int], ours: Sequence[str]) -> Table:
    """The paper's rows of a table (Flickr30K) and ours, in the paper's columns."""
    means, printed = _means(compared), published.wide(number, dataset="flickr30k", printed=True)
    labels = published.table(number).drop_duplicates("model").set_index("model")["name"]
    rows = []
    for model in printed.index:
        row = {("", "model"): labels[model], ("", "from"): "paper"}
        for d, title in DIRECTIONS.items():
            row |= {(title, f"R@{k}"): printed.loc[model, (d, f"R@{k}")] for k in cuts}
        rows.append(row)
    for model in ours:
        row = {("", "model"): names([model])[model], ("", "from"): "this run"}
        for d, title in DIRECTIONS.items():
            for k in cuts:
                there = (model, d, k) in means.index
                row[title, f"R@{k}"] = percentage(means["percent"][model, d, k]) if there else "n/a"
        rows.append(row)
    return Table(
        pd.DataFrame(rows),
        f"The paper's Table {number}, Flickr30K as printed, and this run on its own data.",
        words=("model", "from"),
    )


def beside_table_2(compared: Comparison) -> Table:
    """The paper's Table 2 (R@1, R@5, R@10) with all models of this run below."""
    return _beside(compared, 2, [1, 5, 10], _models(compared))


def beside_table_3(compared: Comparison) -> Table:
    """The paper's Table 3 (R@50, R@100, R@200 of the codes) with this run's codes below."""
    return _beside(compared, 3, [50, 100, 200], _codes(compared))


def gaps(compared: Comparison) -> Table | Text:
    """By how much fine-grained models are ahead of each code at the first cut."""
    if compared.gaps.empty:
        return Text("This run has no fine-grained and coarse-grained model to compare.")
    rows, k = [], compared.headline[0]
    found = compared.gaps[compared.gaps["k"] == k].set_index(["model", "than", "direction"])
    for model in dict.fromkeys(compared.gaps["model"]):
        row = {("", "model"): names([model])[model]}
        for direction, title in DIRECTIONS.items():
            for than in dict.fromkeys(compared.gaps["than"]):
                one = found.loc[(model, than, direction)]
                row[title, f"- {than}"] = with_interval(one["gap_percent"], one["low"], one["high"])
        rows.append(row)
    several = len(compared.seeds) > 1
    return Table(
        pd.DataFrame(rows),
        f"R@{k} of each fine-grained model minus that of each code, in points. Intervals are of "
        + ("queries and seeds." if several else "queries alone: one seed was run."),
        words=("model",),
    )


def takeaways(compared: Comparison, further: Sequence[str] = ()) -> Text:
    """The chapter's findings in sentences, computed from its rows; `further` ones at the end."""
    means, first = _means(compared), compared.headline[0]
    sentences = []
    for kind, title in (("FG", "fine-grained"), ("CG", "coarse-grained")):
        for direction, words in DIRECTIONS.items():
            rows = compared.means[
                (compared.means["granularity"] == kind)
                & (compared.means["k"] == first)
                & (compared.means["direction"] == direction)
            ]
            if rows.empty:
                continue
            top, low = (rows.loc[rows["percent"].apply("idx" + e)] for e in ("max", "min"))
            sentence = (
                f"{words.capitalize()}, the best {title} model, **{top['model']}**, answers "
                f"{top['percent']:.1f} % [{top['low']:.1f}, {top['high']:.1f}] of the queries at "
                f"rank {first}"
            )
            if len(rows) > 1:
                sentence += f", the weakest, {low['model']}, {low['percent']:.1f} %"
            chance = means.loc[(top["model"], direction, first), "chance_percent"]
            sentences.append(f"{sentence} (chance: {chance:.1f} %).")
    sentences += _undecided(compared)
    return bullets([*sentences, *further])


def _undecided(compared: Comparison) -> list[str]:
    if compared.gaps.empty:
        return []
    found = compared.gaps[compared.gaps["k"] == compared.headline[0]]
    close = found[(found["low"] <= 0) & (found["high"] >= 0)]
    several = "queries and seeds" if len(compared.seeds) > 1 else "queries"
    sentence = (
        f"Of {len(found)} differences between a fine-grained model and a code at rank "
        f"{compared.headline[0]}, {len(found) - len(close)} exceed the uncertainty of the {several}"
    )
    ahead = found[found["high"] < 0]
    if len(ahead):
        sentence += f"; in {len(ahead)} of these the code is ahead"
    return [sentence + "."]
