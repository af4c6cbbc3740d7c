"""`fico cost`: what one model costs, counted and measured, for a gallery of one's own size."""

import math
from enum import StrEnum
from typing import Annotated, get_args

import typer

from fico_lib.costs.architectures import PAPER_MODELS
from fico_lib.report.costs.parameters import DtypeName
from fico_lib.runtime.errors import InputError

Dtype = StrEnum("Dtype", {name: name for name in get_args(DtypeName)})


def cost_command(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help=f"One of {', '.join(PAPER_MODELS)}, or a folder or config.json of transformers.",
        ),
    ],
    images: Annotated[int, typer.Option(min=1, max=10**12, help="Images of the gallery.")] = 1000,
    texts: Annotated[int, typer.Option(min=1, max=10**12, help="Texts of the gallery.")] = 5000,
    k: Annotated[
        int, typer.Option(min=1, max=10**9, help="Candidates of each query, in reranking.")
    ] = 128,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    dtype: Annotated[Dtype, typer.Option(help="Numbers of weights and inputs.")] = Dtype.float32,
    batch: Annotated[int, typer.Option(min=1, max=10**6, help="Most items at once.")] = 32,
    seconds: Annotated[
        float, typer.Option(min=0.01, max=86_400, help="Seconds of repeats per step.")
    ] = 1.0,
    longest: Annotated[
        float,
        typer.Option(min=0.01, max=1e6, help="A step is not measured if 5 repeats take longer."),
    ] = 60.0,
    memory: Annotated[
        float, typer.Option(min=0.01, max=1e6, help="GiB that weights may take.")
    ] = 16.0,
) -> None:
    """Tell what a model costs: weights, FLOPs, bytes, and seconds on this device.

    Weights are random: time, memory and storage do not depend on them. Nothing is downloaded, and
    no code that comes with a checkpoint is run.
    """
    for name, value in (("seconds", seconds), ("longest", longest), ("memory", memory)):
        if not math.isfinite(value):  # which the ranges let pass
            raise InputError(f"--{name}: found {value}; expected a number")
    from fico_lib.cli.cost_report import print_cost
    from fico_lib.costs.analytic import GIB
    from fico_lib.costs.batches import Budget

    budget = Budget(seconds, longest, int(memory * GIB), batch)
    print_cost(model, (images, texts, k), device, dtype.value, budget)
