"""Results: tidy tables and figures beside a run.json, written whole or not at all."""

import json
import shutil
import tempfile
from contextlib import nullcontext
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from fico_lib.report.table import Text
from fico_lib.runtime.files import new_folder, write_whole


class Results:
    """The results folder of one run of a chapter.

    Tables and figures gather in a temporary folder; `finish` adds run.json and moves all of it
    into place at once, so that a run that was killed leaves an older result untouched.
    """

    def __init__(self, folder: Path, of_its_own: bool = False):
        """of_its_own: never in place of an older one; where `folder` exists, another name."""
        self.folder, self.of_its_own = folder, of_its_own
        self._scratch = tempfile.TemporaryDirectory(prefix="fico-")  # removed with this object
        self.part = Path(self._scratch.name) / "results"
        self.part.mkdir()

    def keep(self, result: Any) -> None:
        """Keep every table of a result, a dataclass, that has columns, under its field's name.

        `field(metadata={"file": ...})` gives a table another name, or keeps it out by None.
        """
        for part in fields(result):
            rows, name = getattr(result, part.name), part.metadata.get("file", part.name)
            if name and isinstance(rows, pd.DataFrame) and len(rows.columns):
                self.table(name, rows)

    def table(self, name: str, rows: pd.DataFrame) -> None:
        """Keep a tidy table (one row per observation, units in the column names) as CSV."""
        rows.to_csv(self.part / f"{name}.csv", index=False, lineterminator="\n")

    def figure(self, name: str, figure: Figure) -> None:
        """Keep a figure as SVG."""
        figure.savefig(self.part / f"{name}.svg", metadata={"Date": None})

    def text(self, name: str, text: Text) -> None:
        """Keep sentences as Markdown, for a page that is no chapter."""
        (self.part / f"{name}.md").write_text(f"{text}\n")

    def finish(self, run: dict) -> Path:
        """Write run.json and move everything into place; returns the folder."""
        text = json.dumps(run, indent=2, default=str) + "\n"
        (self.part / "run.json").write_text(text)
        own = new_folder(self.folder) if self.of_its_own else nullcontext(self.folder)
        with own as folder, write_whole(folder) as part:
            shutil.copytree(self.part, part)
        return folder
