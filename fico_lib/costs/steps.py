"""Measuring the steps of a model at its size: encoding images, encoding texts, scoring pairs."""

import math
from dataclasses import dataclass

import torch

from fico_lib.costs.analytic import FLOAT_BYTES, Analytic
from fico_lib.costs.architectures.model import PaperModel, Step, materialise
from fico_lib.costs.measured import Measurement, OutOfMemoryError, dtype_of, measure

LONGEST_BATCH = 0.25  # of the time that a step is given: one batch should leave room for repeats
PAIR_BYTES = 1 << 28  # of the tokens that a block of pairs may hold


@dataclass(frozen=True)
class Budget:
    """What a measurement may take.

    seconds: of repeats per step; longest: a step whose first two batches of one would take longer
    than this, at the device's rate, is not run; memory_bytes: weights beyond this are not made;
    batch: at most so many items at once; most: stop after so many items.
    """

    seconds: float = 1.0
    longest: float = 30.0
    memory_bytes: int = 6 * 10**9
    batch: int = 32
    most: int | None = None


@dataclass(frozen=True)
class StepCost:
    """A measured step, or why there is none: `why` is then in words, and `needed_bytes` what an
    allocation that failed, or was not tried, would have needed (0 where memory was not the reason).
    """

    step: Step
    measurement: Measurement | None = None
    why: str = ""
    needed_bytes: int = 0


def measure_step(
    model: PaperModel,
    facts: Analytic,
    step: Step,
    device: torch.device,
    dtype: str,
    rate: float,
    budget: Budget,
) -> StepCost:
    """Measure one step of a model (its weights are made if they are not there yet).

    rate: floating-point operations per second that the device can do (`measured.gemm_rate`), from
    which the batch is chosen, and whether the step is run at all.
    """
    flops = getattr(facts.flops, step)
    if flops is None:
        return StepCost(step, why="no such step")
    parts = model.parts(step)
    count = sum(p.numel() for part in parts for p in part.parameters())
    if (needed := count * FLOAT_BYTES[dtype]) > budget.memory_bytes:
        return StepCost(step, why="out of memory", needed_bytes=needed)
    if 2 * flops / rate > budget.longest:
        return StepCost(step, why=f"a batch of one would take {flops / rate:.0f} s")
    fitting = budget.seconds * LONGEST_BATCH * rate / max(flops, 1)
    size = max(1, min(budget.batch, int(fitting)))
    try:
        materialise(parts, device, dtype_of(dtype))
        run, items = _batch(model, facts, step, size, device, dtype)
        measurement = measure(run, items, device, dtype, seconds=budget.seconds, most=budget.most)
    except OutOfMemoryError as error:
        return StepCost(step, why="out of memory", needed_bytes=error.needed_bytes)
    return StepCost(step, measurement)


def _batch(model: PaperModel, facts: Analytic, step: Step, size: int, device, dtype: str):
    """A function that runs one batch, and how many items that is."""
    if step == "pair":
        return pair_batch(model, facts, size, device, dtype)
    inputs = _placed(
        model.image_inputs(size) if step == "image" else model.text_inputs(size), device, dtype
    )
    encode = model.encode_images if step == "image" else model.encode_texts
    return (lambda: encode(inputs)), size


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


def pair_batch(model: PaperModel, facts: Analytic, size: int, device, dtype: str):
    """A function that scores all pairs of a few images and texts, and how many pairs that is.

    Close to size² for attention without weights, which shares work between pairs, and to `size`
    pairs for the others, of one text with several images, as reranking meets them. Where nothing
    is kept, the whole model runs on `size` images beside as many texts.
    """
    if facts.image_kept is None:
        pixels, tokens = (
            _placed(inputs, device, dtype)
            for inputs in (model.image_inputs(size), model.text_inputs(size))
        )
        return (lambda: model.score(pixels, tokens)), size
    if model.parts("pair"):
        images, texts = size, 1
    else:
        images, texts = size, 4 * size
        per_pair = 4 * facts.image_kept[0] * facts.n_tokens * FLOAT_BYTES[dtype]
        images = max(1, min(images, math.isqrt(PAIR_BYTES // per_pair) // 2))
        texts = 4 * images
    v, w = kept_images(facts, images, device, dtype), kept_texts(facts, texts, device, dtype)
    return (lambda: model.score(v, w)), images * texts
