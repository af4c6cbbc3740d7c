"""The committed checkpoints: what their cards record is found again, so code that drifts fails."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fico_lib import cli
from fico_lib.chapters import CHAPTERS
from fico_lib.models import PRETRAINED, training_parameters
from fico_lib.pipeline.card import WeightsCard, read_card
from fico_lib.pipeline.release import probe_metrics
from fico_lib.study import checkpoints, parameters
from fico_lib.study import repository as repo

FILES = [path for path in checkpoints.FOLDER.glob("*/*.safetensors") if path.stem != "features"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("path", sorted(FILES), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_recorded_metrics_are_found_again(path, cache):
    card = read_card(path, WeightsCard)
    request = checkpoints.request_of(path, card)
    assert request.released_weights == path  # the file is where such a request looks
    found = probe_metrics(request, path, cache)
    assert found == pytest.approx(card.metrics, abs=checkpoints.MARGIN)


def test_all_files_are_small_enough_to_clone():
    assert sum(checkpoints.sizes().values()) <= checkpoints.LIMIT


def test_nothing_else_lies_in_the_folder():
    places = {path.relative_to(checkpoints.FOLDER) for path in checkpoints.FOLDER.rglob("*.*")}
    assert {path.suffix for path in places} <= {".safetensors", ".json"}
    assert all(len(path.parts) == 2 for path in places)


def test_what_is_wanted_can_be_read():
    wanted = checkpoints.wanted(repo.root())
    assert len({request.weights_path for request in wanted}) == len(wanted) > 0
    seeds = [request.seed for request in wanted]
    assert seeds == sorted(seeds)


def test_the_list_names_every_checkpoint():
    result = CliRunner(env={"COLUMNS": "200"}).invoke(cli.app, ["checkpoints", "--list"])
    assert result.exit_code == 0, result.output
    for request in checkpoints.wanted(repo.root()):
        assert f"{request.weights_path.parent.name}/{request.weights_path.stem}" in result.output
    assert f"of at most {checkpoints.LIMIT / 1e6:.0f} MB" in result.output
    for path in FILES:
        assert Path(path).stem in result.output


@pytest.mark.parametrize("name", CHAPTERS)
def test_what_the_default_profile_asks_for_is_wanted(name):
    wanted = {request.weights_path: request for request in checkpoints.wanted(repo.root())}
    for asked in parameters.load(repo.root(), name, "laptop").requests():
        if asked.weights == "train":
            continue
        request = wanted[asked.weights_path]
        assert request.features == asked.features
        assert request.data == asked.data.model_copy(update={"n_extra": request.data.n_extra})
        assert asked.model not in PRETRAINED or request.data.n_extra == asked.data.n_extra
        training = training_parameters(request.model, asked.training.model_dump())
        assert request.training == training
