"""What FiCo-ITR found in category-level retrieval, as claims on a run (Section 5.2, Table 4)."""

from collections.abc import Iterator

import pandas as pd

from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report import published
from fico_lib.report.claims import Case, Claim, rows
from fico_lib.report.runs import Runs

COMPETITIVE = -2.0  # points of mAP@N that a competitive code may be behind
FUSION = "vilt"


def claims(runs: Runs, shallow: str | None) -> pd.DataFrame:
    """One row per claim and case.

    runs: models and the four controls, on the first data set; shallow: the metric of the first
    results, mAP@10, or None where the data have fewer candidates.
    """
    tests = (
        _competitive(runs),
        _first_page(runs, shallow) if shallow else iter(()),
        _fusion(runs),
        _factor(runs, "labels_float", "pairs_float", "mAP@N"),
        _factor(runs, "pairs_float", "pairs_binary", "R@1"),
    )
    return pd.DataFrame(
        [row for about, cases in zip(_about(), tests, strict=True) for row in rows(about, cases)]
    )


def _about() -> list[Claim]:
    table = published.wide(4, dataset="mscoco", printed=True)

    def at(model: str, metric: str) -> str:
        return table.loc[model, ("i2t", metric)]

    return [
        Claim(
            "cg_competitive",
            "Coarse-grained models are competitive or best at mAP@N.",
            f"Table 4, MS-COCO, i2t: UCCH {at('ucch', 'mAP@N')}, DADH {at('dadh', 'mAP@N')}; "
            f"X-VLM (NF) {at('xvlm_nf', 'mAP@N')}, IMRAM {at('imram', 'mAP@N')}.",
            f"The best code is at most {-COMPETITIVE:g} points behind the best fine-grained model.",
        ),
        Claim(
            "fg_first_page",
            "Fine-grained models are best at mAP@10.",
            f"Table 4, MS-COCO, i2t: BLIP-2 (NF) {at('blip2_nf', 'mAP@10')}, "
            f"SCAN {at('scan', 'mAP@10')}; UCCH {at('ucch', 'mAP@10')}, "
            f"DADH {at('dadh', 'mAP@10')}.",
            "The best fine-grained model is above the best code.",
        ),
        Claim(
            "fusion_weak",
            "Full fusion, as in ViLT, is weak at category level.",
            f"Table 4, MS-COCO, i2t, mAP@N: ViLT {at('vilt', 'mAP@N')}; "
            f"BEiT-3 {at('beit3', 'mAP@N')}.",
            "Every other fine-grained model with a full ranking is above it at mAP@N.",
        ),
        Claim(
            "supervision",
            "(Not in the paper.) Label supervision, not the code, gives the category gain.",
            "Its coarse-grained models differ in both at once.",
            "The supervised float control is above the unsupervised one at mAP@N.",
        ),
        Claim(
            "binarisation",
            "(Not in the paper.) Being binary costs the instance recall.",
            "Its coarse-grained models differ in both at once.",
            "The unsupervised float control is above its own code at R@1.",
        ),
    ]


def _difference(runs: Runs, a: str, b: str, direction: str, metric: str, margin=0.0) -> Case:
    gap = runs.estimate(a, direction, metric) - runs.estimate(b, direction, metric)
    return Case(f"{a} - {b}", direction, metric, gap, margin)


def _best(runs: Runs, direction: str, metric: str) -> list[str] | None:
    """The best fine-grained model and the best code, or None where one is missing."""
    found = [runs.best(runs.models(kind), direction, metric) for kind in ("FG", "CG")]
    return None if None in found else found


def _competitive(runs: Runs) -> Iterator[Case]:
    for direction in DIRECTIONS:
        if best := _best(runs, direction, "mAP@N"):
            fine, code = best
            yield _difference(runs, code, fine, direction, "mAP@N", COMPETITIVE)


def _first_page(runs: Runs, metric: str) -> Iterator[Case]:
    for direction in DIRECTIONS:
        if best := _best(runs, direction, metric):
            yield _difference(runs, *best, direction, metric)


def _fusion(runs: Runs) -> Iterator[Case]:
    if not runs.has(FUSION):
        return
    for direction in DIRECTIONS:
        for model in runs.models("FG"):
            known = runs.estimate(model, direction, "mAP@N") is not None
            if model != FUSION and known:
                yield _difference(runs, model, FUSION, direction, "mAP@N")


def _factor(runs: Runs, a: str, b: str, metric: str) -> Iterator[Case]:
    for direction in DIRECTIONS:
        yield _difference(runs, a, b, direction, metric)
