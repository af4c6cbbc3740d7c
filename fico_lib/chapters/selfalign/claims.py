"""What Zhuang et al. 2023 found about SelfAlign, as claims on a run."""

from collections.abc import Iterator, Sequence

from fico_lib.chapters.selfalign.published import gains
from fico_lib.report.claims import Case, Claim
from fico_lib.report.runs import Runs

SOURCE = "Zhuang et al. 2023"
BOTH = "+LCA+CRA"


def claims(bases: Sequence[str], attention: str) -> list[Claim]:
    """The claims, with the paper's numbers; a case whose variants were not run is left out.

    They are tested on variants named `base`, `base+LCA`, `base+CRA`, `base+LCA+CRA`, and on
    `attention`.
    """
    printed = "; ".join(f"{row.printed} on {row.dataset}" for row in gains().itertuples())

    def gain(runs: Runs, margin: float) -> Iterator[Case]:
        for base in bases:
            yield from _case(runs, base + BOTH, base, margin)

    def complement(runs: Runs, margin: float) -> Iterator[Case]:
        for base in bases:
            for part in ("+LCA", "+CRA"):
                yield from _case(runs, base + BOTH, base + part, margin)

    def near(runs: Runs, margin: float) -> Iterator[Case]:
        aligned = [base + BOTH for base in bases if runs.has(base + BOTH)]
        if aligned:
            best = max(aligned, key=lambda name: runs.recall_sum(name).value)
            yield from _case(runs, best, attention, margin)

    return [
        Claim(
            "selfalign_gain",
            "SelfAlign is above its base.",
            place=f"{SOURCE}, abstract, gains in R@sum",
            numbers=f"{printed}.",
            criterion="R@sum with LCA and CRA is above that of the base, for every base.",
            cases=gain,
        ),
        Claim(
            "selfalign_parts",
            "LCA and CRA complement each other.",
            place=SOURCE,
            numbers="the two are complementary when combined.",
            criterion="R@sum with both is above R@sum with each alone, for every base.",
            cases=complement,
        ),
        Claim(
            "selfalign_attention",
            "SelfAlign reaches models with attention at query time.",
            place=f"{SOURCE}, abstract",
            numbers="it outperforms most models with attention, with a retrieval time that is "
            "orders of magnitude smaller.",
            criterion="R@sum with LCA and CRA is above that of the model with attention, on some "
            "base: the best one is tested.",
            cases=near,
        ),
    ]


def _case(runs: Runs, a: str, b: str, margin: float) -> Iterator[Case]:
    if runs.has(a, b):
        gap = runs.recall_sum(a) - runs.recall_sum(b)
        yield Case(f"{a} - {b}", "both directions", "R@sum", gap, margin)
