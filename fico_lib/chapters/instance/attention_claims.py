"""What FiCo-ITR says of attention at query time, as claims (Sections 5.1 and 6, Table 2)."""

from functools import partial
from itertools import product

from fico_lib.report import published
from fico_lib.report.accuracy_cases import Accuracy, gaps
from fico_lib.report.claims import Claim, printed_values
from fico_lib.report.printed_runs import printed_runs

GLOBAL = ("vsrn", "vse")  # float embeddings of whole images and texts; the paper has the first
BLIP2_GAIN = gaps([("blip2", "beit3")])
WITHOUT_FUSION = [("blip2", "blip2_nf"), ("xvlm", "xvlm_nf")]

claim = partial(Claim, section="5.1", topic="query-time attention")


def attention_claims() -> list[Claim]:
    """The claims on what models with attention gain over models without."""
    table, coco = published.wide(2, dataset="mscoco", printed=True), printed_runs("mscoco")

    def at(model: str, direction: str = "i2t") -> str:
        return table.loc[model, (direction, "R@1")]

    quoted = (
        f"Table 2, MS-COCO, R@1 i2t and t2i: BLIP-2 {at('blip2')} and {at('blip2', 't2i')}, BEiT-3 "
        f"{at('beit3')} and {at('beit3', 't2i')}; IMRAM {at('imram')} and {at('imram', 't2i')}, "
        f"VSRN {at('vsrn')} and {at('vsrn', 't2i')}."
    )
    fused = (
        f"Table 2, MS-COCO, R@1 i2t: BLIP-2 {at('blip2')} against {at('blip2_nf')} without fusion, "
        f"X-VLM {at('xvlm')} against {at('xvlm_nf')}."
    )
    moderate = max(printed_values(BLIP2_GAIN, coco))
    limited = {
        "margin": float("-inf"),
        "upper": moderate + 0.1,
        "margin_source": f"the largest difference that the text calls moderate is {moderate:g}",
    }
    same = max(printed_values(gaps(WITHOUT_FUSION), printed_runs()))
    return [
        claim(
            name="attention_limited",
            statement="What models with query-time attention are ahead of those without is "
            "limited.",
            evidence=quoted,
            test="At R@1, BLIP-2, X-VLM and ViLT are less than {upper:g} points above BEiT-3, and "
            "IMRAM and SCAN less than that above a global embedding (VSRN; here also VSE).",
            cases=gaps(_attention_pairs),
            printed=printed_runs(),
            **limited,
        ),
        claim(
            name="attention_limited_same_model",
            statement="What query-time attention gains is limited where nothing else differs.",
            evidence=fused,
            test="BLIP-2 and X-VLM are less than {upper:g} points above themselves without fusion, "
            "at R@1.",
            cases=gaps(WITHOUT_FUSION),
            printed=printed_runs(),
            erratum=f"an erratum: the paper's own rows without fusion are up to {same:g} points "
            "lower; the text compares different models",
            **limited,
        ),
        claim(
            name="blip2_above_beit3",
            statement="BLIP-2, which reranks by fusion, is above the dual encoder BEiT-3.",
            evidence=quoted,
            test="BLIP-2 is above BEiT-3 at R@1.",
            cases=BLIP2_GAIN,
            needs=("blip2", "beit3"),
            printed=printed_runs(),
        ),
        claim(
            name="dual_above_full_fusion",
            statement="The dual encoder BEiT-3 is above ViLT, which fuses every pair, on every "
            "metric.",
            evidence=f"Table 2, MS-COCO, R@1 i2t: BEiT-3 {at('beit3')}, ViLT {at('vilt')}.",
            test="BEiT-3 is above ViLT at R@1, R@5 and R@10.",
            cases=gaps([("beit3", "vilt")], ["R@1", "R@5", "R@10"]),
            needs=("beit3", "vilt"),
            printed=printed_runs(),
        ),
        claim(
            name="cross_attention_above_global",
            statement="IMRAM's attention between words and regions is above a global embedding "
            "(on MS-COCO).",
            evidence=quoted,
            test="IMRAM is above VSRN (here also VSE) at R@1.",
            cases=gaps([("imram", model) for model in GLOBAL]),
            needs=("imram",),
            printed=coco,
        ),
        claim(
            name="rerank",
            section="6",
            statement="Reranking by fusion is above the same model without it.",
            evidence=fused,
            test="The reranked lists have the higher R@1.",
            cases=gaps(WITHOUT_FUSION),
            printed=printed_runs(),
        ),
        claim(
            name="rerank_best",
            section="6",
            statement="BLIP-2, which reranks by fusion, is the best of all.",
            evidence=f"Table 2, MS-COCO, R@1 i2t: BLIP-2 {at('blip2')}; next, X-VLM {at('xvlm')}.",
            test="BLIP-2 is above every other model at R@1.",
            cases=gaps(lambda source: [("blip2", m) for m in source.models() if m != "blip2"]),
            needs=("blip2",),
            printed=printed_runs(),
        ),
    ]


def _attention_pairs(source: Accuracy) -> list[tuple[str, str]]:
    """A model with attention at query time, and one of its kind without."""
    pretrained = [(model, "beit3") for model in ("blip2", "xvlm", "vilt")]
    return pretrained + list(product(("imram", "scan"), GLOBAL))
