"""What `fico evaluate` prints and writes: a table, JSON, CSV, and values per query."""

import csv
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

import numpy as np
import typer
from rich.table import Table

from fico_lib.cli.terminal import table_console
from fico_lib.encodings import Encodings
from fico_lib.evaluation import DirectionResult, EvaluationResult
from fico_lib.metrics.presets import preset
from fico_lib.metrics.registry import metric
from fico_lib.runtime.files import write_whole


def tidy_rows(result: EvaluationResult, **names: str) -> list[dict]:
    """Tidy rows: task, direction, metric, value, its 95 % interval, unit, chance, tie interval."""
    rows = []
    for task, direction, found in result.parts():
        for name, value in found.metrics.items():
            lower, upper = result.intervals[task, direction][name] or (None, None)
            low, high = found.tie_interval.get(name) or (None, None)
            rows.append(names | {
                "task": task, "direction": direction, "metric": name, "value": value,
                "low": lower, "high": upper, "unit": metric(name).unit,
                "chance": found.chance[name], "pessimistic": low, "optimistic": high,
            })  # fmt: skip
    if result.r_at_sum is not None:
        low, high = result.intervals["instance", None]["R@sum"] or (None, None)
        rows.append(dict.fromkeys(rows[0]) | names | {
            "task": "instance", "metric": "R@sum", "value": result.r_at_sum, "low": low,
            "high": high, "unit": "%",
        })  # fmt: skip
    return rows


def print_result(
    result: EvaluationResult, format: str, normalised: EvaluationResult | None = None
) -> None:
    """The result in a format: table, json or csv; beside it that of normalised scores."""
    if format == "json":
        written = result.to_dict()
        if normalised is not None:
            written["normalised"] = normalised.to_dict()
        typer.echo(json.dumps(written, indent=1, allow_nan=False))
        return
    rows = _both(result, normalised)
    if format == "csv":
        write_csv(rows, sys.stdout)
        return
    tied = any(row["pessimistic"] != row["optimistic"] for row in rows)
    print_table(_cells(row, tied) for row in rows)
    settings = result.conventions.to_dict() | result.about
    if "as" in settings:
        print(f"as {settings['as']}: {preset(settings.pop('as')).title}")
    texts = {k: ",".join(map(str, v)) if isinstance(v, list) else v for k, v in settings.items()}
    print("conventions: " + ", ".join(f"{k} {v}" for k, v in texts.items() if v))
    drawn = "queries" if "relevance" in result.about else "images, with their captions"
    print(f"intervals: over {drawn}, by 1,000 bootstrap draws")
    for task, direction, found in result.parts():
        if found.empty_queries:
            print(f"{task} {direction}: {found.empty_queries} queries with nothing relevant")
    for title, one in (("hubness", result), ("hubness, normalised", normalised)):
        for direction, hubs in (one.hubness or {} if one is not None else {}).items():
            print(
                f"{title} {direction}: skewness {number(hubs['skewness'], 'n/a')} of the "
                f"{hubs['k']}-occurrence, at random {number(hubs['chance'])}"
            )
    if normalised is not None:
        print(f"normalised: {normalised.about['normalise']}")


def _both(result: EvaluationResult, normalised: EvaluationResult | None) -> list[dict]:
    """Tidy rows; with normalised scores, a column says of which a row speaks."""
    if normalised is None:
        return tidy_rows(result)
    method = normalised.about["normalise"].partition(" ")[0]
    return tidy_rows(result, scores="as given") + tidy_rows(normalised, scores=method)


def _cells(row: dict, tied: bool) -> dict[str, str]:
    """A row of the table; tied: whether any value depends on ties."""
    cells = {"scores": row["scores"]} if "scores" in row else {}
    cells |= {
        "task": row["task"],
        "direction": row["direction"] or "both",
        "metric": row["metric"],
        "value": number(row["value"], "n/a"),
        "95 % interval": interval(row["low"], row["high"]),
        "chance": number(row["chance"]),
    }
    if tied:
        cells["ties from, to"] = interval(row["pessimistic"], row["optimistic"])
    return cells


def number(value: float | None, missing: str = "") -> str:
    """Two decimals, or `missing`."""
    return missing if value is None else f"{value:.2f}"


def interval(low: float | None, high: float | None) -> str:
    """Two numbers, or nothing where one is missing."""
    return "" if low is None or high is None else f"{low:.2f}, {high:.2f}"


def write_csv(rows: Iterable[dict], file: TextIO) -> None:
    """Rows of the same keys, at least one."""
    rows = iter(rows)
    first = next(rows)
    writer = csv.DictWriter(file, list(first), lineterminator="\n")
    writer.writeheader()
    writer.writerow(first)
    writer.writerows(rows)


def print_table(rows: Iterable[dict[str, str]], title: str | None = None) -> None:
    """Rows of the same keys, in columns."""
    table = None
    for row in rows:
        table = table or Table(*row, title=title, title_justify="left", box=None, pad_edge=False)
        table.add_row(*row.values())
    table_console().print(table, "")


def write_per_query(path: Path, result: EvaluationResult, encodings: Encodings | None) -> None:
    """One row per task, direction, query and metric, with the image that the query belongs to.

    encodings: whose ids name the queries; row numbers do without.
    """
    rows = (
        {"task": task, "direction": direction, "query": query, "image": image, "metric": column,
         "value": None if np.isnan(value) else value}
        for task, direction, found in result.parts()
        for column, values in found.per_query.items()
        for query, image, value in zip(
            *_names(direction, found, encodings), values.tolist(), strict=True
        )
    )  # fmt: skip
    with write_whole(path) as part, open(part, "w", newline="") as file:
        write_csv(rows, file)


def _names(direction: str, found: DirectionResult, encodings: Encodings | None) -> tuple:
    """What names each query, and its image."""
    if encodings is None:
        return np.arange(found.queries), found.clusters
    ids = {"i2t": encodings.image_ids, "t2i": encodings.caption_ids}
    return ids[direction], encodings.image_ids[found.clusters]
