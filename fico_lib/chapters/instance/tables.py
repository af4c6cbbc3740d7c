"""What a reader of the instance chapter sees: tables beside the paper's, and sentences."""

from collections.abc import Sequence

import pandas as pd

from fico_lib.chapters.instance.results import Comparison
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.models import model_card, model_class
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.report.ranks import place
from fico_lib.report.reference_rows import CHANCE, names
from fico_lib.report.table import Table, Text, bullets, interval_of, percentage, stated
from fico_lib.report.wide_table import beside_the_paper, by_direction, wide_table


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
    """The means over seeds, indexed by model, direction and metric ("R@1")."""
    means = compared.means.assign(metric="R@" + compared.means["k"].astype(str))
    return means.set_index(["model", "direction", "metric"])


def _models(compared: Comparison) -> list[str]:
    return list(dict.fromkeys(compared.means["model"]))


def recall(compared: Comparison) -> Table:
    """R@k with intervals in both directions, median rank and R@sum, and the chance level."""
    means, complete = _means(compared), _complete(compared)
    first = f"R@{compared.headline[0]}"
    ranks = compared.ranks.groupby(["model", "direction"])["median_rank"].mean()
    sums = compared.sums.set_index("model") if len(compared.sums) else None

    def cell(model: str, direction: str, column: str) -> str:
        if column == "R@sum":
            return interval_of(sums.loc[model], "r_sum_percent") if model in sums.index else ""
        if column == "MedR":
            return "" if model == CHANCE else percentage(ranks[model, direction])
        if column == "place":
            return "" if model == CHANCE else place(means.loc[(model, direction, first)])
        if model == CHANCE:
            return percentage(means.loc[(complete, direction, column), "chance_percent"])
        return _recall_cell(means, (model, direction, column))

    columns = by_direction([*(f"R@{k}" for k in compared.headline), "MedR", "place"])
    if sums is not None:
        columns["", "R@sum"] = ("", "R@sum")
    deviation = " After ±: the standard deviation over seeds." if len(compared.seeds) > 1 else ""
    return wide_table(
        names([*_models(compared), CHANCE]),
        columns,
        cell,
        f"Queries answered within the first k, in percent, with 95 % intervals.{deviation} "
        f"MedR: the median rank of the first right answer. Place: which places among the models at "
        f"{first} the intervals leave open; models that may be first are tied with the best. The "
        "label oracle knows only "
        "labels; the caption oracle knows which texts describe an image, and must guess where "
        "images share texts. Controls are solved in closed form: canonical correlations of pairs, "
        "ridge regression to labels, and ITQ codes of both.",
    )


def _recall_cell(means: pd.DataFrame, key: tuple) -> str:
    if key not in means.index:
        return "n/a"
    row = means.loc[key]
    value = interval_of(row)
    return value if pd.isna(row["seed_deviation"]) else f"{value}\n± {row['seed_deviation']:.1f}"


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
        share = {d: means.loc[(model, d, f"R@{k}"), "percent"] for d in DIRECTIONS}
        chance = {d: means.loc[(model, d, f"R@{k}"), "chance_percent"] for d in DIRECTIONS}
        sentences.append(
            f"The {k} nearest codes of {model} contain a right item for {share['i2t']:.1f} % of "
            f"the image queries and {share['t2i']:.1f} % of the text queries (chance: "
            f"{chance['i2t']:.1f} % and {chance['t2i']:.1f} %). For the others it is lost before "
            "any second stage can see it."
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

    def cell(model: str, direction: str, label: str) -> str:
        return percentage(means.loc[(model, direction, f"R@{k}"), columns[label]])

    caption = f"What ties are worth: R@{k} in percent."
    return wide_table(names(_models(compared)), by_direction(columns), cell, caption)


def _beside(compared: Comparison, number: int, cuts: list[int], models: Sequence[str]) -> Table:
    """The paper's rows of a table (Flickr30K) and ours, in the paper's columns."""
    return beside_the_paper(
        number,
        "flickr30k",
        [f"R@{k}" for k in cuts],
        models,
        _means(compared)["percent"],
        f"The paper's Table {number}, Flickr30K as printed, and this run on its own data.",
    )


def beside_table_2(compared: Comparison) -> Table:
    """The paper's Table 2 (R@1, R@5, R@10) with all models of this run below."""
    return _beside(compared, 2, [1, 5, 10], _models(compared))


def beside_table_3(compared: Comparison) -> Table:
    """The paper's Table 3 (R@50, R@100, R@200 of the codes) with this run's codes below."""
    return _beside(compared, 3, [50, 100, 200], _codes(compared))


def _first_gaps(compared: Comparison) -> pd.DataFrame:
    return compared.gaps[compared.gaps["k"] == compared.headline[0]]


def gaps(compared: Comparison) -> Table | Text:
    """By how much fine-grained models are ahead of each code at the first cut."""
    if compared.gaps.empty:
        return Text("This run has no fine-grained and coarse-grained model to compare.")
    rows = _first_gaps(compared).set_index(["model", "direction", "than"])
    return wide_table(
        names(dict.fromkeys(compared.gaps["model"])),
        {
            (direction, code): (title, f"- {code}")
            for direction, title in DIRECTIONS.items()
            for code in dict.fromkeys(compared.gaps["than"])
        },
        lambda *key: interval_of(rows.loc[key], "gap_percent"),
        f"R@{compared.headline[0]} of each fine-grained model minus that of each code, in points. "
        "Intervals cover " + _covered(compared),
    )


def _covered(compared: Comparison) -> str:
    """What the intervals are over."""
    return "queries and seeds." if len(compared.seeds) > 1 else "queries only: one seed was run."


def takeaways(compared: Comparison, further: Sequence[str] = ()) -> Text:
    """The chapter's findings in sentences, computed from its rows; `further` ones at the end."""
    first, sentences = compared.headline[0], []
    means = compared.means[compared.means["k"] == first]
    for kind, title in (("FG", "fine-grained"), ("CG", "coarse-grained")):
        for direction, words in DIRECTIONS.items():
            rows = means[(means["granularity"] == kind) & (means["direction"] == direction)]
            if rows.empty:
                continue
            top, low = (rows.loc[rows["percent"].apply("idx" + e)] for e in ("max", "min"))
            sentence = (
                f"{words.capitalize()}, the best {title} model, **{top['model']}**, answers "
                f"{stated(top)} of the queries at rank {first}"
            )
            if len(rows) > 1:
                sentence += f", the weakest, {low['model']}, {low['percent']:.1f} %"
            sentences.append(f"{sentence} (chance: {top['chance_percent']:.1f} %).")
    return bullets([*sentences, *_tied(compared), *_undecided(compared), *further])


def _tied(compared: Comparison) -> list[str]:
    """Which models may be the best, where several were compared."""
    means = compared.means[compared.means["k"] == compared.headline[0]]
    known, sentences = means[means["best_rank"].notna()], []
    for direction, words in DIRECTIONS.items():
        rows = known[known["direction"] == direction]
        if len(rows) > 1:
            first = list(rows.loc[rows["best_rank"] == 1, "model"])
            sentences.append(
                f"{words.capitalize()}, of {len(rows)} models "
                + (f"{', '.join(first)} are tied for the first place." if len(first) > 1
                   else f"{first[0]} alone may be the best.")
            )  # fmt: skip
    return sentences


def _undecided(compared: Comparison) -> list[str]:
    if compared.gaps.empty:
        return []
    rows = _first_gaps(compared)
    clear = rows[rows["clear"]]
    several = "queries and seeds" if len(compared.seeds) > 1 else "queries"
    sentence = (
        f"Of {len(rows)} differences between a fine-grained model and a code at rank "
        f"{compared.headline[0]}, {len(clear)} exceed the uncertainty of the {several}"
    )
    ahead = clear[clear["gap_percent"] < 0]
    if len(ahead):
        sentence += f"; in {len(ahead)} of these the code is ahead"
    return [f"{sentence} (corrected for their number)."]
