"""Scores on the validation split that choose the weights a model is left with (higher is better).

They are simpler than the study's metrics (`fico_lib.metrics`) and are never reported as results.
"""

import numpy as np
import torch

from fico_lib.features.feature_split import FeatureSplit

BLOCK = 1024  # queries compared at once


def _hits(similarity: torch.Tensor, best: torch.Tensor) -> torch.Tensor:
    """Queries whose best match is among the first 1, 5 and 10 candidates, summed: a number."""
    rank = (similarity > best[:, None]).sum(1)
    return sum((rank < k).sum() for k in (1, 5, 10))


def recall_sum(images: torch.Tensor, texts: torch.Tensor, image_of_text: torch.Tensor) -> float:
    """R@1 + R@5 + R@10 in both directions, each from 0 to 1, so 6 at best.

    images: (n, d), texts: (m, d), compared by inner product; image_of_text: (m,) int64.
    """
    i2t = t2i = 0.0
    for start in range(0, len(images), BLOCK):
        similarity = images[start : start + BLOCK] @ texts.T
        rows = torch.arange(start, start + len(similarity), device=images.device)
        own = image_of_text[None] == rows[:, None]
        i2t += _hits(similarity, similarity.masked_fill(~own, -torch.inf).amax(1)).item()
    for start in range(0, len(texts), BLOCK):
        similarity = texts[start : start + BLOCK] @ images.T
        own = image_of_text[start : start + BLOCK, None]
        t2i += _hits(similarity, similarity.gather(1, own)[:, 0]).item()
    return i2t / len(images) + t2i / len(texts)


def score_recall_sum(i2t: np.ndarray, t2i: np.ndarray, image_of_caption: np.ndarray) -> float:
    """`recall_sum` of given scores; a positive that is absent (-inf) counts as not retrieved.

    i2t: (n_images, n_captions), t2i: (n_captions, n_images).
    """
    own = image_of_caption[None] == np.arange(len(i2t))[:, None]
    total = 0.0
    for scores, relevant in ((i2t, own), (t2i, own.T)):
        best = np.where(relevant, scores, -np.inf).max(1)
        rank = np.where(best > -np.inf, (scores > best[:, None]).sum(1), len(relevant[0]) + 10)
        total += sum((rank < k).mean() for k in (1, 5, 10))
    return float(total)


def average_precision(
    queries: torch.Tensor, candidates: torch.Tensor, query_labels, candidate_labels
) -> float:
    """Mean average precision over whole rankings, from 0 to 1; relevant: a common label.

    queries: (n, d), candidates: (m, d), compared by inner product; labels (n, c) and (m, c) float.
    Queries without a relevant candidate do not count. Candidates that tie stand in a fixed random
    order, because a data set's own order may follow its categories.
    """
    shuffle = torch.randperm(len(candidates), generator=torch.Generator().manual_seed(0))
    shuffle = shuffle.to(candidates.device)
    candidates, candidate_labels = candidates[shuffle], candidate_labels[shuffle]
    rank = torch.arange(1, len(candidates) + 1, device=queries.device)
    total = answerable = 0.0
    for start in range(0, len(queries), BLOCK):
        similarity = queries[start : start + BLOCK] @ candidates.T
        order = similarity.argsort(dim=1, descending=True, stable=True)
        relevant = (query_labels[start : start + BLOCK] @ candidate_labels.T > 0).float()
        relevant = relevant.gather(1, order)
        hits = relevant.sum(1)
        precision = relevant.cumsum(1) / rank
        total += ((precision * relevant).sum(1) / hits.clamp(min=1)).sum().item()
        answerable += (hits > 0).sum().item()
    return total / max(answerable, 1)


def precision_sum(images: torch.Tensor, texts: torch.Tensor, split: FeatureSplit) -> float:
    """`average_precision` in both directions, so 2 at best.

    images: (n_images, d), texts: (n_captions, d). The first caption of each image stands for its
    text.
    """
    labels = torch.from_numpy(np.array(split.labels, np.float32)).to(images.device)
    _, first = np.unique(split.image_of_caption, return_index=True)
    texts = texts[torch.from_numpy(first).to(images.device)]
    i2t = average_precision(images, texts, labels, labels)
    return i2t + average_precision(texts, images, labels, labels)
