"""`fico audit`: one set of encodings and a constant scorer under the conventions of every tool."""

import json
import sys
from typing import Annotated, Literal

import typer

from fico_lib.cli.evaluate_output import number, print_table, write_csv
from fico_lib.cli.options import (
    FORMATS,
    Bits,
    CaptionsPerImage,
    Device,
    EncodingsFile,
    ImageOfCaption,
    Images,
    Inputs,
    Labels,
    Measure,
    Memory,
    Missing,
    Qrels,
    QrelsT2I,
    ScoresFile,
    ScoresT2I,
    SkipUnknown,
    Texts,
    choice,
    one_source,
)
from fico_lib.evaluation import audit
from fico_lib.metrics.presets import PRESETS


def audit_command(
    images: Images = None,
    texts: Texts = None,
    scores: ScoresFile = None,
    scores_t2i: ScoresT2I = None,
    encodings: EncodingsFile = None,
    image_of_caption: ImageOfCaption = None,
    captions_per_image: CaptionsPerImage = None,
    labels: Labels = None,
    qrels: Qrels = None,
    qrels_t2i: QrelsT2I = None,
    skip_unknown: SkipUnknown = False,
    bits: Bits = None,
    missing: Missing = None,
    measure: Measure = None,
    format: Annotated[Literal[FORMATS], choice("What to print", FORMATS)] = "table",
    device: Device = "auto",
    memory: Memory = "2GB",
) -> None:
    """Show what each tool would print for the same encodings, and for a constant scorer.

    Columns: your encodings; a scorer to which all candidates are alike, under the tool's tie rule,
    and from worst to best as the order of the stored data may have it; a random ranking.
    """
    one_source(images or texts, scores or scores_t2i, encodings)
    given, beside = Inputs(
        images, texts, scores, scores_t2i, encodings, image_of_caption, captions_per_image, labels,
        qrels, qrels_t2i, skip_unknown, bits, missing, measure,
    ).read()  # fmt: skip
    rows = list(audit(given, **beside, device=device, memory=memory))
    if format == "json":
        typer.echo(json.dumps(rows, indent=1, allow_nan=False))
    elif format == "csv":
        write_csv(rows, sys.stdout)
    else:
        print_table(_cells(row) for row in rows)
        for name, entry in PRESETS.items():
            kept = ("mode", "ties", "denominator", "empty")
            settings = entry.conventions.to_dict()
            print(f"{name}: " + ", ".join(f"{key} {settings[key]}" for key in kept))


def _cells(row: dict) -> dict[str, str]:
    """A line of the table, in few enough characters for a narrow terminal."""
    ends = row["constant_from"], row["constant_to"]
    return {
        "preset": row["preset"],
        "task": f"{row['task']} {row['direction']}",
        "metric": row["metric"],
        "model": number(row["value"], "n/a"),
        "constant": number(row["constant"], "n/a"),
        "from-to": "" if None in ends else "{:.1f}-{:.1f}".format(*ends),
        "chance": number(row["chance"]),
    }
