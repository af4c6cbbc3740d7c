"""Claims of this chapter: the study's own, on a question that FiCo-ITR leaves open.

Each was written down, with its margin, before the chapter was first run.
"""

from collections.abc import Iterator
from functools import partial

from fico_lib.chapters.hashtags.results import (
    HASHTAGS,
    LEARNED,
    SENTENCES,
    TEMPLATE,
    Found,
)
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.claims import Case, Claim, Verdicts, judge

STUDY, WHERE = "this study", "Sentences, hashtags, generated captions"
ASKED = "FiCo-ITR asks whether generated captions make the comparison fair, and prints no number."
NOT_PRINTED = "the paper leaves it to future work"
HALF = 0.5


def judged(found: Found, setting: str) -> Verdicts:
    """All claims on a run."""
    return judge(claims(), {setting: found}, "hashtags")


def claims() -> list[Claim]:
    """The claims; they are tested on a `Found`."""
    claim = partial(
        Claim, paper=STUDY, section=WHERE, topic="instance retrieval", not_printed=NOT_PRINTED
    )
    return [
        claim(
            name="hashtags_fine_above_coarse",
            statement="Fine-grained models stay above coarse-grained ones where the texts are "
            "hashtags.",
            evidence=ASKED,
            test="The mean R@1 of the fine-grained models minus that of the coarse-grained is "
            "above {margin:g} points, in both directions.",
            cases=partial(_gap, texts=(HASHTAGS,)),
        ),
        claim(
            name="generated_fine_above_coarse",
            statement="They stay above where the texts are captions generated from hashtags.",
            evidence=ASKED,
            test="The same, for captions by rule and by the captioner.",
            cases=partial(_gap, texts=(TEMPLATE, LEARNED)),
        ),
        claim(
            name="hashtags_narrow_the_gap",
            statement="What fine-grained models have ahead shrinks where the texts tell less.",
            evidence=ASKED,
            test="Their lead in R@1 on sentences minus that on hashtags is above {margin:g} "
            "points, in both directions.",
            cases=_narrower,
        ),
        claim(
            name="generated_captions_help",
            statement="Models that learned from sentences do better on a sentence made of "
            "hashtags than on the hashtags.",
            evidence=ASKED,
            test="R@1 of every trained model on captions by the captioner minus that on hashtags "
            "is above {margin:g} points.",
            cases=_helped,
        ),
        claim(
            name="generated_order_survives",
            statement="The order of the models on generated captions is that on sentences.",
            evidence=ASKED,
            test="Kendall's tau of the models' R@1 on sentences and on captions by the captioner "
            "is above {margin:g}, in both directions.",
            cases=_order,
            margin=HALF,
            unit="tau",
            margin_source="half: three pairs of models of four keep their order",
        ),
    ]


def _gap(found: Found, texts: tuple[str, ...]) -> Iterator[Case]:
    for text in texts:
        for direction in DIRECTIONS:
            gap = found.gap(text, direction, "R@1")
            if gap is not None:
                yield Case(f"FG - CG, {text}", direction, "R@1", gap)


def _narrower(found: Found) -> Iterator[Case]:
    for direction in DIRECTIONS:
        gaps = [found.gap(text, direction, "R@1") for text in (SENTENCES, HASHTAGS)]
        if gaps[0] is not None and gaps[1] is not None:
            yield Case("FG - CG: sentences - hashtags", direction, "R@1", gaps[0] - gaps[1])


def _helped(found: Found) -> Iterator[Case]:
    for model in found.models:
        for direction in DIRECTIONS:
            written, tagged = (
                found.estimates[model, text, direction, "R@1"] for text in (LEARNED, HASHTAGS)
            )
            yield Case(f"{model}: captioner - hashtags", direction, "R@1", written - tagged)


def _order(found: Found) -> Iterator[Case]:
    for direction in DIRECTIONS:
        tau = found.order(LEARNED, direction, "R@1")
        if tau is not None:
            yield Case("sentences, captioner", direction, "R@1", tau)
