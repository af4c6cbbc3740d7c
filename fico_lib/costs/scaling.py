"""How attention grows with the gallery, measured: all pairs against the best k of each query."""

from collections.abc import Callable

import torch

from fico_lib.costs.analytic import Analytic
from fico_lib.costs.architectures.model import PaperModel
from fico_lib.costs.steps import kept_images, kept_texts

BLOCK = 32  # images, or texts, that are scored at once


def all_pairs(
    model: PaperModel, facts: Analytic, images: int, texts: int, device: torch.device, dtype: str
) -> Callable[[], None]:
    """A function that scores every image with every text, block by block."""
    v, w = kept_images(facts, images, device, dtype), kept_texts(facts, texts, device, dtype)

    def run() -> None:
        for some in w.split(BLOCK):
            for others in v.split(BLOCK):
                model.score(others, some)

    return run


def best_k(
    model: PaperModel,
    facts: Analytic,
    images: int,
    texts: int,
    k: int,
    device: torch.device,
    dtype: str,
) -> Callable[[], None]:
    """A function that scores the k candidates of each query, in both directions.

    A query at a time, as queries come; its candidates' tokens are gathered first. Which candidates
    they are makes no difference to the time, so they are drawn, the same at each call.
    """
    v, w = kept_images(facts, images, device, dtype), kept_texts(facts, texts, device, dtype)
    generator = torch.Generator().manual_seed(0)
    of_image = torch.randint(texts, (images, min(k, texts)), generator=generator).to(device)
    of_text = torch.randint(images, (texts, min(k, images)), generator=generator).to(device)

    def run() -> None:
        for image, candidates in enumerate(of_image):
            model.score(v[image : image + 1], w[candidates])
        for text, candidates in enumerate(of_text):
            model.score(v[candidates], w[text : text + 1])

    return run
