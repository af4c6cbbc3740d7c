"""The three kinds of encodings: what they accept, what they refuse, saving and loading."""

import json
import pickle

import numpy as np
import pytest
import torch

from fico_lib.encodings import (
    Codes,
    Embeddings,
    Scores,
    caption_map,
    captions_per_image,
    load,
    pack_bits,
    unrepeated,
)
from fico_lib.formats import read_array, read_mat
from fico_lib.runtime.arrays import read_npy
from fico_lib.runtime.errors import InputError

OF = np.array([0, 1, 1, 2, 0])
SUFFIXES = [".npz", ".safetensors", ""]


def examples():
    rng = np.random.default_rng(0)
    ids = {"image_ids": ["a b", "ü", "c"], "caption_ids": ["1", "2", "3", "4", "5"]}
    x, y = rng.standard_normal((3, 9)), rng.standard_normal((5, 9))
    return [
        Embeddings(x, y, OF, model="vse", measure="euclidean", timings={"images": 1.5}, **ids),
        Embeddings(x.astype(np.float16), y.astype(np.float32), OF),
        Codes.pack(x > 0, y > 0, OF, model="dadh", **ids),
        Scores(x[:, :5], None, OF, missing=-100.0, **ids),
        Scores(x[:, :5], x[:, :5].T, OF, missing=-np.inf),
    ]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("index", range(5))
def test_what_is_saved_comes_back(tmp_path, index, suffix):
    given = examples()[index]
    given.save(tmp_path / f"e{suffix}")
    given.save(tmp_path / f"e{suffix}")  # over an older one
    back = load(tmp_path / f"e{suffix}")
    assert type(back) is type(given)
    for name, value in vars(given).items():
        found = getattr(back, name)
        if isinstance(value, np.ndarray):
            assert found.dtype == value.dtype, name
            np.testing.assert_array_equal(found, value)
        else:
            assert found == value, name


def test_large_arrays_are_memory_mapped(tmp_path, monkeypatch):
    monkeypatch.setattr("fico_lib.runtime.arrays.MEMORY_MAPPED", 100)
    examples()[0].save(tmp_path / "e")
    assert isinstance(load(tmp_path / "e").texts, np.memmap)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_broken_files_are_named(tmp_path, suffix):
    path = tmp_path / f"e{suffix}"
    with pytest.raises(InputError, match=r"e.*no such"):
        load(path)
    examples()[0].save(path)
    target = path if suffix else path / "texts.npy"
    target.write_bytes(target.read_bytes()[:-60])
    with pytest.raises(InputError, match=target.name.replace(".", r"\.")):
        load(path)


def test_pickles_are_never_loaded(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"x\.npy: a pickled array"):
        read_npy(path)
    path.write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(InputError, match=r"x\.npy"):
        read_npy(path)
    np.savez(tmp_path / "x.npz", a=np.array([{}], dtype=object))
    with pytest.raises(InputError, match=r"x\.npz: a pickled"):
        read_array(tmp_path / "x.npz")


def test_files_of_something_else(tmp_path):
    np.savez(tmp_path / "two.npz", a=np.ones(2), b=np.ones(2))
    with pytest.raises(InputError, match="2 arrays"):
        read_array(tmp_path / "two.npz")
    with pytest.raises(InputError, match="no saved encodings"):
        load(tmp_path / "two.npz")
    np.savez(tmp_path / "more.npz", about=np.array(json.dumps({"kind": "Scores"})), i2t=np.ones(1))
    with pytest.raises(InputError, match=r"more\.npz"):
        load(tmp_path / "more.npz")
    np.save(tmp_path / "text.npy", np.array(["a"]))
    with pytest.raises(InputError, match="expected booleans or numbers"):
        read_array(tmp_path / "text.npy")
    (tmp_path / "x.mat").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"x\.mat"):
        read_mat(tmp_path / "x.mat", "LAll")


@pytest.mark.parametrize(
    ("code", "bits"),
    [
        (np.array([[0, 1, 1, 0, 1]]), None),
        (np.array([[-1, 1, 1, -1, 1]], np.float32), None),
        (np.array([[False, True, True, False, True]]), 5),
        (np.array([[0.0, 1.0, 1.0, 0.0, 1.0]]), 5),
        (np.array([[0b01101000]], np.uint8), 5),
    ],
)
def test_codes_in_every_form_are_the_same(code, bits):
    packed, count = pack_bits(code, bits, "x")
    assert count == 5
    np.testing.assert_array_equal(packed, [[0b01101000]])


def test_each_side_of_codes_is_packed_on_its_own():
    bits = np.random.default_rng(0).random((5, 13)) < 0.5
    a = Codes.pack(bits[:3], np.where(bits, 1, -1), OF)
    b = Codes.pack(np.packbits(bits[:3], axis=1), bits.astype(int), OF, bits=13)
    np.testing.assert_array_equal(a.images, b.images)
    np.testing.assert_array_equal(a.texts, b.texts)


def test_torch_tensors_are_taken():
    x = torch.randn(3, 4, dtype=torch.bfloat16, requires_grad=True)
    found = Embeddings(x, torch.randn(5, 4), OF)
    assert found.images.dtype == np.float32
    np.testing.assert_array_equal(found.images, x.detach().float().numpy())


X, Y = np.ones((3, 4)), np.ones((5, 4))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Embeddings(X, Y[:, :3], OF), "4 dimensions, texts 3"),
        (lambda: Embeddings(X, Y[:4], OF), "expected one image row for each of the 4 captions"),
        (lambda: Embeddings(Y, X, OF), "exchanged"),
        (lambda: Embeddings(X[0], Y, OF), r"images: found shape \(4,\)"),
        (lambda: Embeddings(X, Y, OF, measure="cosin"), "did you mean 'cosine'"),
        (lambda: Embeddings(X.astype(complex), Y, OF), "complex128"),
        (lambda: Embeddings(X, Y, OF, image_ids=["a", "a", "b"]), "'a' is used twice"),
        (lambda: Embeddings(X, Y, OF, caption_ids=["a"]), "one for each of 5"),
        (lambda: Embeddings(X[:0], Y[:0], OF[:0]), "0 images and 0 captions"),
        (lambda: Codes(X, Y, 32, OF), "Codes.pack takes unpacked bits"),
        (lambda: Codes.pack(2 * X, Y, OF), r"images\[0, 0\] is 2.0"),
        (lambda: Codes.pack(X, np.array([[-1, 0, 1, 1]] * 5), OF), r"texts\[0, 1\] is 0"),
        (lambda: Codes.pack(X, Y, OF, bits=9), "width 4; expected 9 bits"),
        (lambda: Codes.pack(X, np.ones((5, 6)), OF), "4 bits, texts 6"),
        (lambda: Codes(*[np.full((n, 1), 255, np.uint8) for n in (3, 5)], 5, OF), "beyond the 5"),
        (lambda: Codes(X, Y, 0, OF), "0 bits"),
        (lambda: Scores(np.ones((3, 5)), np.ones((3, 5)), OF), r"expected \(5, 3\)"),
        (lambda: Scores(np.ones((5, 3)), None, OF), "exchanged"),
        (lambda: Scores([["a"]], None, [0]), "expected booleans or numbers"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize(
    ("of", "message"),
    [
        ([0, 1, 2, 3, 0], "caption 3 belongs to image 3, but images are 0 to 2"),
        ([0, 1, 2, -1, 0], "caption 3 belongs to image -1"),
        ([0, 1, 1, 0, 0], r"image 2 has no caption \(1 such\)"),
        ([0, 1, 2, 0.5, 0], "float64 values"),
        ([0.0, np.nan, 2, 1, 0], "float64 values"),
        ([True, False, True, False, True], "bool values"),
        ([0, 1, 2], "each of the 5 captions"),
        ([[0, 1, 2, 0, 0]], "each of the 5 captions"),
    ],
)
def test_the_map_is_checked(of, message):
    with pytest.raises(InputError, match=message), np.errstate(invalid="ignore"):
        caption_map(of, 3, 5)


def test_maps_are_arrays_of_any_integer_or_whole_type():
    for kind in (np.uint8, np.int32, np.float64):
        found = caption_map(OF.astype(kind), 3, 5)
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, OF)


def test_captions_per_image_and_repeated_images():
    np.testing.assert_array_equal(captions_per_image(2, 4), [0, 0, 1, 1])
    with pytest.raises(InputError, match="25011 captions are not 5 per image"):
        captions_per_image(5, 25_011)
    with pytest.raises(InputError, match="0 per image"):
        captions_per_image(0, 10)
    repeated = np.repeat(np.arange(6.0).reshape(2, 3), 5, axis=0)
    np.testing.assert_array_equal(unrepeated(repeated, 5, "x"), [[0, 1, 2], [3, 4, 5]])
    repeated[7] += 1
    with pytest.raises(InputError, match="x: rows 5 and 7 differ"):
        unrepeated(repeated, 5, "x")
    with pytest.raises(InputError, match="10 rows"):
        unrepeated(repeated, 4, "x")


def test_a_folder_of_something_else_is_not_emptied(tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.tex").write_text("years")
    with pytest.raises(InputError, match="would be deleted"):
        examples()[0].save(tmp_path / "work")
    assert (tmp_path / "work" / "thesis.tex").read_text() == "years"
    (tmp_path / "new").mkdir()
    for _ in range(2):  # an empty one, and one of encodings
        examples()[0].save(tmp_path / "new")
    (tmp_path / "new" / "._texts.npy").write_text("of macOS")
    load(tmp_path / "new")
