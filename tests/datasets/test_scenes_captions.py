"""Captions of `scenes`: true of their image, as complete and as varied as the knobs say."""

import re

import numpy as np
import pytest

from fico_lib.datasets import load_dataset
from fico_lib.datasets.scenes import captions as grammar
from fico_lib.datasets.scenes import world
from fico_lib.datasets.scenes.load import STREAMS
from fico_lib.datasets.scenes.parameters import ScenesParameters
from fico_lib.datasets.scenes.sample import sample

PLAIN = {"drop_kind": 0, "drop_colour": 0, "drop_size": 0, "synonyms": 0, "context": 0}


def split_of(n=300, name="test", **changes):
    sizes = {"n_train": 1, "n_val": 1, "n_test": 1, "n_detector": 0, f"n_{name}": n}
    return load_dataset(ScenesParameters(**sizes | changes))[name]


def words(table):
    return {word for words in table.values() for phrase in words for word in phrase.split()}


def usual(table):
    return [names[0] for names in table.values()]


def test_five_captions_per_image_by_default():
    split = split_of()
    assert (np.bincount(split.image_of_caption) == 5).all()
    assert len(split.captions) == len(split.caption_ids) == 1500


def test_uneven_counts():
    split = split_of(captions_per_image=(2, 6))
    assert set(np.bincount(split.image_of_caption)) == {2, 3, 4, 5, 6}
    assert (np.diff(split.image_of_caption) >= 0).all()


def test_a_caption_is_the_same_however_many_are_asked_for():
    five, uneven = split_of(), split_of(captions_per_image=(1, 9))
    of_id = dict(zip(five.caption_ids, five.captions, strict=True))
    shared = 0
    for caption_id, text in zip(uneven.caption_ids, uneven.captions, strict=True):
        if caption_id in of_id:
            assert of_id[caption_id] == text
            shared += 1
    assert shared > 900


def objects_of(split, caption_row):
    row = split.objects[split.image_of_caption[caption_row]]
    return [o for o in row.tolist() if o[0] >= 0]


OBJECT = re.compile(
    rf"\ban? ({'|'.join(usual(world.SIZES))}) ({'|'.join(usual(world.COLOURS))}) "
    rf"({'|'.join(usual(world.KINDS))})\b"
)
RELATION = re.compile(rf"{OBJECT.pattern} ({'|'.join(usual(world.RELATIONS))}) {OBJECT.pattern}")


def matching(things, size, colour, kind):
    wanted = (
        usual(world.KINDS).index(kind),
        usual(world.COLOURS).index(colour),
        usual(world.SIZES).index(size),
    )
    return [thing for thing in things if thing[:3] == wanted]


def test_named_objects_are_there():
    split, found = split_of(**PLAIN), 0
    for row, caption in enumerate(split.captions):
        for described in OBJECT.findall(caption):
            assert matching(objects_of(split, row), *described), caption
            found += 1
    assert found > 1500


def test_numbers_of_a_kind_are_right():
    split, found = split_of(**PLAIN), 0
    kinds = usual(world.KINDS)
    plurals = {grammar.plural(kind): i for i, kind in enumerate(kinds)}
    for row, caption in enumerate(split.captions):
        for number, noun in re.findall(rf"({'|'.join(world.NUMBERS)}) (\w+)", caption):
            there = [o[0] for o in objects_of(split, row)].count(plurals[noun])
            assert world.NUMBERS[there] == number, caption
            found += 1
    assert found > 50


def test_a_kind_is_named_together_or_one_by_one_never_both():
    found = 0
    for caption in split_of(600, **PLAIN).captions:
        for kind in usual(world.KINDS):
            together = len(re.findall(rf"\b{grammar.plural(kind)}\b", caption))
            assert together < 2, caption
            assert not (together and re.search(rf"\b{kind}\b", caption)), caption
            found += together
    assert found > 50


def holds(relation, one, other):
    dx, dy = one[3] - other[3], one[4] - other[4]
    return {"left of": dx < 0, "right of": dx > 0, "above": dy < 0, "below": dy > 0}[relation]


def test_relations_hold():
    split, found = split_of(600, **PLAIN), 0
    for row, caption in enumerate(split.captions):
        for *one, relation, size, colour, kind in RELATION.findall(caption):
            things = objects_of(split, row)
            pairs = [
                holds(relation, a, b)
                for a in matching(things, *one)
                for b in matching(things, size, colour, kind)
                if a is not b
            ]
            assert any(pairs), caption
            found += 1
    assert found > 300


def test_context_phrases_are_true():
    split = split_of(synonyms=0, context=1)
    scenes = sample(0, STREAMS["test"], np.arange(300), "coco")
    for image, caption in zip(split.image_of_caption, split.captions, strict=True):
        layout = usual(world.LAYOUTS)[scenes.layout[image]]
        assert caption.endswith(f"{layout} {usual(world.THEMES)[scenes.theme[image]]}")
        there = (split.objects["kind"][image] >= 0).sum()
        things = grammar.plural(world.THINGS[0])
        assert f"{world.NUMBERS[there]} {things} including" in caption


def test_knobs_do_what_they_say():
    def share(pattern_words, **changes):
        captions = split_of(**changes).captions
        return np.mean([bool(pattern_words & set(caption.split())) for caption in captions])

    colours, sizes = words(world.COLOURS), words(world.SIZES)
    assert share(colours, drop_colour=1, drop_kind=0) == 0
    assert share(sizes, drop_size=1) == 0
    assert share(colours, drop_colour=0) > share(colours, drop_colour=0.5) > 0.3
    rare = {w for names in world.COLOURS.values() for w in names[1:]}
    assert share(rare, synonyms=0) == 0
    assert share(rare, synonyms=0.8) > share(rare, synonyms=0.2) > 0
    theme = {phrase.split()[-1] for phrases in world.THEMES.values() for phrase in phrases}
    assert share(theme, context=1) == 1 > share(theme, context=0)
    kinds = words(world.KINDS) | set(map(grammar.plural, words(world.KINDS)))
    assert share(kinds, drop_kind=1) == 0
    assert share(kinds, drop_kind=0) == 1


def test_a_kind_that_is_not_called_by_its_name_is_so_in_no_caption_of_the_image():
    split = split_of(2000, synonyms=0)
    kinds = usual(world.KINDS)
    never = kind_and_image = 0
    for image in range(len(split)):
        text = " ".join(split.captions_of(image))
        for kind in set(split.objects["kind"][image].tolist()) - {-1}:
            told = re.search(rf"\b({kinds[kind]}|{grammar.plural(kinds[kind])})\b", text)
            never, kind_and_image = never + (told is None), kind_and_image + 1
    assert 0.44 < never / kind_and_image < 0.6  # drop_kind, and those that no caption names


def test_what_is_not_called_by_its_name_has_a_colour():
    things = "|".join(world.THINGS)
    for caption in split_of(1000).captions:
        for word in re.findall(rf"(\w+) (?:{things})\b", caption):
            assert word in words(world.COLOURS), caption


@pytest.mark.parametrize(
    ("skew", "mean", "deviation"), [("coco", 10.5, 2.4), ("flickr", 12.4, 5.4)]
)
def test_lengths_are_those_of_real_captions_within_a_tenth(skew, mean, deviation):
    lengths = [len(caption.split()) for caption in split_of(3000, skew=skew).captions]
    assert np.mean(lengths) == pytest.approx(mean, rel=0.1)
    assert np.std(lengths) == pytest.approx(deviation, rel=0.1)


def test_captions_use_only_the_words_of_the_world():
    known = set().union(
        *map(words, (world.COLOURS, world.SIZES, world.THEMES, world.LAYOUTS, world.RELATIONS)),
        words(world.KINDS),
        map(grammar.plural, words(world.KINDS)),
        {w for phrase in (*world.OPENINGS, *world.THINGS, *world.NUMBERS) for w in phrase.split()},
        map(grammar.plural, world.THINGS),
        {"a", "an", "and", "including"},
    )
    captions = split_of(1000).captions
    assert {word for caption in captions for word in caption.split()} <= known


def test_articles_fit():
    for caption in split_of(1000).captions:
        assert not re.search(r"\ba [aeio]|\ban [^aeio]", caption), caption


def test_captions_repeat_a_little_as_real_ones_do():
    captions = split_of(4000, "train").captions
    repeated = 1 - len(set(captions)) / len(captions)
    assert 0.001 < repeated < 0.1


@pytest.mark.parametrize("seed", [0, 1])
def test_the_longest_captions_have_enough_dice(seed):
    longest = {"drop_colour": 0, "drop_size": 0, "synonyms": 1, "context": 1, "skew": "flickr"}
    captions = split_of(3000, seed=seed, **longest).captions
    assert max(len(caption.split()) for caption in captions) > 35
