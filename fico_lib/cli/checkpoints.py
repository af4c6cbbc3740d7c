"""`fico checkpoints`: which released weights there are, and training those that are missing."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from fico_lib.cli.terminal import table_console
from fico_lib.pipeline.card import WeightsCard, card_path, read_card
from fico_lib.pipeline.request import Request
from fico_lib.runtime.errors import InputError
from fico_lib.study import checkpoints, repository
from fico_lib.study.build import snakemake

SHOWN = ("i2t R@1", "t2i R@1", "i2t mAP@N", "t2i mAP@N")


def checkpoints_command(
    show: Annotated[
        bool, typer.Option("--list", help="Name those that are wanted, and whether they are there.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Train the released ones again in cache/, and compare.")
    ] = False,
    cores: Annotated[
        int | None, typer.Option(min=1, help="Processor cores to use (default: all).")
    ] = None,
) -> None:
    """Train the released weights that are missing or outdated, as parameters/checkpoints.yaml says.

    The first seed of every model comes first; an interrupted run resumes where it stopped.
    """
    root, console = repository.root(), table_console()
    if checkpoints.FOLDER.parent != root:
        raise InputError(
            f"fico_lib is used from {checkpoints.FOLDER.parent}; expected {root}, the study one "
            "stands in: checkpoints lie beside the library (pip install --editable)"
        )
    wanted = checkpoints.wanted(root)
    if show:
        _list(wanted, console)
        return
    if again:
        _train_again(root, [r for r in wanted if checkpoints.state(r) == "released"], cores)
        return
    _make(root, checkpoints.FOLDER.relative_to(root), checkpoints.targets(wanted), cores)
    _list(wanted, console)


def _make(root: Path, folder: Path, files: list[Path], cores: int | None) -> None:
    """Make `files`, whatever stands there; nothing else is made but the features they need."""
    if files:
        arguments = [
            "--force",
            *(str(f.relative_to(root) if f.is_absolute() else f) for f in files),
        ]
        config, progress = {"folder": str(folder)}, Console(stderr=True)
        snakemake(root, "checkpoints/Snakefile", arguments, config, cores, progress, "checkpoints")


def _list(wanted: list[Request], console: Console) -> None:
    table = Table("checkpoint", "state", "kB", *SHOWN, box=None, pad_edge=False)
    states = {request: checkpoints.state(request) for request in wanted}
    for request, state in states.items():
        path = request.weights_path
        row = [f"{path.parent.name}/{path.stem}", state]
        if state != "missing":
            card = read_card(path, WeightsCard)
            values = [card.metrics.get(name) for name in SHOWN]
            row += [f"{card.bytes / 1000:.0f}"]
            row += ["n/a" if value is None else f"{value:.1f}" for value in values]
        table.add_row(*row)
    console.print(table)
    sizes = checkpoints.sizes()
    known = {path for r in wanted for path in (r.weights_path, card_path(r.weights_path))}
    unasked = [p for p in sizes if p not in known and not p.name.startswith("features.")]
    for path in unasked:
        console.print(f"not in {checkpoints.FILE}: {path.parent.name}/{path.name}")
    done = sum(state == "released" for state in states.values())
    total, limit = sum(sizes.values()), checkpoints.LIMIT
    console.print(
        f"{done} of {len(wanted)} are released; all files are {total / 1e6:.1f} MB of at most "
        f"{limit / 1e6:.0f} MB" + (" [red](too many)[/]" if total > limit else "")
    )


def _train_again(root: Path, released: list[Request], cores: int | None) -> None:
    """Train released checkpoints again and compare; exits with 1 where the same place differs."""
    console, folder = table_console(), checkpoints.again_folder(root)
    _make(root, folder, checkpoints.targets([replace(r, folder=folder) for r in released]), cores)
    rows = checkpoints.comparison(released, folder)
    table = Table("checkpoint", "metric", "committed", "now", "difference", box=None)
    for row in rows:
        numbers = [row[name] for name in ("committed", "now", "difference")]
        cells = ["n/a" if number is None else f"{number:.3f}" for number in numbers]
        table.add_row(row["name"], row["metric"], *cells)
    console.print(table)
    worse = [r for r in rows if r["difference"] and abs(r["difference"]) > checkpoints.MARGIN]
    if any(row["same"] for row in worse):
        console.print("[red]metrics differ on the same machine with the same versions[/]")
        sys.exit(1)
    if worse:
        console.print("metrics differ, as they may on another machine or with other versions")
