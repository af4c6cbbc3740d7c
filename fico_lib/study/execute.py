"""Runs one chapter's notebook with papermill, into a results folder that is whole or absent."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import papermill
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from fico_lib.report.parameters import ChapterParameters
from fico_lib.runtime.errors import ChapterError, InputError
from fico_lib.runtime.files import write_whole
from fico_lib.runtime.progress import report
from fico_lib.study.repository import EXECUTED, PROFILE, RESULTS, foundation


class _ReportingEngine(NBClientEngine):
    """papermill's own engine, telling the build's display of each finished cell."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **kwargs):
        """Run the cells as papermill does."""
        complete, total = nb_man.cell_complete, len(nb_man.nb.cells)

        def cell_complete(cell, cell_index=None, **more):
            complete(cell, cell_index=cell_index, **more)
            report(kind="progress", what="cells", done=(cell_index or 0) + 1, total=total)

        nb_man.cell_complete = cell_complete
        return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)


papermill_engines.register("fico", _ReportingEngine)


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextmanager
def _short_folder() -> Iterator[str]:
    """A temporary folder whose path leaves room for a socket's name, of 107 bytes at most."""
    longest = len(os.fsencode(tempfile.gettempdir())) > 60
    with tempfile.TemporaryDirectory(dir="/tmp" if longest else None) as scratch:
        yield scratch


def execute(
    repository: Path,
    chapter: str,
    parameters: ChapterParameters,
    target: Path,
    profile: str = "",
    progress_bar: bool = False,
    check: Callable[[], None] = lambda: None,
) -> Path:
    """Run notebooks/<chapter>.ipynb with `parameters`; returns `target`, the results folder.

    The executed notebook lies in it. When a cell raises, `target` is left as it was, the notebook
    up to that cell is kept under results/failed/, and ChapterError says what happened.
    check: called before the results are put in place; what it raises leaves `target` as it was.
    """
    source = repository / "notebooks" / f"{chapter}.ipynb"
    with _short_folder() as scratch:
        executed, results = Path(scratch) / EXECUTED, Path(scratch) / "results"
        with _environment(**{RESULTS: str(results), PROFILE: profile}):
            values = parameters.model_dump(mode="json")
            _run(repository, chapter, source, executed, values, progress_bar)
        if not results.is_dir():
            raise InputError(f"{source} ended without run.finish(): it left no results")
        check()
        _without_paths(executed, results / EXECUTED, source.relative_to(repository))
        with write_whole(target) as part:
            shutil.copytree(results, part)
    return target


def execute_foundation(repository: Path, name: str, target: Path) -> Path:
    """Run notebooks/foundations/<name>.ipynb, which has no parameters; returns `target`, a file.

    When a cell raises, it does as `execute`.
    """
    source = foundation(repository, name)
    with _short_folder() as scratch:
        executed = Path(scratch) / EXECUTED
        _run(repository, name, source, executed, {}, progress_bar=False)
        with write_whole(target) as part:
            _without_paths(executed, part, source.relative_to(repository))
    return target


def _run(
    repository: Path, name: str, source: Path, executed: Path, values: dict, progress_bar: bool
) -> None:
    """Run a notebook with papermill into the file `executed`; ChapterError where a cell raises."""
    if not source.is_file():
        raise InputError(f"chapter '{name}' has no notebook {source}")
    try:
        papermill.execute_notebook(
            source,
            executed,
            parameters=values,
            engine_name="fico",
            kernel_name="python3",
            cwd=repository,
            progress_bar=progress_bar,
            # Sockets of the file system: private to the user, where TCP ports are not.
            # In this run's own folder: two chapters at once must not share them.
            config=Config({"KernelManager": {"transport": "ipc", "ip": f"{executed.parent}/k"}}),
        )
    except PapermillExecutionError as error:
        saved = repository / "results" / "failed" / f"{name}.ipynb"
        saved.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(executed, saved)
        message = f"{error.ename}: {error.evalue}"
        raise ChapterError(name, error.source, message, saved) from None


def _without_paths(executed: Path, kept: Path, source: Path) -> None:
    """Write the executed notebook into the results, without the paths of this machine."""
    notebook = nbformat.read(executed, as_version=4)
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.metadata.tags.append("hide-input")
            cell.metadata.mystnb = {"code_prompt_show": "Parameters of this run"}
    notebook.metadata["papermill"] |= {"input_path": str(source), "output_path": EXECUTED}
    nbformat.write(notebook, kept)
