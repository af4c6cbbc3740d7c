"""One set of encodings under the conventions of every tool: how far these move the number."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from fico_lib.encodings import Codes, Encodings
from fico_lib.evaluation.engine import evaluate
from fico_lib.metrics.presets import PRESETS


def constant(encodings: Encodings) -> Codes:
    """A scorer to which all candidates are alike, for the same items: codes of one bit, all 0."""
    images, texts = (np.zeros((n, 1), np.uint8) for n in (encodings.n_images, encodings.n_captions))
    return Codes(
        images, texts, 1, encodings.image_of_caption, encodings.image_ids, encodings.caption_ids,
        model="constant",
    )  # fmt: skip


def audit(
    encodings: Encodings, labels: object = None, *, relevance: object = None,
    measure: str | None = None, **resources: Any,
) -> Iterator[dict]:  # fmt: skip
    """Tidy rows: preset, task, direction, metric, value, what a constant scorer gets, chance.

    The constant scorer has three values: under the preset's tie rule, and at worst and at best
    (`constant_from`, `constant_to`), as another order of the stored data would have it. resources:
    `device`, `memory`, `threads` of `evaluate`; the other arguments are its own.
    """
    flat = constant(encodings)
    for name, preset in PRESETS.items():
        how = preset.settings() | {"relevance": relevance} | resources
        found = evaluate(encodings, labels, measure=measure, **how)
        of_constant = evaluate(flat, labels, **how)
        expected = how["ties"] == "expected"  # whose result holds the bounds already
        bounds = of_constant if expected else evaluate(flat, labels, **how | {"ties": "expected"})
        for (task, direction, mine), (*_, other), (*_, between) in zip(
            found.parts(), of_constant.parts(), bounds.parts(), strict=True
        ):
            for metric, value in mine.metrics.items():
                low, high = between.tie_interval.get(metric) or (None, None)
                yield {
                    "preset": name, "task": task, "direction": direction, "metric": metric,
                    "value": value, "constant": other[metric], "constant_from": low,
                    "constant_to": high, "chance": mine.chance[metric],
                }  # fmt: skip
