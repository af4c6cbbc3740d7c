"""What the chapter on factors asks for: every cell once, and no cell without weights."""

import pytest

from fico_lib.chapters.factors import parameters
from fico_lib.chapters.factors.parameters import COUNTERPARTS, FactorsChapter
from fico_lib.models import model_card
from fico_lib.runtime.errors import InputError

TRAINED = {"weights": "train"}
GRID = {"features": {"name": "grid", "checkpoint": "x"}}


def check(**values) -> FactorsChapter:
    return FactorsChapter.check(values, "test")


def test_the_factorial_has_every_cell_once_and_the_models_like_some_of_them():
    chapter = check(**TRAINED, seeds=[0, 3])
    asked = chapter.factorial()
    assert list(asked)[:4] == ["vse", "adv64", "ucch", "dadh"]
    assert list(asked)[10:] == list(chapter.cells())
    cells = {
        (r.training.supervision, r.training.bits, r.training.inputs)
        for name in chapter.cells()
        for r in asked[name]
    }
    assert len(cells) == 18
    for name, requests in asked.items():
        assert [r.seed for r in requests] == ([0] if name in chapter.closed_forms() else [0, 3])
    assert len(chapter.requests()) == 2 * 22 + 6


def test_closed_forms_have_the_code_lengths_of_the_cells():
    asked = check(**TRAINED, bits=[0, 32]).factorial()
    found = {
        name: (requests[0].model, requests[0].training.bits)
        for name, requests in asked.items()
        if name.startswith(("CCA", "ridge"))
    }
    assert found == {
        "CCA, float": ("pairs_float", 64),
        "CCA + ITQ, 32 bits": ("pairs_binary", 32),
        "ridge, float": ("labels_float", 64),
        "ridge + ITQ, 32 bits": ("labels_binary", 32),
    }


def test_counterparts_have_the_code_length_of_their_cells():
    for model, (_, bits, _) in COUNTERPARTS.items():
        assert model_card(model).granularity == ("CG" if bits else "FG")


def test_a_model_without_its_cell_is_not_asked_for():
    asked = check(**TRAINED, bits=[256], inputs=["whole"]).factorial()
    starts = [name.split(",")[0] for name in asked]
    assert starts == ["CCA + ITQ", "ridge + ITQ", "pairs", "contrastive", "labels"]


def test_cells_without_released_weights_are_left_out(monkeypatch):
    there = "pairs, 64 bits, regions + words"
    monkeypatch.setattr(parameters, "has_weights", lambda r: r.training.variant == there)
    chapter = check()
    assert list(chapter.factorial()) == [*COUNTERPARTS, there]


def test_where_no_cell_is_released_the_error_says_so():
    chapter = check(data={"name": "scenes", "seed": 7}, bits=[256])
    with pytest.raises(InputError, match=r"data\.seed: found 7; released 0"):
        _ = chapter.requests()[0].encodings_key


def test_the_sweep_is_trained_here_on_its_own_detectors():
    chapter = check(noises=[0, 2.5], boxes=["all"], data={"name": "scenes", "n_extra": 9})
    asked = chapter.sweep()
    assert list(asked) == [
        (0.0, "all", "vse"),
        (0.0, "all", "scan"),
        (2.5, "all", "vse"),
        (2.5, "all", "scan"),
    ]
    (request,) = asked[2.5, "all", "scan"]
    assert (request.weights, request.model, request.data.n_extra) == ("train", "scan", 0)
    assert (request.features.detector_noise, request.features.boxes) == (2.5, "all")
    assert chapter.requests()[-4:] == [r for each in asked.values() for r in each]


def test_a_swept_detector_like_the_others_shares_their_trainings():
    chapter = check(**TRAINED, noises=[1.0], boxes=["published"])
    (swept,) = chapter.sweep()[1.0, "published", "vse"]
    assert swept == chapter.factorial()["vse"][0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"bits": [64, 64]}, "'bits'.*expected each level once"),
        ({"noises": [1, 1.0]}, "'noises'.*expected each level once"),
        ({"bits": [12]}, "multiple of 8"),
        ({"noises": [1]} | GRID, "features 'grid' have no noise to sweep"),
        ({"data": {"name": "karpathy", "root": "x", "annotations": "y"}} | GRID, "data.labels is"),
    ],
)
def test_what_is_wrong_is_said(values, message):
    with pytest.raises(InputError, match=message):
        check(**values)
