"""`fico captions`: category retrieval on the captions and labels of a data set, without images."""

import re
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from fico_lib.datasets import load_dataset
from fico_lib.datasets.karpathy.fingerprint import fingerprint
from fico_lib.datasets.karpathy.parameters import KarpathyParameters
from fico_lib.features.parameters import CropParameters
from fico_lib.runtime.errors import InputError
from fico_lib.study import repository

CONVENTIONS = {"map_at", "denominator", "empty", "ties", "resamples", "device"}
Labels = Annotated[Path, typer.Option(help="Labels: a .csv, .npz or .mat file in the folder.")]
Annotations = Annotated[Path, typer.Option(help="The JSON file in Karpathy's format.")]


def captions_command(
    root: Annotated[Path, typer.Argument(help="The folder of the data set.")],
    labels: Labels,
    annotations: Annotations = Path("dataset.json"),
    split: Annotated[str, typer.Option(help="The split whose images are cut in halves.")] = "test",
    dimension: Annotated[int, typer.Option(min=8, help="Of the latent semantics.")] = 256,
    bits: Annotated[int, typer.Option(min=8, help="Length of the codes, a multiple of 8.")] = 64,
    min_count: Annotated[int, typer.Option(min=1, help="Captions a word must occur in.")] = 2,
    max_words: Annotated[int, typer.Option(min=1, help="Words kept of a caption.")] = 40,
    resamples: Annotated[int, typer.Option(min=100, help="Bootstrap resamples.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the halves and of the codes.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    record: Annotated[
        str | None,
        typer.Option(help="Keep the tables as book/recorded/<machine>/<this name>, for the book."),
    ] = None,
) -> None:
    """Label supervision and binarisation on real labels: one caption stands for its image.

    The four controls are fitted on the captions of half the labelled images; on the other half the
    first caption of each image asks, or is searched, and the image's other captions are the rest.
    """
    from fico_lib.chapters.category import captions, results
    from fico_lib.chapters.category.parameters import CategoryChapter
    from fico_lib.report.results_folder import Results
    from fico_lib.runtime.machine import machine, machine_name, versions

    if record is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", record):
        raise InputError(
            f"--record: found '{record}'; expected the name of a folder: letters, digits, . _ -"
        )
    started, clock = datetime.now().astimezone(), time.perf_counter()
    study = repository.root()
    data = KarpathyParameters(root=root, annotations=annotations, images=None, labels=labels)
    parameters = CategoryChapter.check(
        {
            "data": data,
            "features": CropParameters(min_count=min_count, max_words=max_words),
            "training": {"dimension": dimension, "bits": bits},
            "skews": [],
            "resamples": resamples,
            "seeds": [seed],
            "device": device,
        },
        "fico captions",
    )
    dataset = load_dataset(data)
    task = captions.task(f"{dataset.name}, captions", dataset[split], parameters)
    compared = results.compare([task], parameters)
    if record is None:
        folder = Results(repository.run_folder(study, "captions"), of_its_own=True)
    else:
        folder = Results(repository.records(study) / machine_name() / record)
    folder.keep(compared)
    target = folder.finish(
        {
            "command": "fico captions",
            "parameters": {
                # Where the files lie does not matter; which they are does.
                "data": data.model_dump(mode="json", exclude={"root"}),
                "content": fingerprint(data),
                "split": split,
                "dimension": dimension,
                "bits": bits,
                "min_count": min_count,
                "max_words": max_words,
                **parameters.model_dump(include=CONVENTIONS),
                "seed": seed,
            },
            **results.about(compared),
            "started": started.isoformat(timespec="seconds"),
            "durations_seconds": {"captions": round(time.perf_counter() - clock, 3)},
            "machine": machine(),
            "versions": versions(),
            "commit": repository.commit(study),
        }
    )
    print(target.relative_to(study))
