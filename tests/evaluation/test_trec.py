"""TREC judgements: what they say, and what cannot be read."""

import gzip

import numpy as np
import pytest
from trec_files import write_qrels

from fico_lib.encodings import Embeddings
from fico_lib.evaluation.trec import read_qrels
from fico_lib.runtime.errors import InputError

OF = np.array([0, 1, 1])
GIVEN = Embeddings(np.eye(2), np.array([[1.0, 0], [0, 1], [1, 2]]), OF, ["x", "y"], ["a", "b", "c"])


def test_grades_above_zero_are_relevant(tmp_path):
    (tmp_path / "q").write_text("x 0 a 1\ny 0 b 2\n\ny 0 c 0\n")
    found = read_qrels(tmp_path / "q", GIVEN, "i2t")
    np.testing.assert_array_equal(found.toarray(), [[1, 0, 0], [0, 1, 0]])
    (tmp_path / "q").write_text("")
    assert read_qrels(tmp_path / "q", GIVEN, "t2i").shape == (3, 2)


@pytest.mark.parametrize("direction", ["i2t", "t2i"])
def test_judgements_come_back_as_they_were(tmp_path, direction):
    write_qrels(tmp_path / "q", GIVEN, direction)
    own = np.arange(2)[:, None] == OF
    found = read_qrels(tmp_path / "q", GIVEN, direction).toarray()
    np.testing.assert_array_equal(found, own if direction == "i2t" else own.T)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x 0 a", "line 2: 3 fields; expected 4"),
        ("z 0 a 1", "line 2: unknown id 'z'"),
        ("x 0 z 1", "line 2: unknown id 'z'"),
        ("x 0 a half", "'half' is not a finite number"),
        ("x 0 a nan", "'nan' is not a finite number"),
        ("x 0 b 1", "'x' and 'b' are listed twice"),
    ],
)
def test_broken_lines_are_named(tmp_path, line, message):
    (tmp_path / "q").write_text(f"x 0 b 1\n{line}\n")
    with pytest.raises(InputError, match=message):
        read_qrels(tmp_path / "q", GIVEN, "i2t")


def test_ids_with_blanks_and_files_that_are_not_there(tmp_path):
    (tmp_path / "q").write_text("")
    blank = Embeddings(np.eye(2), np.ones((3, 2)), OF, image_ids=["x", "y z"])
    with pytest.raises(InputError, match="id 'y z'"):
        read_qrels(tmp_path / "q", blank, "i2t")
    with pytest.raises(InputError, match="no such file"):
        read_qrels(tmp_path / "none", GIVEN, "i2t")


LINES = "# judged by hand\nx 0 a 1\n\ny 0 b 2\n"


@pytest.mark.parametrize(
    "content",
    [
        LINES.encode(),
        LINES.encode("utf-8-sig"),
        gzip.compress(LINES.encode(), mtime=0),
        LINES.replace("\n", "\r\n").encode(),
        b"query-id\tcorpus-id\tscore\nx\ta\t1\ny\tb\t2\n",
    ],
)
def test_variants_of_real_files_say_the_same(tmp_path, content):
    (tmp_path / "q").write_bytes(content)
    found = read_qrels(tmp_path / "q", GIVEN, "i2t").toarray()
    np.testing.assert_array_equal(found, [[1, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize("content", ["x 0 é 1".encode("latin-1"), "x".encode("utf-16")])
def test_another_encoding_is_said(tmp_path, content):
    (tmp_path / "q").write_bytes(content)
    with pytest.raises(InputError, match="expected text in UTF-8"):
        read_qrels(tmp_path / "q", GIVEN, "i2t")


def test_judgements_of_items_that_are_not_there_can_be_left_out(tmp_path):
    (tmp_path / "q").write_text("x 0 a 1\nx 0 zzz 1\nqqq 0 a 1\n")
    found = read_qrels(tmp_path / "q", GIVEN, "i2t", unknown="skip")
    np.testing.assert_array_equal(found.toarray(), [[1, 0, 0], [0, 0, 0]])
    with pytest.raises(InputError, match="treatment"):
        read_qrels(tmp_path / "q", GIVEN, "i2t", unknown="drop")
