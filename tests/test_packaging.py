"""What the package needs: a small core with ranges, extras for the rest, pins elsewhere."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from fico_lib.runtime.errors import InputError
from fico_lib.runtime.extras import EXTRAS, named_extras

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BLOCKED = (
    *("snakemake", "papermill", "nbformat", "nbclient", "IPython", "ipykernel", "jupyter_book"),
    *("sphinx", "matplotlib", "matplotlib_inline", "gensim", "transformers", "PIL", "faiss"),
)
WITHOUT = f"""
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {BLOCKED!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
from fico_lib.__main__ import main
main()
"""


def without_extras(*arguments: str) -> subprocess.CompletedProcess:
    """`fico ARGUMENTS` where only the core is installed."""
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, *arguments], capture_output=True, text=True, timeout=120,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_the_core_has_ranges_and_the_requirements_have_pins():
    assert all(re.search(r">=\d", line) for line in PROJECT["dependencies"])
    assert not any("==" in line for line in PROJECT["dependencies"])


def test_what_an_extra_brings_is_pinned_for_the_study():
    pinned = {
        line.split("==")[0].lower()
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if "==" in line and not line.startswith("#")
    }
    extras = PROJECT["optional-dependencies"]
    needed = [*PROJECT["dependencies"], *extras["search"], *extras["study"], *extras["book"]]
    names = {re.match(r"[\w.-]+", line)[0].lower() for line in needed} - {"fico-study"}
    assert names == pinned


def test_evaluating_needs_no_extra(tmp_path):
    np.save(tmp_path / "scores.npy", np.random.default_rng(0).random((4, 8)))
    scores = ("--scores", str(tmp_path / "scores.npy"), "--captions-per-image", "2")
    done = without_extras("evaluate", *scores, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert '"R@1"' in done.stdout


def test_an_extra_that_is_missing_is_named(tmp_path):
    np.save(tmp_path / "vectors.npy", np.ones((300, 8), np.float32))
    vectors = str(tmp_path / "vectors.npy")
    done = without_extras("bench-search", "--vectors", vectors, "--queries", vectors)
    assert done.returncode == 1
    assert "pip install 'fico-study[search]'" in " ".join(done.stderr.split())


@pytest.mark.parametrize("name", EXTRAS)
def test_extras_that_are_named_exist(name):
    with pytest.raises(InputError) as told, named_extras():
        raise ModuleNotFoundError(name=name)
    (extras,) = re.findall(r"\[(.*)\]", str(told.value))
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
