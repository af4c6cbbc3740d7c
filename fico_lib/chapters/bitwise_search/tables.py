"""What a reader of the chapter on bitwise search sees as tables and sentences."""

import pandas as pd

from fico_lib.chapters.bitwise_search.claims import equal_recall
from fico_lib.chapters.bitwise_search.results import (
    BATCH,
    CORE,
    COUNTING,
    FAISS,
    METHODS,
    MODES,
    SINGLE,
    BitwiseSearch,
    titles,
)
from fico_lib.report.table import Table, Text, bullets, percentage


def _number(value: float) -> str:
    """Three digits: 0.0123, 1.23, 123."""
    return "n/a" if pd.isna(value) else f"{value:.3g}"


def exact(found: BitwiseSearch) -> Table:
    """Pairs a second of each method, by length of codes, k and mode, beside the limits."""
    lines = []
    limits = found.limits.set_index("bits")
    for (bits, k), part in found.exact.groupby(["bits", "k"], sort=False):
        line: dict = {("", "bits"): str(bits), ("", "k"): str(k)}
        at = part.set_index(["mode", "method"])["gpairs_per_second"]
        for mode in MODES:
            for method, title in METHODS.items():
                line[mode, title] = _number(at[mode, method])
        line["limits of one core", "counting bits"] = _number(
            limits.loc[bits, "counting_gpairs_per_second"]
        )
        line["limits of one core", "reading codes"] = _number(
            limits.loc[bits, "reading_gpairs_per_second"]
        )
        lines.append(line)
    n = found.exact["codes"].iloc[0]
    return Table(
        pd.DataFrame(lines),
        f"Exact search of {n:,} random codes, in thousand millions of pairs (query and code) a "
        "second; the median of at least five repeats. Limits: counting the bits of every pair and "
        "keeping the smallest distance alone; reading every code from memory once for each query, "
        "which binds one query and not a batch.",
    )


def beside(found: BitwiseSearch) -> Table:
    """Searches of floats and of codes in one gallery: recall, times, bytes."""
    lines = []
    for (index, setting), part in found.beside.groupby(["index", "setting"], sort=False):
        modes, first = part.set_index("mode"), part.iloc[0]
        line = {
            ("", "search"): titles()[index] + (f"\n{setting}" if setting else ""),
            ("", "recall (%)"): "too few found"
            if first["refused"]
            else percentage(modes.loc[BATCH, "recall_percent"]),
        }
        for mode in (BATCH, SINGLE):
            line["ms per query", mode] = _number(modes.loc[mode, "milliseconds_per_query"])
        lines.append(line | {("", "bytes per vector"): f"{first['bytes_per_vector']:,.0f}"})
    first = found.beside.iloc[0]
    return Table(
        pd.DataFrame(lines),
        f"Searches of {first['vectors']:,} vectors of {first['dimension']} dimensions: how often "
        "the nearest vector by inner product is among the results, and the time of a query. Codes "
        "are 64 bits of ITQ, and their times include making the query's code.",
        words=("search",),
    )


def task(found: BitwiseSearch) -> Table:
    """Recall of the task and times, by model and search."""
    if found.task.empty:
        return Table(pd.DataFrame({"": ["no model of this run can be searched by an index"]}))
    keys = ["model", "search", "setting", "bits"]
    lines = []
    for (model, search, setting, bits), part in found.task.groupby(keys, sort=False):
        words = f"{bits} bits, counting" if bits else titles()[search]
        line: dict = {
            ("", "model"): model,
            ("", "search"): words + (f"\n{setting}" * bool(setting)),
        }
        for direction, rows in part.groupby("direction", sort=False):
            at = rows.set_index("mode")
            k = at["k"].iloc[0]
            line[direction, "R@1"] = percentage(at["r_at_1_percent"].iloc[0])
            line[direction, f"R@{k}"] = percentage(at["r_at_k_percent"].iloc[0])
            line[direction, "ms, batch"] = _number(at.loc[CORE, "milliseconds_per_query"])
            line[direction, "ms, one"] = _number(at.loc[SINGLE, "milliseconds_per_query"])
        lines.append(line)
    sizes = ", ".join(
        f"{direction} {rows['queries'].iloc[0]:,} queries in {rows['items'].iloc[0]:,} items"
        for direction, rows in found.task.groupby("direction", sort=False)
    )
    return Table(
        pd.DataFrame(lines),
        f"What belongs together among the first results (percent), on the test split: {sizes}. "
        "Times are those of one core, in milliseconds a query.",
        words=("model", "search"),
    )


def takeaways(found: BitwiseSearch) -> Text:
    """What the run says, in plain sentences."""
    return bullets([*_faster(found), *_graphs(found), *_equal(found)])


def _faster(found: BitwiseSearch):
    rows = found.exact[found.exact["mode"] == CORE].set_index(["bits", "k", "method"])
    times = rows["milliseconds_per_query"].unstack()
    ratios = times[FAISS] / times[COUNTING]
    low, high = ratios.idxmin(), ratios.idxmax()
    limits = found.limits.set_index("bits")["counting_gpairs_per_second"]
    reached = rows.xs(COUNTING, level="method")["gpairs_per_second"] / limits
    word = "faster" if ratios.min() > 1 else "not always faster"
    yield (
        f"*Counting instead of a heap makes exact search of codes {word}.* In a batch on one core, "
        f"faiss's flat index takes {ratios.min():.1f} times as long ({low[0]} bits, k = {low[1]}) "
        f"to {ratios.max():.1f} times ({high[0]} bits, k = {high[1]}). Counting reaches "
        f"{100 * reached.min():.0f} to {100 * reached.max():.0f} % of what the processor's "
        "counting of bits allows."
    )


def _graphs(found: BitwiseSearch):
    rows = found.beside[found.beside["refused"] == ""]
    graph = rows[(rows["index"] == "hnsw") & (rows["mode"] == SINGLE)]
    codes = rows[(rows["index"] == "code_counting") & (rows["mode"] == SINGLE)]
    if graph.empty or codes.empty:
        return
    fast, code = graph.loc[graph["milliseconds_per_query"].idxmin()], codes.iloc[0]
    kept = rows[rows["mode"] == BATCH].set_index(["index", "setting"])["recall_percent"]
    times = fast["milliseconds_per_query"] / code["milliseconds_per_query"]
    words = f"{times:.1f} times as long as" if times >= 1 else f"{times:.2f} of the time of"
    yield (
        f"*A graph over floats visits few vectors; codes have to visit all.* For one query among "
        f"{code['vectors']:,}, HNSW ({fast['setting']}) takes {words} counting over 64 bits, and "
        f"keeps {percentage(kept['hnsw', fast['setting']])} % where the codes keep "
        f"{percentage(kept['code_counting', ''])} %."
    )


def _equal(found: BitwiseSearch):
    both = [(codes, floats) for _, codes, floats in equal_recall(found.task) if floats is not None]
    if not both:
        return
    won = [c for c, f in both if c["milliseconds_per_query"] < f["milliseconds_per_query"]]
    yield (
        f"*At equal recall of the task* the codes are faster in {len(won)} of {len(both)} "
        "comparisons (model, length of code, direction, batch or one query) with the fastest "
        "search of floats that finds at least as much."
    )
