"""What Zhuang et al. 2023 found about SelfAlign, as claims on a run."""

from collections.abc import Iterator, Sequence

import pandas as pd

from fico_lib.chapters.selfalign.published import gains
from fico_lib.report.claims import Case, Claim, rows
from fico_lib.report.runs import Runs

SOURCE = "Zhuang et al. 2023"


def claims(runs: Runs, bases: Sequence[str], attention: str) -> pd.DataFrame:
    """One row per claim and case; cases whose variants were not run are left out.

    runs: of the variants, named `base`, `base+LCA`, `base+CRA`, `base+LCA+CRA`, and `attention`.
    """
    tests = (_gain(runs, bases), _complement(runs, bases), _near(runs, bases, attention))
    return pd.DataFrame(
        [row for about, cases in zip(_about(), tests, strict=True) for row in rows(about, cases)]
    )


def _about() -> list[Claim]:
    printed = "; ".join(f"{one.printed} on {one.dataset}" for one in gains().itertuples())
    return [
        Claim(
            "selfalign_gain",
            "SelfAlign is above its base.",
            f"{SOURCE}, abstract, gains in R@sum: {printed}.",
            "R@sum with LCA and CRA is above that of the base, for every base.",
        ),
        Claim(
            "selfalign_parts",
            "LCA and CRA complement each other.",
            f"{SOURCE}: the two are complementary when combined.",
            "R@sum with both is above R@sum with each alone, for every base.",
        ),
        Claim(
            "selfalign_attention",
            "SelfAlign reaches models with attention at query time.",
            f"{SOURCE}, abstract: it outperforms most models with attention, with a retrieval time "
            "that is orders of magnitude smaller.",
            "R@sum with LCA and CRA is above that of the model with attention, on some base: the "
            "best one is tested.",
        ),
    ]


def _case(runs: Runs, a: str, b: str) -> Case:
    gap = runs.recall_sum(a) - runs.recall_sum(b)
    return Case(f"{a} - {b}", "both directions", "R@sum", gap)


def _gain(runs: Runs, bases: Sequence[str]) -> Iterator[Case]:
    for base in bases:
        if runs.has(both := f"{base}+LCA+CRA", base):
            yield _case(runs, both, base)


def _complement(runs: Runs, bases: Sequence[str]) -> Iterator[Case]:
    for base in bases:
        for alone in ("LCA", "CRA"):
            if runs.has(both := f"{base}+LCA+CRA", part := f"{base}+{alone}"):
                yield _case(runs, both, part)


def _near(runs: Runs, bases: Sequence[str], attention: str) -> Iterator[Case]:
    found = [f"{base}+LCA+CRA" for base in bases if runs.has(f"{base}+LCA+CRA", attention)]
    if found:
        best = max(found, key=lambda name: runs.recall_sum(name).value)
        yield _case(runs, best, attention)
