"""Rows on repeated captions and on classes: what of R@k is knowing the class, and what the image.

In small captioned sets many images have the very same captions. Then a wrong answer may be as
right as the one that counts, and a model that knows the class alone is not far below the best that
any model could do. Two other ways to judge the same rankings tell more: one counts what cannot be
told apart from the right answer, the other compares an image with those of its own class alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pandas as pd
from scipy import sparse

from fico_lib.chapters.instance.parameters import InstanceChapter
from fico_lib.chapters.instance.pooled import pooled
from fico_lib.encodings import Encodings, Scores
from fico_lib.evaluation import EvaluationResult, evaluate
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.report.reference_rows import references
from fico_lib.report.runs import Runs, by_model

USUAL, DUPLICATES, CLASS = "usual", "duplicates", "class"  # ways to judge a ranking


@dataclass(frozen=True)
class Repeats:
    """How often captions repeat, and R@k judged in other ways.

    recall: one row per judgement, model (and reference row), direction and k, over seeds; gaps:
    per judgement, fine-grained and coarse-grained model, direction and k. Both are empty where no
    set of captions repeats and images have no single labels; a judgement that the data do not allow
    is left out. images, captions: of the test split; sharing: images whose whole set of
    captions another image has too; sets: distinct sets; shared: captions whose text describes
    several images; classes: how many, 0 without single labels.
    """

    recall: pd.DataFrame = field(metadata={"file": "repeats"})
    gaps: pd.DataFrame = field(metadata={"file": "repeats_gaps"})
    images: int
    captions: int
    sharing: int
    sets: int
    shared: int
    classes: int

    @property
    def judgements(self) -> list[str]:
        """Those that the data allow."""
        return list(dict.fromkeys(self.recall["judgement"])) if len(self.recall) else []


def compare(
    encodings: Sequence[Encodings], test: FeatureSplit, parameters: InstanceChapter
) -> Repeats:
    """Judge the rankings of all models and seeds, and of the reference rows, in every way.

    test: the features that the models saw; texts that it does not tell apart (same known words in
    the same order) are the same text. Of `parameters.recall_at`, the first two that a class's
    images allow are used.
    """
    p = parameters
    texts, of = np.asarray(test.text_of_caption), np.asarray(test.image_of_caption)
    sets, classes = caption_sets(texts, of), classes_of(test.labels)
    i2t, t2i = duplicates(texts, of)
    smallest = len(sets) if classes is None else int(np.bincount(classes).min())
    cuts = [k for k in p.recall_at if k <= smallest][:2]
    judge = partial(
        evaluate, tasks="instance", recall_at=cuts, mode=p.mode, ties=p.ties, device=p.device
    )
    judges = {USUAL: judge}
    sharing = int((np.bincount(sets)[sets] > 1).sum())
    if sharing:
        judges[DUPLICATES] = partial(judge, relevance=(i2t, t2i))
    if classes is not None:
        judges[CLASS] = partial(within_classes, classes=classes, judge=judge)
    recall, gaps = [], []
    if cuts and len(judges) > 1:  # as usual alone is what the chapter shows anyway
        entries = [*encodings, *(row for seed in p.seeds for row in references(test, seed))]
        for judgement, judge in judges.items():
            results = by_model((entry.model, judge(entry)) for entry in entries)
            runs = Runs(results, len(sets), p.resamples)
            recall += [{"judgement": judgement} | row for row in runs.recalls(cuts)]
            gaps += [{"judgement": judgement} | row for row in runs.recall_gaps(cuts)]
    return Repeats(
        recall=pd.DataFrame(recall),
        gaps=pd.DataFrame(gaps),
        images=len(sets),
        captions=len(of),
        sharing=sharing,
        sets=len(np.unique(sets)),
        shared=int((np.diff(t2i.indptr) > 1).sum()),
        classes=0 if classes is None else len(np.unique(classes)),
    )


def caption_sets(texts: np.ndarray, image_of_caption: np.ndarray) -> np.ndarray:
    """The number of each image's set of texts (n_images,): equal for equal sets.

    texts: (n_captions,) int64, equal for equal texts. How often an image has a text, and in which
    order, does not matter.

    >>> caption_sets(np.array([7, 8, 8, 7, 9]), np.array([0, 0, 1, 1, 2])).tolist()
    [0, 0, 1]
    """
    own: list[set[int]] = [set() for _ in range(image_of_caption.max() + 1)]
    for text, image in zip(texts.tolist(), image_of_caption.tolist(), strict=True):
        own[image].add(text)
    numbers: dict[frozenset[int], int] = {}
    return np.array([numbers.setdefault(frozenset(one), len(numbers)) for one in own])


def duplicates(
    texts: np.ndarray, image_of_caption: np.ndarray
) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Judgements (images × captions, captions × images) that count what cannot be told apart.

    Relevant are a caption and an image where one of the image's own captions has the same text.
    Arguments as in `caption_sets`.
    """
    text_of_caption = _one_hot(np.unique(texts, return_inverse=True)[1])
    has = (_one_hot(image_of_caption).T @ text_of_caption).tocsr()  # images × texts
    i2t = has @ text_of_caption.T
    return i2t.tocsr(), i2t.T.tocsr()


def _one_hot(numbers: np.ndarray) -> sparse.csr_matrix:
    rows = np.arange(len(numbers))
    return sparse.csr_matrix((np.ones(len(numbers)), (rows, numbers)))


def classes_of(labels: np.ndarray | None) -> np.ndarray | None:
    """The class of each image (n,) int64; None unless all have one label, of at least two.

    >>> classes_of(np.array([[True, False], [False, True]])).tolist()
    [0, 1]
    """
    if labels is None or (np.sum(labels, 1) != 1).any():
        return None
    classes = np.unique(np.argmax(labels, 1), return_inverse=True)[1]
    return classes if classes.max() > 0 else None


def within_classes(
    encodings: Encodings, classes: np.ndarray, judge: Callable[[Encodings], EvaluationResult]
) -> EvaluationResult:
    """R@k where the candidates of a query are those of its own class alone.

    classes: (n_images,) int64, from 0; judge: `evaluate` with its conventions.
    """
    members = [np.flatnonzero(classes == number) for number in range(classes.max() + 1)]
    return pooled([judge(of_images(encodings, rows)) for rows in members], members)


def of_images(encodings: Encodings, rows: np.ndarray) -> Encodings:
    """The encodings of the images `rows` (ascending) and of their captions alone."""
    captions = np.flatnonzero(np.isin(encodings.image_of_caption, rows))
    return parts_of(encodings, rows, captions)


def one_caption(encodings: Encodings) -> Encodings:
    """The encodings of all images, and of the first caption of each alone."""
    images, captions = np.unique(encodings.image_of_caption, return_index=True)
    return parts_of(encodings, images, np.sort(captions))


def parts_of(encodings: Encodings, rows: np.ndarray, captions: np.ndarray) -> Encodings:
    """The encodings of the images `rows` and of `captions`, which are theirs; both ascending."""
    if isinstance(encodings, Scores):
        back = None if encodings.t2i is None else encodings.t2i[np.ix_(captions, rows)]
        arrays = {"i2t": encodings.i2t[np.ix_(rows, captions)], "t2i": back}
    else:
        arrays = {"images": encodings.images[rows], "texts": encodings.texts[captions]}
    return replace(
        encodings,
        image_of_caption=np.searchsorted(rows, encodings.image_of_caption[captions]),
        image_ids=encodings.image_ids[rows],
        caption_ids=encodings.caption_ids[captions],
        **arrays,
    )
