"""The sentences of the search chapter, computed from its rows."""

import pandas as pd

from fico_lib.chapters.search.results import Study
from fico_lib.chapters.search.rows import (
    as_ms,
    as_seconds,
    comparable,
    comparable_rows,
    label,
)
from fico_lib.report import published
from fico_lib.report.table import Text, bullets, percentage
from fico_lib.search.binarise import TITLES

GOOD = 95  # percent of recall at which costs are compared


def beside_in_words(study: Study) -> Text:
    """Which levels and orders of Table 7 this run shows, and arithmetic on the paper's numbers."""
    return bullets([*_flat_over_k(study), *_misprint(), *_arithmetic(), *_declines(study)])


def _flat_over_k(study: Study):
    rows = study.paper[
        (study.paper["index"] == "hnsw") & (study.paper["setting"] == "ef_search 16")
    ]
    for (n, d), part in rows.groupby(["vectors", "dimension"], sort=False):
        good, lost = part[part["refused"] == ""], part[part["refused"] != ""]
        if good.empty:
            continue
        values = ", ".join(
            f"R@{r.k} {percentage(r.one_recall_percent)} %" for r in good.itertuples()
        )
        text = (
            f"*HNSW's recall hardly depends on k* ({n:,} × {d}, ef_search 16): {values}. The "
            "nearest neighbour is found among the first, or never visited."
        )
        if len(lost):
            text += (
                f" Asked for {' and '.join(map(str, lost['k']))}, the index fills fewer places "
                "than that and marks the rest as missing (-1): what it returned "
                "is refused here, and a larger ef_search stands beside it."
            )
        yield text


def _misprint():
    at = published.wide(7)
    own, ivf = at.loc[("100K/500K", "cg_flat"), "R@100"], at.loc[("100K/500K", "cg_ivf"), "R@100"]
    yield (
        f"*A likely misprint*: CG Flat has R@100 = {own} at 500K where CG IVF, which sees a part "
        f"of the same codes, has {ivf} "
        f"({published.linked('cg-flat-recall-at-100', 'more in the errata')})."
    )


def _arithmetic():
    at = published.wide(7)
    sizes = published.table(7).drop_duplicates("size").set_index("size")
    flops, pairs = [], []
    for size, row in sizes.iterrows():
        product = row["queries"] * row["candidates"]
        flops.append(2 * 2048 * product / at.loc[(size, "fg_flat"), "search_time"] / 1e12)
        pairs.append(product / at.loc[(size, "cg_flat"), "search_time"] / 1e9)
    yield (
        f"*The paper's times are those of CPUs*: its FG Flat makes {min(flops):.1f} to "
        f"{max(flops):.1f} TFLOP/s, its CG Flat compares {min(pairs):.1f} to {max(pairs):.1f} "
        "billion pairs of codes a second, which is what keeping the best in a heap costs and far "
        "from what counting bits costs."
    )


def _declines(study: Study):
    cuts = sorted(k for k in set(study.growth["k"]) if k < study.growth["vectors"].min())
    k = cuts[len(cuts) // 2]  # between the first place and most of the smallest gallery
    rows = study.growth[study.growth["k"] == k]
    ends = {n: part.set_index("vectors")["expected_percent"]
            for n, part in rows.groupby("binariser", sort=False)}  # fmt: skip
    texts = [f"{TITLES[n]} {v.iloc[0]:.1f} to {v.iloc[-1]:.1f} %" for n, v in ends.items()]
    small, large = rows["vectors"].min(), rows["vectors"].max()
    yield (
        f'*"CG degrades with scale" depends on the code*: from {small:,} to {large:,} vectors, '
        f"R@{k} of 64 bits goes from, for each binariser, {'; '.join(texts)}."
    )


def takeaways(study: Study) -> Text:
    """The chapter's findings in sentences, computed from its rows."""
    sentences = [_fastest(study, mode) for mode in ("batch", "single")]
    sentences += [_against_flat(study), _data_matter(study), *_declines(study)]
    return bullets([s for s in sentences if s])


def _fastest(study: Study, mode: str) -> str:
    rows = comparable(study, mode)
    good = rows[rows["one_recall_percent"] >= GOOD]
    flat = rows[rows["index"] == "flat"]
    if good.empty:
        return ""
    best = next(good.loc[[good["milliseconds_per_query"].idxmin()]].itertuples())
    what = "In batches" if mode == "batch" else "For single queries"
    text = (
        f"**{what}**, the fastest setting that keeps {GOOD} % of the nearest neighbours is "
        f"{label(best)}: {as_ms(best.milliseconds_per_query)} ms a query at "
        f"{best.one_recall_percent:.1f} %, {best.bytes_per_vector:,.0f} bytes a vector"
    )
    if flat.empty or best.index == "flat":
        return text + "."
    ratio = flat["milliseconds_per_query"].iloc[0] / best.milliseconds_per_query
    return text + f"; exact search takes {ratio:.1f} times as long."


def _against_flat(study: Study) -> str:
    largest = study.paper[study.paper["vectors"] == study.paper["vectors"].max()]
    at = largest[largest["k"] == largest["k"].min()].drop_duplicates("index").set_index("index")
    hnsw, ivf = at.loc["hnsw"], at.loc["code_ivf"]
    n = int(hnsw["vectors"])
    return (
        "**The paper's comparison**, HNSW over floats against an inverted file of 64-bit codes: on "
        f"{n:,} vectors they take {as_seconds(hnsw['search_seconds'])} s and "
        f"{as_seconds(ivf['search_seconds'])} s (k = {hnsw['search_k']} and {ivf['search_k']}), "
        f"and keep {percentage(hnsw['one_recall_percent'])} % and "
        f"{percentage(ivf['one_recall_percent'])} % at R@{int(hnsw['k'])}."
    )


def _data_matter(study: Study) -> str:
    at = study.elsewhere.pivot(index="what", columns="data", values="one_recall_percent")
    what = "64-bit ITQ codes"
    values = ", ".join(f"{percentage(at.loc[what, d])} % on {d}" for d in study.about_data["data"])
    cut = study.elsewhere["k"].iloc[0]
    return (
        f"**The data decide, and so does who asks**: 64-bit codes keep {values} (R@{cut}, "
        "galleries of one size)."
    )


def recommendation(rows: pd.DataFrame, k: int, target: float) -> str:
    """What to use for the vectors that were measured, in a sentence or two, from the rows.

    target: percent of the nearest neighbours that must be among the first k.
    """
    modes = {mode: comparable_rows(rows, k, mode) for mode in ("batch", "single")}
    good = {m: part[part["one_recall_percent"] >= target] for m, part in modes.items()}
    if good["batch"].empty:
        best = next(modes["batch"].sort_values("one_recall_percent").tail(1).itertuples(), None)
        nearest = f"; {label(best)} comes nearest, {best.one_recall_percent:.1f} %" if best else ""
        return f"No setting keeps {target:g} % of the nearest neighbours in the first {k}{nearest}."
    texts = []
    for mode, what in (("batch", "for many queries at once"), ("single", "for one query alone")):
        part = good[mode]
        best = next(part.loc[[part["milliseconds_per_query"].idxmin()]].itertuples())
        texts.append(f"{what}, {label(best)} ({_cost(best)}{_saved(modes[mode], best)})")
    small = good["batch"].sort_values(["bytes_per_vector", "milliseconds_per_query"])
    small = next(small.itertuples())
    return (
        f"To keep at least {target:g} % of the nearest neighbours in the first {k}, use "
        f"{'; '.join(texts)}; the least memory is that of {label(small)} ({_cost(small)})."
    )


def _cost(row) -> str:
    return (
        f"{as_ms(row.milliseconds_per_query)} ms, {row.one_recall_percent:.1f} %, "
        f"{row.bytes_per_vector:,.0f} bytes a vector"
    )


def _saved(rows: pd.DataFrame, best) -> str:
    flat = rows[rows["index"] == "flat"]["milliseconds_per_query"]
    if flat.empty or best.index == "flat":
        return ""
    return f", {flat.iloc[0] / best.milliseconds_per_query:.1f} times as fast as exact search"
