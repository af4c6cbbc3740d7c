"""Errors that are shown to a person without a traceback."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path


class InputError(ValueError):
    """Something given to the study is wrong: says what was found, where, and what is expected."""


class ChapterError(Exception):
    """A cell of a chapter raised: `cell` its source, `error` the message, `saved` the notebook."""

    def __init__(self, chapter: str, cell: str, error: str, saved: Path):
        super().__init__(f"chapter {chapter} failed: {error}")
        self.chapter, self.cell, self.error, self.saved = chapter, cell, error, saved


class BuildError(Exception):
    """A step of the study failed; the message says which, why, and where the log is."""


def unknown_name(kind: str, name: object, known: Iterable[str]) -> InputError:
    """The error for a name that is not registered: with the nearest one, or all where none is near.

    >>> print(unknown_name("model", "vsee", ["vse", "dadh"]))
    unknown model 'vsee': did you mean 'vse'?
    >>> print(unknown_name("model", "zzz", ["vse", "dadh"]))
    unknown model 'zzz': expected one of dadh, vse
    """
    name = str(name)  # what is no text at all is unknown too
    near = get_close_matches(name, known := sorted(known), n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'?" if near else f"expected one of {', '.join(known)}"
    return InputError(f"unknown {kind} '{name}': {hint}")
