"""`fico evaluate`: a researcher's own arrays, evaluated without a notebook."""

import csv
import io
import json
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from fico_lib.encodings import (
    Codes,
    Embeddings,
    Encodings,
    Scores,
    captions_per_image,
    load,
    unrepeated,
)
from fico_lib.encodings.released import load_released
from fico_lib.evaluation import EvaluationResult, evaluate
from fico_lib.evaluation.trec import read_qrels
from fico_lib.metrics import DENOMINATORS, EMPTY, MODES, TIES
from fico_lib.metrics.conventions import Conventions
from fico_lib.runtime.arrays import read_array
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.files import write_whole
from fico_lib.similarity import MEASURES

TIES_, DENOMINATORS_, EMPTY_, MODES_, MEASURES_ = (
    StrEnum(name, {value: value for value in values})
    for name, values in (
        ("Ties", TIES), ("Denominator", DENOMINATORS), ("Empty", EMPTY), ("Mode", MODES),
        ("Measure", tuple(MEASURES)),
    )
)  # fmt: skip
FORMATS = StrEnum("Format", {name: name for name in ("table", "json", "csv")})
TABLES_3_DEPTHS = (50, 100, 200)  # the paper's Table 3, for hash codes


def _option(text: str):
    return typer.Option(help=text, show_default=True)


def _file(text: str):
    return typer.Option(help=text, metavar="FILE")


def evaluate_command(
    images: Annotated[Path | None, _file("Embeddings or codes of the images.")] = None,
    texts: Annotated[Path | None, _file("Embeddings or codes of the captions.")] = None,
    scores: Annotated[Path | None, _file("Scores, images × captions, in place of both.")] = None,
    scores_t2i: Annotated[Path | None, _file("Scores, captions × images, if others.")] = None,
    encodings: Annotated[Path | None, _file("Encodings that `Encodings.save` wrote.")] = None,
    released: Annotated[Path | None, _file("The paper's results_data/: all models in it.")] = None,
    image_of_caption: Annotated[Path | None, _file("Image row of each caption.")] = None,
    captions_per_image: Annotated[
        int | None, _option("The map, if captions come in order.")
    ] = None,
    labels: Annotated[Path | None, _file("Labels of the images, for the category task.")] = None,
    qrels: Annotated[Path | None, _file("TREC judgements, image rows by caption rows.")] = None,
    qrels_t2i: Annotated[Path | None, _file("The same, caption rows by image rows.")] = None,
    bits: Annotated[int | None, _option("The arrays are codes of so many bits.")] = None,
    missing: Annotated[float | None, _option("The value of pairs that were not scored.")] = None,
    measure: Annotated[
        MEASURES_ | None, _option("How they are compared; cosine if not said.")
    ] = None,
    recall_at: Annotated[str, _option("Depths of R@k.")] = "1,5,10",
    map_at: Annotated[str, _option("Depths of mAP@k.")] = "10,100,all",
    mode: Annotated[MODES_, _option("R@k: any positive, or the fraction of them.")] = MODES_.any,
    ties: Annotated[TIES_, _option("What equal scores are worth.")] = TIES_.expected,
    denominator: Annotated[DENOMINATORS_, _option("AP@k is divided by.")] = DENOMINATORS_.hits,
    empty: Annotated[EMPTY_, _option("Queries with nothing relevant.")] = EMPTY_.zero,
    format: Annotated[FORMATS, _option("What to print.")] = FORMATS.table,
    per_query: Annotated[Path | None, _file("Write per-query values to this CSV.")] = None,
    device: Annotated[str, _option("auto, cpu, cuda or cuda:N.")] = "auto",
    memory: Annotated[str, _option("What may be used above the inputs.")] = "2GB",
) -> None:
    """Evaluate embeddings, codes or scores: R@k, ranks, mAP, chance, in both directions.

    Arrays are .npy, .npz, .safetensors or .mat; nothing in them is executed.
    """
    how = {
        "recall_at": _depths(recall_at), "map_at": _depths(map_at), "mode": mode.value,
        "ties": ties.value, "denominator": denominator.value, "empty": empty.value,
        "device": device, "memory": memory,
    }  # fmt: skip
    Conventions(**{entry.name: how[entry.name] for entry in fields(Conventions)})  # before reading
    _one_source(images or texts, scores or scores_t2i, encodings, released)
    if released is not None:
        _evaluate_released(released, how, format.value)
        return
    if encodings is not None:
        given = load(encodings)
    else:
        given = _from_arrays(
            images, texts, scores, scores_t2i, image_of_caption, captions_per_image, bits, missing,
            measure,
        )  # fmt: skip
    how["measure"] = None if measure is None or isinstance(given, Codes) else measure.value
    result = evaluate(
        given,
        None if labels is None else read_array(labels),
        relevance=_relevance(qrels, qrels_t2i, given),
        **how,
    )
    if per_query is not None:
        _write_per_query(per_query, result, given)
    _print(result, format.value)


def _one_source(*sources: object) -> None:
    if sum(source is not None for source in sources) != 1:
        raise InputError(
            "expected exactly one of: --images with --texts, --scores, --encodings, --released"
        )


def _depths(text: str) -> tuple[int | str, ...]:
    try:
        return tuple(k if k == "all" else int(k) for k in (p.strip() for p in text.split(",")))
    except ValueError as error:
        raise InputError(f"found '{text}'; expected depths such as 1,5,10 or 10,100,all") from error


def _from_arrays(
    images, texts, scores, scores_t2i, image_of_caption, per_image, bits, missing, measure
) -> Encodings:
    if scores is None:
        if images is None or texts is None:
            raise InputError("--images and --texts belong together (or give --scores)")
        left, right = read_array(images), read_array(texts)
        n_images, n_captions = len(left), len(right)
    else:
        left, right = read_array(scores), None if scores_t2i is None else read_array(scores_t2i)
        if left.ndim != 2:
            raise InputError(f"{scores}: shape {left.shape}; expected images × captions")
        n_images, n_captions = left.shape
    if (image_of_caption is None) == (per_image is None):
        raise InputError("expected one of --image-of-caption and --captions-per-image")
    if per_image is None:
        of = read_array(image_of_caption)
    else:
        of = captions_per_image(per_image, n_captions)
        if n_images == n_captions and per_image > 1:  # every image repeated, as VSRN and UCCH do
            left = unrepeated(left, per_image, str(images or scores))
            right = right if scores is None or right is None else unrepeated(
                right.T, per_image, str(scores_t2i)
            ).T  # fmt: skip
    if scores is not None:
        return Scores(left, right, of, missing=missing)
    if missing is not None:
        raise InputError("--missing belongs to --scores")
    if bits is not None or measure == "hamming":
        return Codes.pack(left, right, of, bits=bits)
    return Embeddings(left, right, of)


def _relevance(qrels: Path | None, qrels_t2i: Path | None, encodings: Encodings) -> object:
    if qrels is None:
        if qrels_t2i is not None:
            raise InputError("--qrels-t2i needs --qrels beside it")
        return None
    i2t = read_qrels(qrels, encodings, "i2t")
    return i2t if qrels_t2i is None else (i2t, read_qrels(qrels_t2i, encodings, "t2i"))


def _rows(result: EvaluationResult, **names: str) -> list[dict]:
    """Tidy rows: task, direction, metric, value, unit, chance, tie interval."""
    rows = []
    for task in ("instance", "category"):
        for direction, found in (getattr(result, task) or {}).items():
            for metric, value in found.metrics.items():
                low, high = found.tie_interval.get(metric) or (None, None)
                rows.append(names | {
                    "task": task, "direction": direction, "metric": metric, "value": value,
                    "unit": "%" if "@" in metric else "rank", "chance": found.chance[metric],
                    "pessimistic": low, "optimistic": high,
                })  # fmt: skip
    if result.r_at_sum is not None:
        rows.append(dict.fromkeys(rows[0]) | names | {
            "task": "instance", "metric": "R@sum", "value": result.r_at_sum, "unit": "%",
        })  # fmt: skip
    return rows


def _print(result: EvaluationResult, format: str) -> None:
    if format == "json":
        typer.echo(json.dumps(result.to_dict(), indent=1, allow_nan=False))
    elif format == "csv":
        typer.echo(_csv(_rows(result)), nl=False)
    else:
        _table(_rows(result), result)


def _csv(rows: list[dict]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"


def _table(rows: list[dict], result: EvaluationResult) -> None:
    tied = any(row["pessimistic"] != row["optimistic"] for row in rows)
    columns = ["task", "direction", "metric", "value", "chance", *(["ties from, to"] * tied)]
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        cells = [row["task"], row["direction"] or "both", row["metric"], _number(row["value"]),
                 "" if row["chance"] is None else _number(row["chance"])]  # fmt: skip
        if tied:
            both = row["pessimistic"], row["optimistic"]
            cells.append("" if None in both else ", ".join(map(_number, both)))
        table.add_row(*cells)
    console = Console()
    console.print(table)
    empty = {
        f"{task} {direction}": found.empty_queries
        for task in ("instance", "category")
        for direction, found in (getattr(result, task) or {}).items()
        if found.empty_queries
    }
    how = result.conventions.to_dict() | result.about
    console.print("\nconventions: " + ", ".join(f"{k} {v}" for k, v in how.items() if v))
    for where, count in empty.items():
        console.print(f"{where}: {count} queries with nothing relevant")


def _write_per_query(path: Path, result: EvaluationResult, encodings: Encodings) -> None:
    ids = {"i2t": encodings.image_ids, "t2i": encodings.caption_ids}
    with write_whole(path) as part, open(part, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["task", "direction", "query", "metric", "value"])
        for task in ("instance", "category"):
            for direction, found in (getattr(result, task) or {}).items():
                for metric, values in found.per_query.items():
                    writer.writerows(
                        (task, direction, query, metric, "" if np.isnan(value) else repr(value))
                        for query, value in zip(ids[direction], values.tolist(), strict=True)
                    )


def _evaluate_released(folder: Path, how: dict, format: str) -> None:
    """Every model in the folder, as the paper's Tables 2, 3 and 4."""
    recall_at = tuple(dict.fromkeys((*how["recall_at"], *TABLES_3_DEPTHS)))
    results, rows = {}, []
    for found in load_released(folder):
        coarse = isinstance(found.encodings, Codes)
        depths = recall_at if coarse else how["recall_at"]
        result = evaluate(found.encodings, found.labels, **how | {"recall_at": depths})
        results[f"{found.model}_{found.dataset}"] = result.to_dict()
        rows += _rows(result, model=found.model, dataset=found.dataset)
    if format == "json":
        typer.echo(json.dumps(results, indent=1, allow_nan=False))
    elif format == "csv":
        typer.echo(_csv(rows), nl=False)
    else:
        extended = [f"R@{k}" for k in TABLES_3_DEPTHS]
        recalls = [f"R@{k}" for k in how["recall_at"]]
        precisions = [f"mAP@{k}" for k in how["map_at"]]
        for title, metrics in (
            ("Table 2: instance-level retrieval", recalls),
            ("Table 3: further depths, hash codes", extended),
            ("Table 4: category-level retrieval", precisions),
        ):
            _paper_table(title, rows, metrics)


def _paper_table(title: str, rows: list[dict], metrics: list[str]) -> None:
    """One line per model and data set, the metrics of both directions side by side, in percent."""
    cells: dict[tuple[str, str], dict] = {}
    for row in rows:
        if row["metric"] in metrics:
            key = row["direction"], row["metric"]
            cells.setdefault((row["model"], row["dataset"]), {})[key] = row["value"]
    columns = [(direction, metric) for direction in ("i2t", "t2i") for metric in metrics]
    names = [f"{direction} {metric}" for direction, metric in columns]
    table = Table("model", "dataset", *names, title=title, title_justify="left", box=None)
    for (model, dataset), found in cells.items():
        values = [_number(found[c]) if c in found else "-" for c in columns]
        table.add_row(model, dataset, *values)
    Console().print(table, "")
