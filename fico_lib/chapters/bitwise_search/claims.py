"""Whether search that is made for codes lets them win, as claims (FiCo-ITR, Section 6)."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from fico_lib.chapters.bitwise_search.results import (
    CORE,
    COUNTING,
    FAISS,
    SINGLE,
    BitwiseSearch,
)
from fico_lib.metrics.resampling import Estimate
from fico_lib.report.claims import Case, Claim, Verdicts, judge
from fico_lib.report.costs.cases import ratio, spread

SETTING = "this machine"
FASTER = {"margin": 1.0, "margin_source": "faster is a ratio of times above 1"}

claim = partial(Claim, section="6", topic="search", unit="times")


def judged(found: BitwiseSearch) -> Verdicts:
    """All claims on a run."""
    return judge(claims(), {SETTING: found}, "bitwise_search")


def claims() -> list[Claim]:
    """The claims, in the order of the questions."""
    evidence = "no number; the Discussion recommends optimising the search of codes for hardware."
    none = "the paper searches codes with faiss alone"
    return [
        claim(
            name="code_search_can_be_faster",
            statement="Exact search of codes can be made faster than in the library that the paper "
            "used.",
            evidence=evidence,
            test="faiss's flat index takes more than {margin:g} times as long as counting, at "
            "every length and k, in a batch on one core and for one query.",
            cases=_against_faiss,
            not_printed=none,
            **FASTER,
        ),
        claim(
            name="optimised_codes_outperform_graphs",
            statement="Searched in that way, codes are faster than floats with a graph.",
            evidence=evidence,
            test="The fastest setting of HNSW over floats takes more than {margin:g} times as long "
            "as counting over 64-bit codes in the gallery of vectors, in a batch and for one.",
            cases=_against_graphs,
            not_printed=none,
            **FASTER,
        ),
        claim(
            name="optimised_codes_outperform_at_equal_recall",
            statement="They are faster also where both find equally much of what belongs together.",
            evidence=evidence,
            test="On the task, the fastest search of floats, by HNSW or exact, of which R@k is no "
            "lower takes more than {margin:g} times as long as counting over codes.",
            cases=_at_equal_recall,
            not_printed=none,
            **FASTER,
        ),
    ]


def _time(row: pd.Series) -> Estimate:
    """A row's time, from its fastest to its slowest repeat."""
    return spread(
        row["milliseconds_per_query"], row["fastest_milliseconds"], row["slowest_milliseconds"]
    )


def _against_faiss(found: BitwiseSearch) -> Iterator[Case]:
    rows = found.exact.set_index(["method", "bits", "k", "mode"])
    for bits, k, mode in rows.loc[COUNTING].index:
        if mode in (CORE, SINGLE):
            both = (rows.loc[(name, bits, k, mode)] for name in (FAISS, COUNTING))
            yield Case(f"{bits} bits, {mode}", "", f"k = {k}", ratio(*map(_time, both)))


def _against_graphs(found: BitwiseSearch) -> Iterator[Case]:
    rows = found.beside
    rows = rows[(rows["refused"] == "") & (rows["repeats"] > 1)]  # one time has no spread
    for mode, part in rows.groupby("mode", sort=False):
        graphs, codes = part[part["index"] == "hnsw"], part[part["index"] == "code_counting"]
        if len(graphs) and len(codes):
            fastest = graphs.loc[graphs["milliseconds_per_query"].idxmin()]
            estimate = ratio(_time(fastest), _time(codes.iloc[0]))
            yield Case(f"HNSW, {fastest['setting']}, {mode}", "", "", estimate)


def _at_equal_recall(found: BitwiseSearch) -> Iterator[Case]:
    for (_, _, k), codes, floats in equal_recall(found.task):
        if floats is not None:
            what = f"{codes['model']}, {codes['bits']} bits, {codes['mode']}"
            estimate = ratio(_time(floats), _time(codes))
            yield Case(what, codes["direction"], f"R@{k}", estimate)


def equal_recall(
    task: pd.DataFrame,
) -> Iterator[tuple[tuple[str, str, int], pd.Series, pd.Series | None]]:
    """Every search of codes, and the fastest of floats that finds as much: (key, codes, floats).

    key: direction, mode and k; floats: None where no search of floats finds as much.
    """
    if task.empty:
        return
    of_codes = task["search"] == "code_counting"
    for _, row in task[of_codes].iterrows():
        key = row["direction"], row["mode"], row["k"]
        same = task[~of_codes & (task["direction"] == key[0]) & (task["mode"] == key[1])]
        enough = same[same["r_at_k_percent"] >= row["r_at_k_percent"]]
        fastest = enough["milliseconds_per_query"].idxmin() if len(enough) else None
        yield key, row, None if fastest is None else enough.loc[fastest]
