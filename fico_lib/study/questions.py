"""Questions of exercises that the page checks: what is asked, and the right and wrong answers.

The answers are computed by the library when the book is built, and staged as a script; the page
finds the exercise by its label (book/_static/questions/). An exercise's text stays in its chapter.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from fico_lib.encodings import Scores
from fico_lib.evaluation import evaluate
from fico_lib.evaluation.relevance import label_matrix
from fico_lib.metrics import Ties
from fico_lib.metrics.average_precision import average_precision_at_k
from fico_lib.metrics.chance import chance
from fico_lib.metrics.registry import metric
from fico_lib.metrics.tie_groups import TieGroups
from fico_lib.search.compress.quantizers import Int8
from fico_lib.search.compress.setting import Compression
from fico_lib.study.foundation_questions import FOUNDATION_QUESTIONS
from fico_lib.study.question import Choice, Number, Question, Words


def recall_by_hand() -> list[Question]:
    """Two images, three captions, one tie (chapter on instances)."""
    scores = np.array([[0.2, 0.6, 0.7], [0.1, 0.6, 0.9]])
    given = Scores(scores, None, image_of_caption=np.array([0, 0, 1]))

    def recall(direction: str, ties: Ties = "expected") -> float:
        return evaluate(given, recall_at=(1,), ties=ties).instance[direction]["R@1"] / 100

    to_text, to_image = recall("i2t"), recall("t2i")
    return [
        Number(
            "R@1 from image to text", to_text,
            ((to_image, "That is text to image: here each image looks along its row."),
             (1, "Image 0 finds the caption of the other image first.")),
            share=True,
        ),
        Number(
            "R@1 from text to image", to_image,
            ((to_text, "That is image to text: here each caption looks down its column."),
             (recall("t2i", "optimistic"), "This gives the tie of caption 1 to the right image."),
             (recall("t2i", "pessimistic"), "This gives the tie of caption 1 to the wrong image.")),
            share=True,
        ),
    ]  # fmt: skip


def ap_by_hand() -> list[Question]:
    """Relevant at ranks 1, 4 and 6 of six (chapter on categories)."""
    one_each, relevant = np.ones((1, 6), int), np.array([[1, 0, 0, 1, 0, 1]])

    def precision(denominator: str, k: int = 4) -> float:
        return float(average_precision_at_k(one_each, relevant, k, denominator)[0])

    hits, least, total, whole = *map(precision, ("hits", "min", "total")), precision("hits", 6)
    undivided = hits * int(relevant[0, :4].sum())
    forgot = (undivided, "This is the sum of the precisions; it has yet to be divided.")
    by_hits = (hits, "This divides by the hits in the first four.")
    return [
        Number(
            "AP@4 divided by the hits", hits,
            (forgot, (least, "This divides by three: only two hits are in the first four.")),
        ),
        Number("AP@4 divided by min(4, R)", least, (forgot, by_hits)),
        Number("AP@4 divided by R", total, (forgot, by_hits)),
        Number(
            "AP@N", whole,
            ((least, "The hit at rank 6 is within N: its precision is missing."),
             (hits, "The hit at rank 6 is within N: its precision is missing.")),
        ),
    ]  # fmt: skip


def search_ties() -> list[Question]:
    """Three candidates at one distance (chapter on search)."""
    tie = TieGroups([[3]], [[1]])

    def recall(ties: Ties) -> float:
        return float(metric("R@1").of_ranking(tie, 3, ties)[0]) / 100

    return [
        Number(
            "Expected R@1", recall("expected"),
            ((recall("optimistic"), "This is the best order of the three; the others count too."),
             (recall("pessimistic"), "This is the worst order of the three.")),
            share=True,
        ),
        Choice(
            "What does an index report that returns ties as they are stored?",
            "1 or 0",
            (("1/3", "One order has been chosen already: there is nothing left to average."),
             ("1 or 0", "It depends on whether the right one is stored first."),
             ("always 1", "Only if the right one happens to be stored first."),
             ("always 0", "Only if another one happens to be stored first.")),
        ),
    ]  # fmt: skip


def chance_by_hand() -> list[Question]:
    """Four images and their labels (chapter on the data)."""
    names = ["dog", "ball", "tree"]
    labels = label_matrix([[0], [0, 1], [1], [2]], 4).astype(int)
    shared = labels @ labels.T > 0
    own = shared.sum()
    relevant = shared.sum(1) - 1
    precision = chance(metric("P@1"), relevant, 3) / 100
    share = relevant.sum() / 12
    empty = labels[relevant == 0].any(0)
    with_own = (float(own / 16), "This counts the pairs of an image with itself.")
    return [
        Number(
            "Share of the ordered pairs", float(share),
            (with_own, (float(share / 2), "Each pair counts in both orders.")), share=True,
        ),
        Number(
            "Precision of a random ranking, over all four queries", float(precision.mean()),
            (with_own, (float(precision[relevant > 0].mean()), "This leaves the empty query out.")),
            share=True,
        ),
        Words(
            "The labels of the query that has nothing relevant",
            tuple(name for name, there in zip(names, empty, strict=True) if there),
            (("ball", "An image with a ball has a partner: the one with dog and ball."),
             ("dog", "An image with a dog has a partner: the other one.")),
        ),
    ]  # fmt: skip


def compression_bytes() -> list[Question]:
    """Bytes of 384 dimensions (chapter on compression)."""
    d = 384
    names = ("float32", "int8", "sign-mean", "sign-mean:pca128+int8x4", "rabitq2")
    exact, whole, signs, screened, rabitq = map(Compression.parse, names)
    reduced = screened.searched_bytes(d)
    bits = (float(d), "This is one byte for each sign: eight of them fit in a byte.")
    return [
        Number(
            "int8: bytes kept", whole.kept_bytes(d),
            ((exact.kept_bytes(d), "This is float32: int8 has one byte for each dimension."),),
        ),
        Number("Signs: bytes kept", signs.kept_bytes(d), (bits,)),
        Number(
            "Signs of 128 components: bytes searched", reduced,
            ((signs.kept_bytes(d), "Only the components are searched."),
             (128.0, "This is one byte for each sign: eight of them fit in a byte.")),
        ),
        Number(
            "The same: bytes kept", screened.kept_bytes(d),
            ((reduced, "What rescoring reads has to be kept too."),
             (reduced + 128, "Rescoring reads all dimensions, and not the components.")),
        ),
        Number(
            "RaBitQ of 2 bits: bytes searched", rabitq.searched_bytes(d),
            ((d * 2 / 8, "The factor of each vector is missing."),),
        ),
    ]  # fmt: skip


def compression_int8() -> list[Question]:
    """A query and two documents, exact and as integers (chapter on compression)."""
    query, documents = np.array([1.0, 3, 2]), np.array([[4.0, 0, 2], [0, 1, 2]])
    integers = Int8.fit(documents).encode(documents).astype(float)
    which = ("the first", "the second")
    exact, naive = (which[int((rows @ query).argmax())] for rows in (documents, integers))
    return [
        Choice(
            "Which is nearer?", exact,
            (("the first", "Its product is larger by one."),
             ("the second", "Multiply place by place, and add.")),
        ),
        Choice(
            "Which is nearer by the integers?", naive,
            (("the first", "The lowest value of each dimension is −128, the highest 127."),
             ("the second", "The steps of the dimensions were forgotten.")),
        ),
    ]  # fmt: skip


QUESTIONS: dict[str, Callable[[], list[Question]]] = {
    "exercise-recall-by-hand": recall_by_hand,
    "exercise-ap-by-hand": ap_by_hand,
    "exercise-search-ties": search_ties,
    "exercise-chance": chance_by_hand,
    "exercise-compression-bytes": compression_bytes,
    "exercise-compression-int8": compression_int8,
    **FOUNDATION_QUESTIONS,
}


def write_questions(path: Path) -> None:
    """Write all questions with their answers as the script that the pages load."""
    asked = {label: [asdict(question) for question in make()] for label, make in QUESTIONS.items()}
    path.write_text(f"const ficoQuestions = {json.dumps(asked, allow_nan=False, indent=1)};\n")
