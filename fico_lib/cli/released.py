"""`fico evaluate --released`: the paper's released folder as its Tables 2, 3 and 4."""

import json
import sys
from pathlib import Path

import typer

from fico_lib.cli.evaluate_output import number, print_table, tidy_rows, write_csv
from fico_lib.encodings import Codes
from fico_lib.encodings.released import load_released
from fico_lib.evaluation import evaluate
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.metrics.conventions import Conventions

TABLE_3_DEPTHS = (50, 100, 200)  # of the paper, for hash codes


def evaluate_released(folder: Path, conventions: Conventions, settings: dict, format: str) -> None:
    """Every model in the folder, as the paper's Tables 2, 3 and 4."""
    deeper = {"recall_at": tuple(dict.fromkeys((*conventions.recall_at, *TABLE_3_DEPTHS)))}
    results, rows = {}, []
    for found in load_released(folder):
        depths = deeper if isinstance(found.encodings, Codes) else {}
        result = evaluate(found.encodings, found.labels, **settings | depths)
        results[f"{found.model}_{found.dataset}"] = result.to_dict()
        rows += tidy_rows(result, model=found.model, dataset=found.dataset)
    if format == "json":
        typer.echo(json.dumps(results, indent=1, allow_nan=False))
    elif format == "csv":
        write_csv(rows, sys.stdout)
    else:
        recalls = [str(m) for m in conventions.of("instance") if conventions.metrics or m.k]
        precisions = [str(m) for m in conventions.of("category")]
        _paper_table("Table 2: instance-level retrieval", rows, recalls)
        deep = [f"R@{k}" for k in TABLE_3_DEPTHS]
        _paper_table("Table 3: further depths, hash codes", rows, deep)
        _paper_table("Table 4: category-level retrieval", rows, precisions)


def _paper_table(title: str, rows: list[dict], metrics: list[str]) -> None:
    """One line per model and data set, the metrics of both directions side by side, in percent."""
    lines: dict[tuple[str, str], dict] = {}
    for row in rows:
        if row["metric"] in metrics:
            cells = lines.setdefault((row["model"], row["dataset"]), {})
            cells[f"{row['direction']} {row['metric']}"] = number(row["value"], "n/a")
    names = [f"{direction} {name}" for direction in DIRECTIONS for name in metrics]
    print_table(
        ({"model": model, "dataset": dataset} | {name: cells.get(name, "-") for name in names}
         for (model, dataset), cells in lines.items()), title,
    )  # fmt: skip
