"""What FiCo-ITR says of category-level retrieval, as claims (Sections 5.2 and 6, Table 4)."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import product

from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.metrics.resampling import Estimate
from fico_lib.report import published
from fico_lib.report.accuracy_cases import Accuracy, between, gap, gaps, value
from fico_lib.report.claims import Case, Claim, Verdicts, half_of_smallest, judge, printed_values
from fico_lib.report.printed_runs import printed_runs
from fico_lib.report.runs import Runs

SHALLOW, DEEP, FULL = "mAP@10", "mAP@100", "mAP@N"
FUSION, CONTRAST = "vilt", "vilt_itc"
FOR_CATEGORIES = ("ucch", "dadh")
WITHOUT_OWN = ", own left out"  # what the name of a model judged without own captions ends in
SKEWS = {"coco": "MS-COCO, printed", "flickr": "Flickr30K, printed"}

claim = partial(Claim, section="5.2", topic="category retrieval")


def judged(runs: Mapping[str, Runs]) -> Verdicts:
    """All claims on each data set of a run, and those that compare its two label skews.

    runs: by the name of the data set.
    """
    tested = judge(claims(), runs, "category")
    skews = {skew: runs[name] for skew in SKEWS for name in runs if f"{skew}-like" in name}
    return tested + judge(claims_across(), {" and ".join(runs): skews}, "category")


def claims() -> list[Claim]:
    """The claims that are tested on one data set, in the order of the paper."""
    return [*_depths(), *_curves(), *_fusion(), *_families()]


def _at(dataset: str = "mscoco"):
    """A function that returns a printed cell: model, metric, direction -> text."""
    table = published.wide(4, dataset=dataset, printed=True)
    return lambda model, metric=FULL, direction="i2t": table.loc[model, (direction, metric)]


def _depths() -> list[Claim]:
    at, coco, both = _at(), printed_runs("mscoco"), printed_runs()
    return [
        claim(
            name="first_page_easiest",
            statement="mAP@10 is the least challenging, mAP@N the harder task.",
            evidence=f"Table 4, MS-COCO, i2t, mAP@10 and mAP@N: UCCH {at('ucch', SHALLOW)} and "
            f"{at('ucch')}, SCAN {at('scan', SHALLOW)} and {at('scan')}.",
            test="mAP@10 is above mAP@N for every model.",
            cases=_drops,
            printed=both,
        ),
        claim(
            name="fg_first_page",
            statement="Fine-grained models are superior at mAP@10.",
            evidence=f"Table 4, MS-COCO, i2t, mAP@10: BLIP-2 (NF) {at('blip2_nf', SHALLOW)}, SCAN "
            f"{at('scan', SHALLOW)}; UCCH {at('ucch', SHALLOW)}, DADH {at('dadh', SHALLOW)}.",
            test="Every fine-grained model is above every code at mAP@10.",
            cases=gaps(between("FG", "CG"), [SHALLOW]),
            printed=both,
            erratum=f"an erratum: ViLT has {at(FUSION, SHALLOW)}, far below UCCH; and ADV-2048 is "
            "below ADV-64 on Flickr30K, t2i",
        ),
        claim(
            name="first_page_by_instances",
            statement="Fine-grained models are superior at mAP@10 because the instance itself, "
            "whose "
            "labels are the query's, comes first.",
            evidence="no number.",
            test="Without a query's own captions, or image, every fine-grained model loses more at "
            "mAP@10 than every code.",
            cases=_by_instances,
            not_printed="the paper prints no evaluation without them",
        ),
        claim(
            name="size_does_not_help",
            statement="mAP@N does not align with the size of the model.",
            evidence=f"Table 4, MS-COCO, i2t: BLIP-2 (NF) {at('blip2_nf')}, UCCH {at('ucch')}.",
            test="none.",
            lacks="one model in several sizes, each trained alike: here all models are compact",
            not_printed="the paper prints no sizes of models",
        ),
        claim(
            name="blip2_second_lowest",
            statement="BLIP-2 without fusion, among the best at R@1, is second lowest at mAP@N.",
            evidence=f"Table 4, MS-COCO, i2t: BLIP-2 (NF) {at('blip2_nf')}, ViLT {at('vilt')}, "
            f"VSRN {at('vsrn')}.",
            test="Every model but ViLT is above it at mAP@N.",
            cases=gaps(
                lambda source: [
                    (m, "blip2_nf") for m in source.models() if m not in ("blip2_nf", FUSION)
                ],
                [FULL],
            ),
            needs=("blip2_nf",),
            printed=coco,
            erratum="an erratum: VSRN is lower as well; the sentence is older than ViLT's row",
        ),
        claim(
            name="ucch_best",
            statement="UCCH, a code that knows no labels, is the best at mAP@N (MS-COCO, i2t).",
            evidence=f"Table 4, MS-COCO, i2t: UCCH {at('ucch')}; next, DADH {at('dadh')}.",
            test="UCCH is above every other model at mAP@N, image to text.",
            cases=_ucch_best,
            needs=("ucch",),
            printed=coco,
        ),
    ]


def _curves() -> list[Claim]:
    at, flickr, both = _at(), _at("flickr30k"), printed_runs()
    evidence = (
        f"Table 4, i2t, mAP@10 and mAP@N: DADH {at('dadh', SHALLOW)} and {at('dadh')} (MS-COCO), "
        f"{flickr('dadh', SHALLOW)} and {flickr('dadh')} (Flickr30K); UCCH {at('ucch', SHALLOW)} "
        f"and {at('ucch')}, {flickr('ucch', SHALLOW)} and {flickr('ucch')}."
    )
    kept = partial(claim, evidence=evidence, printed=both)
    test = "From mAP@10 to mAP@N, every fine-grained model loses more than {}."
    return [
        kept(
            name="dadh_keeps_precision",
            statement="DADH keeps its precision as recall rises; fine-grained models fall more "
            "sharply.",
            test=test.format("DADH"),
            cases=partial(_falls, than="dadh"),
            needs=("dadh",),
        ),
        kept(
            name="ucch_keeps_precision",
            statement="UCCH keeps its precision as recall rises; fine-grained models fall more "
            "sharply.",
            test=test.format("UCCH"),
            cases=partial(_falls, than="ucch"),
            needs=("ucch",),
            erratum="an erratum: on Flickr30K, i2t, four of them fall less",
        ),
    ]


def _fusion() -> list[Claim]:
    at = _at()
    return [
        claim(
            name="fusion_weak",
            statement="Full fusion, as in ViLT, ranks poorly at category level.",
            evidence=f"Table 4, MS-COCO, i2t: ViLT {at('vilt')}; BEiT-3 {at('beit3')}.",
            test="Every other fine-grained model with a full ranking is above it at mAP@N.",
            cases=gaps(
                lambda source: [(m, FUSION) for m in source.models("FG") if m != FUSION], [FULL]
            ),
            needs=(FUSION,),
            printed=printed_runs(),
        ),
        claim(
            name="fusion_weak_by_matching",
            statement="Full fusion ranks poorly because it learns to match pairs one by one, with "
            "few "
            "negatives.",
            evidence="no number.",
            test="The same model with a contrast over the batch (vilt_itc) is above it at mAP@N.",
            cases=gaps([(CONTRAST, FUSION)], [FULL]),
            needs=(FUSION, CONTRAST),
            not_printed="the paper has no such model",
        ),
    ]


def _families() -> list[Claim]:
    at, coco, flickr, both = _at(), printed_runs("mscoco"), _at("flickr30k"), printed_runs()
    modest = max(printed_values(gaps([("imram", "vsrn")]), coco))
    lengths, narrow = gaps([("adv2048", "adv64")], [FULL]), printed_runs("flickr30k")
    hardly = 2 * max(map(abs, printed_values(lengths, narrow)))
    reranked = gaps([("blip2_nf", "blip2"), ("xvlm_nf", "xvlm")], [SHALLOW, DEEP])
    of_table = partial(claim, section="5.2, from the table")
    return [
        claim(
            name="cg_competitive",
            section="6",
            statement="Coarse-grained models are competitive at mAP@N.",
            evidence=f"Table 4, MS-COCO, i2t: UCCH {at('ucch')}, DADH {at('dadh')}; X-VLM (NF) "
            f"{at('xvlm_nf')}, IMRAM {at('imram')}. Flickr30K: UCCH {flickr('ucch')}, BEiT-3 "
            f"{flickr('beit3')}.",
            test="UCCH and DADH are less than {margin:g} points below every fine-grained model.",
            cases=gaps(
                lambda source: product(filter(source.has, FOR_CATEGORIES), source.models("FG")),
                [FULL],
            ),
            needs=FOR_CATEGORIES,
            margin=-modest,
            margin_source="what the text (Section 5.1) calls a modest difference: on MS-COCO "
            f"IMRAM is {modest:g} points above VSRN",
            printed=both,
            erratum="an erratum for one of two data sets: on Flickr30K UCCH is above ViLT "
            "alone, and farther below four others",
        ),
        claim(
            name="fg_advantage_diminishes",
            section="6",
            statement="The advantage of fine-grained models diminishes from instances to "
            "categories.",
            evidence=f"Tables 2 and 4, MS-COCO, i2t, mAP@N: SCAN {at('scan')}, UCCH {at('ucch')}.",
            test="What every fine-grained model is ahead of every code at R@1 exceeds what it is "
            "ahead at mAP@N.",
            cases=_diminished,
            printed=both,
        ),
        of_table(
            name="rerank_lowers_category",
            statement="Reranking for instances lowers the precision for categories (MS-COCO).",
            evidence=f"Table 4, MS-COCO, i2t, mAP@100: BLIP-2 {at('blip2', DEEP)}, without fusion "
            f"{at('blip2_nf', DEEP)}; X-VLM {at('xvlm', DEEP)} and {at('xvlm_nf', DEEP)}.",
            test="BLIP-2 and X-VLM without fusion are above themselves with it, at mAP@10 and "
            "mAP@100.",
            cases=reranked,
            printed=coco,
        ),
        of_table(
            name="code_length_categories",
            statement="The length of a code hardly matters for categories.",
            evidence=f"Table 4, Flickr30K, i2t: ADV 2048 bit {flickr('adv2048')}, 64 bit "
            f"{flickr('adv64')}.",
            test="ADV-2048 differs from ADV-64 by less than {upper:g} point at mAP@N.",
            cases=lengths,
            needs=("adv2048", "adv64"),
            margin=-hardly,
            upper=hardly,
            margin_source="twice the largest of the printed differences",
            printed=narrow,
        ),
    ]


def _fall(source: Accuracy, model: str, direction: str) -> Estimate | None:
    """What a model loses from the first page to the whole ranking."""
    first, last = (value(source, model, direction, metric) for metric in (SHALLOW, FULL))
    return None if first is None or last is None else first - last


def _drops(source: Accuracy) -> Iterator[Case]:
    for model, direction in product(source.models(), DIRECTIONS):
        fall = _fall(source, model, direction)
        if fall is not None:
            yield Case(model, direction, f"{SHALLOW} - {FULL}", fall)


def _falls(source: Accuracy, than: str) -> Iterator[Case]:
    for model, direction in product(source.models("FG"), DIRECTIONS):
        fall, other = (_fall(source, name, direction) for name in (model, than))
        if fall is not None and other is not None:
            yield Case(f"{model} - {than}", direction, f"{SHALLOW} - {FULL}", fall - other)


def _by_instances(source: Accuracy) -> Iterator[Case]:
    for (fine, code), direction in product(between("FG", "CG")(source), DIRECTIONS):
        ahead = gap(source, fine, code, direction, SHALLOW)
        rest = gap(source, fine + WITHOUT_OWN, code + WITHOUT_OWN, direction, SHALLOW)
        if ahead and rest:
            difference = ahead[0].estimate - rest[0].estimate
            yield Case(f"{fine} - {code}", direction, f"{SHALLOW}: own", difference)


def _ucch_best(source: Accuracy) -> Iterator[Case]:
    for model in source.models():
        if model != "ucch":
            yield from gap(source, "ucch", model, "i2t", FULL)


def _diminished(source: Accuracy) -> Iterator[Case]:
    for (fine, code), direction in product(between("FG", "CG")(source), DIRECTIONS):
        ahead = [gap(source, fine, code, direction, metric) for metric in ("R@1", FULL)]
        if all(ahead):
            (instance,), (category,) = ahead
            difference = instance.estimate - category.estimate
            yield Case(f"{fine} - {code}", direction, f"R@1 - {FULL}", difference)


def claims_across() -> list[Claim]:
    """The claims that compare the two data sets; their source holds both, by skew."""
    at, flickr = _at(), _at("flickr30k")
    both = {skew: printed_runs()[name] for skew, name in SKEWS.items()}
    printed = {"both data sets, printed": both}
    evidence = (
        f"Table 4, i2t: UCCH {at('ucch')} on MS-COCO, {flickr('ucch')} on Flickr30K; SCAN "
        f"{at('scan')} and {flickr('scan')}."
    )
    return [
        claim(
            name="coco_harder",
            statement="MS-COCO is the harder benchmark for categories, Flickr30K the easier one.",
            evidence=evidence,
            test="mAP@N on the Flickr-like data is more than {margin:g} points above that on the "
            "COCO-like, for every model.",
            cases=_easier_data,
            printed=printed,
            **half_of_smallest(_easier_data, printed),
        ),
        claim(
            name="coco_harder_by_overlap",
            statement="Flickr30K is easier because its labels overlap: most images show a person.",
            evidence="no number.",
            test="Once corrected for chance, mAP@N differs by less than half as much, for every "
            "model: the difference exceeds twice the corrected one, in either direction.",
            cases=_by_chance,
            margin_source='"because": chance should explain more than half of the difference',
            not_printed="the paper prints no chance levels",
        ),
    ]


def _easier_data(source: Mapping[str, Accuracy]) -> Iterator[Case]:
    for model, direction, found in _on_both(source):
        yield Case(f"{model}: flickr - coco", direction, FULL, found["flickr"] - found["coco"])


def _by_chance(source: Mapping) -> Iterator[Case]:
    for model, direction, found in _on_both(source):
        raw = found["flickr"] - found["coco"]
        chance = {skew: runs.chance(model, direction, FULL) for skew, runs in source.items()}
        corrected = {
            skew: (chance[skew] - found[skew]) * (-100 / (100 - chance[skew])) for skew in found
        }
        unexplained = corrected["flickr"] - corrected["coco"]
        what = f"{model}: flickr - coco"
        yield Case(f"{what}, beyond twice the corrected", direction, FULL, raw - unexplained * 2)
        yield Case(f"{what}, beyond twice its reversal", direction, FULL, raw + unexplained * 2)


def _on_both(source: Mapping[str, Accuracy]) -> Iterator[tuple[str, str, dict[str, Estimate]]]:
    """(model, direction, mAP@N by skew) of the models on both data sets."""
    if set(source) != set(SKEWS):
        return
    for model, direction in product(source["coco"].models(), DIRECTIONS):
        found = {skew: value(source[skew], model, direction, FULL) for skew in SKEWS}
        known = {skew: estimate for skew, estimate in found.items() if estimate is not None}
        if len(known) == len(found):
            yield model, direction, known
