"""What FiCo-ITR says of instance-level retrieval, as claims (Sections 5.1 and 6, Tables 2, 3)."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product

from fico_lib.chapters.instance.attention_claims import attention_claims
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.metrics.resampling import Estimate
from fico_lib.report import published
from fico_lib.report.accuracy_cases import Accuracy, above, between, gaps, value
from fico_lib.report.claims import Case, Claim, half_of_smallest
from fico_lib.report.printed_runs import PrintedRuns, printed_runs

BETWEEN = "i2t - t2i"
FOR_CATEGORIES = ("ucch", "dadh")  # codes that are not trained to match instances
SCREENED, GALLERY = "R@100", 1000  # candidates that screening keeps, of that many images
ONE_CAPTION = ", one caption"  # what the name of a model judged on one caption per image ends in
INSTANCE, SCREENING = "instance retrieval", "screening"

claim = partial(Claim, section="5.1", topic=INSTANCE)


def claims() -> list[Claim]:
    """The claims of the chapter, in the order of the paper."""
    return [*_codes(), *_screening(), *attention_claims(), *_families(), *_directions()]


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
    short = (
        f"Table 2, Flickr30K, R@10 i2t: ADV 64 bit {at('adv64', metric='R@10')}, UCCH "
        f"{at('ucch', metric='R@10')}, DADH {at('dadh', metric='R@10')}."
    )
    continuous = _largest_difference(flickr["Flickr30K, printed"], ("imram", "vsrn", "scan"))
    return [
        claim(
            name="adv64_above_codes",
            statement="ADV with 64 bits is above UCCH and DADH.",
            evidence=short,
            test="ADV-64 is above UCCH and DADH at R@10.",
            cases=moderate,
            needs=("adv64", *FOR_CATEGORIES),
            printed=flickr,
        ),
        claim(
            name="adv64_far_above_codes",
            statement="ADV with 64 bits has moderate success, far above UCCH and DADH.",
            evidence=short,
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
            statement="Codes that are trained on categories cannot choose the candidates of a "
            "stronger "
            "model.",
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
            statement="Fine-grained models are far above coarse-grained ones.",
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
            statement="Image to text is easier because an image has five captions to be found, "
            "and a "
            "caption one image.",
            evidence="no number.",
            test="With one caption per image, R@1 from image to text is less ahead of R@1 from "
            "text to image than with five, for every model.",
            cases=_five_ahead,
            not_printed="the paper prints no evaluation with one caption per image",
        ),
        claim(
            name="directions_alike",
            statement="With one caption per image, neither direction is easier.",
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
                best = above(source, [model], direction, SCREENED)
                yield Case(model, direction, SCREENED, kept, best)

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
