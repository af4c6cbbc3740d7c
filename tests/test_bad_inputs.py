"""More than a thousand bad inputs, generated from a seed, to every public function and command.

Each ends in an `InputError`, or in a `TypeError` that names the argument: never in an accident some
frames down, and what is not as documented is never taken in silence. Every parameter has a test of
what is allowed: a value that fails it must be refused.
"""

import json
import random
import warnings
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import sparse
from scipy.io import savemat
from typer.testing import CliRunner

from fico_lib import cli
from fico_lib.costs.checkpoint import checkpoint
from fico_lib.datasets.karpathy.annotations import read_annotations
from fico_lib.encodings import (
    Codes,
    Embeddings,
    Encodings,
    Scores,
    caption_map,
    captions_per_image,
    load,
    unrepeated,
)
from fico_lib.encodings.released import load_released
from fico_lib.evaluation import compare, evaluate, evaluate_two_sets
from fico_lib.evaluation.relevance import label_matrix
from fico_lib.evaluation.trec import read_qrels
from fico_lib.formats import Truth, check_truth, read_array, read_truth, write_array
from fico_lib.metrics import DENOMINATORS, EMPTY, MODES, TIES
from fico_lib.metrics.conventions import Conventions
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.memory import parse_bytes
from fico_lib.search import binarise
from fico_lib.search.dataset import of_arrays
from fico_lib.similarity import MEASURES, similarity
from fico_lib.study.parameters import read_setting

N, M, D = 4, 8, 8
RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((N, D)), RNG.standard_normal((M, D))
OF = np.arange(M) // 2
LABELS = RNG.random((N, 3)) < 0.5
GIVEN = Embeddings(X, Y, OF)
RESULT = evaluate(GIVEN)
TRUTH = Truth(np.argsort(-(X @ Y.T), axis=1)[:, :3], None)

# -- what people hand over by mistake -------------------------------------------------------------

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    MATRIX = np.matrix(X)
BAD = [
    None, True, False, 0, 1, -1, 2, 3, 10**30, -(10**30), 0.5, 1.5, -0.0, 1e300, np.nan, np.inf,
    -np.inf, 1j, "", " ", "x", "all", "cosine", "hamming", "zero", "1", "\0", "ä" * 300, b"", b"x",
    (), [], {}, set(), frozenset({1}), object(), len, int, Path("none"), range(3), [1, 1], [0],
    [[]], [[1], [2, 3]], [["a"]], [None], [[None]], ["1", "2"], {"i2t": [0]}, {"a": 1},
    [[0, 1]] * 9,
    np.array(3.0), np.array([]), np.empty((0, D)), np.empty((N, 0)), np.zeros((N, D)), np.ones(N),
    np.ones((2, 2, 2)), np.full((N, D), np.nan), np.full((N, D), np.inf), np.full((N, M), 1e308),
    np.array([None]), np.array([[object()]]), np.array(["a", "b"]), np.array([b"a"]),
    np.array([[1j]]), np.array(["2020-01-01"], "datetime64[D]"), np.zeros(3, "i4,f4"),
    np.ma.masked_array(X, X > 0), MATRIX, sparse.csr_matrix(X), sparse.csr_matrix((N, M)),
    sparse.csr_matrix(np.full((N, M), np.nan)), torch.ones(N, D).to_sparse(),
    torch.ones(N, D, device="meta"), torch.ones(N, D, dtype=torch.complex64), X.T, X[:1], Y,
    X.astype(np.float16), X.astype("f4"), (X > 0), (X > 0).astype(np.uint8), X.astype(np.int8),
    -np.ones(M, int), np.full(M, N), OF.astype(float) + 0.5, OF.astype(bool), OF[:3], OF[:, None],
    LABELS * 2, LABELS[:2], ["cat"] * N, [["cat"]] * N, [[0.5]] * N, [[-3]] * N, [[10**12]] * N,
    GIVEN, TRUTH, "cuda:99", "gpu", "2GB", "-1GB", "0", "1e400GB", 1e-320,
]  # fmt: skip


def whole(value, low, high=10**40):
    kinds = (int, np.integer)
    return isinstance(value, kinds) and not isinstance(value, bool) and low <= value <= high


def numbers(value):
    """The array that a value is, or None where it is none of plain, finite numbers."""
    if isinstance(value, (str, bytes, dict, set, frozenset, Encodings, Truth)) or value is None:
        return None
    if sparse.issparse(value) or (np.ma.isMaskedArray(value) and np.ma.count_masked(value)):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            array = np.asarray(value)
    except Exception:  # ragged lists, tensors without values
        return None
    return array if array.dtype.kind in "biuf" and np.isfinite(array).all() else None


def matrix(rows=None, columns=None, zero=True, finite=True):
    def allowed(value):
        array = numbers(value) if finite else numbers_or_nan(value)
        if array is None or np.ndim(array) != 2 or not array.size:
            return False
        fits = rows in (None, len(array)) and columns in (None, array.shape[1])
        return fits and (zero or array.any(1).all())

    return allowed


def bits(value):
    array = numbers(value)
    return matrix()(value) and len(set(np.unique(array)) - {1}) <= 1 and (
        set(np.unique(array)) <= {0, 1} or set(np.unique(array)) <= {-1, 1})  # fmt: skip


def rows_of_images(value):
    array = numbers(value)
    return array is not None and array.shape == (M,) and array.dtype.kind != "b" and set(
        array.tolist()) == set(range(N))  # fmt: skip


def ids(count):
    def allowed(value):
        if value is None:
            return True
        try:
            found = np.asarray(value)
            return found.shape == (count,) and len(set(found.astype(str).tolist())) == count
        except Exception:
            return False

    return allowed


def one_of(*names):
    return lambda value: isinstance(value, str) and value in names


def depths(words=()):
    def allowed(value):
        if isinstance(value, str) or whole(value, 1):
            return whole(value, 1, 2**62) or value in words
        try:
            found = list(value)
        except TypeError:
            return False
        right = all(whole(k, 1, 2**62) or (isinstance(k, str) and k in words) for k in found)
        return right and 0 < len(found) == len({*map(str, found)})

    return allowed


def optional(allowed):
    return lambda value: value is None or allowed(value)


def anything(value):
    return True


def labels(value):
    try:
        return value is None or label_matrix(value, N) is not None
    except InputError:
        return False


def judgements(value):
    if value is None:
        return True
    if sparse.issparse(value):
        return value.shape == (N, M) and np.isfinite(value.data).all() and (value.data >= 0).all()
    array = numbers(value)
    return array is not None and array.shape == (N, M) and array.min() >= 0


def memory(value):
    try:
        return parse_bytes(value) > 0
    except InputError:
        return False


def file(value):
    return False  # none of the bad values is a file that can be read


def nothing(value):
    try:
        return value is None or (not isinstance(value, (str, bytes)) and not list(value))
    except TypeError:
        return False


def bits_of(count):
    return lambda value: value is None or (whole(value, 1) and value == count)


def compared(other=RESULT, names=None, samples=100, seed=0):
    """`compare` with names for all that it takes."""
    return compare(RESULT, other, names=names, samples=samples, seed=seed)


MEASURE = one_of("cosine", "euclidean", "inner_product")
# function -> (arguments that are right, what each parameter allows)
FUNCTIONS = {
    Embeddings: (
        {"images": X, "texts": Y, "image_of_caption": OF},
        {"images": matrix(N, D, finite=False), "texts": matrix(M, D, finite=False),
         "image_of_caption": rows_of_images,
         "image_ids": ids(N), "caption_ids": ids(M), "measure": MEASURE},
    ),
    Scores: (
        {"i2t": X @ Y.T, "t2i": None, "image_of_caption": OF},
        {"i2t": matrix(N, M, finite=False), "t2i": optional(matrix(M, N, finite=False)),
         "image_of_caption": rows_of_images,
         "missing": lambda v: v is None or (
             isinstance(v, (int, float)) and not isinstance(v, bool))},
    ),
    Codes.pack: (
        {"images": X > 0, "texts": Y > 0, "image_of_caption": OF},
        {"images": bits, "texts": bits, "image_of_caption": rows_of_images, "bits": bits_of(D)},
    ),
    Codes: (
        {"images": np.packbits(X > 0, 1), "texts": np.packbits(Y > 0, 1), "bits": D,
         "image_of_caption": OF},
        {"images": file, "texts": file, "bits": bits_of(D), "image_of_caption": rows_of_images},
    ),
    evaluate: (
        {"encodings": GIVEN},
        {"encodings": lambda v: isinstance(v, Encodings), "labels": labels,
         "tasks": optional(lambda v: v in ("instance",)), "recall_at": depths(),
         "map_at": depths(("all",)), "mode": one_of(*MODES), "ties": one_of(*TIES),
         "denominator": one_of(*DENOMINATORS), "empty": one_of(*EMPTY),
         "measure": optional(MEASURE), "relevance": judgements,
         "queries": lambda v: v is None or (isinstance(v, dict) and v.keys() <= {"i2t", "t2i"}),
         "device": one_of("auto", "cpu"), "memory": memory,
         "threads": optional(lambda v: whole(v, 1, 1024)), "metrics": nothing,
         "normalise": optional(one_of("qb-norm", "dual-softmax")),
         "hubness": optional(lambda v: whole(v, 1))},
    ),
    evaluate_two_sets: (
        {"queries": X, "database": Y, "query_labels": LABELS, "database_labels": LABELS[OF]},
        {"queries": matrix(N, D, zero=False), "database": matrix(M, D, zero=False),
         "measure": MEASURE, "memory": memory,
         "threads": optional(lambda v: whole(v, 1, 1024)), "device": one_of("auto", "cpu")},
    ),
    compared: (
        {},
        {"samples": lambda v: whole(v, 1, 10**6), "seed": lambda v: whole(v, 0),
         "names": optional(lambda v: v == ["1", "2"]), "other": file},
    ),
    Conventions: (
        {},
        {"recall_at": depths(), "map_at": depths(("all",)), "mode": one_of(*MODES),
         "ties": one_of(*TIES), "denominator": one_of(*DENOMINATORS), "empty": one_of(*EMPTY)},
    ),
    similarity: (
        {"x": X, "y": Y, "measure": "cosine"},
        {"x": matrix(None, D, zero=False), "y": matrix(None, D, zero=False),
         "measure": one_of(*(m for m in MEASURES if m != "hamming"))},
    ),
    label_matrix: (
        {"labels": LABELS, "n_images": N}, {"labels": lambda v: v is not None and labels(v)},
    ),
    caption_map: (
        {"image_of_caption": OF, "n_images": N, "n_captions": M},
        {"image_of_caption": rows_of_images},
    ),
    captions_per_image: (
        {"count": 2, "n_captions": M}, {"count": lambda v: whole(v, 1) and not M % v},
    ),
    unrepeated: (
        {"array": np.repeat(X, 2, axis=0), "count": 2, "name": "images"},
        {"count": lambda v: whole(v, 1) and v in (1, 2)},
    ),
    parse_bytes: ({"amount": "2GB"}, {"amount": memory}),
    of_arrays: (
        {"name": "mine", "gallery": Y, "queries": X, "measure": "cosine"},
        {"gallery": matrix(None, D, zero=False), "queries": matrix(None, D, zero=False),
         "measure": MEASURE, "bits": lambda v: whole(v, 0, 0)},
    ),
    check_truth: (
        {"truth": TRUTH, "gallery": Y, "queries": X, "measure": "inner_product"},
        {"measure": one_of("inner_product"), "gallery": lambda v: v is Y, "queries": matrix(N, D),
         "truth": lambda v: v is TRUTH},
    ),
    write_array: (
        {"path": "out.npy", "array": X},
        {"path": lambda v: v == "out.npy", "array": lambda v: numbers(v) is not None or np.size(
            numbers_or_nan(v)) > 0},
    ),
    binarise.fit: (
        {"name": "itq", "train": X.astype(np.float32), "bits": 8},
        {"name": one_of(*binarise.QUANTIZERS), "bits": lambda v: whole(v, 1, 4096)},
    ),
    read_array: ({"path": "none.npy"}, {"path": file}),
    read_truth: ({"path": "none.npy"}, {"path": file}),
    load: ({"path": "none"}, {"path": file}),
    load_released: ({"folder": "none"}, {"folder": file}),
    checkpoint: ({"path": "none"}, {"path": file}),
    read_annotations: ({"path": Path("none")}, {"path": file}),
    read_qrels: (
        {"path": "none", "encodings": GIVEN, "direction": "i2t"},
        {"path": file, "encodings": file, "direction": file},
    ),
}  # fmt: skip


def numbers_or_nan(value):
    """The array of a value of real numbers, NaN and infinity among them; else nothing."""
    try:
        array = np.asarray(value)
        return array if array.dtype.kind in "biuf" and not np.ma.isMaskedArray(value) else []
    except Exception:
        return []


def named(error, function):
    """Whether a TypeError says which argument it is about."""
    return any(f"'{name}'" in str(error) or f"{name}:" in str(error)
               for name in signature(function).parameters)  # fmt: skip


def shown(value):
    return f"{type(value).__name__} {value!r:.60}".replace("\n", " ")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


CASES = [
    (function, name, number)
    for function, (_, parameters) in FUNCTIONS.items()
    for name in parameters
    for number in range(len(BAD))
]
FILE_CASES, COMMAND_CASES = 300, 200


def test_there_are_more_than_a_thousand():
    assert len(CASES) + FILE_CASES + COMMAND_CASES > 1000


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: getattr(f, "__qualname__", str(f)))
def test_no_function_fails_by_accident_or_takes_what_it_must_not(function):
    right, parameters = FUNCTIONS[function]
    faults = []
    for name, allowed in parameters.items():
        for value in BAD:
            try:
                result = function(**(right | {name: value}))
                list(result) if function is load_released else None
            except InputError:
                continue
            except TypeError as error:
                if not named(error, function):
                    faults.append(f"{name} = {shown(value)}: TypeError: {error}")
            except Exception as error:
                faults.append(f"{name} = {shown(value)}: {type(error).__name__}: {error}"[:200])
            else:
                if not allowed(value):
                    faults.append(f"{name} = {shown(value)}: taken in silence")
    assert not faults, f"{len(faults)}:\n" + "\n".join(faults[:40])


# -- files that were cut, flipped or are something else -------------------------------------------


def files(folder):
    """Small whole files of every format, and what reads each."""
    np.save(folder / "a.npy", X)
    np.savez(folder / "a.npz", x=X)
    savemat(folder / "a.mat", {"LAll": X})
    for ending in ("safetensors", "fvecs", "fbin", "ivecs", "i8bin"):
        kind = {"ivecs": np.int32, "i8bin": np.int8}.get(ending, np.float32)
        write_array(folder / f"a.{ending}", (10 * X).astype(kind))
    for ending in ("npz", "safetensors"):
        GIVEN.save(folder / f"e.{ending}")
    (folder / "q").write_text("".join(f"{OF[c]} 0 {c} 1\n" for c in range(M)))
    image = {"filename": "a.jpg", "imgid": 1, "split": "test", "sentences": [{"raw": "a dog"}]}
    (folder / "d.json").write_text(json.dumps({"images": [image]}))
    (folder / "config.json").write_text(json.dumps({"model_type": "clip", "projection_dim": 4}))
    readers = {
        name: read_array
        for name in (
            "a.npy",
            "a.npz",
            "a.mat",
            "a.safetensors",
            "a.fvecs",
            "a.fbin",
            "a.ivecs",
            "a.i8bin",
        )
    }
    return readers | {
        "e.npz": load, "e.safetensors": load, "d.json": read_annotations,
        "q": lambda path: read_qrels(path, GIVEN, "i2t"),
    }  # fmt: skip


def damaged(content, draw):
    """The bytes cut, lengthened, with some flipped, or others altogether."""
    kind = draw.choice(["cut", "flip", "flip", "many", "more", "other", "text", "zeros"])
    data = bytearray(content)
    if kind == "cut":
        return bytes(data[: draw.randrange(len(data))])
    if kind in ("flip", "many"):
        for _ in range(1 if kind == "flip" else 20):
            data[draw.randrange(min(len(data), 400))] ^= 1 << draw.randrange(8)
        return bytes(data)
    if kind == "more":
        return bytes(data) + draw.randbytes(draw.randrange(1, 40))
    if kind == "text":
        return draw.choice(
            [b"", b"\xff\xfe1 2", b"a,b\n1,2\n", b"{", b"[" * 5000, b"\x00" * 9, b"null"]
        )
    return bytes(len(data)) if kind == "zeros" else draw.randbytes(len(data))


def test_damaged_files_are_refused_or_read(tmp_path):
    draw, faults = random.Random(0), []
    readers = files(tmp_path)
    whole_files = {name: (tmp_path / name).read_bytes() for name in readers}
    for _ in range(FILE_CASES):
        name = draw.choice(sorted(readers))
        path = tmp_path / name
        path.write_bytes(damaged(whole_files[name], draw))
        try:
            found = readers[name](path)
        except InputError as error:
            if not str(error) or "\n" in str(error):
                faults.append(f"{name}: more than a line: {error!r:.150}")
        except Exception as error:
            faults.append(f"{name}: {type(error).__name__}: {error}"[:200])
        else:  # a flipped bit of a number is a number
            assert found is not None
        path.write_bytes(whole_files[name])
    assert not faults, f"{len(faults)}:\n" + "\n".join(faults[:30])


# -- commands -------------------------------------------------------------------------------------

VALUES = [
    "", "x", "-1", "0", "1.5", "nan", "1e999", "99999999999999999999", "none.npy", ".", "a.npy/b",
    "a.npy", "a.csv", "text.npy", "\x01", "ä", "1,1", "all", "1,,2", "a.npy:x", "/dev/null", "q",
    "x" * 300, "cuda:99", "[1", "@", "null", "d.json",
]  # fmt: skip
BASE = {
    "evaluate": ["--images", "a.npy", "--texts", "t.npy", "--captions-per-image", "2"],
    "bench-search": ["--vectors", "t.npy", "--queries", "a.npy", "--indexes", "nothing"],
    "cost": ["none"],
    "captions": ["none", "--labels", "none.csv"],
    "encode": ["--checkpoint", "none", "--data", "d.json", "--out", "out"],
    "convert": [],
    "describe": ["instance"],
    "run": ["instance"],
}
OPTIONS = {
    "evaluate": ["images", "texts", "scores", "scores-t2i", "encodings", "released", "labels",
                 "image-of-caption", "captions-per-image", "qrels", "qrels-t2i", "bits", "missing",
                 "measure", "recall-at", "map-at", "mode", "ties", "denominator", "empty", "format",
                 "per-query", "device", "memory"],
    "bench-search": ["vectors", "queries", "bits", "indexes", "k", "recall", "measure", "packed",
                     "truth", "threads", "repeats", "singles", "memory", "plot", "table", "cache",
                     "device"],
    "cost": ["images", "texts", "k", "device", "dtype", "batch", "seconds", "longest", "memory"],
    "captions": ["labels", "annotations", "split", "dimension", "bits", "min-count", "seed",
                 "device", "record"],
    "encode": ["checkpoint", "data", "out", "images", "split", "batch", "dtype", "device",
               "workers", "rerank"],
    "convert": [],
    "describe": ["profile"],
    "run": ["profile", "file", "parameter"],
}  # fmt: skip


def test_no_command_ends_in_a_traceback(tmp_path):
    files(tmp_path)
    np.save(tmp_path / "t.npy", Y)
    (tmp_path / "text.npy").write_text("not an array")
    draw, runner, faults = random.Random(3), CliRunner(), []
    for _ in range(COMMAND_CASES):
        command = draw.choice([*OPTIONS, "evaluate", "evaluate", "bench-search"])
        count = min(len(OPTIONS[command]), draw.choice([1, 1, 2]))
        options = draw.sample(OPTIONS[command], count)
        chosen = [word for option in options for word in (f"--{option}", draw.choice(VALUES))]
        if command == "convert":
            chosen = [draw.choice(VALUES), f"out/{draw.choice(VALUES)}"]
        words = [command, *BASE[command], *chosen]
        done = runner.invoke(cli.app, words)
        error = done.exception
        # main() says what the system says on one line.
        if error and not isinstance(error, (SystemExit, InputError, OSError)):
            faults.append(f"{' '.join(map(repr, words))}: {type(error).__name__}: {error}"[:300])
    assert not faults, f"{len(faults)}:\n" + "\n".join(faults[:20])


@pytest.mark.parametrize("text", ["", "=", "=1", "a", "a=@", "a=%", "a=[", "a=*b", "a={a: 1, a: 2}",
                                  "a=!!python/name:os", "a=" + "[" * 2000, "a=None"])  # fmt: skip
def test_settings_that_are_none(text):
    with pytest.raises(InputError):
        read_setting(text)
