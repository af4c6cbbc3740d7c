"""Data sets in Karpathy's format: what is read, and what is refused with which words."""

import copy
import json

import numpy as np
import pytest
import scipy.io
import scipy.sparse
from PIL import Image
from pydantic import ValidationError

from fico_lib.datasets import dataset_key, load_dataset
from fico_lib.datasets.parameters import KarpathyParameters
from fico_lib.errors import InputError

COUNTS = (2, 1, 3, 2, 5, 1)
SPLITS = ("train", "train", "restval", "val", "test", "test")


def content():
    """Six images with uneven captions; image 2 lies in a folder of its own."""
    images, sentid = [], 0
    for i, (count, split) in enumerate(zip(COUNTS, SPLITS, strict=True)):
        sentences = [
            {"raw": f" Image {i}, caption {j} .\n", "imgid": i, "sentid": sentid + j}
            for j in range(count)
        ]
        images.append(
            {
                "filename": f"{i}.jpg",
                "imgid": i,
                "cocoid": 100 + i,
                "split": split,
                "sentids": list(range(sentid, sentid + count)),
                "sentences": sentences,
            }
        )
        sentid += count
    images[2]["filepath"] = "val2014"
    return {"dataset": "tiny", "images": images}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "dataset_tiny.json").write_text(json.dumps(content()))
    (tmp_path / "images/val2014").mkdir(parents=True)
    for i in range(6):
        folder = tmp_path / "images" / ("val2014" if i == 2 else "")
        Image.new("RGB", (30 + i, 20), (40 * i, 100, 200)).save(folder / f"{i}.jpg", quality=95)
    return tmp_path


def parameters(root, **changes):
    asked = {"annotations": "dataset_tiny.json", "image_size": 16} | changes
    return KarpathyParameters(root=root, **asked)


def load(root, **changes):
    return load_dataset(parameters(root, **changes))


def edit(root, change):
    """Write the annotations again after `change` has edited the list of images."""
    data = content()
    change(data["images"])
    (root / "dataset_tiny.json").write_text(json.dumps(data))


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
    assert abs(images.mean((1, 2)) - [(77, 77, 77), (1, 2, 3)]).max() < 3


def test_captions_without_images(root):
    data = load(root, images=None)
    assert len(data["test"].captions) == 6
    with pytest.raises(InputError, match="without images"):
        data["test"].images.read([0])


def test_a_file_may_lie_in_the_folder_itself_although_a_filepath_is_given(root):
    (root / "images/val2014/2.jpg").rename(root / "images/2.jpg")
    assert load(root)["train"].images.read([2]).shape == (1, 16, 16, 3)


# -- labels ---------------------------------------------------------------------------------------

LABELS = np.array([[1, 0], [0, 1], [1, 1], [0, 0], [1, 0], [0, 1]])


def check_labels(data):
    assert (data["train"].labels == LABELS[:3].astype(bool)).all()
    assert (data["test"].labels == LABELS[4:].astype(bool)).all()
    assert data["train"].labels.dtype == bool


def test_labels_of_a_long_csv(root):
    rows = ["filename,category", "5.jpg,dog", "4.jpg,cat", "0.jpg,cat", "1.jpg,dog", "2.jpg,cat"]
    rows += ["2.jpg,dog", "3.jpg,dog", "elsewhere.jpg,cat"]
    (root / "labels.csv").write_text("\n".join(rows) + "\n")
    data = load(root, labels="labels.csv")
    check_labels(data)
    assert data["train"].category_names == ("cat", "dog")
    assert data["train"].hashtags == ("cat", "dog", "cat dog")
    assert data["train"].sample(2).categories == ("cat", "dog")


def test_labels_of_a_wide_csv(root):
    rows = ["cocoid,cat,dog"] + [f"{100 + i},{a},{b}" for i, (a, b) in enumerate(LABELS)]
    (root / "labels.csv").write_text("\n".join(rows[:1] + rows[:0:-1]))
    data = load(root, labels="labels.csv")
    check_labels(data)
    assert data["val"].labels.tolist() == [[False, False]]


@pytest.mark.parametrize("negative", [0, -1])
def test_labels_of_a_mat_file_with_either_negative(root, negative):
    values = np.where(LABELS, 1.0, negative)
    scipy.io.savemat(root / "labels.mat", {"LAll": values, "IAll": np.zeros((6, 4))})
    data = load(root, labels="labels.mat")
    check_labels(data)
    assert data["train"].category_names == ("category 0", "category 1")


def test_labels_of_a_sparse_mat_file(root):
    scipy.io.savemat(root / "labels.mat", {"LAll": scipy.sparse.csc_matrix(LABELS.astype(float))})
    check_labels(load(root, labels="labels.mat"))


def test_labels_of_an_npz_file_in_order(root):
    np.savez(root / "labels.npz", labels=LABELS)
    check_labels(load(root, labels="labels.npz"))


def test_labels_of_an_npz_file_by_id_with_images_that_nobody_labelled(root):
    order = [5, 3, 1, 0, 2, 4]
    np.savez(
        root / "labels.npz",
        labels=LABELS[order],
        cocoid=100 + np.array(order),
        categories=np.array(["cat", "dog"]),
        annotated=np.array(order) != 3,
    )
    data = load(root, labels="labels.npz")
    check_labels(data)
    assert not data["val"].labels.any()
    assert data["val"].hashtags == ("",)


def npz(**arrays):
    return lambda root: np.savez(root / "labels.npz", **arrays) or "labels.npz"


def mat(**arrays):
    return lambda root: scipy.io.savemat(root / "labels.mat", arrays) or "labels.mat"


def text(body, name="labels.csv"):
    return lambda root: (root / name).write_text(body) and name


STRANGE = np.where(np.arange(12).reshape(6, 2) == 5, 2, LABELS)
MIXED = np.where(np.arange(12).reshape(6, 2) == 5, -1, LABELS)
EACH = "".join(f"{i}.jpg,cat\n" for i in range(6))
WIDE = "filename,cat,dog\n" + "".join(f"{i}.jpg,0,1\n" for i in range(5))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (npz(labels=LABELS[:5]), "labels have 5 rows, expected one for each of the 6 images"),
        (npz(labels=LABELS.T), "2 rows.*transposed"),
        (npz(labels=LABELS[0]), r"shape \(2,\)"),
        (npz(labels=STRANGE), "label 2 of row 2, column 1"),
        (npz(labels=MIXED), "label 0 of row 0, column 1; expected -1"),
        (npz(labels=np.where(LABELS, np.nan, 0)), "label nan of row 0, column 0"),
        (npz(labels=LABELS.astype(str)), "expected numbers"),
        (npz(labels=LABELS.astype(object)), "not an NPZ file of plain arrays"),
        (npz(other=LABELS), "no array 'labels'; it has other"),
        (npz(labels=LABELS, categories=np.array(["a"])), "1 category names for 2 columns"),
        (npz(labels=LABELS, categories=np.array(["a", "a"])), "category name is used twice"),
        (npz(labels=LABELS, imgid=np.arange(5)), r"'imgid' has shape \(5,\), expected \(6,\)"),
        (npz(labels=LABELS, imgid=[0, 1, 2, 3, 4, 4]), "imgid '4' is used twice"),
        (npz(labels=LABELS, imgid=[0, 1, 2, 3, 4, 9]), "no labels for image '5.jpg'"),
        (npz(labels=LABELS, annotated=np.ones(3, bool)), r"'annotated' has shape \(3,\)"),
        (npz(labels=LABELS[::-1], annotated=np.arange(6) % 2 == 1), "row 0 has labels although"),
        (npz(labels=LABELS[::-1], annotated=np.array([1, 1, 0, 1, 0, 1])), "row 4 has labels"),
        (text("x", "labels.npz"), "not an NPZ file"),
        (mat(LAll=LABELS[:4]), "labels have 4 rows"),
        (mat(L=LABELS), "no matrix 'LAll'"),
        (mat(LAll="text"), "labels"),
        (text("not matlab", "labels.mat"), "not a MATLAB file"),
        (text("x", "labels.txt"), "labels must be a file of .csv, .npz, .mat"),
        (text("a,b\n1,2\n"), r"header \['a', 'b'\], expected filename or imgid or cocoid"),
        (text("filename,category\n" + EACH[10:]), "no labels for image '0.jpg'"),
        (text("filename,category\n" + EACH + "7.jpg\n"), "row 7 has 1 cells, expected 2"),
        (text(WIDE), "no labels for image '5.jpg'"),
        (text(WIDE + "4.jpg,1,0\n"), "filename '4.jpg' is used twice"),
        (text(WIDE + "5.jpg,yes,0\n"), "labels must be numbers"),
        (text(WIDE + "5.jpg,3,0\n"), "label 3.0 of filename '5.jpg', column 0"),
        (lambda root: "nowhere.csv", "file of labels not found"),
    ],
)
def test_labels_that_do_not_fit_are_refused(root, write, message):
    name = write(root)
    with pytest.raises(InputError, match=message) as error:
        load(root, labels=name)
    assert name in str(error.value)


def test_a_matlab_7_3_file_is_refused_with_advice(root):
    header = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    (root / "labels.mat").write_bytes(header + b"\x00" * 400)
    with pytest.raises(InputError, match="-v7"):
        load(root, labels="labels.mat")


@pytest.mark.parametrize("name", ["labels.npz", "labels.mat"])
def test_labels_cut_short_or_overwritten_are_refused(root, name):
    scipy.io.savemat(root / "labels.mat", {"LAll": LABELS}, do_compression=True)
    np.savez_compressed(root / "labels.npz", labels=LABELS)
    whole = (root / name).read_bytes()
    check_labels(load(root, labels=name))
    for end in range(0, len(whole) - 1, 7):
        (root / name).write_bytes(whole[:end])
        with pytest.raises(InputError, match=name):
            load(root, labels=name)
    for at in range(0, len(whole), 3):  # a flipped byte is refused, or does not matter
        (root / name).write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        try:
            load(root, labels=name)
        except InputError as error:
            assert name in str(error)  # noqa: PT017


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
        (lambda i: i[3]["sentences"][1].update(sentid=77), r"images\[3\].*sentids \[6, 7\]"),
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
