"""What a reader of the search chapter sees: Table 7 beside ours, today's indexes, sentences."""

from pathlib import Path

import pandas as pd

from fico_lib import published
from fico_lib.results.search import Study
from fico_lib.search import INDEXES
from fico_lib.search.binarise import TITLES
from fico_lib.search.pareto import front
from fico_lib.tables.show import Table, Text, bullets, transposed

PRINTED = {"fg_flat": "FG Flat", "fg_hnsw": "FG HNSW", "cg_flat": "CG Flat", "cg_ivf": "CG IVF"}
OURS = {"flat": "FG Flat", "hnsw": "FG HNSW", "code_flat": "CG Flat", "code_ivf": "CG IVF"}
GOOD = 95  # percent of recall at which costs are compared
LOST_MARK = "too few"
CODES = {"itq": "ITQ", "hyperplanes": "hyperplane", "pca_sign": "PCA", "truncated_sign": "sign"}


def _count(value: float) -> str:
    return (
        f"{value / 1e6:g}M"
        if value >= 1e6
        else f"{value / 1e3:g}K"
        if value >= 1e3
        else f"{value:g}"
    )


def _seconds(value: float) -> str:
    return "n/a" if pd.isna(value) else "<0.01" if value < 0.005 else f"{value:.2f}"


def _percent(value: float) -> str:
    return "n/a" if pd.isna(value) else f"{value:.1f}"


def label(row) -> str:
    """An index of the measured rows in a few words, with its bits and setting."""
    code = f"{row.bits}-bit {CODES[row.binariser]} " if row.bits else ""
    setting = f" ({row.setting})" if row.setting else ""
    return f"{code}{INDEXES[row.index].title}{setting}"


def beside_table_7(found: Study) -> Table:
    """Table 7 as printed, and this run's four indexes at its own sizes, in the same columns."""
    return Table(
        pd.DataFrame([*_printed_rows(), *_own_rows(found)]),
        "The paper's Table 7 as printed, and this run, percent and seconds. R@k: the true nearest "
        "neighbour is among the first k; below it, which the paper does not report, k-recall@k: "
        "the share of the true k nearest among the first k. Search: with the largest k that the "
        f"index could fill; {LOST_MARK}: it returned fewer than k results.",
        words=("index", "queries/vectors"),
    )


CUTS = (1, 100, 1000)  # of the paper's Table 7


def _printed_rows():
    wide, texts = published.wide(7), published.wide(7, printed=True)
    sizes = published.table(7).drop_duplicates("size").set_index("size")
    for size, index in texts.index:
        cells, seconds = texts.loc[(size, index)], wide.loc[(size, index), "search_time"]
        yield (
            {("", "index"): PRINTED[index], ("", "queries/vectors"): f"{size}\n2048-d, paper"}
            | {("", f"R@{k}"): cells[f"R@{k}"].replace("Baseline (100.0)", "100.0") for k in CUTS}
            | {
                ("seconds", "build"): cells["index_time"].rstrip("s"),
                ("seconds", "search"): cells["search_time"].rstrip("s"),
                ("seconds", "1K queries"): _seconds(1000 * seconds / sizes.loc[size, "queries"]),
            }
        )


def _own_rows(found: Study):
    keys = ["queries", "vectors", "dimension", "index", "setting"]
    for (queries, n, d, index, setting), part in found.paper.groupby(keys, sort=False):
        at, one = part.set_index("k"), part.iloc[0]
        yield (
            {
                ("", "index"): OURS[index] + (f"\n{setting}" if setting else ""),
                ("", "queries/vectors"): f"{_count(queries)}/{_count(n)}\n{d}-d, this run",
            }
            | {("", f"R@{k}"): _both_recalls(at, k) for k in CUTS}
            | {
                ("seconds", "build"): _seconds(one["index_seconds"]),
                ("seconds", "search"): f"{_seconds(one['search_seconds'])}\nk={one['search_k']}",
                ("seconds", "1K queries"): _seconds(1000 * one["search_seconds"] / queries),
            }
        )


def _both_recalls(at: pd.DataFrame, k: int) -> str:
    if k not in at.index:
        return "n/a"
    if at.loc[k, "refused"]:
        return LOST_MARK
    return "\n".join(_percent(at.loc[k, c]) for c in ("one_recall_percent", "k_recall_percent"))


def beside_in_words(found: Study) -> Text:
    """Level and order of Table 7 that this run shows or does not, and the paper's arithmetic."""
    return bullets([*_flat_over_k(found), *_misprint(), *_arithmetic(), *_declines(found)])


def _flat_over_k(found: Study):
    rows = found.paper[
        (found.paper["index"] == "hnsw") & (found.paper["setting"] == "ef_search 16")
    ]
    for (n, d), part in rows.groupby(["vectors", "dimension"], sort=False):
        good, lost = part[part["refused"] == ""], part[part["refused"] != ""]
        if good.empty:
            continue
        values = ", ".join(f"R@{r.k} {_percent(r.one_recall_percent)} %" for r in good.itertuples())
        text = (
            f"*HNSW's recall hardly depends on k* ({n:,} × {d}, ef_search 16): {values}. The "
            "nearest neighbour is found among the first, or never visited."
        )
        if len(lost):
            text += (
                f" Asked for {' and '.join(map(str, lost['k']))}, the index fills fewer places "
                "than that and marks the rest as missing (-1): what it returned "
                "is refused here, and a "
                "larger ef_search stands beside it."
            )
        yield text


def _misprint():
    odd = published.anomalies(7).set_index("finding").loc["cg-flat-recall-at-100"]
    at = published.wide(7)
    own, ivf = at.loc[("100K/500K", "cg_flat"), "R@100"], at.loc[("100K/500K", "cg_ivf"), "R@100"]
    yield (
        f"*A likely misprint*: CG Flat has R@100 = {own} at 500K where CG IVF, which sees a part "
        f"of the same codes, has {ivf}. The cell is {odd['why']}"
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
        "billion pairs of codes a second, which is what keeping the best in a "
        "heap costs and far from what "
        "counting bits costs."
    )


def _declines(found: Study):
    k = max(k for k in found.growth["k"] if k < found.growth["vectors"].min())
    rows = found.growth[found.growth["k"] == k]
    ends = {n: part.set_index("vectors")["expected_percent"]
            for n, part in rows.groupby("binariser", sort=False)}  # fmt: skip
    texts = [f"{TITLES[n]} {v.iloc[0]:.1f} to {v.iloc[-1]:.1f} %" for n, v in ends.items()]
    small, large = rows["vectors"].min(), rows["vectors"].max()
    yield (
        f'*"CG degrades with scale" depends on the code*: from {small:,} to {large:,} vectors, '
        f"R@{k} of 64 bits goes from, for each binariser, {'; '.join(texts)}."
    )


def today(found: Study) -> Table:
    """Every index at its settings: recall, throughput, latency, building, bytes."""
    rows = found.measured[found.measured["k"] == found.k]
    keys = ["index", "binariser", "bits", "setting"]
    lines = []
    for _, part in rows.groupby(keys, sort=False):
        modes = {row.mode: row for row in part.itertuples()}
        batch, single = modes["batch"], modes["single"]
        good = not batch.refused
        lines.append(
            {
                ("", "index"): label(batch),
                ("recall (%)", "1-recall"): _percent(batch.one_recall_percent)
                if good
                else LOST_MARK,
                ("recall (%)", "k-recall"): _percent(batch.k_recall_percent) if good else "n/a",
                ("ms per query", "batch"): _ms(batch.milliseconds_per_query) if good else "n/a",
                ("ms per query", "single"): "n/a" if single.refused
                else _ms(single.milliseconds_per_query),
                ("ms per query", "single, 95 %"): "n/a" if single.refused
                else _ms(single.p95_milliseconds),
                ("seconds", "build"): _seconds(batch.fit_seconds + batch.add_seconds),
                ("seconds", "codes"): _seconds(batch.code_seconds) if batch.bits else "",
                ("", "bytes/vector"): f"{batch.bytes_per_vector:,.0f}",
            }
        )  # fmt: skip
    for row in found.missing.itertuples():
        lines.append({("", "index"): f"{row.title}\nnot measured: {row.why}"})
    one = rows.iloc[0]
    return Table(
        pd.DataFrame(lines).fillna(""),
        f"Every index and setting on {one['vectors']:,} vectors of {one['dimension']} dimensions, "
        f"k = {found.k}; batches of {rows['queries'].max():,.0f} queries on "
        f"{one['threads']} threads, "
        "single queries on one. Medians; times include turning queries into codes.",
        words=("index",),
    )


def _ms(value: float) -> str:
    return LOST_MARK if pd.isna(value) else f"{value:.3f}" if value < 1 else f"{value:.2f}"


def fronts(found: Study, mode: str) -> Table:
    """The settings that no other beats in time and recall."""
    best = front(comparable(found, mode), "milliseconds_per_query", "one_recall_percent")
    frame = pd.DataFrame(
        {
            "index": [label(row) for row in best.itertuples()],
            "1-recall (%)": [_percent(v) for v in best["one_recall_percent"]],
            "ms per query": [_ms(v) for v in best["milliseconds_per_query"]],
            "bytes/vector": [f"{v:,.0f}" for v in best["bytes_per_vector"]],
        }
    )
    what = "in a batch" if mode == "batch" else "asked alone"
    return Table(frame, f"Queries {what}: what no other setting beats.", words=("index",))


def comparable(found: Study, mode: str) -> pd.DataFrame:
    """The measured rows of one mode at the common k, without those that were refused.

    Recall is that of the batch in both modes: fewer queries are asked alone.
    """
    return comparable_rows(found.measured, found.k, mode)


def comparable_rows(rows: pd.DataFrame, k: int, mode: str) -> pd.DataFrame:
    """As `comparable`, of measured rows."""
    rows = rows[(rows["k"] == k) & (rows["refused"] == "")]
    keys = ["index", "binariser", "bits", "setting"]
    recall = rows[rows["mode"] == "batch"].set_index(keys)["one_recall_percent"]
    rows = rows[rows["mode"] == mode].set_index(keys)
    return rows.assign(one_recall_percent=recall).dropna(subset="one_recall_percent").reset_index()


def sweep_k(found: Study) -> Table:
    """Time and recall of the paper's four as more results are asked for."""
    rows = found.measured[found.measured["index"].isin(OURS)]
    rows = rows[(rows["mode"] == "batch") & (rows["binariser"] != "hyperplanes")]
    settings = {"flat": "", "hnsw": "ef_search 16", "code_flat": "", "code_ivf": "n_probe 8"}
    lines = []
    for index, setting in settings.items():
        part = rows[(rows["index"] == index) & (rows["setting"] == setting)].sort_values("k")
        line = {("", "index"): OURS[index]}
        for row in part.itertuples():
            line["ms per query", f"k={row.k}"] = _ms(row.milliseconds_per_query)
        for row in part.itertuples():
            line["k-recall@k (%)", f"@{row.k}"] = _percent(row.k_recall_percent)
        lines.append(line)
    return Table(
        pd.DataFrame([line for line in lines if len(line) > 1]).fillna(LOST_MARK),
        "The paper's four indexes as more results are asked for, each k a search of its own.",
        words=("index",),
    )


def ties(found: Study) -> Table:
    """What ties are worth to the 64-bit codes."""
    frame = pd.DataFrame(
        {
            "R@k": [f"R@{k}" for k in found.ties["k"]],
            "all ties lost": found.ties["lost_percent"].map(_percent),
            "expected": found.ties["expected_percent"].map(_percent),
            "all ties won": found.ties["won_percent"].map(_percent),
            "as faiss returns": found.ties["stored_percent"].map(_percent),
            "gallery shuffled": [
                f"{row.lowest_shuffled_percent:.1f} to {row.highest_shuffled_percent:.1f}"
                for row in found.ties.itertuples()
            ],
        }
    )
    tied = found.ties["median_tied"].iloc[0]
    return Table(
        frame,
        "1-recall@k of 64-bit ITQ codes in percent. As many codes as are as near as that of the "
        f"true neighbour, it included: {tied:,.0f} for the median query.",
        words=("R@k",),
    )


def elsewhere(found: Study) -> Table:
    """Recall of the same indexes on three kinds of data of one size."""
    frame = found.elsewhere.pivot(index="what", columns="data", values="one_recall_percent")
    order = list(dict.fromkeys(found.elsewhere["what"]))
    names = list(found.about_data["data"])
    table = frame.loc[order, names].map(_percent).reset_index(names="index")
    one, k = found.about_data.iloc[0], found.elsewhere["k"].iloc[0]
    spread = ", ".join(
        f"{row.data} {row.components_of_90_percent}" for row in found.about_data.itertuples()
    )
    return Table(
        table,
        f"1-recall@{k} in percent on {one['vectors']:,} vectors of {one['dimension']} dimensions "
        f"and {one['queries']:,} queries. Principal components that hold 90 % of the variance: "
        f"{spread}.",
        words=("index",),
    )


def recorded(folders: list[Path]) -> Table:
    """The paper's four and the GPU's indexes, machine beside machine, from recorded results."""
    lines: dict[str, dict] = {}
    for folder in folders:
        rows = pd.read_csv(folder / "measured.csv", keep_default_na=False, na_values=[""])
        rows = rows[(rows["mode"] == "batch") & rows["refused"].isna()]
        for row in rows.fillna({"binariser": "", "setting": ""}).itertuples():
            name = f"{label(row)}, {row.vectors:,} × {row.dimension}, k={row.k}"
            lines.setdefault(name, {"index": name})[folder.parent.name] = _ms(
                row.milliseconds_per_query
            )
    if not lines:
        text = "No run of another machine is recorded: there is nothing to set beside this one."
        return Table(pd.DataFrame({"": [text]}), words=("",), header=False)
    frame = pd.DataFrame(lines.values()).fillna("")
    return Table(frame, "Milliseconds per query in a batch, as recorded.", words=("index",))


def takeaways(found: Study) -> Text:
    """The chapter's findings in sentences, computed from its rows."""
    sentences = [_fastest(found, mode) for mode in ("batch", "single")]
    sentences += [_against_flat(found), _data_matter(found), *_declines(found)]
    return bullets([s for s in sentences if s])


def _fastest(found: Study, mode: str) -> str:
    rows = comparable(found, mode)
    good = rows[rows["one_recall_percent"] >= GOOD]
    flat = rows[rows["index"] == "flat"]
    if good.empty:
        return ""
    best = next(good.loc[[good["milliseconds_per_query"].idxmin()]].itertuples())
    what = "In batches" if mode == "batch" else "For a query that is asked alone"
    text = (
        f"**{what}**, the fastest setting that keeps {GOOD} % of the nearest neighbours is "
        f"{label(best)}: {_ms(best.milliseconds_per_query)} ms a query at "
        f"{best.one_recall_percent:.1f} %, {best.bytes_per_vector:,.0f} bytes a vector"
    )
    if flat.empty or best.index == "flat":
        return text + "."
    ratio = flat["milliseconds_per_query"].iloc[0] / best.milliseconds_per_query
    return text + f"; exact search takes {ratio:.1f} times as long."


def _against_flat(found: Study) -> str:
    largest = found.paper[found.paper["vectors"] == found.paper["vectors"].max()]
    at = largest[largest["k"] == largest["k"].min()].drop_duplicates("index").set_index("index")
    hnsw, ivf = at.loc["hnsw"], at.loc["code_ivf"]
    n = int(hnsw["vectors"])
    return (
        "**The paper's comparison**, HNSW over floats against an inverted file of 64-bit codes: on "
        f"{n:,} vectors they take {_seconds(hnsw['search_seconds'])} s and "
        f"{_seconds(ivf['search_seconds'])} s (k = {hnsw['search_k']} and {ivf['search_k']}), and "
        f"keep {_percent(hnsw['one_recall_percent'])} % and "
        f"{_percent(ivf['one_recall_percent'])} % at R@{int(hnsw['k'])}."
    )


def _data_matter(found: Study) -> str:
    at = found.elsewhere.pivot(index="what", columns="data", values="one_recall_percent")
    what = "64-bit ITQ codes"
    values = ", ".join(f"{_percent(at.loc[what, d])} % on {d}" for d in found.about_data["data"])
    cut = found.elsewhere["k"].iloc[0]
    return f"**The data decide**: 64-bit codes keep {values} (R@{cut}, galleries of one size)."


def about(found: Study) -> Table:
    """The three kinds of data of the comparison."""
    return transposed(found.about_data, "data")


def figure_4_rows(found: Study) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """The paper's points of Figure 4, this run's, and index -> the name to show."""
    wide, keys = published.wide(7), dict(zip(PRINTED, OURS, strict=True))
    sizes = published.table(7).drop_duplicates("size").set_index("size")
    paper = [
        {
            "index": keys[index],
            "vectors": sizes.loc[size, "candidates"],
            "dimension": sizes.loc[size, "dimension"],
            "r_at_1": wide.loc[(size, index), "R@1"],
            "milliseconds_per_query": 1e3
            * wide.loc[(size, index), "search_time"]
            / sizes.loc[size, "queries"],
        }
        for size, index in wide.index
    ]
    ours = found.paper[found.paper["k"] == found.paper["k"].min()]
    ours = ours.drop_duplicates(["index", "vectors", "dimension"]).copy()  # the paper's settings
    ours["r_at_1"] = ours["one_recall_percent"]
    ours["milliseconds_per_query"] = 1e3 * ours["search_seconds"] / ours["queries"]
    return pd.DataFrame(paper).assign(dimension=2048), ours, OURS


def pareto_rows(found: Study, mode: str) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """The measured rows of a mode with their series, the front among them, and the names."""
    return series_rows(comparable(found, mode))


def series_rows(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """As `pareto_rows`, of comparable rows."""
    rows = rows.assign(series=rows["index"])
    best = front(rows, "milliseconds_per_query", "one_recall_percent")
    return rows, best, {i: INDEXES[i].title for i in dict.fromkeys(rows["series"])}


def sweep_rows(found: Study) -> tuple[pd.DataFrame, dict[str, dict[str, str]]]:
    """Recall against each swept argument, as `fico_lib.figures.search.sweeps` draws it."""
    rows, parts = comparable(found, "batch"), []
    of_bits = rows["binariser"] == "hyperplanes"
    for sweep, chosen in {
        "ef_search": rows[rows["setting"].str.startswith("ef_search")],
        "n_probe": rows[rows["setting"].str.contains("n_probe")],
        "rerank_k": rows[rows["index"].isin(["rabitq", "screen"]) & ~of_bits],
    }.items():
        parts.append(chosen.assign(sweep=sweep, series=chosen["index"]))
    bits = rows[of_bits]
    bits = bits.assign(sweep="bits", value=bits["bits"], index_name=bits["index"])
    bits["series"] = [f"{r.index_name} {r.setting}".strip() for r in bits.itertuples(index=False)]
    made = pd.concat([*parts, bits])
    names = {}
    for sweep, part in made.groupby("sweep", sort=False):
        names[sweep] = {
            key: (INDEXES[key].title if key in INDEXES else _bits_name(key))
            for key in dict.fromkeys(part["series"])
        }
    return made, names


def _bits_name(key: str) -> str:
    index, _, setting = key.partition(" ")
    return f"{INDEXES[index].title}" + (f" ({setting})" if setting else "")


def binarisers(found: Study) -> dict[str, str]:
    """Binariser -> the name to show, of those that were compared as the gallery grows."""
    return {name: TITLES[name] for name in dict.fromkeys(found.growth["binariser"])}


def recommendation(rows: pd.DataFrame, k: int, target: float) -> str:
    """What to use for the vectors that were measured, in a sentence or two, from the rows.

    target: percent of the nearest neighbours that must be among the first k.
    """
    modes = {mode: comparable_rows(rows, k, mode) for mode in ("batch", "single")}
    good = {m: part[part["one_recall_percent"] >= target] for m, part in modes.items()}
    if good["batch"].empty:
        best = next(modes["batch"].sort_values("one_recall_percent").tail(1).itertuples(), None)
        found = f"; {label(best)} comes nearest, {best.one_recall_percent:.1f} %" if best else ""
        return f"No setting keeps {target:g} % of the nearest neighbours in the first {k}{found}."
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
        f"{_ms(row.milliseconds_per_query)} ms, {row.one_recall_percent:.1f} %, "
        f"{row.bytes_per_vector:,.0f} bytes a vector"
    )


def _saved(rows: pd.DataFrame, best) -> str:
    flat = rows[rows["index"] == "flat"]["milliseconds_per_query"]
    if flat.empty or best.index == "flat":
        return ""
    return f", {flat.iloc[0] / best.milliseconds_per_query:.1f} times as fast as exact search"
