"""One chapter again: by `fico run`, and by plain papermill."""

import json
import re

import pytest


def run_folders(study):
    folder = study.folder / "results" / "runs"
    return set(folder.iterdir()) if folder.is_dir() else set()


@pytest.fixture(scope="module")
def same(study):
    """A run with the parameters of the study: what it told, and its folder."""
    done = study.run("fico_lib", "run", "instance", "--profile", "ci")
    return done.stderr, study.folder / done.stdout.strip()


def test_a_run_has_a_folder_of_its_own_and_leaves_the_study_alone(study):
    kept = study.folder / "results" / "ci" / "instance"
    before = {p.name: p.read_bytes() for p in kept.iterdir()}
    earlier = run_folders(study)
    study.run("fico_lib", "run", "instance", "--profile", "ci", "-p", "recall_at=[3]")
    (made,) = run_folders(study) - earlier
    assert json.loads((made / "run.json").read_text())["parameters"]["recall_at"] == [3]
    assert (made / "notebook.ipynb").is_file()
    assert {p.name: p.read_bytes() for p in kept.iterdir()} == before
    assert study.pending() == []


def test_the_same_parameters_give_the_same_tables(study, same):
    _, made = same
    kept = study.folder / "results" / "ci" / "instance"
    for table in kept.glob("*.csv"):
        assert (made / table.name).read_bytes() == table.read_bytes()


def papermill(study, *arguments):
    command = ["papermill", "notebooks/instance.ipynb", "out.ipynb", *arguments]
    return study.run(*command, check=False)


def test_plain_papermill_works(study):
    earlier = run_folders(study)
    with study.added("parameters/ci/instance.yaml", "recall_at: [2]"):
        files = ("parameters/ci/_shared.yaml", "parameters/ci/instance.yaml")
        done = papermill(study, *(option for file in files for option in ("-f", file)))
    assert done.returncode == 0, done.stderr[-2000:]
    (made,) = run_folders(study) - earlier
    used = json.loads((made / "run.json").read_text())["parameters"]
    assert (used["resamples"], used["recall_at"]) == (200, [2])
    assert "longest" not in used  # shared, and a parameter of other chapters


def test_plain_papermill_with_a_misspelt_name_stops_at_once(study):
    earlier = run_folders(study)
    done = papermill(study, "-f", "parameters/ci/_shared.yaml", "-p", "resampels", "5")
    assert done.returncode != 0
    assert "did you mean 'resamples'" in done.stderr
    assert run_folders(study) == earlier


def test_plain_papermill_with_a_name_of_another_chapter_that_no_profile_shares_stops(study):
    done = papermill(study, "-p", "seed", "1")
    assert done.returncode != 0
    assert "did you mean 'seeds'" in done.stderr


def test_papermill_can_list_the_parameters(study):
    done = study.run("papermill", "--help-notebook", "notebooks/instance.ipynb")
    assert "resamples" in done.stdout
    assert "bootstrap" in done.stdout


def test_a_run_says_which_model_of_how_many_and_ends_with_the_takeaways(same):
    told, made = same
    models = re.findall(r"^model (\d+) of (\d+): (\w+) on scenes", told, re.MULTILINE)
    assert [int(number) for number, _, _ in models] == [*range(1, int(models[0][1]) + 1)]
    assert {"vse", "dadh"} <= {name for *_, name in models}
    assert "(kept)" in told
    assert "<h2>Takeaways</h2>" in (made / "page.html").read_text()
    last = told.split("running the notebook")[1]
    assert re.search(r"^- \w+", last, re.MULTILINE)
    assert not re.search(r"\*\*|\x1b", told)
