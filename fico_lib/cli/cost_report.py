"""What `fico cost` prints: weights, FLOPs, measured times, and what a gallery would take."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fico_lib.cli.terminal import table_console
from fico_lib.costs.analytic import (
    GIB,
    Analytic,
    analytic_of,
    embedding_bytes,
    feature_bytes,
    layouts,
    scored_pairs,
    weight_bytes,
)
from fico_lib.costs.architectures import PAPER_MODELS
from fico_lib.costs.architectures.model import STEPS, PaperModel
from fico_lib.costs.batches import Budget
from fico_lib.costs.measured import Measurement, gemm_rate
from fico_lib.costs.steps import StepCost, Stopwatch, measure_step
from fico_lib.report.costs.rows import of_items
from fico_lib.report.costs.tables import duration, marked, significant, size
from fico_lib.runtime.devices import resolve, threads
from fico_lib.runtime.errors import InputError

WORDS = {"image": "an image", "text": "a text", "pair": "a pair"}


def print_cost(
    model: str, gallery: tuple[int, int, int], device: str, dtype: str, budget: Budget
) -> None:
    """Count and measure a model, and print it.

    model: a name of `PAPER_MODELS`, or a folder or config.json of transformers; gallery: images,
    texts and the candidates k of each query. Raises InputError on an unknown model or device.
    """
    where = resolve(device)
    built, facts = _model(model)
    console = table_console()
    console.print(f"[bold]{escape(facts.title)}[/], with random weights", soft_wrap=True)
    if facts.note:
        console.print(escape(facts.note), soft_wrap=True)
    _facts(console, facts, dtype)
    with threads(0):
        rate = gemm_rate(where, dtype)
        watch = Stopwatch(where, {dtype: rate}, budget)
        steps = {
            step: measure_step(built, facts, step, dtype, watch)
            for step in STEPS
            if getattr(facts.flops, step) is not None
        }
    _steps(console, facts, steps, rate, where.type, dtype)
    _gallery(console, facts, steps, rate, gallery, dtype)


def _model(name: str) -> tuple[PaperModel, Analytic]:
    """The model of that name or of that folder, and its facts."""
    if name not in PAPER_MODELS and Path(name).exists():
        from fico_lib.costs.checkpoint import checkpoint

        built = checkpoint(name)
        return analytic_of(name, built)
    if "/" in name or name.endswith(".json"):
        raise InputError(f"{name}: no such folder or file; expected one, or a model's name")
    return analytic_of(name)


def _table(console: Console, rows: list[tuple[str, ...]], *columns: str) -> None:
    table = Table(*columns, box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)


def _facts(console: Console, facts: Analytic, dtype: str) -> None:
    rows = [("weights", f"{facts.parameters:,} ({size(weight_bytes(facts, dtype) / GIB)})")]
    for step in STEPS:
        flops = getattr(facts.flops, step)
        if flops is not None:
            rows.append((f"GFLOP for {WORDS[step]}", significant(flops / 1e9)))
    if facts.dimension:
        unit = "bits" if facts.bits else "numbers"
        each = f", {facts.image_vectors} per image" if facts.image_vectors > 1 else ""
        rows.append(("embedding", f"{facts.dimension} {unit}{each}"))
    if facts.image_kept:
        rows.append(("kept of an image", " × ".join(map(str, facts.image_kept))))
        rows.append(("kept of a text", " × ".join(map(str, facts.text_kept))))
    if facts.n_tokens:
        rows.append(("length of a text", f"{facts.n_tokens} tokens"))
    _table(console, rows, "", "")


def _steps(
    console: Console,
    facts: Analytic,
    steps: dict[str, StepCost],
    rate: float,
    device: str,
    dtype: str,
) -> None:
    console.print(
        f"\nMeasured on the {device}, {dtype}; a matrix product runs at {rate / 1e9:,.0f} GFLOP/s"
    )
    rows = []
    for step, cost in steps.items():
        timing, flops = cost.timing, getattr(facts.flops, step)
        needed = f", {size(timing.needed_bytes / GIB)} needed" if timing.needed_bytes else ""
        if timing.why:
            rows.append((WORDS[step], f"not measured: {timing.why}{needed}"))
        rows += [(WORDS[step], *_measured(found, flops / rate)) for found in timing.measurements]
    columns = ("for", "median", "spread", "batch", "repeats", "warm-up", "of ideal", "peak memory")
    _table(console, rows, *columns)
    for step, cost in steps.items():
        if cost.timing.why_smaller:
            why = f"No larger batch for {WORDS[step]}: {cost.timing.why_smaller}."
            console.print(why, soft_wrap=True)


def _measured(found: Measurement, ideal: float) -> tuple[str, ...]:
    """The cells of one size of batch; ideal: seconds per item at the device's rate."""
    low, high = map(duration, found.spread)
    peak = found.peak_device_bytes or found.peak_host_bytes
    return (
        *(duration(found.per_item), f"{low} to {high}", str(found.items), str(len(found.seconds))),
        *(duration(found.warm_up_seconds), f"{ideal / found.per_item:.0%}", size(peak / GIB)),
    )


def _gallery(
    console: Console,
    facts: Analytic,
    steps: dict[str, StepCost],
    rate: float,
    gallery: tuple[int, int, int],
    dtype: str,
) -> None:
    images, texts, k = gallery
    console.print(f"\nA gallery of {images:,} images and {texts:,} texts (≈: extrapolated)")
    counts = {"image": images, "text": texts}
    rows = []
    if all(step in steps for step in counts):
        flops = images * facts.flops.image + texts * facts.flops.text
        rows.append(("encode it", _time(steps, counts), duration(flops / rate)))
    if "pair" in steps:
        pairs = scored_pairs(facts.attention, images, texts, k)
        what = "all pairs" if facts.attention == "all pairs" else f"the best {k} of each query"
        ideal = duration(pairs * facts.flops.pair / rate)
        rows.append((f"score {what}", _time(steps, {"pair": pairs}), ideal))
    _table(console, rows, "time", "this device", "ideal")
    stored = [
        (f"embeddings, {layout}", size(embedding_bytes(facts, images, texts, layout) / GIB))
        for layout in layouts(facts)
    ]
    if facts.image_kept:
        kept = feature_bytes(facts, images, texts, dtype)
        stored.append((f"features for attention, {dtype}", size(kept / GIB)))
    if stored:
        _table(console, stored, "storage", "")


def _time(steps: dict[str, StepCost], counts: dict[str, int]) -> str:
    estimate = of_items(counts, steps)
    return "not measured" if estimate is None else marked(estimate.seconds, estimate.kind)
