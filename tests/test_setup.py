"""The files that describe the environment and the repository agree with each other."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def pins(name: str) -> dict[str, str]:
    lines = [x for x in (ROOT / name).read_text().splitlines() if x and not x.startswith("#")]
    return dict(line.split("==") for line in lines)


def test_every_dependency_is_pinned_exactly():
    assert all(re.fullmatch(r"[\w.]+", v) for v in pins("requirements.txt").values())


def test_the_gpu_environment_differs_by_faiss_alone():
    cpu, gpu = pins("requirements.txt"), pins("requirements-gpu.txt")
    assert cpu.pop("faiss-cpu") == gpu.pop("faiss-gpu")
    assert cpu == gpu


def test_conda_users_get_the_gpu_environment():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert {"pip": ["-r requirements-gpu.txt"]} in environment["dependencies"]


def test_every_dependency_says_why():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    unexplained = [
        line
        for line, before in zip(lines[1:], lines, strict=False)
        if "==" in line and not re.match("# [^-]", before)
    ]
    assert not unexplained


@pytest.mark.parametrize("name", ["torchvision", "timm", "faiss-gpu"])
def test_what_does_not_belong_into_the_cpu_environment(name):
    assert name not in pins("requirements.txt")


def test_the_top_level_is_the_house_that_the_readme_draws():
    for name in [
        "book",
        "notebooks",
        "fico_lib",
        "parameters",
        "_config.yml",
        "_toc.yml",
        "environment.yml",
        "README.md",
        "Makefile",
        "pyproject.toml",
        "requirements.txt",
        "requirements-gpu.txt",
        "Snakefile",
        "CITATION.cff",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "LICENSE",
        "tests",
        "benchmarks",
        ".ci/run",
    ]:
        assert (ROOT / name).exists(), name


def test_make_passes_the_profile_to_the_build():
    command = ["make", "--dry-run", "book", "PROFILE=ucm"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "fico build --profile ucm" in done.stdout


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("echo 3.10", "is Python 3.10; expected 3.11, 3.12 or 3.13"),
        ("echo 3.14", "is Python 3.14; expected 3.11, 3.12 or 3.13"),
        ("exit 127", "is no Python that runs; expected Python 3.11, 3.12 or 3.13"),
    ],
)
def test_make_refuses_an_unsuitable_python_before_it_installs(tmp_path, answer, message):
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (python := tmp_path / "python").write_text(f"#!/bin/sh\n{answer}\n")
    python.chmod(0o755)
    command = ["make", "book", f"PYTHON={python}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    assert f"PYTHON: '{python}' {message}" in done.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "notebooks").rglob("*.ipynb")), ids=lambda p: p.name
)
def test_notebooks_in_the_repository_carry_no_outputs(path):
    for cell in json.loads(path.read_text())["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_ruff_is_the_same_before_a_commit_and_in_make_check():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    version = hooks["repos"][0]["rev"].removeprefix("v")
    assert f'"ruff=={version}"' in (ROOT / "pyproject.toml").read_text()
