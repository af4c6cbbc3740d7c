"""What Zhuang et al. 2023 found about SelfAlign, as claims on a run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from fico_lib.chapters.selfalign.published import gains
from fico_lib.metrics.resampling import Estimate
from fico_lib.report.claims import SELFALIGN, Case, Claim
from fico_lib.report.runs import Runs

BOTH, LCA, CRA = "+LCA+CRA", "+LCA", "+CRA"
R_SUM = "R@sum"
EITHER = "both directions"
ABSTRACT = "the text known to this study is the abstract, which prints no number for it"

claim = partial(Claim, paper=SELFALIGN, section="abstract", topic="fine-grained alignment")


@dataclass(frozen=True)
class Variants:
    """The variants of a run: named `base`, `base+LCA`, `base+CRA`, `base+LCA+CRA`.

    attention: the model with attention at query time; concepts: numbers of concepts -> the variant
    with LCA alone on the first base that has so many.
    """

    runs: Runs
    bases: Sequence[str]
    attention: str
    concepts: dict[int, str]

    def gains(self) -> Iterator[Case]:
        """What both parts add to each base, in percent of the base's R@sum."""
        for base in self.bases:
            for case in self.compared(base + BOTH, base):
                whole = self.runs.recall_sum(base).value
                yield Case(case.what, EITHER, R_SUM, case.estimate * (100 / whole))

    def compared(self, a: str, b: str) -> Iterator[Case]:
        """R@sum of `a` minus that of `b`; nothing where one was not run."""
        if self.runs.has(a, b):
            difference = self.runs.recall_sum(a) - self.runs.recall_sum(b)
            yield Case(f"{a} - {b}", EITHER, R_SUM, difference)

    def each(self, pairs: Sequence[tuple[str, str]]) -> Iterator[Case]:
        """For every base, the first variant of each pair against the second."""
        for base in self.bases:
            for a, b in pairs:
                yield from self.compared(base + a, base + b)


class Printed:
    """The abstract's gains, in the form of `Variants`."""

    def gains(self) -> Iterator[Case]:
        """Gains in percent of the base's R@sum."""
        for row in gains().itertuples():
            yield Case(row.dataset, EITHER, R_SUM, Estimate.exact(row.value))


def claims() -> list[Claim]:
    """The claims, with the paper's numbers; their source is `Variants`."""
    rows = gains()
    evidence = "; ".join(f"{row.printed} on {row.dataset}" for row in rows.itertuples()) + "."
    least = rows["value"].min()
    printed = {"abstract, printed": Printed()}
    return [
        claim(
            name="selfalign_gain",
            statement="SelfAlign is above its base, whichever it is.",
            evidence=f"gains in R@sum: {evidence}",
            test="R@sum with LCA and CRA is above that of the base, for every base.",
            cases=lambda source: source.gains(),
            unit="percent of the base",
            printed=printed,
        ),
        claim(
            name="selfalign_gain_size",
            statement="The gain has the size that the abstract reports.",
            evidence=f"gains in R@sum: {evidence}",
            test="The gain is more than {margin:g} % of the base's R@sum, for every base.",
            cases=lambda source: source.gains(),
            margin=least / 2,
            margin_source=f"half of the smallest printed gain, {least:g} %",
            unit="percent of the base",
            printed=printed,
        ),
        claim(
            name="selfalign_lca",
            statement="LCA alone is above the base.",
            evidence="the two parts are called complementary.",
            test="R@sum with LCA alone is above that of the base, for every base.",
            cases=lambda source: source.each([(LCA, "")]),
            not_printed=ABSTRACT,
        ),
        claim(
            name="selfalign_cra",
            statement="CRA alone is above the base.",
            evidence="the two parts are called complementary.",
            test="R@sum with CRA alone is above that of the base, for every base.",
            cases=lambda source: source.each([(CRA, "")]),
            not_printed=ABSTRACT,
        ),
        claim(
            name="selfalign_parts",
            statement="LCA and CRA complement each other.",
            evidence="the two are complementary when combined.",
            test="R@sum with both is above R@sum with each alone, for every base.",
            cases=lambda source: source.each([(BOTH, LCA), (BOTH, CRA)]),
            not_printed=ABSTRACT,
        ),
        claim(
            name="selfalign_attention",
            statement="SelfAlign reaches models with attention at query time.",
            evidence="it outperforms most of them.",
            test="R@sum of VSRN, one of the paper's bases, with LCA and CRA is above that of the "
            "model with attention.",
            cases=lambda source: source.compared(f"vsrn{BOTH}", source.attention),
            not_printed=ABSTRACT,
        ),
        claim(
            name="selfalign_codebook",
            section="limitations, as summarised",
            statement="Too small a code book limits what is covered.",
            evidence="no number.",
            test="With LCA alone, every larger number of concepts is above the smallest.",
            cases=_larger,
            not_printed=ABSTRACT,
        ),
        claim(
            name="selfalign_matches",
            statement="The pairs of words and regions that LCA finds are meaningful.",
            evidence="pictures of matched pairs.",
            test="none.",
            lacks="the object that each region shows, to count how often the region matched to a "
            "word shows what the word names; the pictures of this chapter are no count",
            not_printed=ABSTRACT,
        ),
    ]


def _larger(source: Variants) -> Iterator[Case]:
    numbers = sorted(source.concepts)
    for number in numbers[1:]:
        yield from source.compared(source.concepts[number], source.concepts[numbers[0]])
