"""`fico cost`: what one model costs, counted and measured, for a gallery of one's own size."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

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
from fico_lib.costs.measured import DTYPES, gemm_rate
from fico_lib.costs.steps import Budget, StepCost, measure_step
from fico_lib.devices import resolve, threads
from fico_lib.errors import InputError
from fico_lib.models.paper import PAPER_MODELS
from fico_lib.models.paper.model import STEPS, PaperModel
from fico_lib.results.costs import cores, of_items
from fico_lib.tables.costs import duration, marked, significant, size

WORDS = {"image": "an image", "text": "a text", "pair": "a pair"}
Dtype = StrEnum("Dtype", {name: name for name in DTYPES})


def cost_command(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help=f"One of {', '.join(PAPER_MODELS)}, or a folder or config.json of transformers.",
        ),
    ],
    images: Annotated[int, typer.Option(min=1, help="Images of the gallery.")] = 1000,
    texts: Annotated[int, typer.Option(min=1, help="Texts of the gallery.")] = 5000,
    k: Annotated[int, typer.Option(min=1, help="Candidates of each query, in reranking.")] = 128,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    dtype: Annotated[Dtype, typer.Option(help="Numbers of weights and inputs.")] = Dtype.float32,
    batch: Annotated[int, typer.Option(min=1, help="Most items at once.")] = 32,
    seconds: Annotated[float, typer.Option(min=0.01, help="Seconds of repeats per step.")] = 1.0,
    longest: Annotated[
        float, typer.Option(min=0.01, help="A step that takes longer for two items is not run.")
    ] = 60.0,
    memory: Annotated[float, typer.Option(min=0.01, help="GiB that weights may take.")] = 16.0,
) -> None:
    """Tell what a model costs: weights, FLOPs, bytes, and seconds on this device.

    Weights are random: time, memory and storage do not depend on them. Nothing is downloaded, and
    no code that comes with a checkpoint is run.
    """
    where = resolve(device)
    built, facts = _model(model)
    console = Console()
    console.print(f"[bold]{escape(facts.title)}[/], with random weights", soft_wrap=True)
    if facts.note:
        console.print(escape(facts.note), soft_wrap=True)
    _facts(console, facts, dtype.value)
    budget = Budget(seconds, longest, int(memory * GIB), batch, None)
    with threads(cores()):
        rate = gemm_rate(where, dtype.value)
        steps = {
            step: measure_step(built, facts, step, where, dtype.value, rate, budget)
            for step in STEPS
            if getattr(facts.flops, step) is not None
        }
    _steps(console, facts, steps, rate, where.type, dtype.value)
    _gallery(console, facts, steps, rate, (images, texts, k), dtype.value)


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
        found = cost.measurement
        if found is None:
            needed = f", {size(cost.needed_bytes / GIB)} needed" if cost.needed_bytes else ""
            rows.append((WORDS[step], f"DNF: {cost.why}{needed}"))
            continue
        low, high = map(duration, found.spread)
        share = getattr(facts.flops, step) / rate / found.per_item
        peak = found.peak_device_bytes or found.peak_host_bytes
        rows.append(
            (
                WORDS[step],
                *(duration(found.per_item), f"{low} to {high}", str(found.items)),
                *(str(len(found.seconds)), duration(found.warm_up_seconds), f"{share:.0%}"),
                size(peak / GIB),
            )
        )
    columns = ("for", "median", "spread", "batch", "repeats", "warm-up", "of ideal", "peak memory")
    _table(console, rows, *columns)


def _gallery(
    console: Console,
    facts: Analytic,
    steps: dict[str, StepCost],
    rate: float,
    how_many: tuple[int, int, int],
    dtype: str,
) -> None:
    images, texts, k = how_many
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
        held = feature_bytes(facts, images, texts, dtype)
        stored.append((f"features for attention, {dtype}", size(held / GIB)))
    _table(console, stored, "storage", "")


def _time(steps: dict[str, StepCost], counts: dict[str, int]) -> str:
    found = of_items(counts, steps)
    return "not measured" if found is None else marked(found.seconds, found.kind)
