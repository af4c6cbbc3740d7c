"""What Zhuang et al. 2023 say of SelfAlign's retrieval time, as claims on a run."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from fico_lib.chapters.selfalign.results import Comparison
from fico_lib.metrics.resampling import Estimate
from fico_lib.report.claims import SELFALIGN, Case, Claim, Verdicts, judge

ORDERS = 100.0
SIMILAR = 2.0
NO_NUMBER = "the text known to this study is the abstract, which prints no time"

claim = partial(
    Claim,
    paper=SELFALIGN,
    section="abstract",
    topic="fine-grained alignment",
    unit="times",
    not_printed=NO_NUMBER,
)


@dataclass(frozen=True)
class Times:
    """Milliseconds to score every image for one text: of a base, aligned, and of attention."""

    base: float
    aligned: float
    attention: float


def measured(compared: Comparison) -> Times:
    """The medians of a run: embeddings come first in its rows, attention to every pair last."""
    base, aligned, *_, attention = compared.costs["ms_per_query"]
    return Times(base, aligned, attention)


def judged(compared: Comparison, setting: str) -> Verdicts:
    """The claims on a run."""
    return judge(claims(), {setting: measured(compared)}, "selfalign")


def claims() -> list[Claim]:
    """The claims on time."""
    return [
        claim(
            name="selfalign_faster_than_attention",
            statement="SelfAlign retrieves in orders of magnitude less time than models with "
            "attention at query time.",
            evidence="orders of magnitude decrease in retrieval time.",
            test="Attention to every pair takes more than {margin:g} times as long as the aligned "
            "embeddings (medians).",
            cases=_attention_over_aligned,
            margin=ORDERS,
            margin_source="orders, in the plural, are at least two",
        ),
        claim(
            name="selfalign_as_fast_as_base",
            statement="Its retrieval time is comparable to that of its base.",
            evidence="no number.",
            test="The aligned embeddings take less than {upper:g} times as long as the base's "
            "(medians).",
            cases=_aligned_over_base,
            upper=SIMILAR,
            margin_source="within a factor of two, as for the search times that FiCo-ITR calls "
            "similar",
        ),
    ]


def _attention_over_aligned(source: Times) -> Iterator[Case]:
    yield Case("attention / aligned", "t2i", "", Estimate.exact(source.attention / source.aligned))


def _aligned_over_base(source: Times) -> Iterator[Case]:
    yield Case("aligned / base", "t2i", "", Estimate.exact(source.aligned / source.base))
