"""Counting the regions that words match: by hand, on two images."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from feature_splits import split_of

from fico_lib.chapters.selfalign import claims, matched, tables
from fico_lib.chapters.selfalign.timing import ratio
from fico_lib.datasets.dataset import Split
from fico_lib.datasets.scenes.sample import OBJECT
from fico_lib.datasets.scenes.world import KINDS

CIRCLE, SQUARE, STAR = (list(KINDS).index(name) for name in ("circle", "square", "star"))


class Pictures:
    """Two images of 100 pixels."""

    def __len__(self) -> int:
        return 2

    def read(self, rows):
        return np.zeros((len(rows), 100, 100, 3), np.uint8)


def images() -> Split:
    objects = np.zeros((2, 2), OBJECT)
    objects["kind"] = [[CIRCLE, SQUARE], [STAR, -1]]
    objects["x"], objects["y"] = [[20, 70], [50, 0]], [[20, 70], [50, 0]]
    objects["side"] = [[20, 20], [40, 0]]
    return Split(
        "test", np.array(["a", "b"]), Pictures(), ("one", "two"), np.array(["0", "1"]),
        np.array([0, 1]), objects=objects,
    )  # fmt: skip


# Regions of image a: the circle, the square, nothing; of image b: the star loosely, all of it.
BOXES = np.array(
    [
        [[0.2, 0.2, 0.2, 0.2], [0.7, 0.7, 0.25, 0.25], [0.4, 0.5, 0.2, 0.2]],
        [[0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0], [0.1, 0.1, 0.1, 0.1]],
    ],
    np.float32,
)


def test_a_region_shows_the_object_that_it_overlaps_by_half():
    found = matched.kinds_of_regions(BOXES, images().objects, 100)
    assert found.tolist() == [[CIRCLE, SQUARE, -1], [STAR, -1, -1]]  # 40² of 50² is more than half


class Matcher:
    """Stands for a model: the first word of a caption matches region 0, the others region 1."""

    def word_regions(self, split, captions):
        regions = np.tile([0, 1, 1], (len(captions), 1))
        return regions, np.ones(regions.shape)


@pytest.fixture
def split():
    told = {
        "tokens": np.array([[2, 3, 4], [5, 6, 4]], np.int32),  # disc box red; star circles red
        "lengths": np.array([3, 3], np.int32),
        "words": np.array(["disc", "box", "red", "star", "circles"]),
        "vocabulary_size": 7,
        "boxes": BOXES,
    }
    return replace(split_of(np.arange(2), np.arange(2), np.eye(2, dtype=bool)), **told)


def test_words_name_kinds_by_any_synonym_and_in_the_plural(split):
    assert matched.kinds_of_words(split) == {2: CIRCLE, 3: SQUARE, 5: STAR, 6: CIRCLE}


def test_matches_are_right_where_the_region_shows_the_kind(split):
    found = matched.matched(Matcher(), split, images())
    # Image a: both words right. Image b: "star" is right; no region shows one of the circles.
    assert found["words"].tolist() == [2, 1]
    assert found["percent"].tolist() == [100.0, 100.0]
    assert found["chance_percent"].tolist() == pytest.approx([100 / 3, 100 / 3])
    assert "Of 3 words" in repr(tables.matched(found))
    assert "100.0 % match" in repr(tables.matched(found))


def test_what_says_nothing_about_objects_is_not_counted(split):
    found = matched.matched(Matcher(), split, replace(images(), objects=None))
    assert "nothing is counted" in repr(tables.matched(found))
    (claim,) = claims.claims_on_matches()
    assert claim.found(claims.Matches(found, 100)) == []


def test_the_claim_compares_words_with_chance():
    columns = ["image", "words", "percent", "chance_percent"]
    rows = pd.DataFrame([(0, 3, 100.0, 20.0), (1, 1, 0.0, 20.0)], columns=columns)
    (claim,) = claims.claims_on_matches()
    (case,) = claim.found(claims.Matches(rows, 200))
    assert case.estimate.value == pytest.approx((3 * 80 - 20) / 4)


def test_a_ratio_of_times_has_the_spread_of_the_repeats():
    found = ratio(np.array([30.0, 30.0, 36.0]), np.array([3.0]))
    assert found.value == 10
    assert found.interval() == (10, 12)
    assert ratio(np.array([5.0]), np.array([2.0])).interval() == (2.5, 2.5)
