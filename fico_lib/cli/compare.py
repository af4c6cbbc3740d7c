"""`fico compare`: two or more models on the same queries, with intervals and corrected p-values."""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer

from fico_lib.cli.evaluate_input import names
from fico_lib.cli.evaluate_output import interval, number, print_table, write_csv
from fico_lib.cli.options import Device, Labels, Memory, file, option
from fico_lib.encodings import Encodings, load
from fico_lib.encodings.released import load_released
from fico_lib.evaluation import Comparison, compare, evaluate
from fico_lib.evaluation.compare import PerQuery
from fico_lib.formats import read_array
from fico_lib.metrics import TASKS
from fico_lib.metrics.ranks import Ranks
from fico_lib.metrics.registry import METRICS, metric
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.files import check_writable, write_whole

PLOTS = (".svg", ".png", ".pdf")
COLUMNS = ["task", "direction", "query", "image", "metric", "value"]


def compare_command(
    models: Annotated[
        list[Path],
        typer.Argument(
            metavar="MODEL",
            help="Encodings that `Encodings.save` wrote, folders "
            "that the paper's authors released, or CSVs of `--per-query`.",
        ),
    ],
    labels: Labels = None,
    metrics: Annotated[str | None, option("Metrics by name, such as R@1,mAP@N.")] = None,
    called: Annotated[
        str | None, typer.Option("--names", help="Names of the models, with commas.")
    ] = None,
    dataset: Annotated[str | None, option("Of a released folder with several.")] = None,
    format: Annotated[Literal["table", "json", "csv", "latex"], option("What to print.")] = "table",
    plot: Annotated[
        Path | None, file("A forest plot of the differences, .svg, .png, .pdf.")
    ] = None,
    samples: Annotated[int, typer.Option(min=100, help="Bootstrap draws.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of draws and sign flips.")] = 0,
    device: Device = "auto",
    memory: Memory = "2GB",
) -> None:
    """Which of several models is better, and is it more than chance?

    Values and paired differences with 95 % intervals that draw images with all their captions,
    p-values by sign flips of images, corrected for their number by Holm's procedure, and the ranks
    that each model may have. CSVs hold the differences.
    """
    if plot is not None:
        check_writable(plot, "--plot")
        if plot.suffix not in PLOTS:
            raise InputError(f"--plot {plot}: expected a name that ends in {', '.join(PLOTS)}")
    wanted = names(metrics)
    for name in wanted:
        metric(name)
    how = {"metrics": wanted, "device": device, "memory": memory}
    given = [m for path in models for m in _read(path, labels, dataset, how)]
    found = compare(*given, names=names(called) or None, samples=samples, seed=seed)
    if plot is not None:
        _plot(found, plot)
    _print(found, format)


def _read(path: Path, labels: Path | None, dataset: str | None, how: dict) -> Iterator[PerQuery]:
    """The models of one argument."""
    if path.suffix == ".csv":
        yield _of_csv(path, how["metrics"])
        return
    if not path.is_dir() or (path / "encodings.json").is_file():
        given = load(path)
        own = None if labels is None else read_array(labels)
        yield _evaluated(given, own, given.model or path.stem, how)
        return
    for released in load_released(path):
        if dataset in (None, released.dataset):
            yield _evaluated(released.encodings, released.labels, released.model, how)


def _evaluated(encodings: Encodings, labels: object, name: str, how: dict) -> PerQuery:
    result = evaluate(encodings, labels, **how)
    found = PerQuery.of(result, name)
    ids = {"i2t": encodings.image_ids, "t2i": encodings.caption_ids}
    queries = {place: ids[place[1]] for place in found.queries}
    images = {place: encodings.image_ids[rows] for place, rows in found.images.items()}
    return PerQuery(name, found.values, queries, images)


def _of_csv(path: Path, wanted: tuple[str, ...]) -> PerQuery:
    """What `--per-query` wrote."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    with open(path, newline="", encoding="utf-8") as rows:
        reader = csv.DictReader(rows)
        if reader.fieldnames != COLUMNS:
            raise InputError(
                f"{path}: found the columns {', '.join(reader.fieldnames or ()) or 'none'}; "
                f"expected {', '.join(COLUMNS)}, as --per-query writes them"
            )
        parts: dict[tuple, list[tuple[str, str, float]]] = {}
        for line, row in enumerate(reader, 2):
            name = _metric_of(row["metric"])
            if name is None or (wanted and name not in wanted):
                continue
            try:
                value = float(row["value"]) if row["value"] else np.nan
            except (TypeError, ValueError) as error:
                found = row["value"]
                raise InputError(f"{path}, line {line}: '{found}' is not a number") from error
            place = row["task"], row["direction"], name
            if place[0] not in TASKS:
                raise InputError(f"{path}, line {line}: unknown task '{place[0]}'")
            parts.setdefault(place, []).append((row["query"], row["image"], value))
    values, queries, images = {}, {}, {}
    for place, found in parts.items():
        query, image, value = zip(*found, strict=True)
        values[place] = np.array(value)
        queries[place[:2]], images[place[:2]] = np.array(query), np.array(image)
        if len(queries[place[:2]]) != len(set(query)):
            raise InputError(f"{path}: {' '.join(place)} has a query twice")
    if not values:
        raise InputError(f"{path}: no value of a metric that is a mean over queries")
    return PerQuery(path.stem, values, queries, images)


def _metric_of(column: str) -> str | None:
    """The metric, a mean over queries, whose single values have this name; None without one."""
    for entry in METRICS.values():
        name = entry.name + column.removeprefix(entry.per_query)
        if column.startswith(entry.per_query) and entry.over_queries is np.mean:
            try:
                known = metric(name)
            except InputError:
                continue
            if known.column == column:
                return name
    return None


def _print(found: Comparison, format: str) -> None:
    if format == "json":
        typer.echo(json.dumps(found.to_dict(), indent=1, allow_nan=False))
    elif format == "csv":
        write_csv(found.to_dict()["differences"], sys.stdout)
    elif format == "latex":
        from fico_lib.report.latex import latex_table

        typer.echo(latex_table(found))
    else:
        print_table({
            **{name: str(vars(r)[name]) for name in ("task", "direction", "metric", "model")},
            "value": number(r.value), "95 % interval": interval(r.low, r.high),
            "rank": str(Ranks(r.best_rank, r.worst_rank)) + " *" * r.tied_with_best,
        } for r in found.models)  # fmt: skip
        print_table({
            **{name: str(vars(g)[name]) for name in ("task", "direction", "metric")},
            "difference": f"{g.model} - {g.than}", "by": number(g.difference),
            "95 % interval": interval(g.low, g.high), "p": f"{g.p:.4f}", "Holm": f"{g.p_holm:.4f}",
        } for g in found.differences)  # fmt: skip
        print(
            "*: tied with the best\nintervals and p: over images, with their captions; Holm: p "
            f"corrected for {len(found.differences)} differences"
        )


def _plot(found: Comparison, plot: Path) -> None:
    from fico_lib.report.forest import forest

    with write_whole(plot) as part:
        forest(found.differences).savefig(part, format=plot.suffix[1:])
