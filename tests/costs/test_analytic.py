"""Costs by arithmetic: by hand, and against the files that are actually written."""

import numpy as np
import pytest

from fico_lib.costs.analytic import (
    GIB,
    Analytic,
    embedding_bytes,
    encoding_flops,
    feature_bytes,
    layouts,
    needed_bytes,
    scored_pairs,
    vector_bytes,
    weight_bytes,
)
from fico_lib.costs.architectures.model import Flops
from fico_lib.encodings import Codes, Embeddings
from fico_lib.runtime.errors import InputError

IMAGES, TEXTS = 3, 15


def model(**changes):
    values = {"name": "m", "title": "M", "group": "FG", "attention": "all pairs"}
    values |= {"parameters": 10, "flops": Flops(5, 7, 11), "dimension": 16}
    values |= {"image_kept": (4, 8), "text_kept": (6, 2), "text_mask": True}
    return Analytic(**values | changes)


def stored(array, path):
    """Bytes of an array in its file, its header left out."""
    np.save(path, array)
    with open(path, "rb") as file:
        np.lib.format.read_magic(file)
        np.lib.format.read_array_header_1_0(file)
        return path.stat().st_size - file.tell()


@pytest.mark.parametrize("layout", ["float64", "float32", "float16"])
def test_bytes_of_embeddings_are_those_of_their_files(tmp_path, layout):
    images, texts = (np.zeros((n, 16), layout) for n in (IMAGES, TEXTS))
    Embeddings(images, texts, np.arange(TEXTS) % IMAGES).save(tmp_path / "e")
    written = sum(stored(np.load(tmp_path / "e" / f"{x}.npy"), tmp_path / "x.npy")
                  for x in ("images", "texts"))  # fmt: skip
    assert embedding_bytes(model(), IMAGES, TEXTS, layout) == written


@pytest.mark.parametrize("bits", [64, 20])
def test_bytes_of_codes_are_those_of_their_files(tmp_path, bits):
    signs = np.where(np.random.default_rng(0).random((IMAGES + TEXTS, bits)) < 0.5, -1, 1)
    codes = Codes.pack(signs[:IMAGES], signs[IMAGES:], np.arange(TEXTS) % IMAGES)
    written = sum(stored(x, tmp_path / "x.npy") for x in (codes.images, codes.texts))
    code = model(dimension=bits, bits=True)
    assert embedding_bytes(code, IMAGES, TEXTS, "packed bits") == written
    loose = stored(signs.astype(np.int8), tmp_path / "x.npy")
    assert embedding_bytes(code, IMAGES, TEXTS, "byte per bit") == loose


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_bytes_of_features_are_those_of_their_files(tmp_path, dtype):
    arrays = [np.zeros((IMAGES, 4, 8), dtype), np.zeros((TEXTS, 6, 2), dtype)]
    arrays.append(np.zeros((TEXTS, 6), np.int64))
    written = [stored(x, tmp_path / "x.npy") for x in arrays]
    assert feature_bytes(model(), IMAGES, TEXTS, dtype) == sum(written)
    assert feature_bytes(model(), IMAGES, TEXTS, dtype, mask=False) == sum(written[:2])


def test_several_vectors_of_an_image():
    several = model(image_vectors=32)
    assert embedding_bytes(several, 10, 10, "float32") == (320 + 10) * 64
    assert embedding_bytes(several, 10, 10, "float32", 1) == 20 * 64


def test_a_model_without_embeddings_or_features():
    bare = model(dimension=None, image_kept=None, text_kept=None)
    assert layouts(bare) == ()
    assert embedding_bytes(bare, 5, 5, "float32") == feature_bytes(bare, 5, 5) == 0


def test_the_paper_by_hand():
    dense, code = model(dimension=256), model(dimension=64, bits=True)
    n, m = 1_000_000, 5_000_000
    assert embedding_bytes(dense, n, m, "float32") / GIB == pytest.approx(5.722, abs=5e-4)
    ratio = embedding_bytes(dense, n, m, "float32") / embedding_bytes(code, n, m, "packed bits")
    assert ratio == 128


def test_weights_runs_and_operations():
    assert weight_bytes(model(), "bfloat16") == 20
    held = feature_bytes(model(), 2, 3) + embedding_bytes(model(), 2, 3, "float32")
    assert needed_bytes(model(), 2, 3, "float32") == 40 + held
    assert encoding_flops(model(), 2, 3) == 2 * 5 + 3 * 7
    assert encoding_flops(model(flops=Flops(None, 7)), 2, 3) == 21


@pytest.mark.parametrize(
    ("attention", "k", "pairs"),
    [("all pairs", 9, 50), ("rerank", 2, 30), ("rerank", 8, 5 * 8 + 10 * 5), ("none", 3, 0)],
)
def test_pairs(attention, k, pairs):
    assert scored_pairs(attention, 5, 10, k) == pairs


def test_an_unknown_layout_suggests_the_nearest():
    with pytest.raises(InputError, match="unknown layout 'packed': did you mean 'packed bits'"):
        vector_bytes(64, "packed")
