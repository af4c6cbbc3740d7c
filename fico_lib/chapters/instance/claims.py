"""What FiCo-ITR found in instance-level retrieval, as claims on a run (Section 5.1, Table 2, 3)."""

from collections.abc import Iterator, Sequence

import pandas as pd

from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report import published
from fico_lib.report.claims import Case, Claim, rows
from fico_lib.report.runs import Runs

PAIR_TRAINED, LABEL_TRAINED = ("adv64",), ("dadh",)  # codes
CROSS_ATTENTION, GLOBAL = ("imram", "scan"), "vse"
RERANKED = {"blip2": "blip2_nf", "xvlm": "xvlm_nf"}
FAR = 5.0  # points of R@1 that the word "far" asks for
ENOUGH = 80.0  # percent of the queries that a first stage should keep
FEW = 100  # candidates that it keeps them among
NEAR = 5.0  # points of R@1 within which a long code is "near" a float embedding


def claims(runs: Runs, cuts: Sequence[int]) -> pd.DataFrame:
    """One row per claim and case; cases whose models or cut-offs were not run are left out."""
    tests = (
        _far_above,
        lambda runs: _first_stage(runs) if FEW in cuts else iter(()),
        _bits,
        _cross_attention,
        _rerank,
        _easier,
    )
    return pd.DataFrame(
        [
            row
            for about, test in zip(_about(), tests, strict=True)
            for row in rows(about, test(runs))
        ]
    )


def _about() -> list[Claim]:
    """The claims, with the paper's numbers."""
    first = published.wide(2, dataset="flickr30k", printed=True)
    deep = published.wide(3, dataset="flickr30k", printed=True)

    def at(model: str, direction: str = "i2t", metric: str = "R@1", table=first) -> str:
        return table.loc[model, (direction, metric)]

    return [
        Claim(
            "fg_far_above_cg",
            "Fine-grained models are far above coarse-grained ones at R@1.",
            f"Table 2, Flickr30K, i2t: SCAN {at('scan')}, BLIP-2 {at('blip2')}; "
            f"ADV 64 bit {at('adv64')}, UCCH {at('ucch')}, DADH {at('dadh')}.",
            f"The best fine-grained model is more than {FAR:g} points above the best code.",
        ),
        Claim(
            "first_stage",
            "Codes trained to match instances can serve as a first stage, codes trained on labels "
            "cannot.",
            f"Table 3, Flickr30K, R@100 i2t: ADV 64 bit {at('adv64', metric='R@100', table=deep)}, "
            f"DADH {at('dadh', metric='R@100', table=deep)}.",
            f"Among {FEW} candidates, more than {ENOUGH:g} % of the queries keep a right answer "
            "with the first kind, fewer with the second.",
        ),
        Claim(
            "bits",
            "2048 bits come near to a float embedding, 64 bits stay well below.",
            f"Table 2, Flickr30K, i2t: ADV 2048 bit {at('adv2048')}, 64 bit {at('adv64')}; "
            f"VSRN (float) {at('vsrn')}.",
            f"ADV with 2048 bits is less than {NEAR:g} points below VSE at R@1, with 64 bits more "
            f"than {NEAR:g}.",
        ),
        Claim(
            "cross_attention",
            "Attention between words and regions at query time gains modestly over a global "
            "embedding.",
            f"Table 2, Flickr30K, i2t: IMRAM {at('imram')}, SCAN {at('scan')}; "
            f"VSRN (global) {at('vsrn')}.",
            "A cross-attention model is above VSE, which has the same inputs, at R@1. (How much it "
            "gains depends on the detector.)",
        ),
        Claim(
            "rerank",
            "Reranking by fusion is above the same model without it.",
            f"Table 2, Flickr30K, i2t: BLIP-2 {at('blip2')} against {at('blip2_nf')}, "
            f"X-VLM {at('xvlm')} against {at('xvlm_nf')}.",
            "The reranked lists have the higher R@1.",
        ),
        Claim(
            "i2t_easier",
            "Image to text is easier than text to image.",
            f"Table 2, Flickr30K, R@1 i2t against t2i: SCAN {at('scan')} and {at('scan', 't2i')}, "
            f"ADV 64 bit {at('adv64')} and {at('adv64', 't2i')}.",
            "R@1 from image to text is above R@1 from text to image, for every model.",
        ),
    ]


def _difference(runs: Runs, a: str, b: str, direction: str, margin: float = 0.0) -> Case:
    gap = runs.estimate(a, direction, "R@1") - runs.estimate(b, direction, "R@1")
    return Case(f"{a} - {b}", direction, "R@1", gap, margin)


def _far_above(runs: Runs) -> Iterator[Case]:
    for direction in DIRECTIONS:
        best = [runs.best(runs.models(kind), direction, "R@1") for kind in ("FG", "CG")]
        if None not in best:
            yield _difference(runs, *best, direction, FAR)


def _first_stage(runs: Runs) -> Iterator[Case]:
    for direction in DIRECTIONS:
        for model in filter(runs.has, PAIR_TRAINED):
            kept = runs.estimate(model, direction, f"R@{FEW}")
            yield Case(f"{model}: kept", direction, f"R@{FEW}", kept, ENOUGH)
        for model in filter(runs.has, LABEL_TRAINED):
            lost = 100 - runs.estimate(model, direction, f"R@{FEW}")
            yield Case(f"{model}: lost", direction, f"R@{FEW}", lost, 100 - ENOUGH)


def _bits(runs: Runs) -> Iterator[Case]:
    for direction in DIRECTIONS:
        if runs.has("adv2048", GLOBAL):
            yield _difference(runs, "adv2048", GLOBAL, direction, -NEAR)
        if runs.has("adv64", GLOBAL):
            yield _difference(runs, GLOBAL, "adv64", direction, NEAR)


def _cross_attention(runs: Runs) -> Iterator[Case]:
    for direction in DIRECTIONS:
        for model in CROSS_ATTENTION:
            if runs.has(model, GLOBAL):
                yield _difference(runs, model, GLOBAL, direction)


def _rerank(runs: Runs) -> Iterator[Case]:
    for direction in DIRECTIONS:
        for model, without in RERANKED.items():
            if runs.has(model, without):
                yield _difference(runs, model, without, direction)


def _easier(runs: Runs) -> Iterator[Case]:
    for model in runs.models():
        gap = runs.estimate(model, "i2t", "R@1") - runs.estimate(model, "t2i", "R@1")
        yield Case(model, "i2t - t2i", "R@1", gap)
