"""What a reader of the SelfAlign chapter sees: tables, and sentences from its rows."""

from collections.abc import Mapping

import pandas as pd

from fico_lib.chapters.selfalign.published import gains
from fico_lib.chapters.selfalign.results import DEFAULT, SUMMED, Comparison
from fico_lib.chapters.selfalign.timing import REPEATS, WARM_UP
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.reference_rows import CHANCE, NAMES, RANDOM
from fico_lib.report.table import Table, Text, bullets, interval_of, percentage
from fico_lib.report.wide_table import by_direction, wide_table

WORDS = {"all": "all words", "noun": "nouns", "adjective": "adjectives", "relation": "relations"}


def facts_of_the_task(compared: Comparison) -> Text:
    """How large the task is, and how often each variant was trained."""
    seeds = ", ".join(map(str, compared.seeds))
    return Text(
        f"The test split has {compared.n_images:,} images and {compared.n_captions:,} captions, "
        f"all of them candidates. Seeds: {seeds}. Intervals cover "
        + ("queries and seeds." if len(compared.seeds) > 1 else "queries only: one seed was run.")
    )


def variant_rows(compared: Comparison) -> pd.DataFrame:
    """The rows of `sums` that switch parts on and off, without the sweeps."""
    rows = compared.sums[compared.sums["base"].notna()]
    for name, default in DEFAULT.items():
        rows = rows[rows[name] == default]
    return rows


def base_row(compared: Comparison) -> pd.Series:
    """The first base, with nothing aligned."""
    return compared.sums.iloc[0]


def concept_rows(compared: Comparison) -> pd.DataFrame:
    """LCA alone on the first base, by its number of concepts."""
    rows = _alone(compared)
    return rows[rows["aligned"] == DEFAULT["aligned"]].sort_values("concepts")


def aligned_rows(compared: Comparison) -> pd.DataFrame:
    """LCA alone on the first base, by the words that it aligns; none where all were."""
    rows = _alone(compared)
    rows = rows[rows["concepts"] == DEFAULT["concepts"]]
    return rows if len(rows) > 1 else rows[:0]


def _alone(compared: Comparison) -> pd.DataFrame:
    rows = compared.sums[compared.sums["base"] == base_row(compared)["base"]]
    lca, cra = rows["lca"].astype(bool), rows["cra"].astype(bool)
    rows = rows[lca & ~cra].copy()
    rows["concepts"] = rows["concepts"].astype(int)
    return rows


def _total(row: Mapping) -> str:
    return interval_of(row, "r_sum_percent")


def _gain(row: Mapping) -> str:
    """The difference to the base; nothing for the base itself."""
    return interval_of(row, "gain_percent", "gain_low", "gain_high")


def variants(compared: Comparison) -> Table:
    """Every base with its parts, the model with attention, a random scorer, and chance."""
    recall, sums = compared.recall.set_index(["model", "direction", "k"]), compared.sums
    sums, first = sums.set_index("model"), compared.recall["k"].iloc[0]
    chance = recall.loc[RANDOM]["chance_percent"]

    def cell(model: str, direction: str, column: str) -> str:
        if direction and model == CHANCE:
            return percentage(chance[direction, first])
        if direction:
            return interval_of(recall.loc[(model, direction, first)])
        if model == CHANCE:
            total = sum(chance[d, k] for d in DIRECTIONS for k in SUMMED)
            return percentage(total) if column == "R@sum" else ""
        return _total(sums.loc[model]) if column == "R@sum" else _gain(sums.loc[model])

    models = [*variant_rows(compared)["model"], compared.attention, RANDOM, CHANCE]
    return wide_table(
        {model: NAMES.get(model, model) for model in models},
        by_direction([f"R@{first}"]) | {("", name): ("", name) for name in ("R@sum", "- base")},
        cell,
        "Queries answered first, in percent, R@sum (of 600) and its difference to the base, with "
        "95 % intervals; differences are paired.",
    )


def _sweep(rows: pd.DataFrame, column: str, heading: str, caption: str) -> Table:
    frame = pd.DataFrame(
        {
            heading: [WORDS.get(value, f"{value}") for value in rows[column]],
            "R@sum": [_total(row) for _, row in rows.iterrows()],
            "- base": [_gain(row) for _, row in rows.iterrows()],
        }
    )
    return Table(frame, caption, words=(heading,))


def concepts(compared: Comparison) -> Table:
    """R@sum of LCA alone by its number of concepts."""
    base = base_row(compared)["base"]
    caption = f"LCA alone on {base}: the number of concepts."
    return _sweep(concept_rows(compared), "concepts", "concepts", caption)


def aligned(compared: Comparison) -> Table | Text:
    """R@sum of LCA alone by the words that it aligns."""
    rows = aligned_rows(compared)
    if rows.empty:
        return Text("This run aligned all words: only scenes has parts of speech.")
    caption = f"LCA alone on {base_row(compared)['base']}: the words that are aligned."
    return _sweep(rows, "aligned", "aligned", caption)


def matched(rows: pd.DataFrame) -> Text:
    """How often a word's region shows what the word names, beside chance."""
    if rows.empty:
        return Text("What each region shows is known of scenes alone: nothing is counted here.")
    words = rows["words"].sum()
    right, chance = (
        (rows[column] * rows["words"]).sum() / words for column in ("percent", "chance_percent")
    )
    return Text(
        "The matches can be counted, since it is known what each region shows. Of "
        f"{words:,} words that name a kind which one of the image's regions shows, {right:.1f} % "
        f"match a region that shows it; a region drawn at random does for {chance:.1f} %."
    )


def costs(compared: Comparison) -> Table:
    """Time per query beside R@sum, from embeddings over two stages to attention on every pair."""
    rows = []
    for row in compared.costs.to_dict("records"):
        rows.append(
            {
                "model": row["model"],
                "pairs with attention": f"{row['attended']:,}",
                "ms per query": f"{row['ms_per_query']:.3g}",
                "R@sum": _total(row),
                f"- {compared.attention}": interval_of(row, "gap_percent", "gap_low", "gap_high"),
            }
        )
    threads = f"{compared.threads} thread{'s' * (compared.threads > 1)}"
    return Table(
        pd.DataFrame(rows),
        f"Ranking {compared.n_images:,} images for one text that is already encoded. Embeddings: "
        f"one query at a time, {threads} of the CPU, the median of {REPEATS} "
        f"repeats after {WARM_UP} to warm up. Attention: time per pair when all pairs were scored "
        "in large blocks, on the device of the run (a few pairs at a time take longer each); two "
        "stages are the sum of both.",
        words=("model",),
    )


def stages(compared: Comparison) -> list[str]:
    """The models of `costs` that lie on one line: the first alone, then followed by attention."""
    costs = compared.costs
    return list(costs.loc[(costs["attended"] > 0) | (costs["model"] == compared.first), "model"])


def at_equal_accuracy(compared: Comparison) -> Text:
    """The fastest model that matches the accuracy of attention on every pair."""
    costs = compared.costs.set_index("model")
    full, quick = costs.loc[compared.attention], costs.loc[compared.first]
    ratio = full["ms_per_query"] / quick["ms_per_query"]
    text = (
        f"{compared.attention} takes {full['ms_per_query']:.3g} ms to rank the images for a text, "
        f"{compared.first} {quick['ms_per_query']:.3g} ms: {ratio:,.0f} times less. "
    )
    near = costs[costs["gap_high"] >= 0].sort_values("ms_per_query")
    if near.empty:
        return Text(
            text + f"At equal accuracy there is nothing to compare: {compared.first} and its two "
            f"stages stay below {compared.attention} by more than the uncertainty of the queries."
        )
    name, best = near.index[0], near.iloc[0]
    return Text(
        text + f"The fastest that is not clearly below {compared.attention} in R@sum is **{name}**"
        f" ({best['gap_percent']:+.1f} points [{best['gap_low']:.1f}, {best['gap_high']:.1f}]): "
        f"{best['ms_per_query']:.3g} ms, "
        f"{full['ms_per_query'] / best['ms_per_query']:,.1f} times less."
    )


def beside_the_paper(compared: Comparison) -> Table:
    """The paper's gains in R@sum as its abstract prints them, and this run's."""
    rows = [
        {"from": "paper", "data": row.dataset, "gain": row.printed, "in points": ""}
        for row in gains().itertuples()
    ]
    both = variant_rows(compared)
    both = both[both["lca"].astype(bool) & both["cra"].astype(bool)]
    for row in both.to_dict("records"):
        rows.append(
            {
                "from": "this run",
                "data": f"{row['model']} against {row['than']}",
                "gain": f"{row['gain_share_percent']:.1f}%",
                "in points": _gain(row),
            }
        )
    return Table(
        pd.DataFrame(rows),
        "Gains in R@sum over the base. The abstract does not say whether its gains are shares of "
        "the base's R@sum or points; this run's are given as both.",
        words=("from", "data"),
    )


def takeaways(compared: Comparison) -> Text:
    """The chapter's findings in sentences, computed from its rows."""
    sentences = []
    rows = variant_rows(compared)
    for base, part in rows.groupby("base", sort=False):
        both = part[part["lca"].astype(bool) & part["cra"].astype(bool)].iloc[0]
        sentences.append(
            f"On **{base}**, LCA and CRA together change R@sum by {_change(both)}"
            + "".join(f", {name} alone by {_change(row)}" for name, row in _parts(part).items())
            + f". The base has {part.iloc[0]['r_sum_percent']:.1f}."
        )
    swept = concept_rows(compared)
    if len(swept) > 1:
        low, high = (swept.loc[swept["r_sum_percent"].apply("idx" + e)] for e in ("min", "max"))
        sentences.append(
            f"Over {len(swept)} numbers of concepts, LCA's R@sum goes from "
            f"{low['r_sum_percent']:.1f} ({low['concepts']} concepts) to "
            f"{high['r_sum_percent']:.1f} ({high['concepts']} concepts)."
        )
    kinds = aligned_rows(compared)
    if len(kinds):
        changes = [f"{WORDS[row['aligned']]} {_change(row)}" for _, row in kinds.iterrows()]
        sentences.append(f"By the words that LCA aligns, the change is: {'; '.join(changes)}.")
    return bullets([*sentences, at_equal_accuracy(compared).markdown])


def _parts(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """LCA alone and CRA alone, where they were run."""
    parts = {}
    for name, other in (("lca", "cra"), ("cra", "lca")):
        alone = rows[rows[name].astype(bool) & ~rows[other].astype(bool)]
        if len(alone):
            parts[name.upper()] = alone.iloc[0]
    return parts


def _change(row) -> str:
    return f"{row['gain_percent']:+.1f} [{row['gain_low']:.1f}, {row['gain_high']:.1f}]"
