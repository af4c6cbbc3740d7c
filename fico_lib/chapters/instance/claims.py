"""What FiCo-ITR found in instance-level retrieval, as claims on a run (Section 5.1, Table 2, 3)."""

from collections.abc import Iterator

from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report import published
from fico_lib.report.claims import Case, Claim, best_pair, gap
from fico_lib.report.runs import Runs

GLOBAL = "vse"  # a float embedding of each whole image and text
KEPT = "R@100"  # queries that keep a right answer among the candidates of a first stage


def claims() -> list[Claim]:
    """The claims, with the paper's numbers."""
    first = published.wide(2, dataset="flickr30k", printed=True)
    deep = published.wide(3, dataset="flickr30k", printed=True)

    def at(model: str, direction: str = "i2t", metric: str = "R@1", table=first) -> str:
        return table.loc[model, (direction, metric)]

    return [
        Claim(
            "fg_far_above_cg",
            "Fine-grained models are far above coarse-grained ones at R@1.",
            place="Table 2, Flickr30K, i2t",
            numbers=f"SCAN {at('scan')}, BLIP-2 {at('blip2')}; ADV 64 bit {at('adv64')}, "
            f"UCCH {at('ucch')}, DADH {at('dadh')}.",
            criterion="The best fine-grained model is more than {margin:g} points above the best "
            "code.",
            cases=_far_above,
            margin=5.0,
            margin_source='chosen here for the word "far", for which the paper has no number',
        ),
        Claim(
            "first_stage",
            "Codes trained to match instances can serve as a first stage, codes trained on labels "
            "cannot.",
            place="Table 3, Flickr30K, R@100 i2t",
            numbers=f"ADV 64 bit {at('adv64', metric='R@100', table=deep)}, "
            f"DADH {at('dadh', metric='R@100', table=deep)}.",
            criterion="Among 100 candidates, more than {margin:g} % of the queries keep a right "
            "answer with the first kind, fewer with the second.",
            cases=_first_stage,
            margin=80.0,
            margin_source="chosen here: a first stage that loses a fifth of the answers is poor",
        ),
        Claim(
            "bits",
            "2048 bits come near to a float embedding, 64 bits stay well below.",
            place="Table 2, Flickr30K, i2t",
            numbers=f"ADV 2048 bit {at('adv2048')}, 64 bit {at('adv64')}; "
            f"VSRN (float) {at('vsrn')}.",
            criterion="ADV with 2048 bits is less than {margin:g} points below VSE at R@1, with "
            "64 bits more than {margin:g}.",
            cases=_bits,
            margin=5.0,
            margin_source='chosen here for the word "near", for which the paper has no number',
        ),
        Claim(
            "cross_attention",
            "Attention between words and regions at query time gains modestly over a global "
            "embedding.",
            place="Table 2, Flickr30K, i2t",
            numbers=f"IMRAM {at('imram')}, SCAN {at('scan')}; VSRN (global) {at('vsrn')}.",
            criterion="A cross-attention model is above VSE, which has the same inputs, at R@1. "
            "(How much it gains depends on the detector.)",
            cases=_above([("imram", GLOBAL), ("scan", GLOBAL)]),
        ),
        Claim(
            "rerank",
            "Reranking by fusion is above the same model without it.",
            place="Table 2, Flickr30K, i2t",
            numbers=f"BLIP-2 {at('blip2')} against {at('blip2_nf')}, "
            f"X-VLM {at('xvlm')} against {at('xvlm_nf')}.",
            criterion="The reranked lists have the higher R@1.",
            cases=_above([("blip2", "blip2_nf"), ("xvlm", "xvlm_nf")]),
        ),
        Claim(
            "i2t_easier",
            "Image to text is easier than text to image.",
            place="Table 2, Flickr30K, R@1 i2t against t2i",
            numbers=f"SCAN {at('scan')} and {at('scan', 't2i')}, "
            f"ADV 64 bit {at('adv64')} and {at('adv64', 't2i')}.",
            criterion="R@1 from image to text is above R@1 from text to image, for every model.",
            cases=_easier,
        ),
    ]


def _far_above(runs: Runs, margin: float) -> Iterator[Case]:
    for direction in DIRECTIONS:
        if best := best_pair(runs, direction, "R@1"):
            yield from gap(runs, *best, direction, margin=margin)


def _first_stage(runs: Runs, margin: float) -> Iterator[Case]:
    for direction in DIRECTIONS:
        for model in filter(runs.has, ("adv64", "dadh")):
            kept = runs.estimate(model, direction, KEPT)
            if kept is None:  # R@100 was not asked for, or there are fewer candidates
                continue
            if model == "adv64":
                yield Case("adv64: kept", direction, KEPT, kept, margin)
            else:
                yield Case("dadh: lost", direction, KEPT, 100 - kept, 100 - margin)


def _bits(runs: Runs, margin: float) -> Iterator[Case]:
    for direction in DIRECTIONS:
        yield from gap(runs, "adv2048", GLOBAL, direction, margin=-margin)
        yield from gap(runs, GLOBAL, "adv64", direction, margin=margin)


def _above(pairs: list[tuple[str, str]]):
    """The cases that the first model of every pair is above the second at R@1."""

    def cases(runs: Runs, margin: float) -> Iterator[Case]:
        for direction in DIRECTIONS:
            for a, b in pairs:
                yield from gap(runs, a, b, direction, margin=margin)

    return cases


def _easier(runs: Runs, margin: float) -> Iterator[Case]:
    for model in runs.models():
        difference = runs.estimate(model, "i2t", "R@1") - runs.estimate(model, "t2i", "R@1")
        yield Case(model, "i2t - t2i", "R@1", difference, margin)
