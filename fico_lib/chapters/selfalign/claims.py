"""What Zhuang et al. 2023 found about SelfAlign, as claims on a run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from fico_lib.chapters.selfalign.published import gains
from fico_lib.chapters.selfalign.timing import ratio
from fico_lib.metrics.resampling import Estimate, Resampling
from fico_lib.report.claims import SELFALIGN, Case, Claim, Verdicts, judge
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
    with LCA alone on the first base that has so many; times: milliseconds to rank all images for a
    text, of each repeat, of the first base, of its variant with both parts, and of `attention`.
    """

    runs: Runs
    bases: Sequence[str]
    attention: str
    concepts: dict[int, str]
    times: dict[str, np.ndarray] = field(default_factory=dict)

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

    def slower(self, a: str, b: str) -> Iterator[Case]:
        """How many times as long as `b` the model `a` takes."""
        if a in self.times and b in self.times:
            yield Case(f"{a} / {b}", "t2i", "time", ratio(self.times[a], self.times[b]))

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
            statement="SelfAlign's gain has the size that the abstract reports.",
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
            name="selfalign_faster",
            statement="Retrieval with SelfAlign takes orders of magnitude less time than with "
            "attention.",
            evidence="orders of magnitude.",
            test="Ranking all images for a text takes the model with attention (its time is that "
            "of "
            "all pairs at once) more than {margin:g} times as long.",
            cases=lambda source: source.slower(source.attention, source.bases[0] + BOTH),
            margin=100.0,
            margin_source='"orders", in the plural: two of them',
            unit="times",
            not_printed=ABSTRACT,
        ),
        claim(
            name="selfalign_as_fast",
            statement="Retrieval with SelfAlign takes about as long as with its base.",
            evidence="no number.",
            test="It takes less than {upper:g} times as long as with the base.",
            cases=lambda source: source.slower(source.bases[0] + BOTH, source.bases[0]),
            upper=2.0,
            margin_source='no time is printed; "comparable" is taken for less than twice',
            unit="times",
            not_printed=ABSTRACT,
        ),
    ]


def claims_on_matches() -> list[Claim]:
    """The claim on the regions that words match; its source is the table of `matched`."""
    return [
        claim(
            name="selfalign_matches",
            statement="The pairs of words and regions that LCA finds are meaningful.",
            evidence="pictures of matched pairs.",
            test="The region matched to a word that names a kind shows that kind more often than a "
            "region drawn at random, where one of the image's regions shows it.",
            cases=_meaningful,
            not_printed=ABSTRACT,
        ),
    ]


def judged(variants: Variants, matches: pd.DataFrame, setting: str, samples: int) -> Verdicts:
    """All claims on a run; matches: as `matched` makes it; samples: bootstrap draws."""
    source = Matches(matches, samples)
    return judge(claims(), {setting: variants}, "selfalign") + judge(
        claims_on_matches(), {setting: source}, "selfalign"
    )


@dataclass(frozen=True)
class Matches:
    """The table of `matched`, and how many bootstrap draws are made of its images."""

    rows: pd.DataFrame
    samples: int


def _meaningful(source: Matches) -> Iterator[Case]:
    rows = source.rows
    if len(rows):
        # The mean over words, of which an image has several: they are drawn together.
        images = np.repeat(np.arange(len(rows)), rows["words"])
        above = np.repeat((rows["percent"] - rows["chance_percent"]).to_numpy(), rows["words"])
        estimate = Resampling(len(rows), source.samples).estimate([above], images)
        yield Case("right region - chance", "", "precision", estimate)


def _larger(source: Variants) -> Iterator[Case]:
    numbers = sorted(source.concepts)
    for number in numbers[1:]:
        yield from source.compared(source.concepts[number], source.concepts[numbers[0]])
