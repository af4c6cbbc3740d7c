"""What kind of word each word of the captions of `scenes` is."""

from collections.abc import Iterator

from fico_lib.datasets.scenes import world
from fico_lib.datasets.scenes.captions import plural

_FUNCTION_WORDS = {"to", "the", "of", "than"}  # in relations, such as "to the left of"


def _words() -> Iterator[tuple[str, str]]:
    for names in (*world.KINDS.values(), world.THINGS):
        for name in names:
            yield name, "noun"
            yield plural(name), "noun"
    for table in (world.COLOURS, world.SIZES):
        for names in table.values():
            yield from ((name, "adjective") for name in names)
    for phrases in world.RELATIONS.values():
        for phrase in phrases:
            yield from ((w, "relation") for w in phrase.split() if w not in _FUNCTION_WORDS)


PART_OF = dict(_words())  # word -> its part of speech; articles and the like are none of these
