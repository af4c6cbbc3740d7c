"""How a killed build resumes, and what a failure leaves.

These tests run last (pytest goes by name): they leave the copy in need of another build.
"""

import os
import signal
import subprocess
import sys
import time


def _kill_with_children(pid):
    """SIGKILL a process and the process groups of its children, as a crash of the machine would."""
    done = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=True)
    for group in {pid, *(os.getpgid(int(child)) for child in done.stdout.split())}:
        os.killpg(group, signal.SIGKILL)


def test_a_killed_build_resumes(study):
    features = next((study.folder / "cache" / "features").iterdir())
    made = features.stat().st_mtime_ns
    with study.added("parameters/ci/instance.yaml", "seeds: [1]"):
        command = [sys.executable, "-m", "fico_lib", "build", "--profile", "ci", "--cores", "1"]
        log, deadline = study.folder / "results" / "logs" / "ci.log", time.monotonic() + 600
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
        chapters = ["chapter: choose", "chapter: findings", "chapter: instance"]
        assert study.pending() == ["book", *chapters, "encodings"]
        study.run("fico_lib", "build", "--profile", "ci")
        assert study.pending() == []
        assert features.stat().st_mtime_ns == made


def test_a_failing_cell_is_shown_and_the_book_stays(study):
    index = study.folder / "_build" / "html" / "notebooks" / "data.html"
    before = index.read_text()
    with study.edited("notebooks/data.ipynb", "run.facts()", "run.facts(); 1 / 0"):
        done = study.run("fico_lib", "build", "--profile", "ci", check=False)
    assert done.returncode == 1
    assert "run.facts(); 1 / 0" in done.stderr
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert "results/logs/ci.log" in done.stderr
    assert (study.folder / "results" / "failed" / "data.ipynb").is_file()
    assert index.read_text() == before
    assert "chapter: data" in study.pending()
