"""The grammar of the captions.

caption  = [opening] [number things "including"] phrase {"and" phrase} [layout] [theme]
phrase   = object | number kinds         (the last two may be linked by a relation, not "and")
object   = "a" [size] [colour] (kind | thing)

A caption has a length to reach, drawn so that lengths spread as in MS-COCO or Flickr30K: it names
objects, large ones more often, until it is that long, and then adds the theme and the layout. Some
kinds are never called by their name in any caption of an image ("a red thing"), as most objects
that MS-COCO has labels for are not; every word may be replaced by a synonym. All choices are draws
of the image and the caption's number, so caption j of an image is the same however many captions
are asked for.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from fico_lib.datasets.scenes import world
from fico_lib.datasets.scenes.draws import Draws
from fico_lib.datasets.scenes.sample import Scenes

KINDS, COLOURS = tuple(world.KINDS.values()), tuple(world.COLOURS.values())
SIZES = tuple(world.SIZES.values())
THEMES, LAYOUTS = tuple(world.THEMES.values()), tuple(world.LAYOUTS.values())

MOST_NAMED = 6
DICE = 88  # no caption throws more: 12 for the context, 12 per object, 3 for a relation
OPENED = 0.25  # probability of an opening
RELATED = 0.6  # probability that the last two of the named objects are related
COUNTED = 0.5  # probability that objects of one kind are named together
PROMINENCE = 4.0  # an object is named the more often, by this power of its side
# The fewest words of a caption, and the mean of the exponential number that is added to them.
LENGTHS = {"coco": (6.9, 2.1), "flickr": (5.0, 7.8)}


@dataclass(frozen=True)
class Habits:
    """How captions are worded: probabilities of what is left out, swapped and added.

    shortest, longer: words of a caption, the fewest and how many more on average.
    """

    drop_kind: float
    drop_colour: float
    drop_size: float
    synonyms: float
    context: float
    shortest: float
    longer: float


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


def _object(thing: tuple, called: bool, dice: Iterator[float], habits: Habits) -> str:
    """One object: an article, perhaps its size and its colour, and its kind.

    called: whether the kind is told; where it is not, the colour is.
    """
    kind, colour, size, *_ = thing
    words = []
    if next(dice) >= habits.drop_size:
        words.append(_word(SIZES[size], dice, habits))
    if next(dice) >= habits.drop_colour or not called:
        words.append(_word(COLOURS[colour], dice, habits))
    words.append(_word(KINDS[kind] if called else world.THINGS, dice, habits))
    return " ".join(["an" if words[0][0] in "aeio" else "a", *words])


def _relation(one: tuple, other: tuple, dice: Iterator[float], habits: Habits) -> str:
    """Where `one` is, seen from `other`: along the axis in which they differ more."""
    dx, dy = one[3] - other[3], one[4] - other[4]
    sideways, upright = "left" if dx < 0 else "right", "above" if dy < 0 else "below"
    return _word(world.RELATIONS[sideways if abs(dx) > abs(dy) else upright], dice, habits)


def _phrases(
    things: list[tuple], order: list[int], called: list[bool], dice: Iterator[float], habits: Habits
) -> Iterator[tuple[str, tuple | None]]:
    """Objects in that order, as phrases: each with its object, or None for all of one kind.

    called: for every kind whether captions of this image tell it.
    """
    kinds = [thing[0] for thing in things]
    together: dict[int, bool] = {}  # kinds that were named: all at once, or one by one
    for i in order:
        kind, alike = kinds[i], kinds.count(kinds[i])
        if kind not in together:
            together[kind] = called[kind] and alike > 1 and next(dice) < COUNTED
            if together[kind]:
                noun = plural(_word(KINDS[kind], dice, habits))
                yield f"{world.NUMBERS[alike]} {noun}", None
        if not together[kind]:
            yield _object(things[i], called[kind], dice, habits), things[i]


def _length(parts: Iterable[str]) -> int:
    return sum(part.count(" ") + 1 for part in parts)


def _objects(phrases: list[tuple[str, tuple | None]], dice: Iterator[float], habits: Habits) -> str:
    """The phrases in one, the last two perhaps linked by how their objects stand."""
    link = "and"
    if len(phrases) > 1 and next(dice) < RELATED:
        one, other = phrases[-2][1], phrases[-1][1]
        if one and other:
            link = _relation(one, other, dice, habits)
    *first, last = [phrase for phrase, _ in phrases]
    return f"{' and '.join(first)} {link} {last}" if first else last


def caption(
    things: list[tuple],
    order: list[int],
    called: list[bool],
    theme: int,
    layout: int,
    dice: Iterator[float],
    habits: Habits,
) -> str:
    """One caption.

    things: the scene's objects (kind, colour, size, x, y, side); order: their rows, those to be
    named first in front; called: (kinds,), which kinds are told; dice: uniform numbers, at least
    `DICE` of them.
    """
    wanted = habits.shortest - habits.longer * math.log1p(-next(dice))
    before = []
    if next(dice) < OPENED:
        before.append(world.OPENINGS[int(next(dice) * len(world.OPENINGS))])
    if next(dice) < habits.context:
        noun = plural(_word(world.THINGS, dice, habits))
        before.append(f"{world.NUMBERS[len(things)]} {noun} including")
    has_theme, has_layout = next(dice) < habits.context, next(dice) < habits.context
    theme_words, layout_words = (
        _word(THEMES[theme], dice, habits),
        _word(LAYOUTS[layout], dice, habits),
    )
    context = [layout_words] * has_layout + [theme_words] * has_theme

    phrases: list[tuple[str, tuple | None]] = []
    for phrase in _phrases(things, order[:MOST_NAMED], called, dice, habits):
        phrases.append(phrase)
        # One word links it with the next.
        if _length([*before, *context]) + _length(text + " and" for text, _ in phrases) > wanted:
            break
    objects = _objects(phrases, dice, habits)
    # Where all objects are named and the caption is still short, it tells where they are.
    if not has_theme and _length([*before, *context, objects]) < wanted:
        context.append(theme_words)
    if not has_layout and _length([*before, *context, objects]) < wanted:
        context.insert(0, layout_words)
    return " ".join([*before, objects, *context])


def _orders(draws: Draws, scenes: Scenes, captions: int) -> list[list[list[int]]]:
    """Rows of the objects in the order in which each caption names them, large ones earlier."""
    side = scenes.objects["side"].astype(np.float64)
    # Weighted sampling without replacement: the earliest of exponential times.
    times = -np.log1p(-draws.uniform("named", captions, side.shape[1]))
    rate = side[:, None] ** PROMINENCE
    times = np.where(side[:, None] > 0, times / np.maximum(rate, 1), np.inf)
    count = (side > 0).sum(1).tolist()
    return [
        [row[:n] for row in rows] for rows, n in zip(times.argsort(2).tolist(), count, strict=True)
    ]


def captions_of(
    scenes: Scenes, per_image: tuple[int, int], habits: Habits
) -> list[tuple[str, ...]]:
    """The captions of each scene; per_image: how many, (fewest, most)."""
    fewest, most = per_image
    draws = Draws(scenes.seed, scenes.stream, scenes.index)
    counts = fewest + draws.below("n_captions", most - fewest + 1)
    orders = _orders(draws, scenes, most)
    called = (draws.uniform("called", len(KINDS)) >= habits.drop_kind).tolist()
    dice = draws.uniform("words", most, DICE).tolist()
    things = [[t for t in row if t[0] >= 0] for row in scenes.objects.tolist()]
    themes, layouts = scenes.theme.tolist(), scenes.layout.tolist()
    return [
        tuple(
            caption(
                things[i], orders[i][j], called[i], themes[i], layouts[i], iter(dice[i][j]), habits
            )
            for j in range(count)
        )
        for i, count in enumerate(counts)
    ]
