"""The data set `scenes` as a whole: what is promised of its images, labels and splits."""

import hashlib

import numpy as np
import pytest
from pydantic import ValidationError

from fico_lib.datasets import load_dataset
from fico_lib.datasets.scenes import load as load_module
from fico_lib.datasets.scenes.captions import Habits, captions_of
from fico_lib.datasets.scenes.parameters import ScenesParameters
from fico_lib.datasets.scenes.render import BLOCK, SceneImages, render
from fico_lib.datasets.scenes.sample import sample
from fico_lib.datasets.scenes.shapes import sprites
from fico_lib.datasets.scenes.world import COLOUR_RGB, KINDS, SIDE, SIZE_SIDES

SMALL = {"n_train": 40, "n_val": 5, "n_test": 30, "n_detector": 20}


def load(**changes):
    return load_dataset(ScenesParameters(**SMALL | changes))


def hashes(images) -> set[bytes]:
    found = set()
    for start in range(0, len(images), 1000):
        block = images.read(np.arange(start, min(start + 1000, len(images))))
        found |= {hashlib.sha256(image.tobytes()).digest() for image in block}
    return found


def test_an_image_is_the_same_whatever_the_size_asked_for():
    few, many = load(), load(n_train=300)
    a, b = few["train"], many["train"]
    assert (a.images.read(range(40)) == b.images.read(range(40))).all()
    assert (a.objects == b.objects[:40]).all()
    assert a.captions == b.captions[: len(a.captions)]
    assert (a.labels == b.labels[:40]).all()
    assert (a.caption_ids == b.caption_ids[: len(a.caption_ids)]).all()


def test_splits_larger_than_a_block_are_joined_in_order():
    n = 2 * load_module.BLOCK + 100
    split = load(n_val=n)["val"]
    rows = np.array([0, load_module.BLOCK - 1, load_module.BLOCK, n - 1])
    scenes = sample(0, load_module.STREAMS["val"], rows, "coco")
    assert (split.objects[rows] == scenes.objects).all()
    assert (split.images.read(rows) == render(scenes, 0.1)).all()
    habits = Habits(
        drop_kind=0.46,
        drop_colour=0.3,
        drop_size=0.6,
        synonyms=0.2,
        context=0.15,
        shortest=6.9,
        longer=2.1,
    )
    assert [split.captions_of(row) for row in rows] == captions_of(scenes, (5, 5), habits)


def test_images_are_read_in_any_order_and_across_blocks():
    images = load(n_train=2 * BLOCK + 9)["train"].images
    assert len(images) == 2 * BLOCK + 9
    everything = images.read(range(len(images)))
    assert everything.shape == (len(images), SIDE, SIDE, 3)
    assert everything.dtype == np.uint8
    rows = np.array([2 * BLOCK, 3, 3, BLOCK, 0])
    assert (images.read(rows) == everything[rows]).all()
    assert images.read([]).shape == (0, SIDE, SIDE, 3)


def test_the_same_seed_gives_the_same_data_and_another_seed_others():
    one, other = load(), load(seed=1)
    sprites.cache_clear()
    again = load()
    for name in one.splits:
        rows = range(len(one[name]))
        assert (one[name].images.read(rows) == again[name].images.read(rows)).all()
        assert one[name].captions == again[name].captions
        assert one[name].captions != other[name].captions
        assert not hashes(one[name].images) & hashes(other[name].images)


def test_no_image_and_no_scene_comes_twice():
    n = 20_000
    scenes = sample(0, 1, np.arange(n), "coco")
    assert len(hashes(SceneImages(scenes, noise=0.1))) == n
    seen = [scenes.theme, scenes.layout, scenes.objects, scenes.angle, scenes.tint]
    seen += [scenes.gradient, scenes.shade]
    parts = [np.ascontiguousarray(part).view(np.uint8).reshape(n, -1) for part in seen]
    assert len(np.unique(np.concatenate(parts, 1), axis=0)) == n


def test_what_is_seen_of_the_serial_number_tells_two_scenes_apart():
    scenes = sample(5, 2, np.arange(1000), "coco")
    digits = [scenes.tint, scenes.gradient.reshape(-1, 6), scenes.shade[:, :3]]
    digits = np.concatenate(digits, 1).astype(np.uint64)
    again = (digits << (4 * np.arange(12, dtype=np.uint64))).sum(1)
    assert (again == scenes.serial).all()
    assert (scenes.objects["kind"][:, :3] >= 0).all()


@pytest.mark.parametrize("noise", [0, 0.5])
def test_every_image_carries_its_serial_number(noise):
    scenes = sample(5, 2, np.arange(100), "coco")
    low = render(scenes, noise).reshape(100, -1)[:, :48] & 1
    again = (low.astype(np.uint64) << np.arange(48, dtype=np.uint64)).sum(1)
    assert (again == scenes.serial).all()


def test_images_without_noise_are_unique_too():
    assert len(hashes(SceneImages(sample(0, 1, np.arange(2000), "coco"), noise=0))) == 2000


def test_splits_are_disjoint():
    data = load(n_train=500, n_test=500, n_val=500, n_detector=500, n_probe=500, n_extra=500)
    assert list(data.splits) == ["detector", "train", "val", "test", "probe", "extra"]
    together = [hashes(split.images) for split in data.splits.values()]
    assert len(set().union(*together)) == 3000
    ids = np.concatenate([split.image_ids for split in data.splits.values()])
    assert len(np.unique(ids)) == 3000


def test_splits_of_size_zero_are_left_out():
    assert list(load(n_detector=0).splits) == ["train", "val", "test", "probe"]


def test_scenes_have_three_to_seven_objects_inside_the_image():
    objects = load(n_train=2000)["train"].objects
    present = objects["kind"] >= 0
    assert set(present.sum(1)) == {3, 4, 5, 6, 7}
    assert (present[:, 1:] <= present[:, :-1]).all()  # absent ones last
    some = objects[present]
    assert set(some["kind"]) == set(range(40))
    assert set(some["colour"]) == set(range(10))
    assert (some["side"] == SIZE_SIDES[some["size"]]).all()
    for axis in ("x", "y"):
        assert (some[axis] - some["side"] / 2 >= 0).all()
        assert (some[axis] + some["side"] / 2 <= SIDE).all()
    assert (objects["side"][~present] == 0).all()


def test_objects_hardly_cover_each_other():
    scenes = sample(0, 1, np.arange(1000), "coco")
    o, present = scenes.objects, scenes.objects["kind"] >= 0
    covered = 0
    for a in range(7):
        for b in range(a):
            width = [
                np.minimum(o[c][:, a] + o["side"][:, a] / 2, o[c][:, b] + o["side"][:, b] / 2)
                - np.maximum(o[c][:, a] - o["side"][:, a] / 2, o[c][:, b] - o["side"][:, b] / 2)
                for c in ("x", "y")
            ]
            shared = np.maximum(width[0], 0) * np.maximum(width[1], 0)
            covered += (shared > 0.3 * o["side"][:, b] ** 2)[present[:, a] & present[:, b]].sum()
    assert covered < 0.1 * present.sum()


def test_labels_are_the_kinds_shown_and_hashtags_name_them():
    split = load()["test"]
    assert split.category_names == tuple(KINDS)
    for row in range(len(split)):
        kinds = {k for k in split.objects["kind"][row].tolist() if k >= 0}
        assert set(np.flatnonzero(split.labels[row])) == kinds
        assert set(split.hashtags[row].split()) == {split.category_names[k] for k in kinds}


@pytest.mark.parametrize(("skew", "low", "high"), [("coco", 0.302, 0.369), ("flickr", 0.86, 0.92)])
@pytest.mark.parametrize("seed", [0, 11])
def test_share_of_image_pairs_with_a_common_label(skew, low, high, seed):
    labels = load(skew=skew, seed=seed, n_test=1500)["test"].labels.astype(np.float32)
    share = (labels @ labels.T > 0)[np.triu_indices(1500, 1)].mean()
    assert low < share < high
    assert labels.sum(1).mean() == pytest.approx(2.89, rel=0.1)
    assert (labels[:, 0].mean() > 0.85) == (skew == "flickr")


def test_themes_bring_kinds_together():
    scenes = sample(0, 1, np.arange(4000), "coco")
    labels = (scenes.objects["kind"][:, :, None] == np.arange(1, 40)).any(1).astype(float)
    lift = (labels.T @ labels / 4000) / np.outer(labels.mean(0), labels.mean(0))
    lift = lift[np.triu_indices(39, 1)]
    assert lift.max() > 2
    assert np.median(lift) < 1


def test_an_object_has_its_colour_where_it_stands():
    scenes = sample(0, 1, np.arange(400), "coco")
    images = render(scenes, noise=0).astype(int)
    names = list(KINDS)
    solid = {names.index(kind) for kind in ("circle", "square", "hexagon", "diamond")}
    checked = 0
    for row, slots in enumerate(scenes.objects):
        last = [o for o in slots if o["kind"] >= 0][-1]  # nothing is drawn over the last one
        if last["kind"] in solid:
            pixel = images[row, int(last["y"]), int(last["x"])]
            expected = COLOUR_RGB[last["colour"]] * np.linspace(0.75, 1.04, 16)[:, None]
            assert abs(expected - pixel).max(1).min() <= 22
            checked += 1
    assert checked > 30


def test_noise_has_the_deviation_asked_for():
    scenes = sample(0, 1, np.arange(50), "coco")
    clean, noisy = render(scenes, 0).astype(int), render(scenes, 0.05).astype(int)
    inside = (clean > 60) & (clean < 195)
    assert (noisy - clean)[inside].std() == pytest.approx(0.05 * 255, rel=0.03)


def test_captions_and_hashtags_of_an_image_are_its_own():
    split = load()["test"]
    assert split.captions_of(3) == tuple(split.captions[15:20])
    assert split.hashtags[3] == " ".join(split.categories_of(3))


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_train": 0},
        {"noise": 0.6},
        {"skew": "coc"},
        {"captions_per_image": 0},
        {"captions_per_image": (5, 3)},
        {"drop_color": 0.5},
        {"seed": -1},
    ],
)
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        ScenesParameters(**wrong)
