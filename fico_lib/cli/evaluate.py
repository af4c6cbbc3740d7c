"""`fico evaluate`: a researcher's own arrays, evaluated without a notebook."""

import csv
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal, TextIO

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
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.evaluation.trec import read_qrels
from fico_lib.formats import read_array
from fico_lib.metrics import Denominator, Empty, Mode, Ties
from fico_lib.metrics.conventions import Conventions
from fico_lib.metrics.registry import metric
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.files import check_writable, write_whole
from fico_lib.similarity import MEASURES

Measure = Literal[tuple(MEASURES)]
TABLE_3_DEPTHS = (50, 100, 200)  # of the paper, for hash codes


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
    skip_unknown: Annotated[bool, _option("Leave out judgements of unknown items.")] = False,
    bits: Annotated[int | None, _option("The arrays are codes of so many bits.")] = None,
    missing: Annotated[float | None, _option("The value of pairs that were not scored.")] = None,
    measure: Annotated[Measure | None, _option("What compares them; default cosine.")] = None,
    recall_at: Annotated[str, _option("Depths of R@k.")] = "1,5,10",
    map_at: Annotated[str, _option("Depths of mAP@k.")] = "10,100,all",
    mode: Annotated[Mode, _option("R@k: any positive, or the fraction.")] = Conventions.mode,
    ties: Annotated[Ties, _option("What equal scores are worth.")] = Conventions.ties,
    denominator: Annotated[Denominator, _option("AP@k is divided by.")] = Conventions.denominator,
    empty: Annotated[Empty, _option("Queries with nothing relevant.")] = Conventions.empty,
    format: Annotated[Literal["table", "json", "csv"], _option("What to print.")] = "table",
    per_query: Annotated[Path | None, _file("Write per-query values to this CSV.")] = None,
    device: Annotated[str, _option("auto, cpu, cuda or cuda:N.")] = "auto",
    memory: Annotated[str, _option("What may be used above the inputs.")] = "2GB",
) -> None:
    """Evaluate embeddings, codes or scores: R@k, ranks, mAP, chance, in both directions.

    Arrays are .npy, .npz, .safetensors, .mat (codes.mat:qB names one of several), .fvecs, .fbin,
    and with an extra .hdf5, .parquet and .arrow; nothing in them is executed.
    """
    conventions = Conventions(  # before anything is read
        _depths(recall_at), _depths(map_at), mode, ties, denominator, empty
    )
    settings = asdict(conventions) | {"device": device, "memory": memory}
    _one_source(images or texts, scores or scores_t2i, encodings, released)
    arrays = {
        "--image-of-caption": image_of_caption, "--captions-per-image": captions_per_image,
        "--bits": bits, "--missing": missing,
    }  # fmt: skip
    files = {
        "--labels": labels, "--qrels": qrels, "--qrels-t2i": qrels_t2i, "--measure": measure,
        "--per-query": per_query,
    }  # fmt: skip
    if released is not None:
        _without("--released", arrays | files)
    if encodings is not None:
        _without("--encodings", arrays)
    if scores is not None:
        _without("--scores", {"--bits": bits, "--measure": measure})
    if skip_unknown and qrels is None:
        raise InputError("--skip-unknown belongs to --qrels")
    if per_query is not None:
        check_writable(per_query, "--per-query")
    if released is not None:
        _evaluate_released(released, conventions, settings, format)
        return
    if encodings is not None:
        given = load(encodings)
    else:
        given = _from_arrays(
            images, texts, scores, scores_t2i, image_of_caption, captions_per_image, bits, missing,
            measure,
        )  # fmt: skip
    result = evaluate(
        given,
        None if labels is None else _labels(labels, given.n_images, captions_per_image),
        relevance=_relevance(qrels, qrels_t2i, given, "skip" if skip_unknown else "error"),
        measure=measure,
        **settings,
    )
    if per_query is not None:
        _write_per_query(per_query, result, given)
    _print(result, format)


def _one_source(*sources: object) -> None:
    if sum(source is not None for source in sources) != 1:
        raise InputError(
            "expected exactly one of: --images with --texts, --scores, --encodings, --released"
        )


def _without(route: str, options: dict[str, object]) -> None:
    """Raise InputError for an option that `route` has no use for: none is dropped in silence."""
    for name, value in options.items():
        if value is not None:
            raise InputError(f"{route} takes no {name}: leave it out")


def _labels(path: Path, n_images: int, per_image: int | None) -> np.ndarray:
    """The labels, one row per image; also where they are repeated as images are."""
    labels = read_array(path)
    if per_image and per_image > 1 and len(labels) == per_image * n_images:
        return unrepeated(labels.reshape(len(labels), -1), per_image, str(path))
    return labels


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
    for path, array in ((images, left), (texts, right)):
        if array.dtype == np.uint8 and measure is None:
            raise InputError(
                f"{path}: found uint8, which may be packed codes or 8-bit numbers; give --bits for "
                "codes, or --measure for numbers"
            )
    if measure is None and _signs(left) and _signs(right):  # as codes, equal distances tie exactly
        return Codes.pack(left, right, of)
    return Embeddings(left, right, of)


def _signs(array: np.ndarray) -> bool:
    """Only -1 and 1, both of them?"""
    if array.ndim != 2 or not array.size or not (abs(array[:1]) == 1).all():
        return False  # looked at first: most arrays end here
    return bool((abs(array) == 1).all() and array.min() < 0 < array.max())


def _relevance(
    qrels: Path | None, qrels_t2i: Path | None, encodings: Encodings, unknown: str
) -> object:
    if qrels is None:
        if qrels_t2i is not None:
            raise InputError("--qrels-t2i needs --qrels beside it")
        return None
    i2t = read_qrels(qrels, encodings, "i2t", unknown)
    t2i = None if qrels_t2i is None else read_qrels(qrels_t2i, encodings, "t2i", unknown)
    for path, judged in ((qrels, i2t), (qrels_t2i, t2i)):
        if judged is not None and not judged.nnz:
            raise InputError(f"{path}: judges no pair of known items relevant; expected some")
    return i2t if t2i is None else (i2t, t2i)


def _rows(result: EvaluationResult, **names: str) -> list[dict]:
    """Tidy rows: task, direction, metric, value, unit, chance, tie interval."""
    rows = []
    for task, direction, found in result.parts():
        for name, value in found.metrics.items():
            low, high = found.tie_interval.get(name) or (None, None)
            rows.append(names | {
                "task": task, "direction": direction, "metric": name, "value": value,
                "unit": metric(name).unit, "chance": found.chance[name], "pessimistic": low,
                "optimistic": high,
            })  # fmt: skip
    if result.r_at_sum is not None:
        rows.append(dict.fromkeys(rows[0]) | names | {
            "task": "instance", "metric": "R@sum", "value": result.r_at_sum, "unit": "%",
        })  # fmt: skip
    return rows


def _print(result: EvaluationResult, format: str) -> None:
    if format == "json":
        typer.echo(json.dumps(result.to_dict(), indent=1, allow_nan=False))
        return
    rows = _rows(result)
    if format == "csv":
        _csv(rows, sys.stdout)
        return
    tied = any(row["pessimistic"] != row["optimistic"] for row in rows)
    _table({
        "task": row["task"],
        "direction": row["direction"] or "both",
        "metric": row["metric"],
        "value": _number(row["value"], "n/a"),
        "chance": _number(row["chance"]),
    } | ({"ties from, to": _interval(row)} if tied else {}) for row in rows)  # fmt: skip
    settings = result.conventions.to_dict() | result.about
    print("conventions: " + ", ".join(f"{k} {v}" for k, v in settings.items() if v))
    for task, direction, found in result.parts():
        if found.empty_queries:
            print(f"{task} {direction}: {found.empty_queries} queries with nothing relevant")


def _number(value: float | None, missing: str = "") -> str:
    return missing if value is None else f"{value:.2f}"


def _interval(row: dict) -> str:
    both = row["pessimistic"], row["optimistic"]
    return "" if None in both else ", ".join(map(_number, both))


def _csv(rows: Iterable[dict], file: TextIO) -> None:
    rows = iter(rows)
    first = next(rows)
    writer = csv.DictWriter(file, list(first), lineterminator="\n")
    writer.writeheader()
    writer.writerow(first)
    writer.writerows(rows)


def _table(rows: Iterable[dict[str, str]], title: str | None = None) -> None:
    table = None
    for row in rows:
        table = table or Table(*row, title=title, title_justify="left", box=None, pad_edge=False)
        table.add_row(*row.values())
    Console().print(table, "")


def _write_per_query(path: Path, result: EvaluationResult, encodings: Encodings) -> None:
    ids = {"i2t": encodings.image_ids, "t2i": encodings.caption_ids}
    rows = (
        {"task": task, "direction": direction, "query": query, "metric": column,
         "value": None if np.isnan(value) else value}
        for task, direction, found in result.parts()
        for column, values in found.per_query.items()
        for query, value in zip(ids[direction], values.tolist(), strict=True)
    )  # fmt: skip
    with write_whole(path) as part, open(part, "w", newline="") as file:
        _csv(rows, file)


def _evaluate_released(folder: Path, conventions: Conventions, settings: dict, format: str) -> None:
    """Every model in the folder, as the paper's Tables 2, 3 and 4."""
    deeper = {"recall_at": tuple(dict.fromkeys((*conventions.recall_at, *TABLE_3_DEPTHS)))}
    results, rows = {}, []
    for found in load_released(folder):
        depths = deeper if isinstance(found.encodings, Codes) else {}
        result = evaluate(found.encodings, found.labels, **settings | depths)
        results[f"{found.model}_{found.dataset}"] = result.to_dict()
        rows += _rows(result, model=found.model, dataset=found.dataset)
    if format == "json":
        typer.echo(json.dumps(results, indent=1, allow_nan=False))
    elif format == "csv":
        _csv(rows, sys.stdout)
    else:
        recalls = [str(m) for m in conventions.metrics("instance") if m.k]
        precisions = [str(m) for m in conventions.metrics("category")]
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
            cells[f"{row['direction']} {row['metric']}"] = _number(row["value"], "n/a")
    names = [f"{direction} {name}" for direction in DIRECTIONS for name in metrics]
    _table(
        ({"model": model, "dataset": dataset} | {name: cells.get(name, "-") for name in names}
         for (model, dataset), cells in lines.items()), title,
    )  # fmt: skip
