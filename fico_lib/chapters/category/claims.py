"""What FiCo-ITR found in category-level retrieval, as claims on a run (Section 5.2, Table 4)."""

from collections.abc import Iterator

from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report import published
from fico_lib.report.claims import Case, Claim, best_pair, gap
from fico_lib.report.runs import Runs

FULL = "mAP@N"  # over the whole ranking
FUSION = "vilt"


def claims(shallow: str | None) -> list[Claim]:
    """The claims, with the paper's numbers.

    They are tested on models and the four controls, on the first data set; shallow: the metric of
    the first results, mAP@10, or None where the data have fewer candidates.
    """
    table = published.wide(4, dataset="mscoco", printed=True)

    def at(model: str, metric: str = "mAP@N") -> str:
        return table.loc[model, ("i2t", metric)]

    return [
        Claim(
            "cg_competitive",
            "Coarse-grained models are competitive or best at mAP@N.",
            place="Table 4, MS-COCO, i2t",
            numbers=f"UCCH {at('ucch')}, DADH {at('dadh')}; X-VLM (NF) {at('xvlm_nf')}, "
            f"IMRAM {at('imram')}.",
            criterion="The best code is at most {margin:g} points behind the best fine-grained "
            "model.",
            cases=_competitive,
            margin=-2.0,
            margin_source='chosen here for the word "competitive"',
        ),
        Claim(
            "fg_first_page",
            "Fine-grained models are best at mAP@10.",
            place="Table 4, MS-COCO, i2t",
            numbers=f"BLIP-2 (NF) {at('blip2_nf', 'mAP@10')}, SCAN {at('scan', 'mAP@10')}; "
            f"UCCH {at('ucch', 'mAP@10')}, DADH {at('dadh', 'mAP@10')}.",
            criterion="The best fine-grained model is above the best code.",
            cases=lambda runs, margin: _first_page(runs, shallow, margin) if shallow else (),
        ),
        Claim(
            "fusion_weak",
            "Full fusion, as in ViLT, is weak at category level.",
            place="Table 4, MS-COCO, i2t, mAP@N",
            numbers=f"ViLT {at('vilt')}; BEiT-3 {at('beit3')}.",
            criterion="Every other fine-grained model with a full ranking is above it at mAP@N.",
            cases=_fusion,
        ),
        Claim(
            "supervision",
            "(Not in the paper.) Label supervision, not the code, gives the category gain.",
            place="",
            numbers="Its coarse-grained models differ in both at once.",
            criterion="The supervised float control is above the unsupervised one at mAP@N.",
            cases=_factor("labels_float", "pairs_float", FULL),
        ),
        Claim(
            "binarisation",
            "(Not in the paper.) Being binary costs the instance recall.",
            place="",
            numbers="Its coarse-grained models differ in both at once.",
            criterion="The unsupervised float control is above its own code at R@1.",
            cases=_factor("pairs_float", "pairs_binary", "R@1"),
        ),
    ]


def _competitive(runs: Runs, margin: float) -> Iterator[Case]:
    for direction in DIRECTIONS:
        if best := best_pair(runs, direction, FULL):
            fine, code = best
            yield from gap(runs, code, fine, direction, FULL, margin)


def _first_page(runs: Runs, metric: str, margin: float) -> Iterator[Case]:
    for direction in DIRECTIONS:
        if best := best_pair(runs, direction, metric):
            yield from gap(runs, *best, direction, metric, margin)


def _fusion(runs: Runs, margin: float) -> Iterator[Case]:
    for direction in DIRECTIONS:
        for model in runs.models("FG"):
            if model != FUSION:
                yield from gap(runs, model, FUSION, direction, FULL, margin)


def _factor(a: str, b: str, metric: str):
    """The cases that control `a` is above control `b`, in both directions."""

    def cases(runs: Runs, margin: float) -> Iterator[Case]:
        for direction in DIRECTIONS:
            yield from gap(runs, a, b, direction, metric, margin)

    return cases
