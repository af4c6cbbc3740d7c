"""What parameters/checkpoints.yaml asks for, and `fico checkpoints` in a copy of the study."""

import json

import pytest

from fico_lib.models import CLOSED_FORM
from fico_lib.runtime.errors import InputError
from fico_lib.study import checkpoints

SIZES = "n_train: 64, n_val: 32, n_test: 24, n_probe: 20, n_detector: 30"
FEATURES = "{name: crops, detector_epochs: 1, dimension: 16, documents: 0}"
TRAINING = "{max_steps: 4, validation_interval: 2, width: 16, dimension: 16, bits: 16}"
TINY = f"""
- data: {{name: scenes, {SIZES}, n_extra: 20}}
  features: {FEATURES}
  training: {TRAINING}
  models: [vse, dadh]
  seeds: [0, 1]
"""


@pytest.fixture
def repository(tmp_path):
    """A function that writes parameters/checkpoints.yaml, and returns the repository."""

    def write(text):
        (tmp_path / "parameters").mkdir(exist_ok=True)
        (tmp_path / "parameters" / "checkpoints.yaml").write_text(text)
        return tmp_path

    return write


def names(repository):
    return [request.weights_path.stem for request in checkpoints.wanted(repository)]


def test_one_seed_of_every_model_comes_before_the_next(repository):
    assert names(repository(TINY)) == ["vse-0", "dadh-0", "vse-1", "dadh-1"]


def test_models_that_share_weights_are_trained_once(repository):
    text = TINY.replace("vse, dadh", "xvlm_nf, xvlm")
    assert names(repository(text)) == ["xvlm-0", "xvlm-1"]


def test_variants_are_laid_over_the_training(repository):
    text = TINY.replace("vse, dadh", "selfalign") + "  variants: [{cra: false}, {lca: false}]\n"
    wanted = checkpoints.wanted(repository(text))
    assert [(r.training.cra, r.training.width) for r in wanted[:2]] == [(False, 16), (True, 16)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seeds", "seed", "entry 1: unknown parameter 'seed': did you mean 'seeds'"),
        (
            "[vse, dadh]",
            "[vsee]",
            "entry 1: parameter 'models': .*unknown model 'vsee': did you mean 'vse'",
        ),
        ("n_train", "n_trian", r"entry 1: unknown parameter 'data\.n_trian'"),
        ("width: 16", "wdith: 16", "entry 1: training: unknown parameter 'wdith'.*'width'"),
        ("width: 16", "width: 1", "entry 1: training: parameter 'width': found 1"),
        ("seeds: [0, 1]", "seeds: [0, 0]", r"entry 1: vse-0\.safetensors is in an earlier entry"),
        (TINY, "data: {name: scenes}", "found {.*}; expected a list of entries"),
        (TINY, "- data: [", "not valid YAML"),
    ],
)
def test_what_is_wrong_is_named(repository, old, new, message):
    with pytest.raises(InputError, match=rf"checkpoints\.yaml: {message}"):
        checkpoints.wanted(repository(TINY.replace(old, new)))


def test_one_data_set_has_one_recipe(repository):
    other = TINY.replace("n_train: 64", "n_train: 65").replace("vse, dadh", "vsrn")
    with pytest.raises(InputError, match=r"entry 2: data and features differ .* for scenes-coco"):
        checkpoints.wanted(repository(TINY + other))
    more = TINY.replace("n_extra: 20", "n_extra: 21").replace("vse, dadh", "xvlm")
    assert len(names(repository(TINY + more))) == 6


def test_checkpoints_are_made_listed_used_and_compared(unbuilt_study):
    study = unbuilt_study
    # Two seeds of one model, and what the chapter shows beside it: each is a process of its own.
    learners = TINY.replace("vse, dadh", "dadh")
    closed = TINY.replace("vse, dadh", ", ".join(CLOSED_FORM)).replace("[0, 1]", "[0]")
    (study.folder / "parameters" / "checkpoints.yaml").write_text(learners + closed)
    folder = study.folder / "checkpoints" / "scenes-coco"
    settings = (f"data={{name: scenes, {SIZES}}}", f"features={FEATURES}", f"training={TRAINING}")
    settings += ("models=[dadh]", "seeds=[0, 1]")
    run = (
        "fico_lib",
        "run",
        "instance",
        *(x for s in settings for x in ("-p", s)),
    )

    refused = study.run(*run, check=False)
    assert refused.returncode == 1
    assert "nothing is released for scenes (coco)" in refused.stderr

    done = study.run("fico_lib", "checkpoints", "--cores", "2")
    assert "6 of 6 are released" in done.stdout
    made = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert len(made) == 14

    lost = folder / "dadh-1.json"
    lost.unlink()  # as if the training had been stopped
    assert "missing" in study.run("fico_lib", "checkpoints", "--list").stdout
    study.run("fico_lib", "checkpoints", "--cores", "1")
    remade = {path for path in folder.iterdir() if path.stat().st_mtime_ns != made[path]}
    assert {path.stem for path in remade} == {"dadh-1"}

    used = study.run(*run).stdout.strip()
    durations = json.loads((study.folder / used / "run.json").read_text())["durations_seconds"]
    assert {"dadh train (when it was released)", "dadh encode_texts"} <= durations.keys()

    card = json.loads((folder / "dadh-0.json").read_text())
    again = study.run("fico_lib", "checkpoints", "--again", "--cores", "2")
    assert again.returncode == 0  # the same machine gives the same weights
    card["metrics"]["i2t R@1"] += 1
    (folder / "dadh-0.json").write_text(json.dumps(card))
    differs = study.run("fico_lib", "checkpoints", "--again", check=False)
    assert differs.returncode == 1
    assert "differ on the same machine" in differs.stdout
