"""Rows that both cost chapters share: facts of the models, rates of the device, measured steps."""

import gc
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
import torch

from fico_lib.costs.analytic import GIB, Analytic, analytic_of
from fico_lib.costs.architectures import PAPER_MODELS, paper_model
from fico_lib.costs.architectures.model import Step, build
from fico_lib.costs.batches import Budget
from fico_lib.costs.extrapolated import Estimate, estimate, together
from fico_lib.costs.measured import CLOCK, Measurement, gemm_rate
from fico_lib.costs.steps import StepCost, Stopwatch, measure_step
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
) -> dict[tuple[str, str], StepCost]:
    """(model, step) -> its timing; one model is in memory at a time.

    A stage that several models have is measured for the first of them, and holds for all.
    """
    costs: dict[tuple[str, str], StepCost] = {}
    device, p = resolve(parameters.device), parameters
    rates = {dtype: rate_of(rate, dtype) for dtype in rate["dtype"]}
    watch = Stopwatch(device, rates, budget_of(p))
    with threads(p.threads):
        for name in track(models, "models measured"):
            model, dtype = build(paper_model(name)), p.dtype_for(name)
            for step in steps:
                if getattr(known[name].flops, step) is not None:
                    costs[name, step] = measure_step(model, known[name], step, dtype, watch)
            del model
            gc.collect()  # the classes of transformers refer to themselves
            if device.type == "cuda":
                torch.cuda.empty_cache()
    return costs


def budget_of(parameters: CostParameters) -> Budget:
    """What the measurement of one step may take."""
    p = parameters
    return Budget(p.seconds, p.longest, int(p.memory_gib * GIB), p.batch)


def require_some(
    costs: Mapping[tuple[str, str], StepCost], step: str, names: Sequence[str]
) -> None:
    """InputError where not one of the models `names` was measured in `step`, telling why."""
    chosen = {name: cost for (name, one), cost in costs.items() if one == step and name in names}
    if not any(cost.timing.measurements for cost in chosen.values()):
        reasons = ", ".join(f"{name}: {cost.timing.why}" for name, cost in chosen.items())
        raise InputError(
            f"measured: found none to measure ({reasons or 'no model has such a step'}); expected "
            f"one of {', '.join(names)}, with enough memory_gib and longest"
        )


def step_rows(
    costs: Mapping[tuple[str, str], StepCost], known: Mapping[str, Analytic], rate: pd.DataFrame
) -> pd.DataFrame:
    """One row per model, step and size of batch: what was measured, how, and the arithmetic.

    seconds_per_item: the median of the repeats; why_not: the step was not measured, or not in a
    batch as large as the parameters ask; shared: stages that other models of `costs` have as well.
    """
    shared = shared_stages(costs)
    rows = []
    for (model, step), cost in costs.items():
        flops, timing = getattr(known[model].flops, step), cost.timing
        row = {"model": model, "step": step, "gflops": flops / 1e9}
        row |= {"shared": ", ".join(shared[model, step]), "needed_gib": timing.needed_bytes / GIB}
        for found in timing.measurements:
            last = found is timing.largest
            why = timing.why_smaller if last else ""
            rows.append(row | _measured(found, flops, rate) | {"why_not": why})
        if not timing.measurements:
            rows.append(row | {"seconds_per_item": float("nan"), "why_not": timing.why})
    return pd.DataFrame(rows)


def shared_stages(
    costs: Mapping[tuple[str, str], StepCost],
) -> dict[tuple[str, str], tuple[str, ...]]:
    """(model, step) -> the names of those of its stages that other models have as well."""
    times = Counter(stage for cost in costs.values() for stage in cost.stages)
    return {
        key: tuple(stage for stage in cost.stages if times[stage] > 1)
        for key, cost in costs.items()
    }


def _measured(found: Measurement, flops: int, rate: pd.DataFrame) -> dict:
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


def estimate_columns(counts: Mapping[str, int], costs: Mapping[str, StepCost]) -> dict:
    """The estimate of `of_items` as columns; NaN, and why, where a step was not measured.

    costs: by step; a step of `counts` that is missing was not asked for.
    """
    total = of_items(counts, costs)
    if total is None:
        nothing = dict.fromkeys(("seconds", "low", "high"), float("nan"))
        return nothing | {"kind": "not measured", "why_not": why_not(counts, costs)}
    found = {"seconds": total.seconds, "low": total.low, "high": total.high, "kind": total.kind}
    return found | {"why_not": ""}


def of_items(counts: Mapping[str, int], costs: Mapping[str, StepCost]) -> Estimate | None:
    """The seconds of so many items of each step, by its largest batch; None without one."""
    parts = []
    for step, count in counts.items():
        measurement = costs[step].timing.largest if step in costs else None
        if measurement is None:
            return None
        parts.append(estimate(measurement, count))
    return together(parts)


def why_not(steps: Iterable[str], costs: Mapping[str, StepCost]) -> str:
    """Why some of the steps were not measured, in words."""
    reasons = {
        step: costs[step].timing.why if step in costs else "not among those to be measured"
        for step in steps
        if step not in costs or not costs[step].timing.measurements
    }
    return "; ".join(f"{step}: {reason}" for step, reason in reasons.items())
