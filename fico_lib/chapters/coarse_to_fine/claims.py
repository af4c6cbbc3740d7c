"""What FiCo-ITR says of codes that screen, tested on two stages of retrieval (Section 5.1)."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from fico_lib.chapters.coarse_to_fine.results import CoarseToFine, gap_of
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report import published
from fico_lib.report.claims import Case, Claim, Verdicts, judge
from fico_lib.report.costs.cases import ratio, spread

K = 100  # candidates: the middle one of the paper's Table 3
CODE, LABELS = "adv64", "dadh"  # trained for instances, and for labels
NOT_PRINTED = "the paper runs no such pair"

claim = partial(Claim, section="5.1", topic="screening", not_printed=NOT_PRINTED)


def judged(found: CoarseToFine, setting: str) -> Verdicts:
    """All claims on a run."""
    return judge(claims(), {setting: found}, "coarse_to_fine")


def claims() -> list[Claim]:
    """The claims, in the order of the argument."""
    kept = published.wide(3)["flickr30k"].loc[CODE]
    left_out = round(100 - min(kept[direction, f"R@{K}"] for direction in DIRECTIONS), 2)
    evidence = "Table 3, Flickr30K, R@100: " + ", ".join(
        f"{name} {printed.loc[model, ('i2t', 'R@100')]} and {printed.loc[model, ('t2i', 'R@100')]}"
        for name, model in (("ADV-64", CODE), ("DADH", LABELS))
        for printed in [published.wide(3, printed=True)["flickr30k"]]
    )
    return [
        claim(
            name="screened_answers_kept",
            statement="A code that is trained for instances may screen for a finer model.",
            evidence=f"{evidence}.",
            test=f"When {K} candidates of ADV-64 are ranked by embeddings, and by attention, R@1 "
            "is less than {margin:g} points below that of the finer model alone.",
            cases=partial(_losses, screen=CODE),
            margin=-left_out,
            margin_source=f"of all queries, ADV-64 leaves out {left_out:g} % at R@{K} as printed",
        ),
        claim(
            name="screened_answers_lost",
            statement="A code that is trained for labels may not.",
            evidence=f"{evidence}.",
            test=f"When {K} candidates of DADH are ranked instead, R@1 is further below that of "
            "the finer model alone than with ADV-64.",
            cases=_further,
        ),
        claim(
            name="screening_worth_it",
            statement="Screening pays where the time gained outweighs the answers lost.",
            evidence="no number.",
            test=f"With {K} candidates of a 64-bit code, two stages take less time than the finer "
            "model alone in the largest gallery in which both are computed: the ratio of times is "
            "above {margin:g}.",
            cases=_faster,
            margin=1.0,
            unit="times",
            margin_source="a gain is a ratio above 1; what is lost is the first claim's",
        ),
    ]


def _losses(found: CoarseToFine, screen: str) -> Iterator[Case]:
    for ranker in found.rankers:
        for direction in DIRECTIONS:
            if (gap := gap_of(found, screen, K, ranker, direction)) is not None:
                yield Case(f"{screen}, {ranker} - {ranker}", direction, "R@1", gap)


def _further(found: CoarseToFine) -> Iterator[Case]:
    for ranker in found.rankers:
        for direction in DIRECTIONS:
            gaps = [gap_of(found, screen, K, ranker, direction) for screen in (CODE, LABELS)]
            if gaps[0] is not None and gaps[1] is not None:
                what = f"{CODE}, {ranker} - {LABELS}, {ranker}"
                yield Case(what, direction, "R@1", gaps[0] - gaps[1])


def _faster(found: CoarseToFine) -> Iterator[Case]:
    if found.times.empty:
        return
    rows = found.times[(found.times["bits"] == 64) & (found.times["candidates"] == K)]
    for ranker, part in rows.groupby("ranker", sort=False):
        row = part.loc[part["items"].idxmax()]
        estimate = ratio(_time(row, "alone"), _time(row, "both"))
        yield Case(f"{ranker}, {row['items']:,} items", "", "", estimate)


def _time(row: pd.Series, which: str):
    return spread(*(row[f"{end}{which}_milliseconds"] for end in ("", "fastest_", "slowest_")))
