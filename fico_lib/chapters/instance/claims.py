"""What FiCo-ITR says of instance-level retrieval, as claims (Sections 5.1 and 6, Tables 2, 3)."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product

from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.metrics.resampling import Estimate
from fico_lib.report import published
from fico_lib.report.accuracy_cases import Accuracy, between, gaps, value
from fico_lib.report.claims import Case, Claim, half_of_smallest, printed_values
from fico_lib.report.printed_runs import PrintedRuns, printed_runs

BETWEEN = "i2t - t2i"
GLOBAL = ("vsrn", "vse")  # float embeddings of whole images and texts; the paper has the first
FOR_CATEGORIES = ("ucch", "dadh")  # codes that are not trained to match instances
BLIP2_GAIN = gaps([("blip2", "beit3")])
WITHOUT_FUSION = [("blip2", "blip2_nf"), ("xvlm", "xvlm_nf")]
SCREENED, GALLERY = "R@100", 1000  # candidates that screening keeps, of that many images
ONE_CAPTION = ", one caption"  # what the name of a model judged on one caption per image ends in
INSTANCE, ATTENTION, SCREENING = "instance retrieval", "query-time attention", "screening"

claim = partial(Claim, section="5.1", topic=INSTANCE)


def claims() -> list[Claim]:
    """The claims of the chapter, in the order of the paper."""
    return [*_codes(), *_screening(), *_attention(), *_families(), *_directions()]


def _at(number: int = 2, dataset: str = "flickr30k"):
    """A function that returns a printed cell of a data set: model, direction, metric -> text."""
    table = published.wide(number, dataset=dataset, printed=True)

    def cell(model: str, direction: str = "i2t", metric: str = "R@1") -> str:
        return table.loc[model, (direction, metric)]

    return cell


def _codes() -> list[Claim]:
    at, flickr, both = _at(), printed_runs("flickr30k"), printed_runs()
    moderate = gaps([("adv64", code) for code in FOR_CATEGORIES], ["R@10"])
    unable = gaps(lambda source: product(source.models("FG"), _present(source, FOR_CATEGORIES)))
    shorter = gaps([("adv2048", "adv64")])
    continuous = _largest_difference(flickr["Flickr30K, printed"], ("imram", "vsrn", "scan"))
    return [
        claim(
            name="adv64_moderate",
            statement="ADV with 64 bits has moderate success, far above UCCH and DADH.",
            evidence=f"Table 2, Flickr30K, R@10 i2t: ADV 64 bit {at('adv64', metric='R@10')}, "
            f"UCCH {at('ucch', metric='R@10')}, DADH {at('dadh', metric='R@10')}.",
            test="ADV-64 is more than {margin:g} points above UCCH and DADH at R@10.",
            cases=moderate,
            needs=("adv64", *FOR_CATEGORIES),
            printed=flickr,
            **half_of_smallest(moderate, flickr),
        ),
        claim(
            name="codes_miss_instances",
            statement="UCCH and DADH do not capture which image belongs to which text, as "
            "fine-grained models do.",
            evidence=f"Table 2, Flickr30K, R@1 i2t: UCCH {at('ucch')}, DADH {at('dadh')}; "
            f"SCAN {at('scan')}.",
            test="Every fine-grained model is more than {margin:g} points above each of the two.",
            cases=unable,
            needs=FOR_CATEGORIES,
            printed=both,
            **half_of_smallest(unable, both),
        ),
        claim(
            name="long_codes_comparable",
            statement="With 2048 bits ADV is comparable to continuous embeddings.",
            evidence=f"Table 2, Flickr30K, R@1 i2t: ADV 2048 bit {at('adv2048')}; IMRAM "
            f"{at('imram')}, VSRN {at('vsrn')}, SCAN {at('scan')}.",
            test="ADV-2048 differs from every fine-grained float model without pre-training by "
            "less than {upper:g} points at R@1.",
            cases=gaps(lambda source: [("adv2048", m) for m in _without_pretraining(source)]),
            needs=("adv2048",),
            margin=-continuous,
            upper=continuous,
            margin_source="the largest printed difference, in one column, among the three "
            "continuous models themselves",
            printed=flickr,
        ),
        claim(
            name="code_length_instances",
            section="5.1, from the table",
            statement="The length of a code matters for instances: 2048 bits are far above 64.",
            evidence=f"Table 2, Flickr30K, R@1 i2t: ADV 2048 bit {at('adv2048')}, 64 bit "
            f"{at('adv64')}.",
            test="ADV-2048 is more than {margin:g} points above ADV-64 at R@1.",
            cases=shorter,
            needs=("adv2048", "adv64"),
            printed=flickr,
            **half_of_smallest(shorter, flickr),
        ),
    ]


def _screening() -> list[Claim]:
    at, flickr = _at(3), printed_runs("flickr30k")
    cells = {m: [float(at(m, d, SCREENED)) for d in DIRECTIONS] for m in ("adv64", *FOR_CATEGORIES)}
    usable, unsuitable = min(cells["adv64"]), max(cells["ucch"] + cells["dadh"])
    bar = {
        "margin": (usable + unsuitable) / 2,
        "margin_source": f"midway between the lowest value that the paper calls usable, {usable}, "
        f"and the highest that it calls unsuitable, {unsuitable}; for {GALLERY:,} images",
    }
    evidence = (
        f"Table 3, Flickr30K, {SCREENED} i2t: ADV 64 bit {at('adv64', metric=SCREENED)}, UCCH "
        f"{at('ucch', metric=SCREENED)}, DADH {at('dadh', metric=SCREENED)}."
    )
    return [
        claim(
            name="screening_possible",
            topic=SCREENING,
            statement="A code that is trained to match instances can choose the candidates of a "
            "stronger model.",
            evidence=evidence,
            test="ADV-64 keeps a right answer among 100 candidates for more than {margin:g} % of "
            "the queries.",
            cases=_kept(["adv64"]),
            needs=("adv64",),
            unit="percent",
            printed=flickr,
            **bar,
        ),
        claim(
            name="screening_unsuitable",
            section="6",
            topic=SCREENING,
            statement="Codes that are trained on categories cannot.",
            evidence=evidence,
            test="UCCH and DADH keep one for less than {upper:g} %.",
            cases=_kept(FOR_CATEGORIES),
            needs=FOR_CATEGORIES,
            unit="percent",
            printed=flickr,
            margin=0.0,
            upper=bar["margin"],
            margin_source=bar["margin_source"],
        ),
        claim(
            name="screening_worth_it",
            topic=SCREENING,
            statement="Screening pays where the time gained outweighs the answers lost.",
            evidence="no number.",
            test="none.",
            lacks="the time and recall of a code followed by a stronger model, beside those of "
            "the stronger model alone, on galleries of several sizes",
            not_printed="the paper runs no such pair",
        ),
    ]


def _attention() -> list[Claim]:
    at, coco = _at(dataset="mscoco"), printed_runs("mscoco")
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
    of_attention = partial(claim, topic=ATTENTION)
    return [
        of_attention(
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
        of_attention(
            name="attention_limited_same_model",
            statement="The same, where nothing but the attention differs.",
            evidence=fused,
            test="BLIP-2 and X-VLM are less than {upper:g} points above themselves without fusion, "
            "at R@1.",
            cases=gaps(WITHOUT_FUSION),
            printed=printed_runs(),
            erratum=f"an erratum: the paper's own rows without fusion are up to {same:g} points "
            "lower; the text compares different models",
            **limited,
        ),
        of_attention(
            name="blip2_above_beit3",
            statement="BLIP-2, which reranks by fusion, is above the dual encoder BEiT-3.",
            evidence=quoted,
            test="BLIP-2 is above BEiT-3 at R@1.",
            cases=BLIP2_GAIN,
            needs=("blip2", "beit3"),
            printed=printed_runs(),
        ),
        of_attention(
            name="dual_above_full_fusion",
            statement="The dual encoder BEiT-3 is above ViLT, which fuses every pair, on every "
            "metric.",
            evidence=f"Table 2, MS-COCO, R@1 i2t: BEiT-3 {at('beit3')}, ViLT {at('vilt')}.",
            test="BEiT-3 is above ViLT at R@1, R@5 and R@10.",
            cases=gaps([("beit3", "vilt")], ["R@1", "R@5", "R@10"]),
            needs=("beit3", "vilt"),
            printed=printed_runs(),
        ),
        of_attention(
            name="cross_attention_above_global",
            statement="IMRAM's attention between words and regions is above a global embedding "
            "(on MS-COCO).",
            evidence=quoted,
            test="IMRAM is above VSRN (here also VSE) at R@1.",
            cases=gaps([("imram", model) for model in GLOBAL]),
            needs=("imram",),
            printed=coco,
        ),
        of_attention(
            name="rerank",
            section="6",
            statement="Reranking by fusion is above the same model without it.",
            evidence=fused,
            test="The reranked lists have the higher R@1.",
            cases=gaps(WITHOUT_FUSION),
            printed=printed_runs(),
        ),
        of_attention(
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


def _families() -> list[Claim]:
    at, both = _at(), printed_runs()
    far = gaps(between("FG", "CG"))
    evidence = (
        f"Table 2, Flickr30K, R@1 i2t: BLIP-2 {at('blip2')}, SCAN {at('scan')}; ADV 64 bit "
        f"{at('adv64')}, UCCH {at('ucch')}, DADH {at('dadh')}."
    )
    return [
        claim(
            name="fg_above_cg",
            section="6",
            statement="Fine-grained models consistently outperform coarse-grained ones.",
            evidence=evidence,
            test="Every fine-grained model is above every code at R@1.",
            cases=far,
            printed=both,
        ),
        claim(
            name="fg_far_above_cg",
            section="6, from the table",
            statement="They do so by far.",
            evidence=evidence,
            test="Every fine-grained model is more than {margin:g} points above every code.",
            cases=far,
            printed=both,
            **half_of_smallest(far, both),
        ),
        claim(
            name="vlp_above_fg",
            section="5.1, from the table",
            statement="Pre-trained models are above other fine-grained ones.",
            evidence=f"Table 2, Flickr30K, R@1 i2t: ViLT {at('vilt')}, BEiT-3 {at('beit3')}; IMRAM "
            f"{at('imram')}, VSRN {at('vsrn')}, SCAN {at('scan')}.",
            test="Every pre-trained model is above every other fine-grained one at R@1.",
            cases=gaps(between("VLP", "other FG")),
            printed=both,
        ),
    ]


def _directions() -> list[Claim]:
    at, sources = _at(), printed_runs().values()
    leads = [_ahead(source, model) for source in sources for model in source.models("FG")]
    lead = round(min(estimate.value for estimate in leads if estimate is not None), 1)
    return [
        claim(
            name="i2t_easier",
            statement="Image to text is easier than text to image, for all models.",
            evidence=f"Table 2, Flickr30K, R@1 i2t and t2i: SCAN {at('scan')} and "
            f"{at('scan', 't2i')}, DADH {at('dadh')} and {at('dadh', 't2i')}.",
            test="R@1 from image to text is above R@1 from text to image, for every model.",
            cases=_easier,
            printed=printed_runs(),
            erratum=f"an erratum: DADH on Flickr30K has {at('dadh')} and {at('dadh', 't2i')}, both "
            "at chance",
        ),
        claim(
            name="i2t_easier_by_captions",
            statement="It is because an image has five captions to be found and a caption has one "
            "image.",
            evidence="no number.",
            test="With one caption per image, R@1 from image to text is less ahead of R@1 from "
            "text to image than with five, for every model.",
            cases=_five_ahead,
            not_printed="the paper prints no evaluation with one caption per image",
        ),
        claim(
            name="directions_alike",
            statement="Nothing else makes a difference: with one caption the directions are alike.",
            evidence="no number.",
            test="With one caption per image, R@1 of the directions differs by less than {upper:g} "
            "points, for every model.",
            cases=_one_ahead,
            margin=-lead / 2,
            upper=lead / 2,
            margin_source=f"half of the smallest printed lead of a fine-grained model, {lead:g}",
            not_printed="the paper prints no evaluation with one caption per image",
        ),
    ]


def _present(source: Accuracy, models: tuple[str, ...]) -> list[str]:
    return [model for model in models if source.has(model)]


def _without_pretraining(source: Accuracy) -> list[str]:
    """Fine-grained float models that do not pre-train."""
    apart = {*source.models("VLP"), "adv2048"}
    return [model for model in source.models("FG") if model not in apart]


def _attention_pairs(source: Accuracy) -> list[tuple[str, str]]:
    """A model with attention at query time, and one of its kind without."""
    pretrained = [(model, "beit3") for model in ("blip2", "xvlm", "vilt")]
    return pretrained + list(product(("imram", "scan"), GLOBAL))


def _largest_difference(source: PrintedRuns, models: tuple[str, ...]) -> float:
    """The largest difference at R@1 between two of the models, in either direction."""
    columns = [[value(source, m, d, "R@1").value for m in models] for d in DIRECTIONS]
    return round(max(max(column) - min(column) for column in columns), 1)


def _kept(models: Sequence[str]) -> Callable[[Accuracy], Iterator[Case]]:
    """The cases of the share of queries that keep a right answer, on galleries as in the paper."""

    def cases(source: Accuracy) -> Iterator[Case]:
        if source.n_images < GALLERY:
            return
        for model, direction in product(models, DIRECTIONS):
            kept = value(source, model, direction, SCREENED)
            if kept is not None:
                yield Case(model, direction, SCREENED, kept)

    return cases


def _ahead(source: Accuracy, model: str) -> Estimate | None:
    """R@1 from image to text minus that from text to image."""
    i2t, t2i = (value(source, model, direction, "R@1") for direction in DIRECTIONS)
    return None if i2t is None or t2i is None else i2t - t2i


def _easier(source: Accuracy) -> Iterator[Case]:
    for model in source.models():
        ahead = _ahead(source, model)
        if ahead is not None:
            yield Case(model, BETWEEN, "R@1", ahead)


def _five_ahead(source: Accuracy) -> Iterator[Case]:
    for model in source.models():
        five, one = _ahead(source, model), _ahead(source, model + ONE_CAPTION)
        if five is not None and one is not None:
            yield Case(f"{model}: five captions - one", BETWEEN, "R@1", five - one)


def _one_ahead(source: Accuracy) -> Iterator[Case]:
    for model in source.models():
        one = _ahead(source, model + ONE_CAPTION)
        if one is not None:
            yield Case(model + ONE_CAPTION, BETWEEN, "R@1", one)
