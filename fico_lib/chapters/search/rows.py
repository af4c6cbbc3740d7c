"""Rows of the search chapter as its figures draw them; its names and numbers as written."""

import pandas as pd

from fico_lib.chapters.search.results import Study
from fico_lib.report import published
from fico_lib.search import INDEXES
from fico_lib.search.binarise import TITLES
from fico_lib.search.metrics import front

PRINTED = {"fg_flat": "FG Flat", "fg_hnsw": "FG HNSW", "cg_flat": "CG Flat", "cg_ivf": "CG IVF"}
OURS = {"flat": "FG Flat", "hnsw": "FG HNSW", "code_flat": "CG Flat", "code_ivf": "CG IVF"}
LOST_MARK = "too few"
CODES = {"itq": "ITQ", "hyperplanes": "hyperplane", "pca_sign": "PCA", "truncated_sign": "sign"}


def as_count(value: float) -> str:
    """500000 as 500K, 2500000 as 2.5M."""
    return (
        f"{value / 1e6:g}M"
        if value >= 1e6
        else f"{value / 1e3:g}K"
        if value >= 1e3
        else f"{value:g}"
    )


def as_seconds(value: float) -> str:
    """Two places, n/a where nothing was measured."""
    return "n/a" if pd.isna(value) else "<0.01" if value < 0.005 else f"{value:.2f}"


def as_ms(value: float) -> str:
    """Milliseconds, three places below 1; a mark where the index returned too few results."""
    return LOST_MARK if pd.isna(value) else f"{value:.3f}" if value < 1 else f"{value:.2f}"


def label(row) -> str:
    """An index of the measured rows in a few words, with its bits and setting."""
    code = f"{row.bits}-bit {CODES[row.binariser]} " if row.bits else ""
    setting = f" ({row.setting})" if row.setting else ""
    return f"{code}{INDEXES[row.index].title}{setting}"


def comparable(study: Study, mode: str) -> pd.DataFrame:
    """The measured rows of one mode at the common k, without those that were refused.

    Recall is that of the batch in both modes, since single mode times fewer queries.
    """
    return comparable_rows(study.measured, study.k, mode)


def comparable_rows(rows: pd.DataFrame, k: int, mode: str) -> pd.DataFrame:
    """The same for given measured rows."""
    rows = rows[(rows["k"] == k) & (rows["refused"] == "")]
    keys = ["index", "binariser", "bits", "setting"]
    recall = rows[rows["mode"] == "batch"].set_index(keys)["one_recall_percent"]
    rows = rows[rows["mode"] == mode].set_index(keys)
    return rows.assign(one_recall_percent=recall).dropna(subset="one_recall_percent").reset_index()


def figure_4_rows(study: Study) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
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
    ours = study.paper[study.paper["k"] == study.paper["k"].min()]
    ours = ours.drop_duplicates(["index", "vectors", "dimension"]).copy()  # the paper's settings
    ours["r_at_1"] = ours["one_recall_percent"]
    ours["milliseconds_per_query"] = 1e3 * ours["search_seconds"] / ours["queries"]
    return pd.DataFrame(paper).assign(dimension=2048), ours, OURS


def pareto_rows(study: Study, mode: str) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """The measured rows of a mode with their series, the front among them, and the names."""
    return series_rows(comparable(study, mode))


def series_rows(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """The same for given comparable rows."""
    rows = rows.assign(series=rows["index"])
    best = front(rows, "milliseconds_per_query", "one_recall_percent")
    return rows, best, {i: INDEXES[i].title for i in dict.fromkeys(rows["series"])}


def sweep_rows(study: Study) -> tuple[pd.DataFrame, dict[str, dict[str, str]]]:
    """Recall against each swept argument, as `fico_lib.chapters.search.figures.sweeps` draws it."""
    rows, parts = comparable(study, "batch"), []
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
    swept = pd.concat([*parts, bits])
    names = {}
    for sweep, part in swept.groupby("sweep", sort=False):
        names[sweep] = {
            key: (INDEXES[key].title if key in INDEXES else _bits_name(key))
            for key in dict.fromkeys(part["series"])
        }
    return swept, names


def _bits_name(key: str) -> str:
    index, _, setting = key.partition(" ")
    return f"{INDEXES[index].title}" + (f" ({setting})" if setting else "")


def binarisers(study: Study) -> dict[str, str]:
    """Binariser -> the name to show, of those that were compared as the gallery grows."""
    return {name: TITLES[name] for name in dict.fromkeys(study.growth["binariser"])}
