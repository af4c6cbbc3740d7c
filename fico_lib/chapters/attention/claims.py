"""What FiCo-ITR says of attention at query time, as claims (Sections 5.3 and 6, Table 6)."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from fico_lib.chapters.attention.results import GROWN, AttentionCosts, published_exponents
from fico_lib.metrics.resampling import Estimate
from fico_lib.report import published
from fico_lib.report.claims import Case, Claim, Verdicts, judge
from fico_lib.report.costs.cases import fitted

SETTING = "this machine"
ALL_PAIRS, BEST_K, K_GROWS = "all pairs", "best k", "k grows"
PAPER = {ALL_PAIRS: ("vilt", "imram", "scan"), BEST_K: ("blip2", "xvlm")}
NEAR = 0.25  # so far from the expected exponent a measured one still agrees with it

claim = partial(Claim, section="5.3", topic="query-time attention", unit="exponent")
Exponents = Mapping[tuple[str, str], Estimate]  # by the way to score, and the model


def printed() -> Exponents:
    """The exponents between the two sizes of Table 6."""
    found = published_exponents(published.table(6)).set_index("model")["exponent"]
    return {
        (way, model): Estimate.exact(found[model])
        for way, models in PAPER.items()
        for model in models
    }


def measured(costs: AttentionCosts) -> Exponents:
    """The fitted exponents of a run, with their standard errors."""
    sizes = costs.growth["images"].nunique()
    return {
        (row.which, GROWN): fitted(row.exponent, row.error, sizes)
        for row in costs.fits.itertuples()
    }


def judged(costs: AttentionCosts) -> Verdicts:
    """All claims on the printed cells and on a run."""
    return judge(claims(), {SETTING: measured(costs)}, "attention")


def _of(way: str) -> Callable[[Exponents], Iterable[Case]]:
    return lambda source: [
        Case(model, "", "", estimate) for (which, model), estimate in source.items() if which == way
    ]


def _near(exponent: float) -> dict:
    of = printed()
    found = " and ".join(f"{of[ALL_PAIRS, model].value:.2f}" for model in ("imram", "scan"))
    return {
        "margin": exponent - NEAR,
        "upper": exponent + NEAR,
        "margin_source": f"IMRAM and SCAN are printed with {found} where 2 is expected; a quarter "
        "on either side",
        "test": "The time grows as the size of the gallery to a power between {margin:g} and "
        "{upper:g}.",
    }


def claims() -> list[Claim]:
    """The claims, in the order of the paper."""
    cells = {"Table 6, printed": printed()}
    at = published.table(6).set_index("cell")["printed"]

    def both(model: str) -> str:
        sizes = (at[f"{model} attention_time {size}"] for size in ("1K/5K", "10K/50K"))
        return " and ".join(sizes)

    return [
        claim(
            name="all_pairs_quadratic",
            statement="Attention to all pairs grows as the product of queries and candidates.",
            evidence=f"Table 6, 1K/5K and 10K/50K: SCAN {both('scan')}, IMRAM {both('imram')}, "
            f"ViLT {both('vilt')}.",
            cases=_of(ALL_PAIRS),
            printed=cells,
            erratum="an erratum: ViLT's cells would be an exponent of "
            f"{printed()[ALL_PAIRS, 'vilt'].value:.2f}; without it the claim holds",
            **_near(2),
        ),
        claim(
            name="rerank_linear",
            statement="Reranking a fixed k grows linearly.",
            evidence=f"Table 6, 1K/5K and 10K/50K: BLIP-2 {both('blip2')}, X-VLM {both('xvlm')}.",
            cases=_of(BEST_K),
            printed=cells,
            **_near(1),
        ),
        claim(
            name="rerank_quadratic_if_k_grows",
            statement="A k that grows with the gallery brings the product back.",
            evidence="no number.",
            cases=_of(K_GROWS),
            not_printed="the paper kept k = 128 at every size",
            **_near(2),
        ),
        claim(
            name="attention_impractical",
            section="5.3, 6",
            statement="Attention at query time is impractical where galleries are large or answers "
            "urgent.",
            evidence="Table 6: no model finished 100K/500K.",
            test="none.",
            lacks="a budget, of which the paper names none; the chapter's table of budgets says "
            "what each of several pays for",
            not_printed="no latency is given",
        ),
        claim(
            name="dual_encoders_practical",
            section="6",
            statement="Dual encoders with pre-training are the most practical for instances.",
            evidence="no number.",
            test="none.",
            lacks="what counts as practical: a rate of exchange between recall, time and storage",
            not_printed="a judgement over Tables 2, 5 and 6",
        ),
    ]
