"""Claims of this chapter: the study's own, with margins from what FiCo-ITR prints.

The paper has no gallery of distinct items that grows. The nearest to it is its Table 2: the same
models on 1,000 images (Flickr30K) and on 5,000 (MS-COCO), which are other images and captions too.
Each claim was written down, with its margin, before galleries of five times the test split were
counted, but for the law's: its margin was written when galleries of up to twelve times the test
split had been seen, so that larger ones alone test it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import product

import pandas as pd

from fico_lib.chapters.growing_gallery.results import FIRST, Found
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.metrics.resampling import Estimate
from fico_lib.models import model_card
from fico_lib.report import published
from fico_lib.report.claims import Case, Claim, Verdicts, half_of_smallest, judge

STUDY = "this study"
WHERE = "A growing gallery"
FIVE = 5  # times as many images: MS-COCO's 5,000 to Flickr30K's 1,000
SMALL, LARGE = "flickr30k", "mscoco"
NEAR_CHANCE = "dadh"  # whose printed cells are near chance: a share of them says nothing
NOT_PRINTED = "the paper has no gallery of distinct items that grows"


@cache
def _printed() -> pd.DataFrame:
    """Table 2, wide."""
    return published.wide(2)


@dataclass(frozen=True)
class Printed:
    """Table 2: what is left of R@1 from Flickr30K to MS-COCO, where both are printed."""

    def has(self, *names: str) -> bool:
        """Whether all of these are printed on both."""
        return set(names) <= set(self.names)

    @property
    def names(self) -> list[str]:
        """The models that are printed on both, but for those near chance."""
        rows = _printed()
        both = rows[LARGE].dropna(subset=[(d, FIRST) for d in DIRECTIONS]).index
        return [name for name in both if name != NEAR_CHANCE]

    @property
    def floats(self) -> list[str]:
        """The fine-grained ones."""
        return [name for name in self.names if model_card(name).granularity == "FG"]

    @property
    def codes(self) -> list[str]:
        """The coarse-grained ones."""
        return [name for name in self.names if name not in self.floats]

    def left(self, name: str, direction: str) -> Estimate:
        """The percentage of R@1 that is left."""
        small, large = (_printed()[data].loc[name, (direction, FIRST)] for data in (SMALL, LARGE))
        return Estimate.exact(100 * large / small)


@dataclass(frozen=True)
class Measured:
    """A run: what is left of R@1 in a gallery of `FIVE` times the test split."""

    found: Found

    def has(self, *names: str) -> bool:
        """Whether all of these rank."""
        return self.found.has(*names)

    @property
    def names(self) -> list[str]:
        """All rankers but those near chance in print."""
        return [name for name in self.found.bits if name != NEAR_CHANCE]

    @property
    def floats(self) -> list[str]:
        """Embeddings."""
        return [name for name in self.names if not self.found.bits[name]]

    @property
    def codes(self) -> list[str]:
        """Codes of 64 bits that were learnt as such."""
        learnt = {one.name for one in self.found.estimates.growth.rankers if not one.projection}
        return [name for name in self.names if self.found.bits[name] == 64 and name in learnt]

    def left(self, name: str, direction: str) -> Estimate | None:
        """The percentage of R@1 that is left; None where the run has no such gallery."""
        size = FIVE * self.found.sizes[0]
        if size not in self.found.sizes:
            return None
        return self.found.estimates.left(name, direction, size)


def judged(found: Found, setting: str) -> Verdicts:
    """All claims on a run."""
    return judge(claims(), {setting: found}, "growing_gallery")


def claims() -> list[Claim]:
    """The claims, in the order of the argument; they are tested on a `Found`."""
    cells = {"Table 2, printed": Printed()}
    best = max(Printed().left(n, d).value for n, d in product(Printed().names, DIRECTIONS))
    ucch = " and ".join(f"{Printed().left('ucch', d).value:.0f} %" for d in DIRECTIONS)
    evidence = (
        f"FiCo-ITR, Table 2, from Flickr30K (1,000 images) to MS-COCO (5,000): of R@1 {ucch} are "
        f"left of UCCH, {{}}; other images and captions too."
    )
    least = min(Printed().left(n, d).value for n, d in product(Printed().floats, DIRECTIONS))
    claim = partial(Claim, paper=STUDY, section=WHERE, topic="instance retrieval")
    return [
        claim(
            name="growing_codes_lose_more",
            statement="As the gallery grows, short codes lose a larger share of their R@1 than "
            "embeddings do.",
            evidence=evidence.format(f"and {least:.0f} % or more of every fine-grained model"),
            test="With five times the images, what is left of R@1 of each embedding is more than "
            "{margin:g} points above what is left of each learnt code of 64 bits.",
            cases=_codes_lose_more,
            printed=cells,
            **half_of_smallest(_codes_lose_more, cells),
        ),
        claim(
            name="growing_longer_keep_more",
            statement="Longer codes keep more of their R@1 than shorter ones.",
            evidence="no number.",
            test="In the largest gallery, what is left of R@1 of the longer code of each pair, of "
            "one method, is above what is left of the shorter.",
            cases=_longer_keep_more,
            not_printed=NOT_PRINTED,
        ),
        claim(
            name="growing_copies_hide",
            statement="A gallery that is filled with copies hides what a gallery of distinct items "
            "costs.",
            evidence=evidence.format(f"and at most {best:.0f} % of any model"),
            test="With five times the images, R@1 among copies, all of which are right, is more "
            "than {margin:g} % of it above R@1 among distinct items.",
            cases=_copies_hide,
            printed=cells,
            **half_of_smallest(_copies_hide, cells),
        ),
        claim(
            name="growing_law_predicts",
            statement="The law of small galleries predicts R@1 in the largest.",
            evidence="no number.",
            test="The prediction for the largest gallery, to which the law was not fitted, is "
            "between {margin:.3g} and {upper:.3g} times what is found there.",
            cases=_law_predicts,
            margin=round(best / 100, 3),
            upper=round(100 / best, 3),
            unit="times",
            margin_source=f"the least that is lost in print leaves {best:.1f} %: a law that is off "
            "by more cannot tell a gallery from one of a fifth of its size",
            not_printed=NOT_PRINTED,
        ),
    ]


def _source(source: Found | Printed) -> "Measured | Printed":
    return source if isinstance(source, Printed) else Measured(source)


def _codes_lose_more(source: Found | Printed) -> Iterator[Case]:
    one = _source(source)
    for fine, code, direction in product(one.floats, one.codes, DIRECTIONS):
        left = [one.left(name, direction) for name in (fine, code)]
        if left[0] is not None and left[1] is not None:
            yield Case(f"{fine} - {code}", direction, "R@1 left", left[0] - left[1])


def _longer_keep_more(found: Found) -> Iterator[Case]:
    for (longer, shorter), direction in product(_pairs(found.bits), DIRECTIONS):
        left = [
            found.estimates.left(name, direction, found.sizes[-1]) for name in (longer, shorter)
        ]
        if left[0] is not None and left[1] is not None:
            yield Case(f"{longer} - {shorter}", direction, "R@1 left", left[0] - left[1])


def _pairs(bits: dict[str, int]) -> Sequence[tuple[str, str]]:
    """Rankers of one method, the longer code first: names that differ in the bits alone.

    >>> _pairs({"adv2048": 2048, "adv64": 64, "vse": 0, "vse, 64 bits itq": 64})
    [('adv2048', 'adv64')]
    """
    method = {name: name.replace(str(n), "") for name, n in bits.items() if n}
    return [
        (a, b) for a, b in product(method, method) if method[a] == method[b] and bits[a] > bits[b]
    ]


def _copies_hide(source: Found | Printed) -> Iterator[Case]:
    one = _source(source)
    for name, direction in product(one.names, DIRECTIONS):
        left = one.left(name, direction)
        if left is not None:
            yield Case(f"{name}: copies - distinct", direction, "R@1", 100 - left)


def _law_predicts(found: Found) -> Iterator[Case]:
    for (name, direction, size, metric), predicted in found.predictions.items():
        if size == found.sizes[-1] and metric == FIRST:
            observed = found.estimates.estimate(name, direction, size, FIRST)
            if observed.value > 0:
                ratio = predicted.percent_of(observed) * 0.01
                yield Case(f"{name}: predicted / found", direction, FIRST, ratio)
