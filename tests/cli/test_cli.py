"""The command line as a person meets it."""

import os
import subprocess
import sys
from pickle import UnpicklingError

import pytest
from typer.testing import CliRunner

from fico_lib import cli
from fico_lib.chapters import CHAPTERS
from fico_lib.datasets import DATASETS
from fico_lib.models import MODELS
from fico_lib.runtime.errors import InputError
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


def test_describe_shows_the_values_of_a_profile():
    output = fico("describe", "instance", "--profile", "ci")
    assert "data.n_train = 1000 " in output
    assert "default 10000" in output
    assert "models = ['vse', 'dadh']" in output
    assert "karpathy" not in output
    assert "profile ci" in output
    with pytest.raises(InputError, match="did you mean 'laptop'"):
        CliRunner().invoke(cli.app, ["describe", "instance", "--profile", "labtop"],
                           catch_exceptions=False)  # fmt: skip


@pytest.mark.parametrize("chapter", CHAPTERS)
@pytest.mark.parametrize("profile", [[], ["--profile", "ucm"]])
def test_describe_fits_eighty_columns(chapter, profile):
    result = CliRunner(env={"COLUMNS": "80"}).invoke(cli.app, ["describe", chapter, *profile])
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80


def test_what_the_system_says_is_one_line_with_its_file(tmp_path, monkeypatch, capsys):
    for error, said in (
        (PermissionError(13, "Permission denied", "results/x"), "results/x: Permission denied"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (MemoryError(), "out of memory"),
        (UnpicklingError("truncated"), "delete the *.nbi"),
    ):

        def fail(error=error):
            raise error

        monkeypatch.setattr(cli, "app", fail)
        with pytest.raises(SystemExit):
            cli.main()
        assert said in capsys.readouterr().err


def test_help_is_read_on_a_terminal_without_utf8():
    environment = os.environ | {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0",
                                "PYTHONIOENCODING": "ascii"}  # fmt: skip
    for arguments in (["--help"], ["list"], ["describe", "instance"]):
        done = subprocess.run(
            [sys.executable, "-m", "fico_lib", *arguments], cwd=repo.root(), env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-500:]
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["list"], ["checkpoints", "--list"]])
def test_nothing_is_cut_in_a_pipe(arguments):
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    done = subprocess.run(
        [sys.executable, "-m", "fico_lib", *arguments],
        cwd=repo.root(), env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "…" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) > 80
