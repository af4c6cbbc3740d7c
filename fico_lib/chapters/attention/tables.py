"""What a reader of the chapter on attention at query time sees."""

from collections.abc import Sequence

import pandas as pd

from fico_lib.chapters.attention.results import GROWN, AttentionCosts
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report import published
from fico_lib.report.costs import tables as shared
from fico_lib.report.costs.tables import MARKS, duration, gallery, marked, significant, size
from fico_lib.report.table import Table, Text, bullets, percentage, signed

PAPER_K = 128
WAYS = ("both kept", "text made again", "both made again")


def steps(costs: AttentionCosts) -> Table:
    """The measured steps, pairs first."""
    order = {name: place for place, name in enumerate(costs.known)}
    rows = costs.steps.sort_values("model", key=lambda names: names.map(order), kind="stable")
    return shared.steps(rows, costs.known)


def _cell(entry) -> str:
    more = "" if entry.finishes else f"\nDNF: {size(entry.needed_gib)}"
    return marked(entry.seconds, entry.kind) + more


def beside_table_6(costs: AttentionCosts) -> Table:
    """Attention time: the paper's, this run's, and the ideal of this device, per gallery."""

    def title(name: str) -> str:
        model = costs.known[name]
        return f"{model.title}, k = {PAPER_K}" if model.attention == "rerank" else model.title

    return shared.beside_the_paper(
        6,
        "attention_time",
        costs.galleries[costs.galleries["which"].isin(["", f"k = {PAPER_K}"])],
        title,
        _cell,
        f"Time of attention for images/texts, both directions. {MARKS} Ideal: all operations at "
        "the rate of a matrix product on this device. DNF: the features that have to be at hand "
        "need that much memory, more than the limit.",
    )


def reranking(costs: AttentionCosts) -> Table:
    """Reranking for each k, and for k that grows with the gallery."""
    rows = []
    here = costs.galleries[costs.galleries["which"] != ""]
    for (name, which), part in here.groupby(["model", "which"], sort=False):
        row = {"model": costs.known[name].title, "candidates": which}
        for entry in part.itertuples():
            grows = f"k = {entry.k:,}\n" if which == "k grows" else ""
            column = gallery(entry.images, entry.texts)
            time = marked(entry.seconds, entry.kind)
            row[column] = f"{time}\n{grows.strip()}" if grows else time
        rows.append(row)
    return Table(
        pd.DataFrame(rows),
        f"Reranking the best k of each query, both directions. {MARKS}",
        words=("model", "candidates"),
    )


def exponents(costs: AttentionCosts, paper: pd.DataFrame) -> Table:
    """The fitted growth of what was run in full here, and that of the paper's two sizes."""
    names = {
        "all pairs": "all pairs",
        "best k": "best k of each query",
        "k grows": "k grows with the gallery",
    }
    rows = [
        {
            "from": "this run",
            "what": f"{costs.known[GROWN].title}, {names[entry.which]}",
            "time grows as images to the": f"{entry.exponent:.2f} ± {entry.error:.2f}",
            "pairs grow as images to the": f"{entry.exponent_of_pairs:.2f}",
        }
        for entry in costs.fits.itertuples()
    ]
    for entry in paper.itertuples():
        attention = costs.known[entry.model].attention
        rows.append(
            {
                "from": "paper",
                "what": f"{costs.known[entry.model].title}, {attention}",
                "time grows as images to the": f"{entry.exponent:.2f}",
                "pairs grow as images to the": "2.00" if attention == "all pairs" else "1.00",
            }
        )
    return Table(
        pd.DataFrame(rows),
        "Growth of time and of pairs with the gallery: exponents. This run's are fitted to "
        f"{costs.growth['images'].nunique()} sizes (± standard error), the paper's are between its "
        "two.",
        words=("from", "what"),
    )


def kept(costs: AttentionCosts, k: int) -> Table:
    """Time of a text query over k candidates, by what is stored, and the bytes that takes."""
    rows = []
    for name, part in costs.kept[costs.kept["k"] == k].groupby("model", sort=False):
        row = {"model": costs.known[name].title}
        for entry in part.itertuples():
            store = (
                size(entry.bytes_kept_per_image_and_text / 2**30) if entry.kept != WAYS[2] else ""
            )
            cell = duration(entry.seconds_per_query)
            mark = "" if entry.kind == "extrapolated" else " *"
            row[entry.kept] = f"{cell}{mark}\n{store}" if store else f"{cell}{mark}"
        rows.append(row)
    return Table(
        pd.DataFrame(rows),
        f"One text that asks for images, {k} candidates scored: time of the query, and below it "
        "the bytes kept per image and text. All from measured seconds per item; * with one step at "
        "the device's rate, since it was not run.",
        words=("model",),
    )


def kept_in_words(costs: AttentionCosts, k: int) -> Text:
    """How much longer a query takes when text, or text and images, are encoded again."""
    rows = costs.kept[costs.kept["k"] == k].set_index(["model", "kept"])["seconds_per_query"]
    sentences = []
    for name in dict.fromkeys(rows.index.get_level_values("model")):
        kept_, text, both = (rows[name, way] for way in WAYS)
        sentences.append(
            f"{costs.known[name].title}: encoding the text again makes a query "
            f"{_longer(text / kept_)}, encoding text and images again makes it "
            f"{_longer(both / kept_)}."
        )
    return bullets(sentences)


def _longer(factor: float) -> str:
    return (
        f"{100 * (factor - 1):.1f} % longer"
        if factor < 2
        else f"{significant(factor)} times as long"
    )


def checks_in_words(checks: pd.DataFrame) -> Text:
    """The verdict of the arithmetic on each cell of Table 6."""
    return bullets(
        [
            f"{entry.name}, {entry.size}: printed {entry.printed}, *{entry.verdict}*; {entry.why}."
            for entry in checks.itertuples()
        ]
    )


def batching(costs: AttentionCosts) -> Text:
    """The time that batching pairs saves, and the time that the Gram form saves."""
    rows = costs.steps.set_index(["model", "step"])["seconds_per_item"].dropna()
    sentences = []
    for name, entry in costs.known.items():
        if (name, "pair") in rows and (name, "pair alone") in rows:
            alone, batched = rows[name, "pair alone"], rows[name, "pair"]
            word = "saves a factor of" if alone > batched else "changes little, a factor of"
            sentences.append(
                f"{entry.title}: {duration(alone)} for a pair alone, {duration(batched)} in a "
                f"batch; batching {word} {significant(alone / batched, 2)}."
            )
    if (GROWN, "pair, direct form") in rows and (GROWN, "pair") in rows:
        ratio = rows[GROWN, "pair, direct form"] / rows[GROWN, "pair"]
        sentences.append(
            f"The Gram form of {costs.known[GROWN].title} is {significant(ratio, 2)} times as fast "
            "as the same formula with a vector for every word of every pair."
        )
    return bullets(sentences)


def vilt_explained(costs: AttentionCosts) -> Text:
    """The arithmetic behind the paper's 4880 hours."""
    cells = published.table(6)
    cells = cells[(cells["model"] == "vilt") & cells["value"].notna()]
    small, large = cells.iloc[0], cells.iloc[1]
    pairs = [entry.images * entry.texts for entry in (small, large)]
    linear = small.value * pairs[1] / pairs[0]
    rate = pairs[0] * costs.known["vilt"].flops.pair / small.value / 1e12
    sentences = [
        f"{small['size']}: {pairs[0]:,} pairs in {small.printed} are "
        f"{duration(small.value / pairs[0])} per pair, {rate:.0f} TFLOP/s: batches, and more "
        "than an A100 does in plain float32.",
        f"{large['size']}: {pairs[1]:,} pairs at that pace take {duration(linear)}.",
        f"Printed are {large.printed}, {duration(large.value)}: {large.value / linear:.0f} times "
        f"as long, {duration(large.value / pairs[1])} per pair. It must be an estimate.",
        f"A possible reading: {duration(large.value / pairs[1])} is of the order of one pair "
        "alone, where a GPU starts hundreds of small kernels one after the other. An estimate from "
        "single pairs, beside a measurement from batches, would give both numbers. The paper does "
        "not say.",
    ]
    return bullets(sentences)


def gains(rows: pd.DataFrame, models: Sequence[str]) -> Table:
    """R@1, R@5 and R@10 at each k, with the gain in R@1 over the first stage."""
    first, second = models
    lines = []
    for k, part in rows.groupby("k"):
        line = {("", "k"): f"{k:,}"}
        for direction, title in DIRECTIONS.items():
            here = part[part["direction"] == direction].set_index("metric")
            for metric in here.index:
                line[title, metric] = percentage(here.loc[metric, "percent"])
            line[title, "gain R@1"] = signed(here.loc["R@1"], "\n", "gain_percent") if k > 1 else ""
        lines.append(line)
    return Table(
        pd.DataFrame(lines),
        f"{first}, whose best k are ranked again by {second} (compact models, trained here), in "
        "percent, with 95 % intervals of the gain over the same images and trainings. At k = 1 "
        "nothing changes.",
    )


def budget(rows: pd.DataFrame, costs: AttentionCosts) -> Table:
    """The largest k that each budget pays for, and the gain at that k."""
    lines = []
    for (kind, value, unit), part in rows.groupby(["budget", "value", "unit"], sort=False):
        alone = kind == "latency"
        line = {"budget": duration(value / 1000) if alone else f"{value:,g} {unit}"}
        line["for"] = "one query" if alone else "each query"
        for name, here in part.groupby("model", sort=False):
            gain = here.set_index("direction").loc["t2i"]
            pays = f"k = {_k(gain)}" if gain.k else "no pair"
            more = f"\n{gain.gain_percent:+.1f} points" if gain.k > 1 else "\nno gain"
            line[costs.known[name].title] = pays + more
        lines.append(line)
    return Table(
        pd.DataFrame(lines),
        "The largest k that a budget pays for on this device, and what that k gains in R@1 from "
        "text to image (compact models, at the largest k evaluated within).",
        words=("budget", "for"),
    )


def _k(row) -> str:
    """A k, "all" where it covers every candidate."""
    return "all" if row.k >= row.candidates else f"{row.k:,}"


def takeaways(costs: AttentionCosts, gained: pd.DataFrame, budgets: pd.DataFrame) -> Text:
    """The chapter's findings in sentences, computed from its rows."""
    pair = costs.seconds_per_pair()
    titles = {name: entry.title for name, entry in costs.known.items()}
    fits = costs.fits.set_index("which")
    sentences = []
    if len(pair) > 1:
        fast, slow = min(pair, key=pair.get), max(pair, key=pair.get)
        sentences.append(
            f"Scoring one pair takes {titles[fast]} {duration(pair[fast])} and {titles[slow]} "
            f"{duration(pair[slow])} here, a factor of {significant(pair[slow] / pair[fast], 2)}."
        )
    sentences.append(
        "Run in full in small galleries, the time of all pairs grows as the size of the gallery to "
        f"the power of {fits.loc['all pairs', 'exponent']:.2f}, that of a fixed k to the power of "
        f"{fits.loc['best k', 'exponent']:.2f}, that of a k that grows with the gallery to the "
        f"power of {fits.loc['k grows', 'exponent']:.2f}."
    )
    sentences.append(_gain_sentence(gained))
    sentences += _budget_sentences(budgets, titles)
    return bullets(sentences)


def _gain_sentence(rows: pd.DataFrame) -> str:
    parts = []
    for direction, title in DIRECTIONS.items():
        part = rows[(rows["metric"] == "R@1") & (rows["direction"] == direction)].set_index("k")
        best = part["gain_percent"].idxmax()
        most = part.loc[best]
        enough = part[part["gain_percent"] >= 0.9 * most.gain_percent].index.min()
        parts.append(
            f"from {title} the gain in R@1 is largest at k = {best:,}, {most.gain_percent:.1f} "
            f"points [{most.low:.1f}, {most.high:.1f}], nine tenths of it at k = {enough:,}"
        )
    return f"With the compact models trained here, {'; '.join(parts)}."


def _budget_sentences(rows: pd.DataFrame, titles: dict[str, str]) -> list[str]:
    part = rows[(rows["direction"] == "t2i") & (rows["budget"] == "latency")]
    if part.empty:
        return []
    value = 1000.0 if 1000.0 in set(part["value"]) else part["value"].max()
    here = part[part["value"] == value]
    ks = ", ".join(f"{titles[entry.model]} {_k(entry)}" for entry in here.itertuples())
    return [f"A budget of {duration(value / 1000)} for one query pays here for a k of: {ks}."]
