"""Measuring the steps of a model at its size: encoding images, encoding texts, scoring pairs.

A stage that models have in common is measured once, and counts in each of them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from torch import nn

from fico_lib.costs.analytic import FLOAT_BYTES, Analytic
from fico_lib.costs.architectures.model import PaperModel, Stage, Step, materialise
from fico_lib.costs.batches import (
    Batches,
    Budget,
    Timing,
    in_batches,
    one_after_the_other,
    too_long,
)
from fico_lib.costs.measured import REPEATS, OutOfMemoryError, dtype_of, memory_told

PAIR_BYTES = 1 << 28  # of the tokens that a block of pairs may hold


@dataclass(frozen=True)
class StepCost:
    """The timing of a step; stages: the names of the parts of which it is the sum."""

    step: Step
    timing: Timing
    stages: tuple[str, ...] = ()


@dataclass
class Stopwatch:
    """Where steps are measured, with what budget, and what was measured already.

    rates: floating-point operations per second of the device by dtype (`measured.gemm_rate`), by
    which a step that would take too long is not even begun; done: the timings of stages, by name
    and dtype.
    """

    device: torch.device
    rates: dict[str, float]
    budget: Budget
    done: dict[tuple[str, str], Timing] = field(default_factory=dict)


def measure_step(
    model: PaperModel, facts: Analytic, step: Step, dtype: str, watch: Stopwatch
) -> StepCost:
    """Measure one step of a model (its weights are made if they are not there yet)."""
    flops, budget = getattr(facts.flops, step), watch.budget
    if flops is None:
        return StepCost(step, Timing(why="no such step"))
    count = sum(p.numel() for part in model.parts(step) for p in part.parameters())
    if (needed := count * FLOAT_BYTES[dtype]) > budget.memory_bytes:
        return StepCost(step, Timing(why="out of memory", needed_bytes=needed))
    ideal = REPEATS * flops / watch.rates[dtype]
    if ideal > budget.longest:
        return StepCost(step, Timing(why="ideally, " + too_long("one", ideal, budget.longest)))
    stages = _stages(model, facts, step, dtype, watch.device)
    parts: list[Timing] = []
    for name, modules, batches in stages:
        if (name, dtype) not in watch.done:
            # What follows a stage needs no larger batches than the stage itself.
            most = min((part.measurements[-1].items for part in parts), default=budget.batch)
            watch.done[name, dtype] = _stage(
                modules, batches, dtype, replace(budget, batch=most), watch.device
            )
        parts.append(watch.done[name, dtype])
        if not parts[-1].measurements:
            return StepCost(step, parts[-1])
    return StepCost(step, _summed(parts), tuple(name for name, *_ in stages))


def _stage(
    modules: list[nn.Module], batches: Batches, dtype: str, budget: Budget, device: torch.device
) -> Timing:
    try:
        with memory_told(device):
            materialise(modules, device, dtype_of(dtype))
    except OutOfMemoryError as error:
        return Timing(why="out of memory", needed_bytes=error.needed_bytes)
    return in_batches(batches, device, dtype, budget)


def _summed(parts: list[Timing]) -> Timing:
    """The timing of a step from those of its stages; what ends the growth of one ends it."""
    sizes = zip(*(part.measurements for part in parts), strict=False)
    why = next((part.why_smaller for part in parts if part.why_smaller), "")
    return Timing(tuple(map(one_after_the_other, sizes)), why_smaller=why)


def _stages(model: PaperModel, facts: Analytic, step: Step, dtype: str, device: torch.device):
    """Name, modules and batches of each stage of a step."""
    if step == "pair":
        pairs: Batches = partial(pair_batch, model, facts, device, dtype)
        return [(f"{facts.title}, pair", model.parts("pair"), pairs)]
    return [
        (stage.name, stage.modules, partial(_batch, stage, device, dtype))
        for stage in model.stages(step)
    ]


def _batch(stage: Stage, device: torch.device, dtype: str, size: int):
    """A function that runs a stage on one batch, and how many items that is."""
    inputs = _placed(stage.inputs(size), device, dtype)
    return (lambda: stage.run(inputs)), size


def _placed(inputs: torch.Tensor, device: torch.device, dtype: str) -> torch.Tensor:
    return inputs.to(device, dtype_of(dtype) if inputs.is_floating_point() else None)


def kept_images(facts: Analytic, count: int, device: torch.device, dtype: str) -> torch.Tensor:
    """Random tokens of images as attention finds them kept: (count, tokens, width), unit length."""
    return _unit(count, *facts.image_kept, device, dtype)


def kept_texts(facts: Analytic, count: int, device: torch.device, dtype: str) -> torch.Tensor:
    """The same of texts, as long as texts are (not as long as they are padded to)."""
    return _unit(count, facts.n_tokens, facts.text_kept[1], device, dtype)


def _unit(count: int, tokens: int, width: int, device: torch.device, dtype: str) -> torch.Tensor:
    values = torch.randn(count, tokens, width, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.normalize(values, dim=2).to(device, dtype_of(dtype))


def pair_batch(
    model: PaperModel, facts: Analytic, device: torch.device, dtype: str, size: int
) -> tuple[Callable[[], object], int]:
    """A function that scores all pairs of a few images and texts, and how many pairs that is.

    Close to (2 * size)² for attention without weights, which shares work between pairs, and `size`
    pairs for the others, of one text with several images, as reranking meets them; one pair for a
    size of one. Where nothing is kept, the whole model runs on `size` images beside as many texts.
    """
    if facts.image_kept is None:
        pixels, tokens = (
            _placed(inputs, device, dtype)
            for inputs in (model.image_inputs(size), model.text_inputs(size))
        )
        return (lambda: model.score(pixels, tokens)), size
    images, texts = size, 1
    if size > 1 and not model.parts("pair"):
        per_pair = 4 * facts.image_kept[0] * facts.n_tokens * FLOAT_BYTES[dtype]
        images = max(1, min(size, math.isqrt(PAIR_BYTES // per_pair) // 2))
        texts = 4 * images
    v, w = kept_images(facts, images, device, dtype), kept_texts(facts, texts, device, dtype)
    return (lambda: model.score(v, w)), images * texts
