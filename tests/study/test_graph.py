"""What runs again after which edit, what a failure leaves, and how a killed build resumes."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

CHAPTERS = ["chapter: category", "chapter: data", "chapter: instance", "chapter: search"]
COSTS = ["chapter: attention", "chapter: encoding_storage"]
ALIGNED = "chapter: selfalign"


@contextmanager
def edited(path, old, new):
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new, 1))
    try:
        yield
    finally:
        path.write_text(before)


def test_nothing_runs_again_when_nothing_changed(study):
    assert study.pending() == []


def test_new_dates_alone_change_nothing(study):
    for path in study.folder.rglob("*.py"):
        path.touch()
    assert study.pending() == []


def test_a_notebook_reruns_itself_and_the_book(study):
    with edited(study.folder / "notebooks" / "data.ipynb", "# The data", "# The data sets"):
        assert study.pending() == ["book", "chapter: data"]


def test_a_page_reruns_the_book_alone(study):
    with edited(study.folder / "book" / "rerun.md", "Profiles", "All profiles"):
        assert study.pending() == ["book"]


def test_a_recorded_result_reruns_the_chapter_that_shows_it(study):
    other = study.folder / "book" / "recorded" / "machine" / "captions_other" / "run.json"
    other.parent.mkdir(parents=True)
    other.write_text("{}")
    try:
        assert study.pending() == ["book", "chapter: category"]
    finally:
        other.unlink()
        other.parent.rmdir()
        other.parent.parent.rmdir()


def test_a_parameter_of_a_chapter_reruns_it(study):
    file = study.folder / "parameters" / "ci" / "instance.yaml"
    with edited(file, "resamples: ", "resamples: 1"):
        assert study.pending() == ["book", "chapter: instance"]


def test_a_parameter_of_training_reruns_the_encodings(study):
    file = study.folder / "parameters" / "ci" / "instance.yaml"
    with edited(file, "{epochs: ", "{epochs: 1"):
        assert study.pending() == ["book", "chapter: instance", "encodings", "encodings"]


@pytest.mark.parametrize(
    ("module", "jobs"),
    [
        ("models/dadh.py", ["book", "chapter: category", "chapter: instance", "encodings"]),
        ("models/controls.py", ["book", "chapter: category"]),
        ("models/paper/hashing.py", ["book", *COSTS]),
        ("models/scan.py", ["book", *COSTS, ALIGNED, "encodings"]),
        ("models/selfalign.py", ["book", ALIGNED, *4 * ["encodings"]]),
        ("tables/selfalign.py", ["book", ALIGNED]),
        ("datasets/scenes/captions.py",
         ["book", COSTS[0], *CHAPTERS, ALIGNED, *7 * ["encodings"], "features"]),
        ("tables/instance.py", ["book", "chapter: instance"]),
        ("study/book.py", ["book"]),
        ("datasets/karpathy/__init__.py", []),
        ("evaluate_command.py", []),
    ],
)  # fmt: skip
def test_an_edit_of_the_library_reruns_what_imports_it(study, module, jobs):
    path = study.folder / "fico_lib" / module
    before = path.read_text()
    path.write_text(before + "\n# edited\n")
    try:
        assert study.pending() == jobs
    finally:
        path.write_text(before)


def test_a_failing_cell_is_shown_and_the_book_stays(study):
    index = study.folder / "_build" / "html" / "notebooks" / "data.html"
    before = index.read_text()
    with edited(study.folder / "notebooks" / "data.ipynb", "run.facts()", "run.facts(); 1 / 0"):
        done = study.run("fico_lib", "build", "--profile", "ci", check=False)
    assert done.returncode == 1
    assert "run.facts(); 1 / 0" in done.stderr
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert "results/logs/ci.log" in done.stderr
    assert (study.folder / "results" / "failed" / "data.ipynb").is_file()
    assert index.read_text() == before
    study.run("fico_lib", "build", "--profile", "ci")
    assert study.pending() == []


def test_wrong_parameters_are_told_before_anything_runs(study):
    file = study.folder / "parameters" / "ci" / "instance.yaml"
    with edited(file, "resamples:", "resampels:"):
        done = study.run("fico_lib", "build", "--profile", "ci", check=False)
    assert done.returncode == 1
    assert "'resampels': did you mean 'resamples'" in done.stderr


def _kill_with_children(pid):
    """SIGKILL a process and the process groups of its children, as a crash of the machine would."""
    done = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=True)
    for group in {pid, *(os.getpgid(int(child)) for child in done.stdout.split())}:
        os.killpg(group, signal.SIGKILL)


def test_a_killed_build_resumes(study):
    features = next((study.folder / "cache" / "features").iterdir())
    made = features.stat().st_mtime_ns
    with edited(study.folder / "parameters" / "ci" / "instance.yaml", "seeds: [0]", "seeds: [1]"):
        command = [sys.executable, "-m", "fico_lib", "build", "--profile", "ci", "--cores", "1"]
        log, deadline = study.folder / "results" / "logs" / "ci.log", time.monotonic() + 120
        log.write_text("")
        process = subprocess.Popen(
            command,
            cwd=study.folder,
            env=study.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while log.read_text().count("rule encodings:") < 2:  # the first is done, the second runs
            assert time.monotonic() < deadline
            time.sleep(0.05)
        _kill_with_children(process.pid)
        process.wait()
        assert study.pending() == ["book", "chapter: instance", "encodings"]
        study.run("fico_lib", "build", "--profile", "ci")
        assert study.pending() == []
        assert features.stat().st_mtime_ns == made
    study.run("fico_lib", "build", "--profile", "ci")
