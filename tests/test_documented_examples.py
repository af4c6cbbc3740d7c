"""The worked examples of the book's page and of the docstrings give what they say."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = [
    "costs.analytic", "datasets.karpathy.folds", "encodings", "evaluation", "evaluation.memory",
    "metrics.average_precision", "metrics.chance", "metrics.classification",
    "metrics.precision_recall", "metrics.recall", "models.paper.arithmetic", "results.repeats",
    "similarity", "tables.costs", "tasks",
]  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name):
    found = doctest.testmod(importlib.import_module(f"fico_lib.{name}"))
    assert found.attempted
    assert not found.failed


def test_the_page_on_evaluation():
    found = doctest.testfile(str(ROOT / "book" / "evaluation.md"), module_relative=False)
    assert found.attempted > 20
    assert not found.failed
