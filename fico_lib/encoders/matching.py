"""A matching head on the best pairs of a first stage, as BLIP and BLIP-2 are evaluated."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from fico_lib.encoders.checkpoint import Opened
from fico_lib.encoders.images import batches
from fico_lib.encoders.shards import Shards
from fico_lib.encodings import Scores
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.progress import track

UNSCORED = -100.0  # of pairs that the head did not see, as in the original code


def best(scores: np.ndarray, k: int) -> np.ndarray:
    """Columns of the k highest scores of each row, (n, min(k, m))."""
    k = min(k, scores.shape[1])
    return np.argpartition(-scores, k - 1, axis=1)[:, :k]


def reranked(
    opened: Opened,
    scores: np.ndarray,
    paths: Sequence[Path],
    captions: Sequence[str],
    k: int,
    batch: int,
    shards: Shards,
    per_shard: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Scores (n, m) and (m, n) float32 of the k best candidates of each query, UNSCORED elsewhere.

    scores: (n, m) of the first stage. A pair's score is the logit of "they match" plus the first
    stage's score. Source: Li et al., BLIP, `train_retrieval.py`, function `evaluation`; LAVIS's
    BLIP-2 does the same. Each image is seen once, with all captions that it meets in either
    direction.
    """
    n, m = scores.shape
    wanted = np.zeros((n, m), bool)
    of_image, of_caption = best(scores, k), best(scores.T, k)
    np.put_along_axis(wanted, of_image, True, 1)
    np.put_along_axis(wanted.T, of_caption, True, 1)
    matched = np.zeros((n, m), np.float32)
    starts = range(0, n, per_shard)
    for start in track(starts, "matching the best pairs", total=len(starts)):
        rows = list(range(start, min(start + per_shard, n)))
        piece = shards.get(
            f"match-{start:08d}", _scored(opened, wanted, paths, captions, rows, batch)
        )
        matched[rows] = piece["scores"]
    i2t, t2i = np.full((n, m), UNSCORED, np.float32), np.full((m, n), UNSCORED, np.float32)
    total = matched + scores
    np.put_along_axis(i2t, of_image, np.take_along_axis(total, of_image, 1), 1)
    np.put_along_axis(t2i, of_caption, np.take_along_axis(total.T, of_caption, 1), 1)
    return i2t, t2i


def _scored(opened: Opened, wanted, paths, captions, rows, batch) -> Callable:
    def make() -> dict[str, np.ndarray]:
        found = np.zeros((len(rows), wanted.shape[1]), np.float32)
        for seen, pixels, wrong in batches(paths, rows, opened.preprocess, 1, 0):
            if wrong:
                row, why = next(iter(wrong.items()))
                raise InputError(f"broken image {paths[row]}: {why}")
            pixels = {name: value.to(opened.device) for name, value in pixels.items()}
            with opened.running():
                hidden = opened.encoder.hidden(pixels)
                columns = np.flatnonzero(wanted[seen[0]])
                for start in range(0, len(columns), batch):
                    part = columns[start : start + batch]
                    tokens, _ = opened.tokens([captions[column] for column in part])
                    score = opened.encoder.match(hidden.expand(len(part), -1, -1), tokens)
                    found[seen[0] - rows[0], part] = score.float().cpu().numpy()
        return {"scores": found}

    return make


def as_scores(i2t: np.ndarray, t2i: np.ndarray | None, **facts) -> Scores:
    """Scores with what was not scored named, where anything was not."""
    partial = bool((i2t == UNSCORED).any()) or (t2i is not None and bool((t2i == UNSCORED).any()))
    return Scores(i2t, t2i, missing=UNSCORED if partial else None, **facts)
