"""What a chapter's notebook calls: start a run, get the encodings, keep results, finish."""

import os
import time
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import pandas as pd
from matplotlib.figure import Figure
from matplotlib_inline.backend_inline import set_matplotlib_formats

from fico_lib.chapters import chapter
from fico_lib.encodings import Encodings
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.pipeline.encode import build_features, encode, trained_model
from fico_lib.pipeline.request import Request
from fico_lib.report.parameters import ChapterParameters
from fico_lib.report.results_folder import Results
from fico_lib.report.table import Table, Text, pairs
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.machine import machine, versions
from fico_lib.study import repository as repo
from fico_lib.study.parameters import shared_names
from fico_lib.study.repository import CACHE

Result = TypeVar("Result")
TRAINING = ("pretrain", "train")  # timings of steps that are not taken where weights are released


class Run:
    """One run of a chapter: its checked parameters, its encodings, its results."""

    def __init__(self, name: str, parameters: ChapterParameters):
        self.name, self.parameters, self.requests = name, parameters, parameters.requests()
        self.repository = repo.root()
        self.started = datetime.now().astimezone()
        given = os.environ.get(repo.RESULTS)
        self.results = Results(Path(given)) if given else Results(
            repo.run_folder(self.repository, name), of_its_own=True
        )  # fmt: skip
        self.durations: dict[str, float] = {}
        self._clock = time.perf_counter()

    def encodings(self) -> list[Encodings]:
        """The encodings of every model and seed of the chapter, from the cache or made now."""
        cache = self.repository / CACHE
        for request in self.requests:
            _ = request.encodings_key  # what is wrong with one shows before the work on any
        encoded = [encode(request, cache) for request in self.requests]
        for request, encodings in zip(self.requests, encoded, strict=True):
            for step, seconds in encodings.timings.items():
                elsewhere = request.weights == "released" and step in TRAINING
                where = " (when it was released)" if elsewhere else ""
                self.durations[f"{encodings.model} {step}{where}"] = seconds
        return encoded

    def features(self) -> list[FeatureSplit]:
        """The features of the test split that was encoded, one per data set."""
        by_key = {request.features_key: request for request in self.requests}
        return [
            FeatureSplit.load(build_features(request, self.repository / CACHE) / request.split)
            for request in by_key.values()
        ]

    def model(self, request: Request):
        """The model of a request: its weights released, from the cache, or trained now."""
        return trained_model(request, self.repository / CACHE)

    def recorded(self) -> list[Path]:
        """The folders of the recorded results that the chapter shows, under book/recorded/."""
        return repo.recorded(self.repository, self.parameters.recorded)

    def read(self) -> dict[str, Path]:
        """The results folders of the chapters that this one shows, of the same profile, by name.

        Raises InputError where one was not run.
        """
        profile = os.environ.get(repo.PROFILE, "")
        folder = self.repository / "results" / profile
        for name in self.parameters.reads:
            if not profile or not (folder / name / "run.json").is_file():
                raise InputError(
                    f"chapter {self.name}: found no results of chapter {name} in "
                    f"{folder.relative_to(self.repository)}; expected those of a profile: "
                    f"run `fico build --profile {profile or 'PROFILE'}` first"
                )
        return {name: folder / name for name in self.parameters.reads}

    def keep(self, result: Result) -> Result:
        """Keep every table of a result among the results (see `Results.keep`), and hand it back."""
        self.results.keep(result)
        return result

    def table(self, name: str, rows: pd.DataFrame) -> pd.DataFrame:
        """Keep a tidy table among the results, and hand it back."""
        self.results.table(name, rows)
        return rows

    def figure(self, name: str, figure: Figure) -> Figure:
        """Keep a figure among the results, and hand it back for the notebook to show."""
        self.results.figure(name, figure)
        return figure

    def text(self, name: str, text: Text) -> Text:
        """Keep sentences among the results, and hand them back."""
        self.results.text(name, text)
        return text

    def facts(self) -> Table:
        """This run in a table for the reader: profile, data, machine, device, commit."""
        here = machine()
        rows = {
            "profile": os.environ.get(repo.PROFILE, "none (run by hand)"),
            "started": self.started.strftime("%Y-%m-%d %H:%M %Z"),
            "processor": f"{here['processor']}, {here['cores']} cores",
            "memory": f"{here['memory_gib']} GiB",
            "GPU": here["gpu"],
            "library": ", ".join(f"{k} {v}" for k, v in versions().items()),
            "commit": repo.commit(self.repository) or "unknown",
        }
        return pairs(rows)

    def finish(self) -> None:
        """Write run.json and move the results into place."""
        self.durations["chapter"] = time.perf_counter() - self._clock
        parameters = self.parameters.model_dump(mode="json")
        self.results.finish(
            {
                "chapter": self.name,
                "profile": os.environ.get(repo.PROFILE, ""),
                "parameters": parameters,
                "seeds": parameters.get("seeds", []),
                "started": self.started.isoformat(timespec="seconds"),
                "durations_seconds": {k: round(v, 3) for k, v in self.durations.items()},
                "machine": machine(),
                "versions": versions(),
                "commit": repo.commit(self.repository),
            }
        )


def start(name: str, namespace: dict) -> Run:
    """Check the parameters that a notebook's first cells defined, and begin a run.

    `namespace` is the notebook's `globals()`. Every plain value in it is taken as a parameter, so
    that a name which papermill injected and the chapter does not know is an error here, where
    papermill itself only warns.
    """
    set_matplotlib_formats("svg")  # figures on the page are drawn, not pixels
    plain = (bool, int, float, str, list, dict, tuple, type(None))
    hidden = {"In", "Out"}  # IPython's own lists of inputs and outputs
    given = {
        key: value
        for key, value in namespace.items()
        if isinstance(value, plain) and not key.startswith("_") and key not in hidden
    }
    schema = chapter(name)
    if unknown := given.keys() - schema.model_fields.keys():
        # Plain papermill injects a profile's _shared.yaml whole: some of it is for other chapters.
        for key in unknown & shared_names(repo.root()):
            del given[key]
    return Run(name, schema.check(given, f"chapter {name}"))
