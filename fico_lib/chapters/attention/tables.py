"""What a reader of the chapter on attention at query time sees."""

from collections.abc import Sequence

import pandas as pd

from fico_lib.chapters.attention.results import GROWN, AttentionCosts
from fico_lib.costs.analytic import feature_bytes
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


def _not_run(growth: pd.DataFrame) -> str:
    """From which small gallery on there are no times, and why; empty where all were run."""
    missing = growth[growth["why_not"] != ""].drop_duplicates("which")
    reasons = [
        f"{row.which} from {row.images} images on ({row.why_not})" for row in missing.itertuples()
    ]
    return f"Not measured: {', '.join(reasons)}." if reasons else ""


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
        f"Reranking the best k of each query, both directions. {MARKS} "
        + shared.not_measured(here, lambda name: costs.known[name].title),
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
        "Growth of time and of pairs with the gallery: exponents. This run's are fitted to the "
        "sizes of the figure (± standard error), the paper's are between its two. "
        + _not_run(costs.growth),
        words=("from", "what"),
    )


def kept(costs: AttentionCosts, k: int) -> Table:
    """Time of a text query over k candidates, by what is stored, and the bytes that takes."""
    rows = []
    here = costs.kept[costs.kept["k"] == k]
    for name, part in here.groupby("model", sort=False):
        row = {"model": costs.known[name].title}
        for entry in part.itertuples():
            store = (
                size(entry.bytes_kept_per_image_and_text / 2**30) if entry.kept != WAYS[2] else ""
            )
            row[entry.kept] = f"{marked(entry.seconds_per_query, 'measured')}\n{store}".strip()
        rows.append(row)
    missing = shared.not_measured(here, lambda name: costs.known[name].title)
    return Table(
        pd.DataFrame(rows),
        f"One text that asks for images, {k} candidates scored: time of the query, and below it "
        "the bytes kept per image and text. From measured seconds per item: candidates in the "
        f"largest batch, the text alone. {missing}".strip(),
        words=("model",),
    )


def kept_in_words(costs: AttentionCosts, k: int) -> Text:
    """How much longer a query takes when text, or text and images, are encoded again."""
    here = costs.kept[costs.kept["k"] == k].dropna(subset="seconds_per_query")
    rows = here.set_index(["model", "kept"])["seconds_per_query"]
    whats = {WAYS[1]: "encoding the text again", WAYS[2]: "encoding text and images again"}
    sentences = []
    for name in dict.fromkeys(rows.index.get_level_values("model")):
        parts = [
            f"{what} makes a query {_longer(rows[name, way] / rows[name, WAYS[0]])}"
            for way, what in whats.items()
            if (name, way) in rows
        ]
        if parts:
            sentences.append(f"{costs.known[name].title}: {', '.join(parts)}.")
    return bullets(sentences)


def _longer(factor: float) -> str:
    return (
        f"{100 * (factor - 1):.1f} % longer"
        if factor < 2
        else f"{significant(factor)} times as long"
    )


def kept_sides(costs: AttentionCosts) -> Text:
    """Which side fills the disk: the share of images in what is kept, beside all of their texts."""
    first = costs.galleries.iloc[0]
    texts = first["texts"] // first["images"]
    shares = []
    for one in costs.known.values():
        images = feature_bytes(one, 1, 0)
        shares.append(f"{one.title} {100 * images / (images + feature_bytes(one, 0, texts)):.0f} %")
    return Text(
        f"Of what is kept of an image and its {texts} texts, padded, the image's tokens are: "
        f"{', '.join(shares)}. The rest is the texts'."
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
    found = shared.batching(costs.steps).set_index(["step", "model"])
    sentences = []
    for name, entry in costs.known.items():
        if ("pair", name) in found.index:
            row = found.loc["pair", name]
            saved = f"a factor of {significant(row.factor, 2)}"
            if not row.beyond_spread:
                saved += ", within the spread of the repeats"
            sentences.append(
                f"{entry.title}: {duration(row.alone)} for a pair alone, {duration(row.batched)} "
                f"in a batch of {row.batch:,.0f}; {saved}."
            )
    rows = shared.largest_batches(costs.steps).set_index(["model", "step"])
    if (GROWN, "pair, direct form") in rows.index and (GROWN, "pair") in rows.index:
        direct, gram = rows.loc[(GROWN, "pair, direct form")], rows.loc[(GROWN, "pair")]
        ratio = direct["seconds_per_item"] / gram["seconds_per_item"]
        sentences.append(
            f"{costs.known[GROWN].title}'s formula with a vector for every word of every pair "
            f"({direct['batch']:,.0f} at once) takes {significant(ratio, 2)} times as long per "
            f"pair as its Gram form ({gram['batch']:,.0f} at once)"
            + ("." if shared.apart(direct, gram) else ", within the spread of the repeats.")
        )
    return bullets(sentences)


def gathering(costs: AttentionCosts) -> Text:
    """What a pair takes in blocks of all pairs, and among the gathered candidates of a query."""
    rows = costs.growth.dropna(subset="seconds").set_index(["which", "images"])
    sizes = [n for way, n in rows.index if way == "best k" and ("all pairs", n) in rows.index]
    if not sizes:
        return Text("No gallery was run in full in both ways.")
    images = max(sizes)
    block, query = (
        rows.loc[(way, images), "seconds"] / rows.loc[(way, images), "pairs"]
        for way in ("all pairs", "best k")
    )
    return Text(
        f"With {images} images a pair takes {duration(block)} in blocks, and {duration(query)} "
        f"among a query's gathered candidates: {significant(query / block, 2)} times as long."
    )


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
    fits = costs.fits.set_index("which")["exponent"]
    sentences = []
    if len(pair) > 1:
        fast, slow = min(pair, key=pair.get), max(pair, key=pair.get)
        sentences.append(
            f"Scoring one pair takes {titles[fast]} {duration(pair[fast])} and {titles[slow]} "
            f"{duration(pair[slow])} here, a factor of {significant(pair[slow] / pair[fast], 2)}."
        )
    names = {"all pairs": "all pairs", "best k": "a fixed k", "k grows": "a k that grows with it"}
    powers = [f"{fits[which]:.2f} for {names[which]}" for which in names if which in fits]
    if powers:
        sentences.append(
            "Run in full in small galleries, time grows as the size of the gallery to a power: "
            f"{', '.join(powers)}."
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
