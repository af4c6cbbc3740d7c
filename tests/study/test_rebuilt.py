"""A result that was deleted is wanted, although the book that was made from it stands."""

import shutil


def test_a_deleted_result_is_made_again(study):
    folder = study.folder / "results" / "ci" / "errata"
    kept = {path.name: path.read_bytes() for path in folder.glob("*.csv")}
    shutil.rmtree(folder)
    study.run("fico_lib", "build", "--profile", "ci")
    assert {path.name: path.read_bytes() for path in folder.glob("*.csv")} == kept
    assert (study.folder / "_build" / "html" / ".fico-profile").read_text() == "ci"
    assert study.pending() == []


def test_an_edit_during_a_run_is_noticed(study):
    done = study.run("fico_lib", "step", "chapter", "ci", "errata", "another-key", check=False)
    assert done.returncode == 1
    assert "changed while the study ran" in done.stderr
