"""Rows that both cost chapters share: facts of the models, rates of the device, measured steps."""

import gc
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import torch

from fico_lib.costs.analytic import GIB, Analytic, analytic_of
from fico_lib.costs.architectures import PAPER_MODELS, paper_model
from fico_lib.costs.architectures.model import PaperModel, Step, build
from fico_lib.costs.extrapolated import Estimate, estimate, together
from fico_lib.costs.measured import CLOCK, Measurement, gemm_rate
from fico_lib.costs.steps import Budget, StepCost, measure_step
from fico_lib.runtime.devices import resolve, threads
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.progress import track


@dataclass(frozen=True)
class How:
    """The measuring parameters of a chapter (`CostParameters.measuring`), made concrete."""

    device: torch.device
    threads: int
    dtype: str
    dtype_of: Mapping[str, str]
    budget: Budget

    def dtype_for(self, model: str) -> str:
        """The dtype in which a model is measured."""
        return self.dtype_of.get(model, self.dtype)


def cores() -> int:
    """The processor's cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def how(
    dtype: str,
    dtype_of: Mapping[str, str],
    batch: int,
    seconds: float,
    longest: float,
    memory_gib: float,
    threads: int,
    device: str,
    most: int | None = None,
) -> How:
    """The measuring parameters; 0 threads are as many as there are cores."""
    budget = Budget(seconds, longest, int(memory_gib * GIB), batch, most)
    return How(resolve(device), threads or cores(), dtype, dtype_of, budget)


def all_facts() -> dict[str, Analytic]:
    """The facts of every model of the paper, in its order; no weights are made."""
    return {name: analytic_of(name)[1] for name in PAPER_MODELS}


def rates(models: Sequence[str], measuring: How) -> pd.DataFrame:
    """The rate of matrix products of each dtype in use: dtype, device, threads, gflops_per_s."""
    used = dict.fromkeys([measuring.dtype, *map(measuring.dtype_for, models)])
    with threads(measuring.threads):
        found = {dtype: gemm_rate(measuring.device, dtype) / 1e9 for dtype in used}
    return pd.DataFrame(
        {
            "dtype": found.keys(),
            "device": measuring.device.type,
            "threads": measuring.threads,
            "gflops_per_s": found.values(),
        }
    )


def rate_of(rows: pd.DataFrame, dtype: str) -> float:
    """Floating-point operations per second of a dtype, from the rows of `rates`."""
    return float(rows.set_index("dtype").loc[dtype, "gflops_per_s"]) * 1e9


def measured_steps(
    models: Sequence[str],
    steps: Sequence[Step],
    known: Mapping[str, Analytic],
    rate: pd.DataFrame,
    measuring: How,
) -> dict[tuple[str, str], StepCost]:
    """(model, step) -> its measurement; one model is in memory at a time."""
    found = {}
    with threads(measuring.threads):
        for name in track(models, "models measured"):
            model, dtype = build(paper_model(name)), measuring.dtype_for(name)
            for step, cost in _steps(model, known[name], steps, dtype, rate, measuring):
                found[name, step] = cost
            del model
            gc.collect()  # the classes of transformers refer to themselves
            if measuring.device.type == "cuda":
                torch.cuda.empty_cache()
    return found


def _steps(
    model: PaperModel, known: Analytic, steps: Sequence[Step], dtype: str, rate, measuring: How
) -> Iterator[tuple[Step, StepCost]]:
    for step in steps:
        if getattr(known.flops, step) is not None:
            speed = rate_of(rate, dtype)
            yield (
                step,
                measure_step(model, known, step, measuring.device, dtype, speed, measuring.budget),
            )


def require_some(
    costs: Mapping[tuple[str, str], StepCost], step: str, names: Sequence[str]
) -> None:
    """InputError where not one of the models `names` was measured in `step`, telling why."""
    chosen = {name: cost for (name, one), cost in costs.items() if one == step and name in names}
    if not any(cost.measurement for cost in chosen.values()):
        reasons = ", ".join(f"{name}: {cost.why}" for name, cost in chosen.items())
        raise InputError(
            f"measured: found none to measure ({reasons or 'no model has such a step'}); expected "
            f"one of {', '.join(names)}, with enough memory_gib and longest"
        )


def step_rows(
    costs: Mapping[tuple[str, str], StepCost], known: Mapping[str, Analytic], rate: pd.DataFrame
) -> pd.DataFrame:
    """One row per model and step: what was measured, how, and what the arithmetic says."""
    return pd.DataFrame(
        [
            {"model": model, "step": step, "gflops": getattr(known[model].flops, step) / 1e9}
            | _measured(cost.measurement, getattr(known[model].flops, step), rate)
            | {"why_not": cost.why, "needed_gib": cost.needed_bytes / GIB}
            for (model, step), cost in costs.items()
        ]
    )


def _measured(found: Measurement | None, flops: int, rate: pd.DataFrame) -> dict:
    if found is None:
        return {"seconds_per_item": float("nan")}
    return {
        "seconds_per_item": found.per_item,
        "fastest_seconds": found.spread[0],
        "slowest_seconds": found.spread[1],
        "warm_up_seconds": found.warm_up_seconds,
        "batch": found.items,
        "repeats": len(found.seconds),
        "gflops_per_s": flops / found.per_item / 1e9,
        "ideal_seconds": flops / rate_of(rate, found.dtype),
        "device": found.device,
        "dtype": found.dtype,
        "threads": found.threads,
        "peak_host_gib": found.peak_host_bytes / GIB,
        "peak_device_gib": found.peak_device_bytes / GIB,
        "clock": CLOCK,
    }


def of_items(counts: Mapping[str, int], costs: Mapping[str, StepCost]) -> Estimate | None:
    """The seconds of so many items of each step; None where a step was not measured."""
    parts = []
    for step, count in counts.items():
        if costs[step].measurement is None:
            return None
        parts.append(estimate(costs[step].measurement, count))
    return together(parts)
