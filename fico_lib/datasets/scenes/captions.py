"""The grammar of the captions.

caption  = [opening] [number things "including"] phrase {"and" phrase} [layout] [theme]
phrase   = object | number kinds         (the last two may be linked by a relation, not "and")
object   = "a" [size] [colour] kind

Which objects are named is drawn by their size; every word may be replaced by a synonym. All
choices are draws of the image and the caption's number, so caption j of an image is the same
however many captions are asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fico_lib.datasets.scenes import world
from fico_lib.datasets.scenes.draws import Draws
from fico_lib.datasets.scenes.sample import Scenes

KINDS, COLOURS = tuple(world.KINDS.values()), tuple(world.COLOURS.values())
SIZES = tuple(world.SIZES.values())
THEMES, LAYOUTS = tuple(world.THEMES.values()), tuple(world.LAYOUTS.values())

MOST_NAMED = 3
DICE = 44  # no caption throws more: 5 to begin, 9 per object, 3 for a relation, 6 for the context
OPENED = 0.25  # probability of an opening
RELATED = 0.6  # probability that two of the named objects are related
COUNTED = 0.5  # probability that objects of one kind are named together


@dataclass(frozen=True)
class Habits:
    """How captions are worded: probabilities of what is left out, swapped and added."""

    drop_colour: float
    drop_size: float
    synonyms: float
    context: float


def plural(noun: str) -> str:
    """More than one of it.

    >>> plural("star"), plural("box"), plural("flash"), plural("cross")
    ('stars', 'boxes', 'flashes', 'crosses')
    """
    return noun + ("es" if noun.endswith(("s", "x", "sh", "ch")) else "s")


def _word(words: tuple[str, ...], dice: Iterator[float], habits: Habits) -> str:
    """The usual word, or one of its synonyms."""
    if next(dice) >= habits.synonyms or len(words) == 1:
        return words[0]
    return words[1 + int(next(dice) * (len(words) - 1))]


def _object(thing: tuple, dice: Iterator[float], habits: Habits) -> str:
    """One object: an article, perhaps its size and its colour, and its kind."""
    kind, colour, size, *_ = thing
    words = []
    if next(dice) >= habits.drop_size:
        words.append(_word(SIZES[size], dice, habits))
    if next(dice) >= habits.drop_colour:
        words.append(_word(COLOURS[colour], dice, habits))
    words.append(_word(KINDS[kind], dice, habits))
    return " ".join(["an" if words[0][0] in "aeio" else "a", *words])


def _relation(one: tuple, other: tuple, dice: Iterator[float], habits: Habits) -> str:
    """Where `one` is, seen from `other`: along the axis in which they differ more."""
    dx, dy = one[3] - other[3], one[4] - other[4]
    sideways, upright = "left" if dx < 0 else "right", "above" if dy < 0 else "below"
    return _word(world.RELATIONS[sideways if abs(dx) > abs(dy) else upright], dice, habits)


def _phrases(
    things: list[tuple], named: list[int], dice: Iterator[float], habits: Habits
) -> list[tuple[str, tuple | None]]:
    """The objects `named`, as phrases: each with its object, or None for all of one kind."""
    kinds = [thing[0] for thing in things]
    phrases: list[tuple[str, tuple | None]] = []
    together: dict[int, bool] = {}  # kinds that were named: all at once, or one by one
    for i in named:
        kind, alike = kinds[i], kinds.count(kinds[i])
        if kind not in together:
            together[kind] = alike > 1 and next(dice) < COUNTED
            if together[kind]:
                noun = plural(_word(KINDS[kind], dice, habits))
                phrases.append((f"{world.NUMBERS[alike]} {noun}", None))
        if not together[kind]:
            phrases.append((_object(things[i], dice, habits), things[i]))
    return phrases


def _objects(things: list[tuple], named: list[int], dice: Iterator[float], habits: Habits) -> str:
    """The phrase that names the objects `named`, the last two perhaps by how they stand."""
    phrases = _phrases(things, named, dice, habits)
    link = "and"
    if len(phrases) > 1 and next(dice) < RELATED:
        one, other = phrases[-2][1], phrases[-1][1]
        if one and other:
            link = _relation(one, other, dice, habits)
    *first, last = [phrase for phrase, _ in phrases]
    return f"{' and '.join(first)} {link} {last}" if first else last


def caption(
    things: list[tuple],
    named: list[int],
    theme: int,
    layout: int,
    dice: Iterator[float],
    habits: Habits,
) -> str:
    """One caption.

    things: the scene's objects (kind, colour, size, x, y, side); named: rows of those it names;
    dice: uniform numbers, at least `DICE` of them.
    """
    parts = []
    if next(dice) < OPENED:
        parts.append(world.OPENINGS[int(next(dice) * len(world.OPENINGS))])
    if next(dice) < habits.context:
        parts += [world.NUMBERS[len(things)], _word(world.THINGS, dice, habits), "including"]
    parts.append(_objects(things, named, dice, habits))
    if next(dice) < habits.context:
        parts.append(_word(LAYOUTS[layout], dice, habits))
    if next(dice) < habits.context:
        parts.append(_word(THEMES[theme], dice, habits))
    return " ".join(parts)


def _named(draws: Draws, scenes: Scenes, captions: int) -> list[list[list[int]]]:
    """Rows of the objects that each caption names: one to `MOST_NAMED`, large ones more often."""
    side = scenes.objects["side"]
    # Weighted sampling without replacement: the earliest of exponential times with rate = side.
    times = -np.log1p(-draws.uniform("named", captions, side.shape[1]))
    times = np.where(side[:, None] > 0, times / np.maximum(side, 1)[:, None], np.inf)
    order = times.argsort(2)[:, :, :MOST_NAMED].tolist()
    n_named = (1 + draws.below("n_named", MOST_NAMED, captions)).tolist()
    return [
        [rows[:n] for rows, n in zip(of_image, n_of_image, strict=True)]
        for of_image, n_of_image in zip(order, n_named, strict=True)
    ]


def captions_of(
    scenes: Scenes, per_image: tuple[int, int], habits: Habits
) -> list[tuple[str, ...]]:
    """The captions of each scene; per_image: how many, (fewest, most)."""
    fewest, most = per_image
    draws = Draws(scenes.seed, scenes.stream, scenes.index)
    counts = fewest + draws.below("n_captions", most - fewest + 1)
    named = _named(draws, scenes, most)
    dice = draws.uniform("words", most, DICE).tolist()
    things = [[t for t in row if t[0] >= 0] for row in scenes.objects.tolist()]
    themes, layouts = scenes.theme.tolist(), scenes.layout.tolist()
    return [
        tuple(
            caption(things[i], named[i][j], themes[i], layouts[i], iter(dice[i][j]), habits)
            for j in range(count)
        )
        for i, count in enumerate(counts)
    ]
