"""What a reader of the instance chapter sees: tables beside the paper's, and sentences."""

from collections.abc import Sequence

import pandas as pd

from fico_lib import published
from fico_lib.models import model_card
from fico_lib.results.instance import Comparison, over_seeds
from fico_lib.tables.show import Table, Text, bullets, with_interval

DIRECTIONS = {"i2t": "image to text", "t2i": "text to image"}


def names(models: Sequence[str]) -> dict[str, str]:
    """Model -> the name that figures and tables show, with its granularity."""
    return {model: f"{model} ({model_card(model).granularity})" for model in models}


def models(chosen: Sequence[str]) -> Table:
    """The model cards as a table in the manner of the paper's Table 1."""
    cards = [model_card(model) for model in chosen]
    frame = pd.DataFrame(
        {
            "model": list(chosen),
            "what": [card.title for card in cards],
            "granularity": [card.granularity for card in cards],
            "query-time attention": [card.query_time_attention for card in cards],
            "dimension": [card.dimension for card in cards],
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
    return over_seeds(compared.recall).set_index(["model", "direction", "k"])


def recall(compared: Comparison) -> Table:
    """R@k with intervals in both directions, median rank and R@sum, and the chance level."""
    means, ranks = _means(compared), compared.ranks.groupby(["model", "direction"], sort=False)
    ranks, rows = ranks.mean(numeric_only=True), []
    for model in dict.fromkeys(compared.recall["model"]):
        row = {("", "model"): names([model])[model]}
        for direction, title in DIRECTIONS.items():
            for k in compared.headline:
                one = means.loc[(model, direction, k)]
                value = with_interval(one["percent"], one["low"], one["high"])
                if len(compared.seeds) > 1:
                    value += f"\n± {one['seed_deviation']:.1f}"
                row[title, f"R@{k}"] = value
            row[title, "MedR"] = f"{ranks.loc[(model, direction), 'median_rank']:.1f}"
        sums = compared.ranks[compared.ranks["model"] == model]["r_sum_percent"]
        if sums.notna().all():
            row["", "R@sum"] = f"{sums.mean():.1f}"
        rows.append(row)
    rows.append(_chance_row(compared, means, ranks))
    deviation = " After ±: the standard deviation over seeds." if len(compared.seeds) > 1 else ""
    return Table(
        pd.DataFrame(rows).fillna(""),
        f"Queries answered within the first k, in percent, with 95 % intervals.{deviation} "
        "MedR: the median rank of the first right answer.",
        words=("model",),
    )


def _chance_row(compared: Comparison, means: pd.DataFrame, ranks: pd.DataFrame) -> dict:
    model = compared.recall["model"].iloc[0]
    row = {("", "model"): "chance"}
    for direction, title in DIRECTIONS.items():
        for k in compared.headline:
            row[title, f"R@{k}"] = f"{means.loc[(model, direction, k), 'chance_percent']:.1f}"
        row[title, "MedR"] = ""
    return row


def _codes(compared: Comparison) -> list[str]:
    rows = compared.recall
    return list(dict.fromkeys(rows[rows["granularity"] == "CG"]["model"]))


def first_stage(compared: Comparison) -> Text:
    """What the codes would keep, and lose, as a first stage."""
    means, sentences = _means(compared), []
    for model in _codes(compared):
        k = int(compared.recall["k"].max())
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
    for model, name in names(list(dict.fromkeys(compared.recall["model"]))).items():
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
    known = set(compared.recall["k"])
    for model in ours:
        row = {("", "model"): names([model])[model], ("", "from"): "this run"}
        for d, title in DIRECTIONS.items():
            for k in cuts:
                there = k in known
                value = f"{means.loc[(model, d, k), 'percent']:.1f}" if there else "n/a"
                row[title, f"R@{k}"] = value
        rows.append(row)
    return Table(
        pd.DataFrame(rows),
        f"The paper's Table {number}, Flickr30K as printed, and this run on its own data.",
        words=("model", "from"),
    )


def beside_table_2(compared: Comparison) -> Table:
    """The paper's Table 2 (R@1, R@5, R@10) with all models of this run below."""
    return _beside(compared, 2, [1, 5, 10], list(dict.fromkeys(compared.recall["model"])))


def beside_table_3(compared: Comparison) -> Table:
    """The paper's Table 3 (R@50, R@100, R@200 of the codes) with this run's codes below."""
    return _beside(compared, 3, [50, 100, 200], _codes(compared))


def _gap_sentence(row) -> str:
    ahead, behind, sign = (
        (row.model, row.than, 1) if row.gap_percent >= 0 else (row.than, row.model, -1)
    )
    low, high = sorted((sign * row.low, sign * row.high))
    word = "more than" if low > 0 else "within"
    return (
        f"{DIRECTIONS[row.direction].capitalize()}, {ahead} is {abs(row.gap_percent):.1f} points "
        f"[{low:.1f}, {high:.1f}] ahead of {behind} at rank {row.k}: {word} the uncertainty of "
        "the queries."
    )


def takeaways(compared: Comparison) -> Text:
    """The chapter's findings in sentences, computed from its rows."""
    means, first = _means(compared), compared.headline[0]
    sentences = []
    for model, name in names(list(dict.fromkeys(compared.recall["model"]))).items():
        i2t, t2i = (means.loc[(model, d, first)] for d in DIRECTIONS)
        sentences.append(
            f"**{name}** answers {i2t['percent']:.1f} % [{i2t['low']:.1f}, {i2t['high']:.1f}] of "
            f"the image queries and {t2i['percent']:.1f} % [{t2i['low']:.1f}, {t2i['high']:.1f}] "
            f"of the text queries at rank {first} (chance: {i2t['chance_percent']:.1f} % and "
            f"{t2i['chance_percent']:.1f} %)."
        )
    leaders = _best_of_each_kind(compared)
    gaps = compared.gaps[compared.gaps["k"] == first] if len(compared.gaps) else compared.gaps
    for row in gaps.itertuples():
        if {row.model, row.than} == leaders:
            sentences.append(_gap_sentence(row))
    undecided = [
        f"{row.model} and {row.than} ({DIRECTIONS[row.direction]})"
        for row in gaps.itertuples()
        if row.low <= 0 <= row.high
    ]
    if undecided:
        sentences.append(f"Too close for these queries to tell apart: {', '.join(undecided)}.")
    return bullets(sentences)


def _best_of_each_kind(compared: Comparison) -> set[str]:
    """The fine-grained and the coarse-grained model with the highest recall at the first cut."""
    rows = over_seeds(compared.recall)
    rows = rows[rows["k"] == compared.headline[0]]
    means = rows.groupby(["granularity", "model"])["percent"].mean()
    return {part.idxmax()[1] for _, part in means.groupby("granularity")}


def beside_in_words(compared: Comparison) -> Text:
    """Which of the paper's findings this run shows, and which it does not, at the first cut."""
    means, first = _means(compared), compared.headline[0]
    chosen = list(dict.fromkeys(compared.recall["model"]))
    fine = [m for m in chosen if model_card(m).granularity == "FG"]
    coarse = _codes(compared)
    sentences = []
    if fine and coarse:
        ahead = all(
            means.loc[(f, d, first), "low"] > means.loc[(c, d, first), "high"]
            for f in fine
            for c in coarse
            for d in DIRECTIONS
        )
        sentences.append(
            f"*Fine-grained models are ahead of the codes at R@{first}*: "
            + ("seen here in both directions." if ahead else "not clearly seen here.")
        )
    easier = [
        m
        for m in chosen
        if means.loc[(m, "i2t", first), "low"] > means.loc[(m, "t2i", first), "high"]
    ]
    sentences.append(
        "*Image to text is easier than text to image*: "
        + (f"seen here for {', '.join(easier)}." if easier else "not clearly seen here.")
    )
    return bullets(sentences)
