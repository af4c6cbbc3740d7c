"""What FiCo-ITR attributes its differences to, tested on cells that differ in that alone."""

from collections.abc import Callable, Iterator
from itertools import product

from fico_lib.chapters.factors.own import COARSE, FINE, OWN_OUT
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.models.factor_parameters import FactorParameters
from fico_lib.report import published
from fico_lib.report.accuracy_cases import Accuracy, gaps, value
from fico_lib.report.claims import Case, Claim
from fico_lib.report.printed_runs import printed_runs

INSTANCE, CATEGORY = "instance retrieval", "category retrieval"
CONFOUNDED = (
    "no two rows of the paper differ in the objective alone, or in the inputs alone: ADV reads "
    "regions and words, UCCH and DADH the whole image and Doc2Vec"
)
FULL, FIRST = "mAP@N", "mAP@10"


def cell(supervision: str, bits: int, inputs: str) -> str:
    """The name of a cell."""
    return FactorParameters(supervision=supervision, bits=bits, inputs=inputs).variant


OTHERS = ("contrastive", "labels")  # the objectives of UCCH and of DADH
PAIRS = {inputs: cell("pairs", 64, inputs) for inputs in ("regions", "whole")}
REST = {(s, i): cell(s, 64, i) for s, i in product(OTHERS, ("regions", "whole"))}
# 64 bits against more: cells of the run, and ADV's two codes where these are printed.
LONGER = [(cell("pairs", 256, "regions"), PAIRS["regions"]), ("adv2048", "adv64")]

# Floats of the whole image against floats of regions, under each objective.
FLOATS = [(cell(s, 0, "whole"), cell(s, 0, "regions")) for s in ("pairs", *OTHERS)]


def claims() -> list[Claim]:
    """The claims, with the paper's numbers; they are tested on cells, by their names."""
    return [*_objective(), *_length(), *_category()]


def _objective() -> list[Claim]:
    table = published.wide(2, dataset="flickr30k", printed=True)
    printed = {
        model: " and ".join(table.loc[model, (d, "R@1")] for d in DIRECTIONS)
        for model in ("adv64", "ucch", "dadh")
    }
    evidence = (
        f"Table 2, Flickr30K, R@1 (i2t and t2i): ADV-64 {printed['adv64']}, UCCH "
        f"{printed['ucch']}, DADH {printed['dadh']}."
    )
    return [
        Claim(
            name="adv_objective",
            statement="ADV is above UCCH and DADH at instance level because its objective matches "
            "instances.",
            section="5.1",
            topic=INSTANCE,
            evidence=evidence,
            test="With 64 bits, pairs are above contrast and labels at R@1 when all read regions "
            "and words as ADV does; and still when pairs read the whole image and Doc2Vec, the "
            "others regions and words, so that the objective makes more of the difference than the "
            "inputs.",
            cases=gaps([(p, REST[s, "regions"]) for p in PAIRS.values() for s in OTHERS]),
            needs=(*PAIRS.values(), REST["contrastive", "regions"], REST["labels", "regions"]),
            not_printed=CONFOUNDED,
        ),
        Claim(
            name="hashing_objective",
            statement="UCCH and DADH miss instances because their objectives do not aim at them.",
            section="5.1",
            topic=INSTANCE,
            evidence=evidence,
            test="With 64 bits, the whole image and Doc2Vec, as UCCH and DADH have, pairs are "
            "above contrast and labels at R@1.",
            cases=gaps([(PAIRS["whole"], REST[s, "whole"]) for s in OTHERS]),
            needs=(PAIRS["whole"], *(REST[s, "whole"] for s in OTHERS)),
            not_printed=CONFOUNDED,
        ),
        Claim(
            name="hashing_objective_size",
            statement="Their objectives cost UCCH and DADH more than half of the instances.",
            section="5.1",
            topic=INSTANCE,
            evidence=evidence,
            test="On the same cells, R@1 of pairs is above twice that of contrast, and of labels.",
            cases=_twice([(PAIRS["whole"], REST[s, "whole"]) for s in OTHERS]),
            needs=(PAIRS["whole"], *(REST[s, "whole"] for s in OTHERS)),
            margin_source="twice: in the printed cells UCCH and DADH have less than half of "
            "ADV-64's R@1",
            not_printed=CONFOUNDED,
        ),
    ]


def _length() -> list[Claim]:
    instance, category = (
        published.wide(number, dataset="flickr30k", printed=True) for number in (2, 4)
    )

    def printed(table, metric: str) -> str:
        shown = [f"{table.loc[m, ('i2t', metric)]}" for m in ("adv2048", "adv64")]
        return " against ".join(shown)

    numbers = published.wide(4, dataset="flickr30k")
    most = (numbers.loc["adv2048"] - numbers.loc["adv64"]).abs().max()
    return [
        Claim(
            name="bits_instance",
            statement="With objective and inputs the same, longer codes find more instances.",
            section="5.1",
            topic=INSTANCE,
            evidence=f"Table 2, Flickr30K, i2t, R@1: ADV-2048 against ADV-64 "
            f"{printed(instance, 'R@1')}.",
            test="With pairs, regions and words, as ADV has, 256 bits are above 64 at R@1.",
            cases=gaps(LONGER),
            printed=printed_runs(),
        ),
        Claim(
            name="bits_category",
            statement="With objective and inputs the same, longer codes are hardly better at "
            "categories.",
            section="5.2",
            topic=CATEGORY,
            evidence=f"Table 4, Flickr30K, i2t, mAP@N: ADV-2048 against ADV-64 "
            f"{printed(category, FULL)}.",
            test="On the same cells, mAP@10 and mAP@N of 256 and of 64 bits differ by less than "
            "{margin:g} point.",
            cases=gaps(LONGER, (FIRST, FULL)),
            margin=-1.0,
            upper=1.0,
            margin_source=f"the printed differences of mAP are {most:.1f} points at most, though "
            "the code is 32 times longer there and 4 times here",
            printed=printed_runs(),
        ),
    ]


def _category() -> list[Claim]:
    table = published.wide(4, dataset="mscoco", printed=True)

    def printed(metric: str, *models: str) -> str:
        return ", ".join(f"{m} {table.loc[m, ('i2t', metric)]}" for m in models)

    return [
        Claim(
            name="own_items",
            statement="Fine-grained models are best at mAP@10 because the matching instances, "
            "which share the labels, come first.",
            section="5.2",
            topic=CATEGORY,
            evidence=f"Table 4, MS-COCO, i2t, mAP@10: {printed(FIRST, 'vsrn', 'ucch', 'dadh')}.",
            test="Where floats of pairs, regions and words are above codes of contrast, or of "
            "labels, of the whole image and Doc2Vec, more than half of the advantage is gone once "
            "own items are no candidates.",
            cases=_half_gone,
            needs=(FINE, *COARSE),
            margin_source="half, the least that makes it the main reason",
            not_printed="the paper has own items among the candidates throughout",
        ),
        Claim(
            name="detail_noise",
            statement="The detail that fine-grained models keep is noise for categories.",
            section="5.2",
            topic=CATEGORY,
            evidence=f"Table 4, MS-COCO, i2t, mAP@N: {printed(FULL, 'vsrn', 'ucch', 'dadh')}.",
            test="Under each objective, floats of the whole image and Doc2Vec are above floats of "
            "regions and words at mAP@N.",
            cases=gaps(FLOATS, (FULL,)),
            needs=[name for pair in FLOATS for name in pair],
            not_printed=CONFOUNDED,
        ),
    ]


def _twice(pairs: list[tuple[str, str]]) -> Callable[[Accuracy], Iterator[Case]]:
    """The cases that the first of every pair has more than twice the R@1 of the second."""

    def cases(source: Accuracy) -> Iterator[Case]:
        for (a, b), direction in product(pairs, DIRECTIONS):
            first, second = (value(source, name, direction, "R@1") for name in (a, b))
            if first is not None and second is not None:
                yield Case(f"{a} - 2 x {b}", direction, "R@1", first - second - second)

    return cases


def _half_gone(source: Accuracy) -> Iterator[Case]:
    """The cases that an advantage at mAP@10 is above twice what is left of it without own items.

    None where the advantage itself is not beyond its uncertainty.
    """
    for coarse, direction in product(COARSE, DIRECTIONS):
        if not source.has(FINE, coarse):
            continue
        advantage, left = (
            source.estimate(FINE + part, direction, FIRST)
            - source.estimate(coarse + part, direction, FIRST)
            for part in ("", OWN_OUT)
        )
        if advantage.interval()[0] > 0:
            yield Case(f"{FINE} - {coarse}", direction, FIRST, advantage - left - left)
