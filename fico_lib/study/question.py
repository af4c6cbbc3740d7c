"""The kinds of questions that a page checks: a number, a choice, a short list of words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Number:
    """A number is asked for; half a percent beside it is right too.

    wrong: values and what to say of each. share: it lies between 0 and 1, and may be given as a
    fraction, a decimal or in percent.
    """

    ask: str
    right: float
    wrong: tuple[tuple[float, str], ...] = ()
    share: bool = False
    kind: str = "number"


@dataclass(frozen=True)
class Choice:
    """One of the options, each with what to say of it."""

    ask: str
    right: str
    options: tuple[tuple[str, str], ...]
    kind: str = "choice"


@dataclass(frozen=True)
class Words:
    """A short list of words, in any order; wrong: words and what to say of each."""

    ask: str
    right: tuple[str, ...]
    wrong: tuple[tuple[str, str], ...] = ()
    kind: str = "words"


Question = Number | Choice | Words
