"""The command line as a person meets it."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from fico_lib import cli
from fico_lib.chapters import CHAPTERS
from fico_lib.datasets import DATASETS
from fico_lib.models import MODELS
from fico_lib.study import parameters
from fico_lib.study import repository as repo


def fico(*arguments):
    result = CliRunner(env={"COLUMNS": "200"}).invoke(cli.app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.output


def test_list_names_everything():
    words = fico("list").split()
    for name in [*CHAPTERS, *DATASETS, *MODELS, *repo.profiles(repo.root())]:
        assert name in words
    assert {"R@k", "MedR", "MeanR", "mAP@k"} <= {*words}


def test_describe_explains_every_parameter():
    output = fico("describe", "instance")
    for row in parameters.describe("instance"):
        assert row["name"] in output


def test_describe_prints_the_parameters_cell():
    assert fico("describe", "instance", "--cell") == parameters.cell("instance") + "\n"


def test_help_of_a_run_explains_the_parameters_of_its_chapter():
    output = fico("run", "instance", "--help")
    assert "detector_noise" in output
    assert "perfect boxes" in output


def main(*arguments, folder):
    """`python -m fico_lib` in another folder."""
    command = [sys.executable, "-m", "fico_lib", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_outside_the_repository_commands_that_need_it_say_so(tmp_path):
    done = main("build", folder=tmp_path)
    assert done.returncode == 1
    assert "is not inside the study's repository" in done.stderr
    assert "Traceback" not in done.stderr


def test_outside_the_repository_the_rest_works(tmp_path):
    done = main("list", folder=tmp_path)
    assert done.returncode == 0
    assert "vse" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "instance", "-p", "data.n_trian=5"], "did you mean 'data.n_train'"),
        (["run", "instance", "-p", "resamples=ten"], "valid integer"),
        (["run", "instance", "--profile", "labtop"], "did you mean 'laptop'"),
        (["run", "instance", "-f", "nothing.yaml"], "nothing.yaml does not exist"),
        (["run", "instance", "--profile", "ucm", "-p", "data.root=/nothing"], "/nothing"),
        (["describe", "instants"], "did you mean 'instance'"),
    ],
)
def test_what_is_wrong_is_told_in_a_line_before_anything_starts(arguments, message):
    done = main(*arguments, folder=repo.root())
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
