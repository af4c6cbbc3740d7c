"""TREC files: what cannot be written or read."""

import numpy as np
import pytest

from fico_lib.encodings import Embeddings
from fico_lib.evaluation import evaluate
from fico_lib.evaluation.trec import read_qrels, read_run, unscored, write_qrels, write_run
from fico_lib.runtime.errors import InputError

OF = np.array([0, 1, 1])
GIVEN = Embeddings(np.eye(2), np.array([[1.0, 0], [0, 1], [1, 2]]), OF, ["x", "y"],
                   ["a", "b", "c"], model="my model")  # fmt: skip


def test_lines_are_as_trec_wants_them(tmp_path):
    write_run(tmp_path / "run", GIVEN, "t2i", depth=1)
    assert (tmp_path / "run").read_text().splitlines()[:2] == [
        "a Q0 x 1 1.0 my_model", "b Q0 y 1 1.0 my_model",
    ]  # fmt: skip
    write_qrels(tmp_path / "qrels", GIVEN, "i2t")
    assert (tmp_path / "qrels").read_text() == "x 0 a 1\ny 0 b 1\ny 0 c 1\n"


def test_a_frame_of_ids_suffices_to_read(tmp_path):
    (tmp_path / "q").write_text("x 0 a 1\ny 0 b 2\n\ny 0 c 0\n")
    frame = unscored(OF, ["x", "y"], ["a", "b", "c"])
    found = read_qrels(tmp_path / "q", frame, "i2t")
    np.testing.assert_array_equal(found.toarray(), [[1, 0, 0], [0, 1, 0]])
    (tmp_path / "i2t").write_text("x Q0 a 1 0.5 t\nx Q0 b 2 0.25 t\ny Q0 b 1 0.5 t\n")
    (tmp_path / "t2i").write_text("a Q0 x 1 0.5 t\nb Q0 y 1 0.5 t\nc Q0 x 1 0.1 t\n")
    scores = read_run(tmp_path / "i2t", tmp_path / "t2i", frame)
    assert scores.missing == -np.inf
    result = evaluate(scores, recall_at=(1, 2))
    assert result.instance["i2t"]["R@1"] == 100
    assert result.instance["t2i"]["R@1"] == pytest.approx(200 / 3)
    assert result.instance["i2t"]["R@2"] is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x Q0 a 1 0.5", "line 2: 5 fields; expected 6"),
        ("z Q0 a 1 0.5 t", "line 2: unknown id 'z'"),
        ("x Q0 z 1 0.5 t", "line 2: unknown id 'z'"),
        ("x Q0 a 1 half t", "'half' is not a finite number"),
        ("x Q0 a 1 nan t", "'nan' is not a finite number"),
        ("x Q0 b 1 0.5 t", "'x' and 'b' are listed twice"),
    ],
)
def test_broken_lines_are_named(tmp_path, line, message):
    (tmp_path / "run").write_text(f"x Q0 b 1 0.5 t\n{line}\n")
    with pytest.raises(InputError, match=message):
        read_run(tmp_path / "run", tmp_path / "run", GIVEN)


def test_ids_with_blanks_and_files_that_are_not_there(tmp_path):
    blank = Embeddings(np.eye(2), np.ones((3, 2)), OF, image_ids=["x", "y z"])
    with pytest.raises(InputError, match="id 'y z'"):
        write_run(tmp_path / "run", blank, "i2t")
    assert not (tmp_path / "run").exists()
    with pytest.raises(InputError, match="no such file"):
        read_qrels(tmp_path / "none", GIVEN, "i2t")
    with pytest.raises(InputError, match="unknown direction 'it2'"):
        write_qrels(tmp_path / "q", GIVEN, "it2")
