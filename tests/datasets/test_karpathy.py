"""Data sets in Karpathy's format: what is read, and what is refused with which words."""

import copy

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from fico_lib.datasets import dataset_key, load_dataset
from fico_lib.datasets.parameters import KarpathyParameters
from fico_lib.runtime.errors import InputError

from .conftest import EACH, edit, load, parameters


def test_splits_captions_and_ids(root):
    data = load(root)
    assert data.name == "tiny"
    assert {name: len(split) for name, split in data.splits.items()} == {
        "train": 3,
        "val": 1,
        "test": 2,
    }
    train = data["train"]
    assert train.image_ids.tolist() == ["100", "101", "102"]
    assert train.image_of_caption.tolist() == [0, 0, 1, 2, 2, 2]
    assert train.captions[0] == "Image 0, caption 0 ."
    assert data["test"].caption_ids.tolist() == ["8", "9", "10", "11", "12", "13"]
    assert train.labels is None
    assert train.hashtags is None
    assert data["test"].captions_of(1) == ("Image 5, caption 0 .",)


def test_restval_can_be_a_split_of_its_own(root):
    data = load(root, restval_is_train=False)
    assert list(data.splits) == ["train", "restval", "val", "test"]
    assert data["restval"].image_ids.tolist() == ["102"]


def test_imgid_names_images_without_cocoid_and_captions_without_sentid(root):
    def change(images):
        for image in images:
            del image["cocoid"], image["sentids"]
            for sentence in image["sentences"]:
                del sentence["sentid"]

    edit(root, change)
    assert load(root)["test"].caption_ids.tolist() == ["4-0", "4-1", "4-2", "4-3", "4-4", "5-0"]


def test_images_are_resized_and_read_in_the_order_asked_for(root):
    train = load(root)["train"]
    images = train.images.read([2, 0, 2])
    assert images.shape == (3, 16, 16, 3)
    assert images.dtype == np.uint8
    assert abs(images.mean((1, 2)) - [(80, 100, 200), (0, 100, 200), (80, 100, 200)]).max() < 4


def test_any_kind_of_image_becomes_rgb(root):
    Image.new("L", (20, 20), 77).save(root / "images/0.jpg")
    Image.new("RGBA", (20, 20), (1, 2, 3, 4)).save(root / "images/1.jpg", format="PNG")
    images = load(root)["train"].images.read([0, 1])
    assert abs(images.mean((1, 2)) - [(77, 77, 77), (251, 251, 251)]).max() < 3


def test_captions_without_images(root):
    data = load(root, images=None)
    assert len(data["test"].captions) == 6
    with pytest.raises(InputError, match="without images"):
        data["test"].images.read([0])


def test_a_file_may_lie_in_the_folder_itself_although_a_filepath_is_given(root):
    (root / "images/val2014/2.jpg").rename(root / "images/2.jpg")
    assert load(root)["train"].images.read([2]).shape == (1, 16, 16, 3)


# -- faults ---------------------------------------------------------------------------------------


def put(row, **fields):
    return lambda images: images[row].update(fields)


def drop(row, field):
    return lambda images: images[row].pop(field)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put(3, sentences=[]), r"images\[3\] \('3.jpg'\) has no captions"),
        (drop(3, "sentences"), r"images\[3\] \('3.jpg'\) has no captions"),
        (
            put(3, split="tset"),
            r"images\[3\] \('3.jpg'\): unknown split 'tset': did you mean 'test'",
        ),
        (drop(3, "split"), "unknown split 'None'"),
        (put(3, cocoid=101), r"image id '101' is used twice, by images\[1\] and images\[3\]"),
        (put(3, filename="1.jpg"), r"file '1.jpg' is used twice, by images\[1\] and images\[3\]"),
        (put(3, cocoid=None, imgid=None), r"images\[3\] \('3.jpg'\) has no cocoid or imgid"),
        (drop(3, "filename"), r"images\[3\] has no text 'filename'"),
        (lambda i: i[3]["sentences"][1].pop("raw"), r"images\[3\].*sentences\[1\] has no text"),
        (lambda i: i[3]["sentences"][1].update(raw=" "), r"sentences\[1\] has no text 'raw'"),
        (lambda i: i[3]["sentences"][1].update(imgid=77), "caption without image: its imgid is 77"),
        (
            lambda i: i.append(copy.deepcopy(i[0]) | {"cocoid": 9, "filename": "9.jpg"}),
            r"caption id '0' is used twice, by images\[0\] and images\[6\]",
        ),
        (lambda i: i.clear(), "list 'images' that is not empty"),
        (lambda i: i.append("x"), r"images\[6\] has no text 'filename'"),
    ],
)
def test_faulty_annotations_are_refused(root, change, message):
    edit(root, change)
    with pytest.raises(InputError, match=message) as error:
        load(root)
    assert str(root / "dataset_tiny.json") in str(error.value)


@pytest.mark.parametrize("body", ["{", "[]", '{"images": {}}', "\udcff"])
def test_a_file_that_is_not_annotations_is_refused(root, body):
    (root / "dataset_tiny.json").write_bytes(body.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=r"dataset_tiny\.json"):
        load(root)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"annotations": "no.json"}, "file of annotations not found: .*no.json"),
        ({"images": "pictures"}, "folder of images not found: .*pictures"),
    ],
)
def test_missing_files_are_named_by_the_loader_and_by_the_key(root, changes, message):
    for function in (load_dataset, dataset_key):
        with pytest.raises(InputError, match=message):
            function(parameters(root, **changes))


def test_missing_images_are_counted_and_the_first_is_named(root):
    (root / "images/1.jpg").unlink()
    (root / "images/val2014/2.jpg").unlink()
    with pytest.raises(InputError, match=r"2 of 6 images are missing.*1\.jpg \(image id '101'\)"):
        load(root)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-200])


def scribble(path):
    path.write_text("this is no image")


@pytest.mark.parametrize("damage", [truncate, scribble, lambda path: path.write_bytes(b"")])
def test_a_broken_image_is_named_when_the_set_is_loaded(root, damage):
    path = root / "images/4.jpg"
    Image.effect_noise((64, 64), 90).save(path)
    damage(path)
    with pytest.raises(InputError, match=r"broken image .*4\.jpg \(image id '104'\)"):
        load(root)
    test = load(root, verify_images=False)["test"]
    test.images.read([1])
    with pytest.raises(InputError, match=r"broken image .*4\.jpg \(image id '104'\)"):
        test.images.read([1, 0])


def test_a_broken_png_is_named_too(root):
    path = root / "images/4.jpg"
    Image.effect_noise((64, 64), 90).save(path, format="PNG")
    truncate(path)
    with pytest.raises(InputError, match=r"broken image .*4\.jpg"):
        load(root)


# -- keys and parameters --------------------------------------------------------------------------


def test_the_key_follows_the_content_and_not_the_place(root, tmp_path_factory):
    (root / "labels.csv").write_text("filename,category\n" + EACH)
    asked = {"labels": "labels.csv"}
    key = dataset_key(parameters(root, **asked))
    assert dataset_key(parameters(root, **asked, verify_images=False)) == key
    (root / "images/.hidden").write_text("x")
    assert dataset_key(parameters(root, **asked)) == key
    moved = root.rename(tmp_path_factory.mktemp("elsewhere") / "set")
    assert dataset_key(parameters(moved, **asked)) == key

    seen = {key}
    for change in (
        lambda: (moved / "labels.csv").write_text("filename,category\n" + EACH + "1.jpg,dog\n"),
        lambda: edit(moved, put(0, split="val")),
        lambda: Image.new("RGB", (300, 300)).save(moved / "images/0.jpg"),
        lambda: (moved / "images/0.jpg").rename(moved / "images/zero.jpg"),
    ):
        change()
        seen.add(dataset_key(parameters(moved, **asked)))
    seen.add(dataset_key(parameters(moved, **asked, image_size=17)))
    seen.add(dataset_key(parameters(moved, images=None)))
    assert len(seen) == 7


@pytest.mark.parametrize("wrong", [{}, {"root": "x", "json": "y"}, {"root": "x", "image_size": 0}])
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        KarpathyParameters(**wrong)
