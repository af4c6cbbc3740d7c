"""What the package needs: a small core with ranges, extras for the rest, pins elsewhere."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from email.message import Message
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

import fico_lib
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.extras import EXTRAS, named_extras

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BLOCKED = (
    *("snakemake", "papermill", "nbformat", "nbclient", "IPython", "ipykernel", "jupyter_book"),
    *("sphinx", "matplotlib", "matplotlib_inline", "gensim", "transformers", "PIL", "faiss"),
)
ABSENT = f"""
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {BLOCKED!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""


def core_alone(program: str, *arguments: str) -> subprocess.CompletedProcess:
    """A program where only the core is installed."""
    return subprocess.run(
        [sys.executable, "-c", ABSENT + program, *arguments], capture_output=True, text=True,
        timeout=120, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def without_extras(*arguments: str) -> subprocess.CompletedProcess:
    """`fico ARGUMENTS` where only the core is installed."""
    return core_alone("from fico_lib.__main__ import main\nmain()", *arguments)


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


@pytest.mark.parametrize(
    "program",
    [
        "from fico_lib.search import make; make('hnsw', 8)",
        "import fico_lib.search.measure",
        "from fico_lib.search import unavailable_reason; unavailable_reason('gpu_flat')",
    ],
)
def test_search_without_faiss_names_the_extra(program):
    done = core_alone(program)
    assert "InputError: faiss is not installed: pip install 'fico-study[search]'" in done.stderr


@pytest.mark.parametrize("name", EXTRAS)
def test_extras_that_are_named_exist(name):
    with pytest.raises(InputError) as told, named_extras():
        raise ModuleNotFoundError(name=name)
    (extras,) = re.findall(r"\[(.*)\]", str(told.value))
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])


def test_the_changelog_begins_with_the_version():
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == fico_lib.__version__


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> ZipFile:
    """The package's wheel, built without a network from a copy of what it is built from."""
    pytest.importorskip("setuptools", reason="setuptools, which builds the wheel, is missing")
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("fico_lib", "tests", "book", "notebooks"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    build = "from setuptools.build_meta import build_wheel; build_wheel('.')"
    done = subprocess.run(
        [sys.executable, "-c", build], cwd=source, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    (file,) = source.glob("*.whl")
    return ZipFile(file)


def metadata(wheel: ZipFile) -> Message:
    (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return Parser().parsestr(wheel.read(name).decode())


def test_the_wheel_holds_the_library_and_its_data_and_nothing_else(wheel):
    files = [name for name in wheel.namelist() if ".dist-info/" not in name]
    kept = {".py", ".csv", ".yaml"}
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "fico_lib").rglob("*")
        if path.suffix in kept
    }
    assert set(files) == expected
    assert "fico_lib/report/published/table5.csv" in files


def test_the_wheel_says_what_it_needs(wheel):
    about = metadata(wheel)
    assert (about["Name"], about["Version"]) == (PROJECT["name"], fico_lib.__version__)
    assert set(about["Requires-Python"].split(",")) == {">=3.11", "<3.14"}
    assert set(about.get_all("Provides-Extra")) == {"search", "formats", "study", "book", "test"}
    needed = about.get_all("Requires-Dist")
    core = [line for line in needed if "extra ==" not in line]
    assert len(core) == len(PROJECT["dependencies"])
    assert all(re.fullmatch(r"[\w.-]+>=[\d.]+", line) for line in core)
    assert any(re.match(r"faiss-cpu>=.*extra == .search", line) for line in needed)


def test_the_wheel_brings_the_command(wheel):
    (name,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "fico = fico_lib.__main__:main" in wheel.read(name).decode()
