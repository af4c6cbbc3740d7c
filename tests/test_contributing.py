"""The lists of CONTRIBUTING.md are complete: a toy of each kind is added by their files alone."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("book", "fico_lib", "notebooks", "parameters", "tests",
         "_toc.yml", "_config.yml", "Snakefile", "pyproject.toml")  # fmt: skip

MODEL = '''"""A toy: VSE under another name."""

from dataclasses import replace

from fico_lib.models.vse import VSE


class Toy(VSE):
    """The model `toy`."""

    card = replace(VSE.card, name="toy", title="Toy", reference="Doe 2020")
'''
MODEL_TEST = '''"""The toy model gives encodings with recalls."""

from fico_lib.evaluation import evaluate
from fico_lib.models import build
from fico_lib.models.base.parameters import TrainingParameters


def test_it_has_a_result(splits):
    model = build("toy", TrainingParameters(max_steps=4, width=16, dimension=16), 0, "cpu")
    model.fit(*splits[:2])
    assert evaluate(model.encode(splits[2])).instance["i2t"]["R@10"] > 0
'''
PAPER = """
@article{doe_2020,
  author  = {Doe, Jane},
  title   = {A Toy},
  journal = {Journal of Toys},
  year    = {2020},
}
"""
METRIC = '''"""A toy: the mean reciprocal rank."""

import numpy as np

from fico_lib.metrics.recall import first_rank


def reciprocal_rank(above, count, relevant, ties) -> np.ndarray:
    """1 / rank of the best positive, (n,)."""
    return 1 / first_rank(above, count, relevant, ties)
'''
METRIC_TEST = '''"""The toy metric is in a result."""

import numpy as np

from fico_lib.encodings import Scores
from fico_lib.evaluation import evaluate


def test_it_is_in_a_result():
    scores = Scores(np.array([[0.9, 0.1], [0.8, 0.2]]), None, np.array([0, 1]))
    assert evaluate(scores).to_dict()["instance"]["i2t"]["Toy"] == 75.0
'''
DATA_PARAMETERS = '''"""Options of the toy data set."""

from typing import Literal

from pydantic import Field

from fico_lib.datasets.base import DatasetSchema


class ToyParameters(DatasetSchema):
    """The toy data set."""

    name: Literal["toy"] = Field("toy", description="two grey images")
'''
DATA = '''"""Makes the toy data set."""

import numpy as np

from fico_lib.datasets.dataset import Dataset, Split
from fico_lib.datasets.toy.parameters import ToyParameters


class Grey:
    """Two grey images."""

    def __len__(self) -> int:
        return 2

    def read(self, rows) -> np.ndarray:
        """Images (len(rows), 8, 8, 3) uint8."""
        return np.full((len(rows), 8, 8, 3), 128, np.uint8)


def load_toy(parameters: ToyParameters) -> Dataset:
    """Two images with a caption each."""
    ids = np.array(["a", "b"])
    split = Split("test", ids, Grey(), ("one", "two"), ids, np.arange(2))
    return Dataset("toy", "two grey images", {"test": split})
'''
DATA_TEST = '''"""The toy data set is loaded by its name, and has a key."""

from fico_lib.datasets import dataset_key, load_dataset
from fico_lib.report.accuracy_parameters import TrainedParameters


def test_it_is_loaded():
    data = TrainedParameters(data={"name": "toy"}).data
    assert load_dataset(data)["test"].captions == ("one", "two")
    assert len(dataset_key(data)) == 16
'''
CHAPTER_PARAMETERS = '''"""Parameters of the toy chapter."""

from typing import ClassVar

from pydantic import Field

from fico_lib.report.parameters import ChapterParameters


class ToyChapter(ChapterParameters):
    """What is counted."""

    title: ClassVar[str] = "Toy"

    most: int = Field(3, ge=1, description="numbers that are squared")
'''
CHAPTER_RESULTS = '''"""Rows of the toy chapter."""

import pandas as pd


def squares(most: int) -> pd.DataFrame:
    """Columns number, square."""
    return pd.DataFrame({"number": range(most)}).assign(square=lambda rows: rows["number"] ** 2)
'''
CHAPTER_TABLES = '''"""What a reader of the toy chapter sees."""

from fico_lib.report.table import Table


def squares(rows) -> Table:
    """Numbers and their squares."""
    return Table(rows, "Squares.")
'''
CHAPTER_TEST = '''"""The toy chapter's rows."""

from fico_lib.chapters.toy.results import squares


def test_squares():
    assert squares(3)["square"].tolist() == [0, 1, 4]
'''
CELLS = [
    (["parameters"], "most = 3  # numbers that are squared"),
    ([], "from fico_lib.chapters.toy import results, tables\n"
         "from fico_lib.study import notebook\n\n"
         'run = notebook.start("toy", globals())\n'
         'rows = run.table("squares", results.squares(run.parameters.most))'),
    ([], "tables.squares(rows)"),
    ([], "run.finish()"),
]  # fmt: skip
NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "code", "id": f"cell-{i}", "metadata": {"tags": tags}, "source": source,
             "outputs": [], "execution_count": None}
            for i, (tags, source) in enumerate(CELLS)
        ],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python",
                                    "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
)  # fmt: skip

# Kind -> the files that add a toy of it: a new file's text, or (old, new) of an edit.
TOYS: dict[str, dict[str, str | tuple[str, str]]] = {
    "model": {
        "fico_lib/models/toy.py": MODEL,
        "fico_lib/models/__init__.py": (
            '    "dadh": "fico',
            '    "toy": "fico_lib.models.toy:Toy",\n    "dadh": "fico',
        ),
        "tests/models/test_toy.py": MODEL_TEST,
        "book/references.bib": ("", PAPER),
    },
    "metric": {
        "fico_lib/metrics/toy.py": METRIC,
        "fico_lib/metrics/registry.py": (
            'METRICS = {',
            'from fico_lib.metrics.toy import reciprocal_rank  # noqa: E402\n\n'
            'TOY = Metric("Toy", "reciprocal rank", "instance", "%", "Toy", reciprocal_rank)\n'
            'METRICS = {"Toy": TOY} | {',
        ),
        "tests/metrics/test_toy.py": METRIC_TEST,
    },
    "index": {
        "fico_lib/search/__init__.py": (
            "INDEXES = {\n",
            'INDEXES = {\n    "toy": IndexEntry("a toy", FLOAT, {"factory": "HNSW16"}),\n',
        ),
    },
    "data set": {
        "fico_lib/datasets/toy/__init__.py": '"""Two grey images."""\n',
        "fico_lib/datasets/toy/parameters.py": DATA_PARAMETERS,
        "fico_lib/datasets/toy/load.py": DATA,
        "fico_lib/datasets/__init__.py": (
            "DATASETS = {\n",
            'DATASETS = {\n    "toy": "fico_lib.datasets.toy.load:load_toy",\n',
        ),
        "fico_lib/datasets/parameters.py": (
            "DataParameters = Annotated[ScenesParameters |",
            "from fico_lib.datasets.toy.parameters import ToyParameters  # noqa: E402\n\n"
            "DataParameters = Annotated[ScenesParameters | ToyParameters |",
        ),
        "tests/datasets/test_toy.py": DATA_TEST,
    },
    "chapter": {
        "fico_lib/chapters/toy/__init__.py": "",
        "fico_lib/chapters/toy/parameters.py": CHAPTER_PARAMETERS,
        "fico_lib/chapters/toy/results.py": CHAPTER_RESULTS,
        "fico_lib/chapters/toy/tables.py": CHAPTER_TABLES,
        "fico_lib/chapters/__init__.py": (
            "CHAPTERS = {\n",
            'CHAPTERS = {\n    "toy": "fico_lib.chapters.toy.parameters:ToyChapter",\n',
        ),
        "notebooks/toy.ipynb": NOTEBOOK,
        "_toc.yml": ("      - file: notebooks/data\n",
                     "      - file: notebooks/data\n      - file: notebooks/toy\n"),
        "tests/chapters/toy/test_results.py": CHAPTER_TEST,
    },
}  # fmt: skip
TESTS = [
    "tests/models/test_toy.py", "tests/metrics/test_toy.py", "tests/datasets/test_toy.py",
    "tests/chapters/toy/test_results.py", "tests/search/test_indexes.py",
    "tests/book/test_references.py",
]  # fmt: skip


def listed(kind: str) -> set[str]:
    """The files that CONTRIBUTING.md names for a kind of part."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = re.search(rf"## Add an? {kind}\n(.*?)(?=\n## |\Z)", text, re.DOTALL)
    return set(re.findall(r"^- `([^`]+)`:", section[1], re.MULTILINE))


@pytest.mark.parametrize(("kind", "files"), [(k, len(t)) for k, t in TOYS.items()])
def test_the_list_is_what_the_toy_takes(kind, files):
    assert listed(kind) == {path.replace("toy", "<name>") for path in TOYS[kind]}
    assert files == {"model": 4, "metric": 3, "index": 1, "data set": 6, "chapter": 8}[kind]


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A copy of the repository with a toy of each kind."""
    folder = tmp_path_factory.mktemp("copy")
    for part in PARTS:
        source = ROOT / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / part)
    for files in TOYS.values():
        for name, text in files.items():
            path = folder / name
            if isinstance(text, tuple):
                before = path.read_text(encoding="utf-8")
                assert text[0] in before, f"{name}: no {text[0]!r}"
                text = before.replace(*text, 1) if text[0] else before + text[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return folder


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, capture_output=True, text=True, timeout=300,
        env=os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200"},
    )  # fmt: skip


def test_every_toy_is_listed(copy):
    shown = python(copy, "fico_lib", "list").stdout
    sections = re.split(r"^(?=\S)", shown, flags=re.MULTILINE)
    for title in ("Chapters", "Data sets", "Models", "Metrics", "Indexes"):
        (section,) = [part for part in sections if part.startswith(title)]
        assert re.search(r"^\s+toy\b", section, re.MULTILINE | re.IGNORECASE), section


def test_every_toy_has_a_result(copy):
    done = python(copy, "pytest", "-n", "0", "-k", "toy", *TESTS)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= 6


def test_the_toy_chapter_runs(copy):
    done = python(copy, "fico_lib", "run", "toy", "--profile", "ci", "-p", "most=4")
    assert done.returncode == 0, done.stderr
    rows = (copy / done.stdout.strip() / "squares.csv").read_text()
    assert rows == "number,square\n0,0\n1,1\n2,4\n3,9\n"


def test_a_run_tells_its_steps_and_leaves_a_page(copy):
    done = python(copy, "fico_lib", "run", "toy", "--profile", "ci", "-p", "most=3")
    assert "running the notebook of chapter toy" in done.stderr
    assert f"page: {done.stdout.strip()}/page.html" in done.stderr.replace("\n", "")
    assert "<title>" in (copy / done.stdout.strip() / "page.html").read_text()
