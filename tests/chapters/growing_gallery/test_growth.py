"""The pass over further scenes: taken up where it stopped, cut anywhere, refused in time."""

from typing import ClassVar

import numpy as np
import pytest
from growing import encoded, make_shard, make_texts

from fico_lib.chapters import chapter
from fico_lib.chapters.growing_gallery import growth
from fico_lib.runtime.errors import InputError

SIZE = 20
TEST = make_texts(30, 0)
TINY = {
    "data": {"name": "scenes", "n_test": 30},
    "models": ["vse", "adv64"],
    "weights": "train",
    "binarisers": ["itq", "hyperplanes"],
    "bits": [4, 32],
    "resamples": 100,
    "device": "cpu",
}


def parameters(**changed):
    return chapter("growing_gallery").check(TINY | changed, "test")


class StoppedError(Exception):
    """Stands for a run that is killed."""


@pytest.fixture
def made(monkeypatch):
    """The numbers of the shards that were made; `allowed`: after which number it is killed."""

    class World:
        numbers: ClassVar[list[int]] = []
        allowed = 10**9

        def __init__(self, requests, cache):
            pass

        def __getitem__(self, number):
            if number != growth.LEARNED:
                if number > World.allowed:
                    raise StoppedError
                World.numbers.append(number)
            return make_shard(number, SIZE)

    monkeypatch.setattr(growth, "Shards", World)
    monkeypatch.setattr(growth, "SIZE", SIZE)
    monkeypatch.setattr(growth, "KEPT", 2)
    return World


class Test30:
    """What `grow` reads of a feature split."""

    image_ids = np.arange(30).astype(str)
    tokens, lengths, labels = TEST.tokens, TEST.lengths, TEST.labels
    text_of_caption, image_of_caption = TEST.text_of_caption, TEST.image_of_caption


def grow(cache, **changed):
    return growth.grow(encoded(TEST, 0), Test30, parameters(**changed), cache)


def equal(one, other) -> bool:
    return all(
        (getattr(a, part)[d] == getattr(b, part)[d]).all()
        for a, b in zip(one.at.values(), other.at.values(), strict=True)
        for part in ("above", "equal", "twins")
        for d in ("i2t", "t2i")
    )


def test_all_sizes_come_out_of_one_pass(made, tmp_path):
    found = grow(tmp_path, sizes=[30, 60, 90, 150])
    assert made.numbers == [0, 1, 2, 3, 4, 5]
    assert list(found.at) == [30, 60, 90, 150]
    assert [counts.images for counts in found.at.values()] == [30, 60, 90, 150]
    above = [counts.above["t2i"][:, 0].sum() for counts in found.at.values()]
    assert above == sorted(set(above))
    names = [one.name for one in found.rankers]
    assert names == ["vse", "adv64", "vse, 4 bits itq", "vse, 4 bits hyperplanes",
                     "vse, 32 bits hyperplanes"]  # fmt: skip


def test_a_size_does_not_depend_on_the_others(made, tmp_path):
    many = grow(tmp_path / "many", sizes=[30, 60, 90, 150])
    few = grow(tmp_path / "few", sizes=[30, 90])
    assert all((many.at[90].above[d] == few.at[90].above[d]).all() for d in ("i2t", "t2i"))


def test_a_run_that_was_killed_goes_on_where_it_stopped(made, tmp_path):
    sizes = [30, 60, 150]
    whole = grow(tmp_path / "whole", sizes=sizes)
    made.allowed = 4
    with pytest.raises(StoppedError):
        grow(tmp_path / "killed", sizes=sizes)
    made.numbers.clear()
    made.allowed = 10**9
    again = grow(tmp_path / "killed", sizes=sizes)
    assert made.numbers == [4, 5]  # 80 of the 120 had been kept
    assert equal(whole, again)


def test_a_larger_gallery_goes_on_from_the_one_before_and_nothing_is_counted_twice(made, tmp_path):
    grow(tmp_path, sizes=[30, 60])
    made.numbers.clear()
    grow(tmp_path, sizes=[30, 60])
    assert made.numbers == []
    larger = grow(tmp_path, sizes=[30, 60, 90])
    assert made.numbers == [1, 2]
    assert equal(larger, grow(tmp_path / "new", sizes=[30, 60, 90]))


def test_other_data_or_rankers_are_counted_apart(made, tmp_path):
    grow(tmp_path, sizes=[30, 60])
    grow(tmp_path, sizes=[30, 60], bits=[4])
    grow(tmp_path, sizes=[30, 60], data={"name": "scenes", "n_test": 30, "seed": 1})
    assert len(list((tmp_path / "growing").iterdir())) == 3


def test_without_further_data_the_test_split_is_the_gallery(made, tmp_path):
    found = grow(tmp_path, sizes=[])
    assert list(found.at) == [30]
    assert made.numbers == []
    assert [one.name for one in found.rankers] == ["vse", "adv64"]


def test_codes_are_not_binarised_again(made, tmp_path):
    with pytest.raises(InputError, match="'adv64' has codes; expected a model of embeddings"):
        grow(tmp_path, sizes=[30, 60], binarised="adv64")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"sizes": [30, 70]}, "expected the 30 images of data.n_test, then multiples"),
        ({"sizes": [60, 90]}, "expected the 30 images of data.n_test"),
        ({"sizes": [30]}, "expected the 30 images of data.n_test, then multiples"),
        ({"sizes": [30, 90, 60]}, "expected sizes that grow"),
        ({"sizes": [30, 30_000_000]},
         "30,000,000 images are 30 and 29,999,970 further ones, of which a world has 10,000,000; "
         "the largest gallery has 10,000,020"),
        ({"sizes": [30, 60], "held_out": 2}, "held_out: found 2; expected less than the 2 sizes"),
        ({"sizes": [30, 60], "ties": "index"}, "candidates of several shards have no order"),
        ({"sizes": [30, 60], "models": ["scan", "adv64"]}, "binarised: found 'vse'"),
        ({"sizes": [30, 60], "data": {"name": "karpathy", "root": ".", "annotations": "a.json"}},
         r"expected \[\], as there are no more images of 'karpathy'"),
    ],
)  # fmt: skip
def test_bad_parameters_are_refused(changed, message):
    with pytest.raises(InputError, match=message):
        parameters(**changed)


def test_models_that_compare_every_pair_are_left_out():
    p = parameters(models=["vse", "scan", "adv64"], sizes=[30, 60], seeds=[0, 1])
    assert [(r.model, r.seed) for r in p.requests()] == [
        *(("vse", 0), ("vse", 1)),
        *(("adv64", 0), ("adv64", 1)),
    ]
