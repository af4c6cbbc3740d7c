"""The time of retrieval by embeddings, by attention to every pair, and by one after the other."""

import time
from collections.abc import Sequence

import numpy as np
import torch

from fico_lib.encodings import Embeddings, Scores
from fico_lib.metrics.resampling import Estimate
from fico_lib.runtime.devices import threads as torch_threads
from fico_lib.similarity.two_stages import stages

WARM_UP, REPEATS = 10, 200


@torch.inference_mode()
def embedding_ms(encodings: Embeddings, threads: int) -> np.ndarray:
    """Milliseconds to score every image for one text, already encoded: of each repeat (REPEATS,).

    A matrix-vector product on the CPU in float32; images and texts are scaled before, where the
    measure is the cosine, as they would be stored.
    """
    images, texts = (torch.from_numpy(np.array(x, np.float32)) for x in
                     (encodings.images, encodings.texts))  # fmt: skip
    if encodings.measure == "cosine":
        images, texts = (torch.nn.functional.normalize(x, dim=1) for x in (images, texts))
    taken = []
    with torch_threads(threads):
        for number in range(WARM_UP + REPEATS):
            text = texts[number % len(texts)]
            start = time.perf_counter()
            images @ text
            taken.append(time.perf_counter() - start)
    return 1000 * np.array(taken[WARM_UP:])


def attention_ms(encodings: Sequence[Scores], n_texts: int) -> np.ndarray:
    """Milliseconds per pair of an image and a text, of each run: (runs,).

    From the time that each run took to score all pairs of its images and `n_texts` distinct texts
    in large blocks; a few pairs at a time take longer each.
    """
    times = [one.timings["score_pairs"] / (one.n_images * n_texts) for one in encodings]
    return 1000 * np.array(times)


def ratio(slow: np.ndarray, fast: np.ndarray, samples: int = 1000) -> Estimate:
    """The ratio of two medians of repeated times, and what it is in bootstrap draws of the repeats.

    slow, fast: milliseconds of each repeat.
    """
    rng = np.random.default_rng(0)
    drawn = [np.median(rng.choice(times, (samples, len(times))), 1) for times in (slow, fast)]
    return Estimate(float(np.median(slow) / np.median(fast)), drawn[0] / drawn[1])


def two_stages(first: Embeddings, second: Scores, k: int) -> Scores:
    """The best k candidates of each query by `first` in the order of `second`, the rest after them.

    Candidates that tie with the k-th are among the best.
    """
    both = stages(first, second)
    lists = {direction: both[direction].reordered(k) for direction in both}
    return Scores(**lists, image_of_caption=first.image_of_caption)
