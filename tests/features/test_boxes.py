import numpy as np
import pytest

from fico_lib.features.boxes import NOTHING, WHOLE, cut, detect, nearest_other, object_boxes

OBJECT = [
    ("kind", "i4"), ("colour", "i4"), ("size", "i4"), ("x", "f4"), ("y", "f4"), ("side", "f4"),
]  # fmt: skip
NONE = (-1, 0, 0, 0, 0, 0)


def scenes(*images):
    return np.array([list(image) for image in images], OBJECT)


TWO = scenes(
    [(3, 0, 0, 10, 20, 8), (4, 1, 2, 40, 20, 12), (5, 1, 2, 40, 30, 12)],
    [(7, 0, 0, 32, 32, 18), NONE, NONE],
)


def test_without_noise_boxes_are_the_objects():
    found = detect(TWO, 64, 6, 0.0, np.random.default_rng(0))
    for image, count in enumerate((3, 1)):
        assert sorted(found.shows[image])[-count:] == list(range(count))
        for region, column in enumerate(found.shows[image]):
            if column >= 0:
                thing = TWO[image, column]
                expected = [thing["x"], thing["y"], thing["side"], thing["side"]]
                assert found.boxes[image, region].tolist() == expected


def test_the_last_region_is_the_whole_image_and_distractors_fill_up():
    found = detect(TWO, 64, 6, 0.0, np.random.default_rng(0))
    assert (found.shows[:, -1] == WHOLE).all()
    assert found.boxes[:, -1].tolist() == [[32, 32, 64, 64]] * 2
    assert (found.shows[1] == NOTHING).sum() == 4
    assert not (found.shows[:, :-1] == WHOLE).any()


def test_surplus_objects_are_dropped_and_none_is_shown_twice():
    found = detect(TWO, 64, 3, 0.0, np.random.default_rng(0))
    assert found.boxes.shape == (2, 3, 4)
    assert len(set(found.shows[0, :2])) == 2


def test_noise_misses_and_merges_at_its_rates():
    many = np.repeat(TWO[:1], 4000, 0)
    boxes, found = object_boxes(many, 64, 1.0, np.random.default_rng(0))
    assert (~found).mean() == pytest.approx(0.1, abs=0.01)
    # The second and third object, 10 pixels apart, merge into a box of 10 + 12 around (40, 25).
    merged = (boxes[:, 1] == [40, 25, 22]).all(1)
    assert merged.mean() == pytest.approx(0.1, abs=0.015)
    assert boxes[:, 0, 0].std() > 0.9
    assert boxes[~merged, 1, 2].min() >= 12
    assert boxes[~merged, 1, 2].max() <= 12 * 1.4


def test_more_noise_is_more_noise():
    many = np.repeat(TWO[:1], 500, 0)
    shown = [
        (detect(many, 64, 8, noise, np.random.default_rng(1)).shows >= 0).mean()
        for noise in (0, 1, 3)
    ]
    assert shown[0] > shown[1] > shown[2]


def test_nearest_other_object():
    other, distance = nearest_other(TWO)
    assert other[0].tolist() == [1, 2, 1]
    assert distance[0].tolist() == [30, 10, 10]
    assert np.isinf(distance[1]).all()


def test_cut_takes_the_pixels_of_the_box():
    image = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(1, 8, 8, 3)
    boxes = np.array([[[4, 4, 4, 4], [4, 4, 8, 8], [0, 4, 4, 4]]], np.float32)
    crops = cut(image, boxes, 4)
    assert crops.shape == (1, 3, 4, 4, 3)
    assert (crops[0, 0] == image[0, 2:6, 2:6]).all()
    assert (crops[0, 1] == image[0, 1::2, 1::2]).all()
    # Beyond the border the last pixel is repeated.
    assert (crops[0, 2, :, 0] == image[0, 2:6, 0]).all()
