"""`fico evaluate` and `fico audit`, run on arrays in files."""

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from fico_lib.cli.audit import audit_command
from fico_lib.cli.evaluate import evaluate_command

app = typer.Typer(pretty_exceptions_enable=False)
app.command("evaluate")(evaluate_command)
audit_app = typer.Typer(pretty_exceptions_enable=False)
audit_app.command("audit")(audit_command)

N, M = 6, 30


def run(*arguments, command=app):
    result = CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def run_audit(*arguments):
    return run(*arguments, command=audit_app)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    images, texts = rng.standard_normal((N, 16)), rng.standard_normal((M, 16))
    of = rng.permutation(np.arange(M) % N)
    np.save(tmp_path / "img.npy", images)
    np.save(tmp_path / "txt.npy", texts)
    np.save(tmp_path / "map.npy", of)
    np.save(tmp_path / "labels.npy", rng.random((N, 4)) < 0.5)
    return tmp_path


def arrays(folder):
    return [np.load(folder / f"{name}.npy") for name in ("img", "txt", "map", "labels")]


def embeddings(folder):
    return ["--images", folder / "img.npy", "--texts", folder / "txt.npy"]
