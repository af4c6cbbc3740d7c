"""Labels beside a data set in Karpathy's format: every kind of file, and what is refused."""

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from fico_lib.runtime.errors import InputError

from .conftest import EACH, load

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
    assert data["train"].categories_of(2) == ("cat", "dog")


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
WIDE = "filename,cat,dog\n" + "".join(f"{i}.jpg,0,1\n" for i in range(5))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (npz(labels=LABELS[:5]), "labels have 5 rows, expected one for each of the 6 images"),
        (npz(labels=LABELS.T), "2 rows.*transposed"),
        (npz(labels=LABELS[0]), "labels have 2 rows"),
        (npz(labels=STRANGE), "label of row 2, column 1, is 2"),
        (npz(labels=MIXED), "label of row 0, column 1, is 0; expected 0 and 1, or -1 and 1"),
        (npz(labels=np.where(LABELS, np.nan, 0)), "label of row 0, column 0, is nan"),
        (npz(labels=LABELS.astype(str)), "expected booleans or numbers"),
        (npz(labels=LABELS.astype(object)), r"expected a whole \.npz archive of plain arrays"),
        (npz(other=LABELS), "no array 'labels'; it has other"),
        (npz(labels=LABELS, categories=np.array(["a"])), "1 category names for 2 columns"),
        (npz(labels=LABELS, categories=np.array(["a", "a"])), "category name is used twice"),
        (npz(labels=LABELS, imgid=np.arange(5)), r"'imgid' has shape \(5,\), expected \(6,\)"),
        (npz(labels=LABELS, imgid=[0, 1, 2, 3, 4, 4]), "imgid '4' is used twice"),
        (npz(labels=LABELS, imgid=[0, 1, 2, 3, 4, 9]), "no labels for image '5.jpg'"),
        (npz(labels=LABELS, annotated=np.ones(3, bool)), r"'annotated' has shape \(3,\)"),
        (npz(labels=LABELS[::-1], annotated=np.arange(6) % 2 == 1), "row 0 has labels although"),
        (npz(labels=LABELS[::-1], annotated=np.array([1, 1, 0, 1, 0, 1])), "row 4 has labels"),
        (text("x", "labels.npz"), r"expected a whole \.npz archive"),
        (mat(LAll=LABELS[:4]), "labels have 4 rows"),
        (mat(L=LABELS, M=LABELS), "none of them 'LAll'"),
        (mat(LAll="text"), "labels"),
        (text("not matlab", "labels.mat"), "expected a MATLAB file"),
        (text("x", "labels.txt"), "labels must be a file of .csv, .npz, .mat"),
        (text("a,b\n1,2\n"), r"header \['a', 'b'\], expected filename or imgid or cocoid"),
        (text("filename,category\n" + EACH[10:]), "no labels for image '0.jpg'"),
        (text("filename,category\n" + EACH + "7.jpg\n"), "row 7 has 1 cells, expected 2"),
        (text(WIDE), "no labels for image '5.jpg'"),
        (text(WIDE + "4.jpg,1,0\n"), "filename '4.jpg' is used twice"),
        (text(WIDE + "5.jpg,yes,0\n"), "labels must be numbers"),
        (text(WIDE + "5.jpg,3,0\n"), "label of filename '5.jpg', column 0, is 3.0"),
        (lambda root: "nowhere.csv", "file of labels not found"),
    ],
)
def test_labels_that_do_not_fit_are_refused(root, write, message):
    name = write(root)
    with pytest.raises(InputError, match=message) as error:
        load(root, labels=name)
    assert name in str(error.value)


def test_a_matlab_7_3_file_that_is_cut_short_is_said(root):
    header = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    (root / "labels.mat").write_bytes(header + b"\x00" * 400)
    with pytest.raises(InputError, match=r"expected a MATLAB 7.3 file|h5py is not installed"):
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
