"""Arrays from one format into another, on the command line."""

import numpy as np
import pytest
from scipy.io import savemat
from typer.testing import CliRunner

from fico_lib import cli
from fico_lib.formats import read_array
from fico_lib.runtime.errors import InputError


def convert(*arguments):
    result = CliRunner().invoke(cli.app, ["convert", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_an_array_of_several_becomes_a_file_of_its_own(tmp_path):
    codes = np.arange(6, dtype=np.uint8).reshape(2, 3)
    savemat(tmp_path / "codes.mat", {"qB": codes, "rB": codes + 1})
    said = convert(f"{tmp_path}/codes.mat:rB", tmp_path / "r.u8bin")
    assert "uint8, 2 × 3" in said
    np.testing.assert_array_equal(read_array(tmp_path / "r.u8bin"), codes + 1)


def test_int8_with_scales_becomes_floats(tmp_path):
    np.savez(tmp_path / "a.npz", values=np.array([[1, -2]], np.int8), scales=np.float32(0.5))
    convert(tmp_path / "a.npz", tmp_path / "a.fvecs")
    np.testing.assert_array_equal(read_array(tmp_path / "a.fvecs"), [[0.5, -1]])


@pytest.mark.parametrize(
    ("target", "message"),
    [("a.bvecs", "found float64"), ("a.csv", "is not written"), ("a.npy/b.npy", "not a folder")],
)
def test_what_cannot_be_written_is_said(tmp_path, target, message):
    np.save(tmp_path / "a.npy", np.array([[0.1]]))
    with pytest.raises(InputError, match=message):
        convert(tmp_path / "a.npy", tmp_path / target)
