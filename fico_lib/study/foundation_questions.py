"""Questions of the foundations' exercises, with the right and wrong answers, computed here."""

from collections.abc import Callable

import numpy as np

from fico_lib.costs.analytic import scored_pairs
from fico_lib.encodings import Scores
from fico_lib.evaluation import evaluate
from fico_lib.evaluation.relevance import label_matrix
from fico_lib.metrics.average_precision import average_precision_at_k
from fico_lib.metrics.chance import chance
from fico_lib.metrics.registry import metric
from fico_lib.metrics.tie_groups import TieGroups
from fico_lib.similarity import similarity
from fico_lib.study.question import Choice, Number, Question

SCORES = np.array([[0.9, 0.4, 0.7, 0.8, 0.1, 0.2],
                   [0.6, 0.3, 0.8, 0.5, 0.2, 0.1],
                   [0.2, 0.7, 0.1, 0.3, 0.6, 0.5]])  # fmt: skip
OWNERS = np.array([0, 0, 1, 1, 2, 2])
POINTS, CENTRES = np.array([0, 2, 4, 11, 12, 13, 21, 22, 23.0]), np.array([2, 12, 22.0])


def first_ranks() -> list[Question]:
    """Ranks of own items in a matrix of three images and six captions."""
    found = evaluate(Scores(SCORES, None, OWNERS)).instance
    to_text, to_image = found["i2t"].per_query["rank"][2], found["t2i"].per_query["rank"][1]
    return [
        Number(
            "Rank of the first caption of image 2's own", float(to_text),
            ((1, "Caption 1 has the highest score of the row, and is not its own."),
             (3, "That is the rank of its second one.")),
        ),
        Number(
            "Rank of caption 1's own image", float(to_image),
            ((1, "Caption 1 looks down its column: one image scores higher than image 0."),
             (3, "Only one image scores higher than image 0.")),
        ),
    ]  # fmt: skip


def two_tasks() -> list[Question]:
    """Relevant captions of an image in both tasks."""
    labels = label_matrix([[0], [0, 1], [2]], 3).astype(int)
    shared = (labels @ labels.T > 0)[1][OWNERS].sum()
    own = (OWNERS == 1).sum()
    return [
        Number(
            "In the instance task", float(own), ((1, "Each image has two captions of its own."),)
        ),
        Number(
            "In the category task", float(shared),
            ((float(own), "The captions of image 0 count too: both images show a dog."),
             (6, "The tree has neither a dog nor a ball.")),
        ),
    ]  # fmt: skip


def directions() -> list[Question]:
    """What a candidate that everybody likes changes."""
    higher = SCORES.copy()
    higher[:, 0] += 1
    names = {"image to text": 1, "text to image": 0}
    moved = [
        name
        for name, axis in names.items()
        if (np.argsort(SCORES, axis) != np.argsort(higher, axis)).any()
    ]
    return [
        Choice(
            "Which direction can it change?", " and ".join(moved),
            (("image to text", "Along each row caption 0 now comes first."),
             ("text to image", "Down a column all scores rise alike: the order stays."),
             ("both", "Down a column all scores rise alike: the order stays."),
             ("neither", "Along each row caption 0 now comes first.")),
        )
    ]  # fmt: skip


def three_measures() -> list[Question]:
    """One query and three candidates under two measures."""
    query, candidates = np.array([[3, 4.0]]), np.array([[6, 8], [4, 3], [3, 3.5]])

    def best(measure: str) -> str:
        return "abc"[int(similarity(query, candidates, measure)[0].argmax())]

    return [
        Choice(
            "The best by the inner product", best("inner_product"),
            (("a", "It is the longest, and it points where the query points."),
             ("b", "Multiply place by place, and add: another one has more."),
             ("c", "That is the nearest by the distance.")),
        ),
        Choice(
            "The best by the Euclidean distance", best("euclidean"),
            (("a", "It points where the query points, but it is far away."),
             ("b", "Another one is less than one away."),
             ("c", "The difference is half a unit in one place.")),
        ),
    ]  # fmt: skip


def cosine_value() -> list[Question]:
    """A cosine of two vectors of length five."""
    x, y = np.array([[3, 4.0]]), np.array([[4, 3.0]])
    product = float(similarity(x, y, "inner_product")[0, 0])
    return [
        Number(
            "The cosine", float(similarity(x, y)[0, 0]),
            ((product, "This is the inner product: it has yet to be divided by both lengths."),
             (product / 5, "Both vectors have a length to divide by.")),
        )
    ]  # fmt: skip


def hamming_product() -> list[Question]:
    """From an inner product of ±1 to the bits that differ."""
    bits, product = 64, 40
    signs = np.where(np.arange(bits) < np.arange(bits + 1)[:, None], -1, 1)  # h bits turned round
    (differing,) = np.flatnonzero(signs.sum(1) == product)
    return [
        Number(
            "Bits that differ", float(differing),
            ((2.0 * float(differing), "A bit that differs costs two: it turns a +1 into a −1."),
             (float(bits - differing), "So many agree.")),
        )
    ]  # fmt: skip


def recall_table() -> list[Question]:
    """Three rankings with two relevant captions each."""
    rankings = ["100100", "001010", "011000"]
    scores = np.zeros((3, 6))
    for image, ranking in enumerate(rankings):
        right = [place for place, mark in enumerate(ranking) if mark == "1"]
        others = [place for place, mark in enumerate(ranking) if mark == "0"]
        scores[image, image == OWNERS] = [-place for place in right]
        scores[image, image != OWNERS] = [-place for place in others]

    def recall(k: int, mode) -> float:
        given = Scores(scores, None, OWNERS)
        return evaluate(given, recall_at=(k,), mode=mode).instance["i2t"][f"R@{k}"] / 100

    return [
        Number(
            "R@2, any right answer", recall(2, "any"),
            ((recall(1, "any"), "That is R@1: look at two places."),
             (recall(3, "any"), "That is R@3.")),
            share=True,
        ),
        Number(
            "R@3, the fraction", recall(3, "fraction"),
            ((recall(3, "any"), "That counts any right answer."),
             (recall(2, "fraction"), "That is the fraction for two places.")),
            share=True,
        ),
    ]  # fmt: skip


def recall_ceiling() -> list[Question]:
    """The fraction of five captions that one place can hold."""
    owners = np.repeat(np.arange(4), 5)
    perfect = Scores((owners[None] == np.arange(4)[:, None]).astype(float), None, owners)
    found = evaluate(perfect, recall_at=(1,), mode="fraction").instance["i2t"]["R@1"] / 100
    return [
        Number(
            "Largest R@1", found, ((1, "One place holds one caption; four are left out."),),
            share=True,
        )
    ]  # fmt: skip


def recall_chance() -> list[Question]:
    """R@1 of random scores in both directions, in percent."""
    recall = metric("R@1")
    to_text = float(chance(recall, np.array([5]), 5000)[0])
    to_image = float(chance(recall, np.array([1]), 1000)[0])
    slip = "Write it in percent."
    few = (to_text / 5, "Five of the captions are right, and not one.")
    many = (to_image / 5, "There are 1,000 images to choose from.")
    return [
        Number("From image to text, in percent", to_text, (few, (to_text / 100, slip))),
        Number("From text to image, in percent", to_image, (many, (to_image / 100, slip))),
    ]


def ap_four() -> list[Question]:
    """Relevant at ranks 2 and 3 of four."""
    ones, ranking = np.ones((1, 4), int), np.array([[0, 1, 1, 0]])

    def precision(k: int, denominator: str) -> float:
        return float(average_precision_at_k(ones, ranking, k, denominator)[0])

    hits, least, whole = precision(2, "hits"), precision(2, "min"), precision(4, "total")
    return [
        Number("AP@2 by the hits", hits, ((least, "This divides by two; one was found."),)),
        Number("AP@2 by min(2, R)", least, ((hits, "This divides by the one that was found."),)),
        Number(
            "AP over all four", whole,
            ((2 * whole, "This is the sum; it has yet to be divided by two."),
             (5 / 12, "The precision at rank 3 is 2/3: two of three are relevant.")),
        ),
    ]  # fmt: skip


def ap_random() -> list[Question]:
    """One of two tied candidates is relevant."""
    value = float(average_precision_at_k(np.array([[2]]), np.array([[1]]), 2)[0])
    return [
        Number(
            "Expected AP", value,
            ((0.5, "In the other order its precision is 1, and not 0."),
             (1, "This is the better one of the two orders.")),
        )
    ]  # fmt: skip


def ap_papers() -> list[Question]:
    """AP@50 with a thousand relevant candidates under two conventions."""
    ranking = (np.arange(4000)[None] % 4 == 0).astype(int)
    ones = np.ones_like(ranking)
    values = {
        "paper A": float(average_precision_at_k(ones, ranking, 50, "relevant")[0]),
        "paper B": float(average_precision_at_k(ones, ranking, 50, "total")[0]),
    }
    return [
        Choice(
            "Whose number is larger?", max(values, key=lambda name: values[name]),
            (("paper A", "It divides by 50, and counts 50 relevant ones wherever they are."),
             ("paper B", "It divides by all relevant ones, a thousand."),
             ("they are equal", "They add up different places, and divide by other numbers.")),
        ),
    ]  # fmt: skip


def ties_pair() -> list[Question]:
    """Three nearer candidates, and the right one among five tied ones."""
    tie = TieGroups([[3, 5]], [[0, 1]])

    def recall(ties) -> float:
        return float(metric("R@5").of_ranking(tie, 8, ties)[0]) / 100

    expected, best = recall("expected"), recall("optimistic")
    return [
        Number(
            "Expected R@5", expected,
            ((1 / 5, "Two of the first five places are left, and not one."),
             (1 / 2, "There are five tied candidates, the right one included."),
             (best, "That is the best case.")),
            share=True,
        ),
        Number(
            "R@5 in the best case", best, ((expected, "That is the expected value."),), share=True
        ),
    ]  # fmt: skip


def ties_constant() -> list[Question]:
    """A constant scorer among fifty images."""
    given = Scores(np.zeros((50, 50)), None, np.arange(50))

    def recall(ties) -> float:
        return evaluate(given, recall_at=(1,), ties=ties).instance["i2t"]["R@1"] / 100

    expected, best = recall("expected"), recall("optimistic")
    turned = "Whoever gives ties the best place finds no candidate above the right one."
    return [
        Number("Expected R@1", expected, ((best, turned),), share=True),
        Number("Optimistic R@1", best, ((expected, turned),), share=True),
    ]


def ties_bits() -> list[Question]:
    """How many distances codes of 16 bits can have."""
    codes = np.unpackbits(np.arange(2**16, dtype=">u2").view(np.uint8).reshape(-1, 2), axis=1)
    return [
        Number(
            "Distances", float(len(np.unique(codes.sum(1)))),
            ((16, "Codes that are equal have the distance 0."),),
        )
    ]  # fmt: skip


def encoders_passes() -> list[Question]:
    """Passes of a model for one query in 2,000 images."""
    fusion = float(scored_pairs("all pairs", 2000, 1, 0))
    reranked = float(min(20, fusion))
    return [
        Number("Fusion encoder", fusion, ((1, "Nothing was prepared: each image takes a pass."),)),
        Number(
            "Hybrid", reranked + 1,
            ((reranked, "The query is encoded too."),
             (fusion + reranked, "The images were encoded before the query came.")),
        ),
    ]  # fmt: skip


def encoders_ceiling() -> list[Question]:
    """What a first stage leaves to the second."""
    first_stage = 0.87
    return [
        Number(
            "Best R@1", first_stage,
            ((1, "What the first stage left out cannot come back."),
             (1 - first_stage, "This is the share of queries that are lost.")),
            share=True,
        )
    ]  # fmt: skip


def encoders_even() -> list[Question]:
    """The gallery at which reranking has as many passes as scoring everything."""
    k = 100
    sizes = np.arange(1, 1001)
    (even,) = sizes[np.append(np.diff(np.minimum(sizes, k)), 0) == 0][:1]
    return [
        Number(
            "Items", float(even),
            ((1, "One pass against a hundred: the hybrid reranks what there is, one item."),),
        )
    ]  # fmt: skip


def ivf_line() -> list[Question]:
    """Nine points on a line, three lists, one of which is looked at."""
    query = 7.4
    list_of = abs(POINTS[:, None] - CENTRES).argmin(1)
    inside = POINTS[list_of == abs(CENTRES - query).argmin()]
    found = float(inside[abs(inside - query).argmin()])
    nearest = float(POINTS[abs(POINTS - query).argmin()])
    return [
        Number(
            "It finds", found,
            ((nearest, "That is in the list of another centre."),
             (12, "That is the centre; one of its points is nearer.")),
        ),
        Number(
            "The nearest of all", nearest,
            ((found, "Another list has a nearer one."),
             (2, "That is the centre; one of its points is nearer.")),
        ),
    ]  # fmt: skip


def ivf_share() -> list[Question]:
    """Centres and vectors that a query is compared with."""
    vectors, lists, looked_at = 1_000_000, 1000, 8
    compared = looked_at * vectors / lists
    return [
        Number(
            "Vectors and centres", lists + compared,
            ((compared, "The centres have to be compared first."),
             (lists + vectors / lists, "Eight lists are looked at, and not one.")),
        )
    ]  # fmt: skip


def two_recalls() -> list[Question]:
    """The recall of an index before that of a model."""
    index, model = 0.9, 0.5
    return [
        Number(
            "R@1", index * model,
            ((model, "One query in ten gets another result, which is wrong."),
             (index, "Half of the exact results are wrong already."),
             (model - (1 - index), "The index loses a tenth of the right ones, not of all.")),
            share=True,
        )
    ]  # fmt: skip


FOUNDATION_QUESTIONS: dict[str, Callable[[], list[Question]]] = {
    "exercise-first-ranks": first_ranks,
    "exercise-two-tasks": two_tasks,
    "exercise-directions": directions,
    "exercise-three-measures": three_measures,
    "exercise-cosine-value": cosine_value,
    "exercise-hamming-product": hamming_product,
    "exercise-recall-table": recall_table,
    "exercise-recall-ceiling": recall_ceiling,
    "exercise-recall-chance": recall_chance,
    "exercise-ap-four": ap_four,
    "exercise-ap-random": ap_random,
    "exercise-ap-papers": ap_papers,
    "exercise-ties-pair": ties_pair,
    "exercise-ties-constant": ties_constant,
    "exercise-ties-bits": ties_bits,
    "exercise-encoders-passes": encoders_passes,
    "exercise-encoders-ceiling": encoders_ceiling,
    "exercise-encoders-even": encoders_even,
    "exercise-ivf-line": ivf_line,
    "exercise-ivf-share": ivf_share,
    "exercise-two-recalls": two_recalls,
}
