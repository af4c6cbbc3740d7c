"""What a reader of the search chapter sees as tables: Table 7 beside ours, and today's indexes."""

from pathlib import Path

import pandas as pd

from fico_lib.chapters.search.results import Study
from fico_lib.chapters.search.rows import (
    LOST_MARK,
    OURS,
    PRINTED,
    as_count,
    as_ms,
    as_seconds,
    comparable,
    label,
)
from fico_lib.report import published
from fico_lib.report.table import Table, percentage
from fico_lib.search.metrics import front

CUTS = (1, 100, 1000)  # of the paper's Table 7


def beside_table_7(study: Study) -> Table:
    """Table 7 as printed, and this run's four indexes at its own sizes, in the same columns."""
    return Table(
        pd.DataFrame([*_printed_rows(), *_own_rows(study)]),
        "The paper's Table 7 as printed, and this run, percent and seconds. R@k: the true nearest "
        "neighbour is among the first k; below it, which the paper does not report, k-recall@k: "
        "the share of the true k nearest among the first k. Search: with the largest k that the "
        f"index could fill; {LOST_MARK}: it returned fewer than k results.",
        words=("index", "queries/vectors"),
    )


def _printed_rows():
    wide, texts = published.wide(7), published.wide(7, printed=True)
    sizes = published.table(7).drop_duplicates("size").set_index("size")
    for size, index in texts.index:
        cells, seconds = texts.loc[(size, index)], wide.loc[(size, index), "search_time"]
        yield (
            {("", "index"): PRINTED[index], ("", "queries/vectors"): f"{size}\n2048-d, paper"}
            | {
                ("", f"R@{k}"): published.marked(
                    7,
                    f"{index} {size} R@{k}",
                    cells[f"R@{k}"].replace("Baseline (100.0)", "100.0"),
                )
                for k in CUTS
            }
            | {
                ("seconds", "build"): cells["index_time"].rstrip("s"),
                ("seconds", "search"): published.marked(
                    7, f"{index} {size} search_time", cells["search_time"].rstrip("s")
                ),
                ("seconds", "1K queries"): as_seconds(1000 * seconds / sizes.loc[size, "queries"]),
            }
        )


def _own_rows(study: Study):
    keys = ["queries", "vectors", "dimension", "index", "setting"]
    for (queries, n, d, index, setting), part in study.paper.groupby(keys, sort=False):
        at, first = part.set_index("k"), part.iloc[0]
        yield (
            {
                ("", "index"): OURS[index] + (f"\n{setting}" if setting else ""),
                ("", "queries/vectors"): f"{as_count(queries)}/{as_count(n)}\n{d}-d, this run",
            }
            | {("", f"R@{k}"): _both_recalls(at, k) for k in CUTS}
            | {
                ("seconds", "build"): as_seconds(first["index_seconds"]),
                (
                    "seconds",
                    "search",
                ): f"{as_seconds(first['search_seconds'])}\nk={first['search_k']}",
                ("seconds", "1K queries"): as_seconds(1000 * first["search_seconds"] / queries),
            }
        )


def _both_recalls(at: pd.DataFrame, k: int) -> str:
    if k not in at.index:
        return "n/a"
    if at.loc[k, "refused"]:
        return LOST_MARK
    return "\n".join(percentage(at.loc[k, c]) for c in ("one_recall_percent", "k_recall_percent"))


def today(study: Study) -> Table:
    """Every index at its settings: recall, throughput, latency, building, bytes."""
    rows = study.measured[study.measured["k"] == study.k]
    keys = ["index", "binariser", "bits", "setting"]
    lines = []
    for _, part in rows.groupby(keys, sort=False):
        modes = {row.mode: row for row in part.itertuples()}
        batch, single = modes["batch"], modes["single"]
        good = not batch.refused
        lines.append(
            {
                ("", "index"): label(batch),
                ("recall (%)", "1-recall"): percentage(batch.one_recall_percent)
                if good
                else LOST_MARK,
                ("recall (%)", "k-recall"): percentage(batch.k_recall_percent) if good else "n/a",
                ("ms per query", "batch"): as_ms(batch.milliseconds_per_query) if good else "n/a",
                ("ms per query", "single"): "n/a" if single.refused
                else as_ms(single.milliseconds_per_query),
                ("ms per query", "single, 95 %"): "n/a" if single.refused
                else as_ms(single.p95_milliseconds),
                ("seconds", "build"): as_seconds(batch.fit_seconds + batch.add_seconds),
                ("seconds", "quantizer"): _fit_seconds(batch),
                ("seconds", "codes"): as_seconds(batch.code_seconds) if batch.bits else "",
                ("", "bytes/vector"): f"{batch.bytes_per_vector:,.0f}",
            }
        )  # fmt: skip
    for row in study.missing.itertuples():
        lines.append({("", "index"): f"{row.title}\nnot measured: {row.why}"})
    first = rows.iloc[0]
    return Table(
        pd.DataFrame(lines).fillna(""),
        f"Every index and setting on {first['vectors']:,} vectors of {first['dimension']} "
        f"dimensions, k = {study.k}; batches of {rows['queries'].max():,.0f} queries on "
        f"{first['threads']} threads, "
        "single queries on one. Medians; times include turning queries into codes. Quantizer: the "
        "fit of the codes, done once for each quantizer and number of bits; where several indexes "
        "share it, each row shows the whole time of the one fit.",
        words=("index",),
    )


def _fit_seconds(row) -> str:
    """The seconds of a quantizer's fit, and how many indexes share it; "" where there is none."""
    if not row.bits:
        return ""
    shared = f"\nshared by {row.quantizer_shared_by}" if row.quantizer_shared_by > 1 else ""
    return as_seconds(row.quantizer_seconds) + shared


def fronts(study: Study, mode: str) -> Table:
    """The settings that no other beats in time and recall."""
    best = front(comparable(study, mode), "milliseconds_per_query", "one_recall_percent")
    frame = pd.DataFrame(
        {
            "index": [label(row) for row in best.itertuples()],
            "1-recall (%)": [percentage(v) for v in best["one_recall_percent"]],
            "ms per query": [as_ms(v) for v in best["milliseconds_per_query"]],
            "bytes/vector": [f"{v:,.0f}" for v in best["bytes_per_vector"]],
        }
    )
    what = "in a batch" if mode == "batch" else "one at a time"
    return Table(frame, f"Queries {what}: what no other setting beats.", words=("index",))


def sweep_k(study: Study) -> Table:
    """Time and recall of the paper's four as k grows."""
    rows = study.measured[study.measured["index"].isin(OURS)]
    rows = rows[(rows["mode"] == "batch") & (rows["binariser"] != "hyperplanes")]
    settings = {"flat": "", "hnsw": "ef_search 16", "code_flat": "", "code_ivf": "n_probe 8"}
    lines = []
    for index, setting in settings.items():
        part = rows[(rows["index"] == index) & (rows["setting"] == setting)].sort_values("k")
        line = {("", "index"): OURS[index]}
        for row in part.itertuples():
            line["ms per query", f"k={row.k}"] = as_ms(row.milliseconds_per_query)
        for row in part.itertuples():
            line["k-recall@k (%)", f"@{row.k}"] = percentage(row.k_recall_percent)
        lines.append(line)
    return Table(
        pd.DataFrame([line for line in lines if len(line) > 1]).fillna(LOST_MARK),
        "The paper's four indexes as k grows; each k is a search of its own.",
        words=("index",),
    )


def ties(study: Study) -> Table:
    """The effect of ties on the recall of 64-bit codes."""
    frame = pd.DataFrame(
        {
            "R@k": [f"R@{k}" for k in study.ties["k"]],
            "all ties lost": study.ties["lost_percent"].map(percentage),
            "expected": study.ties["expected_percent"].map(percentage),
            "all ties won": study.ties["won_percent"].map(percentage),
            "as faiss returns": study.ties["stored_percent"].map(percentage),
            "gallery shuffled": [
                f"{row.lowest_shuffled_percent:.1f} to {row.highest_shuffled_percent:.1f}"
                for row in study.ties.itertuples()
            ],
        }
    )
    tied = study.ties["median_tied"].iloc[0]
    return Table(
        frame,
        "1-recall@k of 64-bit ITQ codes in percent. For the median query, "
        f"{tied:,.0f} codes are as near as that of the true neighbour, itself included.",
        words=("R@k",),
    )


def elsewhere(study: Study) -> Table:
    """Recall of the same indexes on a model's gallery, asked by both modalities, and other data."""
    rows = study.elsewhere.set_index(["what", "data"])
    names = list(study.about_data["data"])
    lines = []
    for what in dict.fromkeys(study.elsewhere["what"]):
        line = {"index": what}
        for name in names:
            row = rows.loc[what, name]
            line[name] = f"{percentage(row['one_recall_percent'])}\n" + (
                f"hardest tenth {percentage(row['hardest_tenth_percent'])}"
            )
        lines.append(line)
    first, k = study.about_data.iloc[0], study.elsewhere["k"].iloc[0]
    spread = "; ".join(
        f"{row.data} {row.nearest_cosine:.2f}, {row.components_of_90_percent}"
        for row in study.about_data.itertuples()
    )
    return Table(
        pd.DataFrame(lines),
        f"1-recall@{k} in percent on {first['vectors']:,} vectors of {first['dimension']} "
        f"dimensions and {first['queries']:,} queries; below it, that of the tenth of the queries "
        "whose nearest vector is furthest away. Mean cosine of a query and its nearest vector, and "
        f"principal components that hold 90 % of the variance: {spread}.",
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
            lines.setdefault(name, {"index": name})[folder.parent.name] = as_ms(
                row.milliseconds_per_query
            )
    if not lines:
        text = "No run of another machine is recorded to compare with."
        return Table(pd.DataFrame({"": [text]}), words=("",), header=False)
    frame = pd.DataFrame(lines.values()).fillna("")
    return Table(frame, "Milliseconds per query in a batch, as recorded.", words=("index",))
