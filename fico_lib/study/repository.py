"""Where the study's files are: found from the folder one stands in."""

import subprocess
from datetime import datetime
from pathlib import Path

from fico_lib.runtime.errors import InputError, unknown_name

RESULTS = "FICO_RESULTS"  # environment variable: the results folder that a run is to fill
PROFILE = "FICO_PROFILE"  # environment variable: the profile of a run, for the record
CACHE = "cache"  # folder of features and encodings, under their keys
OF_PROFILE = ".fico-profile"  # file in the built pages: the profile that they are of
EXECUTED = "notebook.ipynb"  # the executed chapter, in its results folder
FOUNDATIONS_FOLDER = "foundations"  # in notebooks/, and of what was executed
SHARED = "_shared"  # <profile>/_shared.yaml: the parameters that the profile's chapters share
MARKS = ("_toc.yml", "Snakefile", "notebooks", "parameters")


def root(start: Path | None = None) -> Path:
    """The repository that `start` (default: the current folder) lies in.

    Raises InputError outside one: chapters and profiles are files there, not in the library.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if all((folder / mark).exists() for mark in MARKS):
            return folder
    raise InputError(
        f"{here} is not inside the study's repository (no {', '.join(MARKS)} here or above): "
        "clone it, and run this command in it"
    )


def profiles(repository: Path) -> list[str]:
    """The names of the parameter sets under parameters/."""
    return sorted(p.name for p in (repository / "parameters").iterdir() if p.is_dir())


def profile_folder(repository: Path, profile: str) -> Path:
    """parameters/<profile>, or an InputError that names the nearest profile."""
    if profile not in profiles(repository):
        raise unknown_name("profile", profile, profiles(repository))
    return repository / "parameters" / profile


def foundation(repository: Path, name: str) -> Path:
    """The notebook of a foundation."""
    return repository / "notebooks" / FOUNDATIONS_FOLDER / f"{name}.ipynb"


def executed_foundation(repository: Path, profile: str, name: str) -> Path:
    """Where the executed notebook of a foundation is kept."""
    return repository / "results" / profile / FOUNDATIONS_FOLDER / f"{name}.ipynb"


def records(repository: Path) -> Path:
    """The folder of results that were recorded for the book: <machine>/<name>/ in it."""
    return repository / "book" / "recorded"


def recorded(repository: Path, pattern: str) -> list[Path]:
    """The folders of recorded results whose name fits the glob `pattern`; "" fits none."""
    found = records(repository).glob(f"*/{pattern}/run.json") if pattern else []
    return sorted(path.parent for path in found)


def run_folder(repository: Path, name: str) -> Path:
    """Where a run that starts now keeps its results: results/runs/<name>-<date>-<time>."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    return repository / "results" / "runs" / f"{name}-{stamp}"


def commit(repository: Path, *ignored: str) -> str:
    """The git commit of the study, with '+changes' where files differ from it; '' without git.

    ignored: folders of the repository whose changes do not count.
    """

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(repository), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        head = git("rev-parse", "--short=12", "HEAD")
        counted = (".", *(f":!{folder}" for folder in ignored))
        return head + ("+changes" if git("status", "--porcelain", "--", *counted) else "")
    except (OSError, subprocess.CalledProcessError):
        return ""  # a downloaded archive has no history: run.json then says so
