"""The one error a user can cause, and the suggestion that goes with a misspelt name."""

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(ValueError):
    """Something given to the study is wrong: says what was found, where, and what is expected."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """The error for a name that is not registered, with the nearest one that is.

    >>> print(unknown_name("model", "vsee", ["vse", "dadh"]))
    unknown model 'vsee': did you mean 'vse'? Known: dadh, vse
    """
    known = sorted(known)
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return InputError(f"unknown {kind} '{name}': {hint}Known: {', '.join(known)}")
