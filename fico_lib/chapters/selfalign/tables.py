"""What a reader of the SelfAlign chapter sees: tables, and sentences from its rows."""

import pandas as pd

from fico_lib.chapters.selfalign.published import gains
from fico_lib.chapters.selfalign.results import DEFAULT, Comparison
from fico_lib.chapters.selfalign.timing import REPEATS, WARM_UP
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.reference_rows import RANDOM
from fico_lib.report.table import Table, Text, bullets, with_interval

WORDS = {"all": "all words", "noun": "nouns", "adjective": "adjectives", "relation": "relations"}


def facts_of_the_task(compared: Comparison) -> Text:
    """How large the task is, and how often each variant was trained."""
    seeds = ", ".join(map(str, compared.seeds))
    return Text(
        f"The test split has {compared.n_images:,} images and {compared.n_captions:,} captions, "
        f"all of them candidates. Seeds: {seeds}. Intervals are of "
        + ("queries and seeds." if len(compared.seeds) > 1 else "queries alone: one seed was run.")
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


def _total(row) -> str:
    return with_interval(row["r_sum_percent"], row["low"], row["high"])


def _gain(row) -> str:
    """The difference to the base; nothing for the base itself."""
    if pd.isna(row["gain_percent"]):
        return ""
    return with_interval(row["gain_percent"], row["gain_low"], row["gain_high"])


def variants(compared: Comparison) -> Table:
    """Every base with its parts, the model with attention, a random scorer, and chance."""
    recall = compared.recall.set_index(["model", "direction", "k"])
    names = [*variant_rows(compared)["model"], compared.attention, RANDOM]
    cuts = list(dict.fromkeys(compared.recall["k"]))
    sums, rows = compared.sums.set_index("model"), []
    for name in names:
        row = {("", "model"): "random scorer" if name == RANDOM else name}
        for direction, title in DIRECTIONS.items():
            one = recall.loc[(name, direction, cuts[0])]
            row[title, f"R@{cuts[0]}"] = with_interval(one["percent"], one["low"], one["high"])
        rows.append(
            row | {("", "R@sum"): _total(sums.loc[name]), ("", "- base"): _gain(sums.loc[name])}
        )
    at_chance = recall.loc[RANDOM]["chance_percent"]
    row = {("", "model"): "chance"}
    row |= {(t, f"R@{cuts[0]}"): f"{at_chance[d, cuts[0]]:.1f}" for d, t in DIRECTIONS.items()}
    total = sum(at_chance[d, k] for d in DIRECTIONS for k in (1, 5, 10))
    rows.append(row | {("", "R@sum"): f"{total:.1f}", ("", "- base"): ""})
    return Table(
        pd.DataFrame(rows),
        "Queries answered first, in percent, R@sum (of 600) and its difference to the base, with "
        "95 % intervals; differences are paired.",
        words=("model",),
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
        return Text("This run aligned all words: parts of speech are known for scenes alone.")
    caption = f"LCA alone on {base_row(compared)['base']}: the words that are aligned."
    return _sweep(rows, "aligned", "aligned", caption)


def costs(compared: Comparison) -> Table:
    """Time per query beside R@sum, from embeddings over two stages to attention on every pair."""
    rows = []
    for one in compared.costs.to_dict("records"):
        gap = "" if pd.isna(one["gap_percent"]) else with_interval(
            one["gap_percent"], one["gap_low"], one["gap_high"])  # fmt: skip
        rows.append(
            {
                "model": one["model"],
                "pairs with attention": f"{one['attended']:,}",
                "ms per query": f"{one['ms_per_query']:.3g}",
                "R@sum": _total(one),
                f"- {compared.attention}": gap,
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
    return [m for m in compared.costs["model"] if m.startswith(compared.first) or
            m == compared.attention]  # fmt: skip


def at_equal_accuracy(compared: Comparison) -> Text:
    """The quickest way to the accuracy of attention on every pair."""
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
            text + f"At equal accuracy there is nothing to compare: neither {compared.first} nor "
            f"its two stages reach {compared.attention}, by more than the queries leave open."
        )
    name, best = near.index[0], near.iloc[0]
    return Text(
        text + f"The quickest that is not clearly below {compared.attention} in R@sum is **{name}**"
        f" ({best['gap_percent']:+.1f} points [{best['gap_low']:.1f}, {best['gap_high']:.1f}]): "
        f"{best['ms_per_query']:.3g} ms, "
        f"{full['ms_per_query'] / best['ms_per_query']:,.1f} times less."
    )


def beside_the_paper(compared: Comparison) -> Table:
    """The paper's gains in R@sum as its abstract prints them, and this run's."""
    rows = [
        {"from": "paper", "data": one.dataset, "gain": one.printed, "in points": ""}
        for one in gains().itertuples()
    ]
    both = variant_rows(compared)
    both = both[both["lca"].astype(bool) & both["cra"].astype(bool)]
    for one in both.to_dict("records"):
        rows.append(
            {
                "from": "this run",
                "data": f"{one['model']} against {one['than']}",
                "gain": f"{one['gain_share_percent']:.1f}%",
                "in points": _gain(one),
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
            + "".join(f", {name} alone by {_change(one)}" for name, one in _parts(part).items())
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
        told = [f"{WORDS[one['aligned']]} {_change(one)}" for _, one in kinds.iterrows()]
        sentences.append(f"By the words that LCA aligns, the change is: {'; '.join(told)}.")
    return bullets([*sentences, at_equal_accuracy(compared).markdown])


def _parts(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """LCA alone and CRA alone, where they were run."""
    found = {}
    for name, other in (("lca", "cra"), ("cra", "lca")):
        alone = rows[rows[name].astype(bool) & ~rows[other].astype(bool)]
        if len(alone):
            found[name.upper()] = alone.iloc[0]
    return found


def _change(row) -> str:
    return f"{row['gain_percent']:+.1f} [{row['gain_low']:.1f}, {row['gain_high']:.1f}]"
