"""Rows that both cost chapters share: facts of the models, rates of the device, measured steps."""

import gc
from collections.abc import Mapping, Sequence

import pandas as pd
import torch

from fico_lib.costs.analytic import GIB, Analytic, analytic_of
from fico_lib.costs.architectures import PAPER_MODELS, paper_model
from fico_lib.costs.architectures.model import Step, build
from fico_lib.costs.extrapolated import Estimate, estimate, together
from fico_lib.costs.measured import CLOCK, Measurement, gemm_rate
from fico_lib.costs.steps import Budget, StepCost, measure_step
from fico_lib.report.costs.parameters import CostParameters
from fico_lib.runtime.devices import resolve, threads
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.machine import cores
from fico_lib.runtime.progress import track


def all_facts() -> dict[str, Analytic]:
    """The facts of every model of the paper, in its order; no weights are made."""
    return {name: analytic_of(name)[1] for name in PAPER_MODELS}


def rates(models: Sequence[str], parameters: CostParameters) -> pd.DataFrame:
    """The rate of matrix products of each dtype in use: dtype, device, threads, gflops_per_s."""
    used = dict.fromkeys([parameters.dtype, *map(parameters.dtype_for, models)])
    device = resolve(parameters.device)
    with threads(parameters.threads):
        gflops = {dtype: gemm_rate(device, dtype) / 1e9 for dtype in used}
    return pd.DataFrame(
        {
            "dtype": gflops.keys(),
            "device": device.type,
            "threads": parameters.threads or cores(),
            "gflops_per_s": gflops.values(),
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
    parameters: CostParameters,
    most: int | None = None,
) -> dict[tuple[str, str], StepCost]:
    """(model, step) -> its measurement; one model is in memory at a time.

    most: a step stops after so many items.
    """
    costs: dict[tuple[str, str], StepCost] = {}
    device, p = resolve(parameters.device), parameters
    budget = Budget(p.seconds, p.longest, int(p.memory_gib * GIB), p.batch, most)
    with threads(p.threads):
        for name in track(models, "models measured"):
            model, dtype = build(paper_model(name)), p.dtype_for(name)
            for step in steps:
                if getattr(known[name].flops, step) is not None:
                    costs[name, step] = measure_step(
                        model, known[name], step, device, dtype, rate_of(rate, dtype), budget
                    )
            del model
            gc.collect()  # the classes of transformers refer to themselves
            if device.type == "cuda":
                torch.cuda.empty_cache()
    return costs


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


def estimate_columns(total: Estimate | None) -> dict:
    """An estimate as columns of a row; NaN where nothing was measured."""
    if total is None:
        return dict.fromkeys(("seconds", "low", "high"), float("nan")) | {"kind": "not measured"}
    return {"seconds": total.seconds, "low": total.low, "high": total.high, "kind": total.kind}


def of_items(counts: Mapping[str, int], costs: Mapping[str, StepCost]) -> Estimate | None:
    """The seconds of so many items of each step; None where a step was not measured."""
    parts = []
    for step, count in counts.items():
        measurement = costs[step].measurement
        if measurement is None:
            return None
        parts.append(estimate(measurement, count))
    return together(parts)
