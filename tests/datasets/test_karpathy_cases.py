"""Shapes of real files in Karpathy's format, and of real images: read, or refused with a reason."""

import json
import os

import numpy as np
import pytest
from PIL import Image

from fico_lib.datasets import dataset_key
from fico_lib.datasets.karpathy.images import upright_rgb
from fico_lib.datasets.karpathy.labels import read_labels
from fico_lib.runtime.errors import InputError

from .conftest import COUNTS, content, edit, load, parameters


def test_a_list_of_ids_that_is_its_neighbours_does_not_count(root):
    """Sydney-Captions: `sentids` of one image repeats its neighbour's, unlike the sentences."""
    edit(root, lambda images: images[3].update(sentids=images[2]["sentids"]))
    assert load(root)["val"].caption_ids.tolist() == ["6", "7"]


def test_an_id_may_be_a_number_here_and_a_text_there(root):
    edit(root, lambda images: [s.update(imgid=str(s["imgid"])) for s in images[3]["sentences"]])
    assert len(load(root)["val"].captions) == 2


def test_without_ids_an_image_is_its_path(root):
    def change(images):
        for image in images:
            del image["cocoid"], image["imgid"]
            for sentence in image["sentences"]:
                del sentence["imgid"]

    edit(root, change)
    assert load(root)["train"].image_ids.tolist() == ["0.jpg", "1.jpg", "val2014/2.jpg"]


def test_caption_ids_that_start_again_with_every_image(root):
    def change(images):
        for image in images:
            for j, sentence in enumerate(image["sentences"]):
                sentence["sentid"] = j

    edit(root, change)
    assert load(root)["test"].caption_ids.tolist()[:2] == ["104-0", "104-1"]


def test_tokens_stand_for_a_text_that_is_not_there_or_has_no_blanks(root):
    def change(images):
        images[3]["sentences"][0] = {"tokens": ["a", "red", "bus"]}
        images[3]["sentences"][1].update(raw="一只狗在跑", tokens=["一只", "狗", "在", "跑"])

    edit(root, change)
    assert load(root)["val"].captions == ("a red bus", "一只 狗 在 跑")


def test_tokens_do_not_replace_a_text_with_blanks(root):
    edit(root, lambda i: i[3]["sentences"][0].update(raw="A red bus.", tokens=["a", "red", "bus"]))
    assert load(root)["val"].captions[0] == "A red bus."


def test_an_empty_caption_can_be_left_out(root):
    edit(root, lambda images: images[3]["sentences"][0].update(raw="  "))
    with pytest.raises(InputError, match="skip_empty_captions leaves such out"):
        load(root)
    data = load(root, skip_empty_captions=True)
    assert sum(len(split.captions) for split in data.splits.values()) == sum(COUNTS) - 1
    assert data["val"].caption_ids.tolist() == ["7"]
    edit(root, lambda images: [s.update(raw="") for s in images[3]["sentences"]])
    with pytest.raises(InputError, match=r"images\[3\].*all of its captions are empty"):
        load(root, skip_empty_captions=True)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
def test_a_byte_order_mark_is_no_text(root, encoding):
    (root / "dataset_tiny.json").write_bytes(json.dumps(content()).encode(encoding))
    assert len(load(root)["train"]) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [(b"\xff\xfe{", "not a JSON file"), (b"[" * 100_000, "not a JSON file"), (b"{}", "list")],
)
def test_what_is_no_json_is_said(root, text, message):
    (root / "dataset_tiny.json").write_bytes(text)
    with pytest.raises(InputError, match=message):
        load(root)
    (root / "dataset_tiny.json").unlink()
    with pytest.raises(InputError, match=r"^file of annotations not found"):
        load(root)


def test_half_a_character_is_replaced(root):
    edit(root, lambda images: images[3]["sentences"][0].update(raw="a \ud83d dog"))
    load(root)["val"].captions[0].encode("utf-8")


@pytest.mark.parametrize("name", ["../secret.jpg", "/etc/hostname", "a/../../x.jpg"])
@pytest.mark.parametrize("field", ["filename", "filepath"])
def test_an_image_outside_the_folder_is_refused(root, name, field):
    (root / "secret.jpg").write_bytes(b"x")
    edit(root, lambda images: images[0].update({field: name}))
    with pytest.raises(InputError, match="is outside the folder"):
        load(root)


# -- images ---------------------------------------------------------------------------------------

RAMP = np.linspace(0, 65535, 64).astype(np.uint16)[None].repeat(4, 0)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bits_of_grey_are_a_ramp(tmp_path, ending):
    Image.fromarray(RAMP).save(tmp_path / f"a.{ending}")
    with Image.open(tmp_path / f"a.{ending}") as image:
        found = np.asarray(upright_rgb(image))
    np.testing.assert_array_equal(found[0, :, 0], np.rint(RAMP[0] / 257))
    assert (found == found[..., :1]).all()


@pytest.mark.parametrize(("kind", "mode"), [(np.float32, "F"), (np.int32, "I")])
def test_numbers_without_a_known_white_are_refused(root, kind, mode):
    Image.fromarray(RAMP.astype(kind)).save(root / "images/0.jpg", format="TIFF")
    with pytest.raises(InputError, match=f"broken image .*0.jpg.*its mode is '{mode}'"):
        load(root)
    with pytest.raises(InputError, match="its mode is"):
        load(root, verify_images=False)["train"].images.read([0])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_as_their_tag_says(tmp_path, orientation):
    upright = np.zeros((16, 32, 3), np.uint8)
    upright[:8, :16] = 255  # the upper left is white
    turn = {2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
            5: lambda a: a.swapaxes(0, 1), 6: np.rot90, 7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
            8: lambda a: np.rot90(a, -1)}  # fmt: skip
    stored = turn.get(orientation, lambda a: a)(upright)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as image:
        np.testing.assert_array_equal(np.asarray(upright_rgb(image)), upright)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(mode):
    clear = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    if mode == "P":
        image = Image.new("P", (4, 4), 0)
        image.putpalette([0, 0, 0] * 256)
        image.info["transparency"] = 0
    else:
        image = clear.convert(mode)
    assert (np.asarray(upright_rgb(image)) == 255).all()


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "CMYK", "YCbCr", "HSV", "LAB", "P"])
def test_other_modes_are_converted_as_pillow_does(mode):
    image = Image.new("RGB", (4, 4), (200, 30, 90)).convert("RGB")
    image = image if mode in ("LAB",) else image.convert(mode)
    np.testing.assert_array_equal(np.asarray(upright_rgb(image)), np.asarray(image.convert("RGB")))


# -- keys -----------------------------------------------------------------------------------------


def test_the_key_sees_images_that_change_places_or_content(root):
    def swap(a, b):
        a, b = root / "images" / a, root / "images" / b
        first, second = a.read_bytes(), b.read_bytes()
        a.write_bytes(second)
        b.write_bytes(first)

    def same_size():
        path = root / "images/5.jpg"
        data = bytearray(path.read_bytes())
        data[-20] ^= 1
        path.write_bytes(bytes(data))

    elsewhere = root.parent / f"{root.name}-elsewhere"
    elsewhere.mkdir()
    Image.new("RGB", (20, 20)).save(elsewhere / "x.jpg")

    seen = {dataset_key(parameters(root))}
    for change in (
        lambda: swap("0.jpg", "1.jpg"),
        same_size,
        lambda: (root / "images/linked").symlink_to(elsewhere),
        lambda: Image.new("RGB", (20, 20), "red").save(elsewhere / "x.jpg"),
        lambda: (root / "images/.hidden").mkdir(),
        lambda: Image.new("RGB", (20, 20)).save(root / "images/.hidden/y.jpg"),
        lambda: os.symlink("nowhere", root / "images/dangling.jpg"),
    ):
        change()
        seen.add(dataset_key(parameters(root)))
    assert len(seen) == 7  # an empty folder changes nothing
    (root / "images/loop").symlink_to(root / "images")
    (root / "images/._0.jpg").write_text("of macOS")
    assert dataset_key(parameters(root)) in seen


# -- labels ---------------------------------------------------------------------------------------

WIDE = [f"{i}.jpg,{i % 2},{1 - i % 2}" for i in range(6)]


@pytest.mark.parametrize(
    "text",
    [
        "filename, cat ,dog\n" + "\n".join(f" {row} ".replace(",", " , ") for row in WIDE),
        ",filename,cat,dog\n" + "\n".join(f"{i},{row}" for i, row in enumerate(WIDE)),
        "filename,cat,dog\n" + "\n".join(
            f"{i}.jpg,{bool(i % 2)},{str(not i % 2).upper()}" for i in range(6)),
        "filename,cat,dog\n" + "\n".join(WIDE) + "\n,,\n",
        "filename,category\n" + "".join(
            f"{i}.jpg,{'cat ' if i % 2 else 'dog'}\n" for i in range(6)),
    ],
)  # fmt: skip
def test_tables_as_spreadsheets_write_them(root, text):
    (root / "labels.csv").write_text(text)
    data = load(root, labels="labels.csv")
    assert data["test"].category_names == ("cat", "dog")
    assert data["test"].labels.tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize("cell", ["1", "0", "True", "1.0"])
def test_a_single_column_that_could_say_two_things_is_refused(root, cell):
    (root / "labels.csv").write_text(
        "filename,label\n" + "\n".join(f"{i}.jpg,{cell}" for i in range(6))
    )
    with pytest.raises(InputError, match="could say whether an image has a category"):
        load(root, labels="labels.csv")


@pytest.mark.parametrize("shape", [(6,), (6, 1)])
@pytest.mark.parametrize("suffix", [".npz", ".mat"])
def test_class_numbers_are_labels(root, shape, suffix):
    from scipy.io import savemat

    classes = np.array([3, 5, 3, 9, 5, 9]).reshape(shape)
    if suffix == ".npz":
        np.savez(root / "labels.npz", labels=classes)
    elif shape == (6,):
        pytest.skip("MATLAB has no arrays of one axis")
    else:
        savemat(root / "labels.mat", {"cids": classes})
    data = load(root, labels=f"labels{suffix}")
    assert data["train"].labels.tolist() == [[True, False, False], [False, True, False],
                                             [True, False, False]]  # fmt: skip


def test_one_column_of_zeros_and_ones_is_refused(root):
    np.savez(root / "labels.npz", labels=np.array([[0], [1], [1], [0], [1], [0]]))
    with pytest.raises(InputError, match="one category or two classes"):
        load(root, labels="labels.npz")
    np.savez(root / "labels.npz", labels=np.array([[0], [1], [1], [0], [1], [0]], bool))
    assert load(root, labels="labels.npz")["train"].labels.tolist() == [[False], [True], [True]]


def test_a_missing_file_of_labels_is_said(root):
    with pytest.raises(InputError, match="file of labels not found"):
        read_labels(root / "none.csv", [])
