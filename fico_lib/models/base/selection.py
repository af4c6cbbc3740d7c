"""Scores on the validation split that choose the epoch a model is taken from (higher is better).

They are simpler than the study's metrics (`fico_lib.metrics`) and are never reported as results.
"""

import torch

BLOCK = 1024  # queries compared at once


def _found(similarity: torch.Tensor, best: torch.Tensor) -> torch.Tensor:
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
        i2t += _found(similarity, similarity.masked_fill(~own, -torch.inf).amax(1)).item()
    for start in range(0, len(texts), BLOCK):
        similarity = texts[start : start + BLOCK] @ images.T
        own = image_of_text[start : start + BLOCK, None]
        t2i += _found(similarity, similarity.gather(1, own)[:, 0]).item()
    return i2t / len(images) + t2i / len(texts)


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
