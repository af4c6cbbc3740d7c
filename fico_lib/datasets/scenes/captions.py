"""The grammar of the captions.

caption  = [opening] [number things "with"] objects [layout] [theme]
objects  = object | object relation object | object "and" object | object "and" object relation
           object | object "and" object "and" object
object   = number kinds | "a" [size] [colour] kind

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
    """How captions are worded: probabilities of leaving out, of synonyms, of each context phrase."""

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


def _object(thing: tuple, alike: int, dice: Iterator[float], habits: Habits) -> str:
    """One object phrase; `alike`: how many objects of its kind it stands for."""
    kind, colour, size, *_ = thing
    if alike > 1:
        return f"{world.NUMBERS[alike]} {plural(_word(KINDS[kind], dice, habits))}"
    words = []
    if next(dice) >= habits.drop_size:
        words.append(_word(SIZES[size], dice, habits))
    if next(dice) >= habits.drop_colour:
        words.append(_word(COLOURS[colour], dice, habits))
    words.append(_word(KINDS[kind], dice, habits))
    article = "an" if words[0][0] in "aeio" else "a"
    return " ".join([article, *words])


def _relation(one: tuple, other: tuple, dice: Iterator[float], habits: Habits) -> str:
    """Where the first object is, seen from the other: along the axis in which they differ more."""
    dx, dy = one[3] - other[3], one[4] - other[4]
    if abs(dx) > abs(dy):
        name = "left" if dx < 0 else "right"
    else:
        name = "above" if dy < 0 else "below"
    return _word(world.RELATIONS[name], dice, habits)


def _objects(things: list[tuple], named: list[int], dice: Iterator[float], habits: Habits) -> str:
    """The phrase that names the objects `named`, the last two perhaps by how they stand."""
    kinds = [thing[0] for thing in things]
    phrases: list[tuple[str, tuple, bool]] = []
    counted: set[int] = set()
    for i in named:
        if kinds[i] in counted:
            continue
        together = next(dice) < COUNTED
        alike = kinds.count(kinds[i]) if together and kinds[i] not in _kinds_of(phrases) else 1
        if alike > 1:
            counted.add(kinds[i])
        phrases.append((_object(things[i], alike, dice, habits), things[i], alike == 1))
    related = next(dice) < RELATED
    text = " and ".join(phrase for phrase, _, _ in phrases)
    if related and len(phrases) > 1 and phrases[-1][2] and phrases[-2][2]:
        relation = _relation(phrases[-2][1], phrases[-1][1], dice, habits)
        text = " and ".join(phrase for phrase, _, _ in phrases[:-1])
        text = f"{text} {relation} {phrases[-1][0]}"
    return text


def _kinds_of(phrases: list[tuple[str, tuple, bool]]) -> set[int]:
    return {thing[0] for _, thing, _ in phrases}


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
        parts += [world.NUMBERS[len(things)], _word(world.THINGS, dice, habits), "with"]
    parts.append(_objects(things, named, dice, habits))
    if next(dice) < habits.context:
        parts.append(_word(LAYOUTS[layout], dice, habits))
    if next(dice) < habits.context:
        parts.append(_word(THEMES[theme], dice, habits))
    return " ".join(parts)


def captions_of(scenes: Scenes, per_image: tuple[int, int], habits: Habits):
    """All captions of the scenes.

    per_image: (fewest, most). Returns (captions: list of str, image_of_caption: (n_captions,)
    int64, number: (n_captions,) int64, the caption's number within its image).
    """
    fewest, most = per_image
    n, slots = scenes.objects.shape
    draws = Draws(scenes.seed, scenes.stream, scenes.index)
    counts = fewest + draws.below("n_captions", most - fewest + 1)
    present = scenes.objects["kind"] >= 0
    # Weighted sampling without replacement: the smallest of exponential times with rate = side.
    times = -np.log1p(-draws.uniform("named", most, slots))
    times = np.where(present[:, None], times / np.maximum(scenes.objects["side"], 1)[:, None], 1e9)
    order = times.argsort(2)[:, :, :MOST_NAMED].tolist()
    n_named = (1 + draws.below("n_named", MOST_NAMED, most)).tolist()
    dice = draws.uniform("words", most, DICE).tolist()
    things = [row[:k].tolist() for row, k in zip(scenes.objects, present.sum(1), strict=True)]
    captions = [
        caption(
            things[i],
            order[i][j][: n_named[i][j]],
            scenes.theme[i],
            scenes.layout[i],
            iter(dice[i][j]),
            habits,
        )
        for i in range(n)
        for j in range(counts[i])
    ]
    image_of_caption = np.repeat(np.arange(n), counts)
    number = np.arange(len(captions)) - np.repeat(np.cumsum(counts) - counts, counts)
    return captions, image_of_caption, number
