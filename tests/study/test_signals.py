"""A build that is stopped from outside stops its steps, and one that is killed keeps its lock."""

import os
import signal
import subprocess
import sys
import time

import pytest

SNAKEMAKE = """
import os, signal, sys, time
open("started", "w").write(str(os.getpid()))
time.sleep(60)
"""
BUILD = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
from pathlib import Path
from rich.console import Console
from fico_lib.runtime.errors import BuildError, InputError
from fico_lib.study.build import snakemake
try:
    snakemake(Path.cwd(), "Snakefile", ["book"], {}, 1, Console(stderr=True), "test")
except (BuildError, InputError) as error:
    print(error)
"""


@pytest.fixture
def build(tmp_path):
    """A function that starts a build whose Snakemake is a script that sleeps."""
    (tmp_path / "snakemake").mkdir()
    (tmp_path / "snakemake" / "__init__.py").touch()
    (tmp_path / "snakemake" / "__main__.py").write_text(SNAKEMAKE)
    processes = []

    def start():
        path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
        process = subprocess.Popen(
            [sys.executable, "-c", BUILD], cwd=tmp_path, env=os.environ | {"PYTHONPATH": path},
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
    if (tmp_path / "started").exists():
        end(int((tmp_path / "started").read_text()), signal.SIGKILL)


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def started(folder):
    file = folder / "started"
    wait_for(lambda: file.exists() and file.read_text())
    return int(file.read_text())


def end(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def gone(pid):
    return lambda: not end(pid, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_steps_too(build, tmp_path, number):
    process = build()
    step = started(tmp_path)
    process.send_signal(number)
    assert "interrupted; the same command resumes" in process.communicate(timeout=60)[0]
    wait_for(gone(step))


def test_a_killed_build_keeps_others_out_until_its_steps_have_ended(build, tmp_path):
    process = build()
    step = started(tmp_path)
    process.kill()
    process.wait()
    assert "another build of this study is running" in build().communicate(timeout=60)[0]
    end(step, signal.SIGKILL)
    wait_for(gone(step))
    (tmp_path / "started").unlink()
    build()
    started(tmp_path)
