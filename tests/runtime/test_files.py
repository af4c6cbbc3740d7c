import os
import signal
import subprocess
import sys

import pytest

from fico_lib.runtime import digests, files
from fico_lib.runtime.errors import InputError


def test_a_failed_write_leaves_nothing_and_keeps_the_old(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), files.write_whole(path) as part:
        part.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_replaces_a_full_folder(tmp_path):
    path = tmp_path / "results"
    for content in ("first", "second"):
        with files.write_whole(path) as part:
            part.mkdir()
            (part / content).write_text(content)
    assert [p.name for p in path.iterdir()] == ["second"]
    assert list(tmp_path.iterdir()) == [path]


def test_the_suffix_of_the_part_is_that_of_the_path(tmp_path):
    with files.write_whole(tmp_path / "a.npy") as part:
        assert part.suffix == ".npy"
        part.touch()


def test_digest_ignores_the_order_of_names_but_not_of_items():
    assert digests.digest({"a": 1, "b": [1, 2]}) == digests.digest({"b": [1, 2], "a": 1})
    assert digests.digest([1, 2]) != digests.digest([2, 1])
    assert digests.digest("1") != digests.digest(1)


def test_file_digest_follows_the_content(tmp_path):
    path = tmp_path / "f"
    path.write_text("a")
    first = digests.file_digest(path)
    path.write_text("b")
    os.utime(path, ns=(1, 1))
    assert digests.file_digest(path) != first


@pytest.fixture
def no_modules_known():
    """Where modules lie is looked up once per process: here and afterwards, anew."""
    digests._module_file.cache_clear()
    yield
    digests._module_file.cache_clear()


@pytest.mark.usefixtures("no_modules_known")
def test_sources_follow_imports_of_the_library(tmp_path, monkeypatch):
    library = tmp_path / "fico_lib"
    library.mkdir()
    (library / "a.py").write_text("from fico_lib import b\nimport numpy\n")
    (library / "b.py").write_text("def f():\n    from fico_lib.c import g\n")
    (library / "c.py").write_text("")
    (library / "d.py").write_text("")
    (library / "__init__.py").write_text("")
    monkeypatch.setattr(digests, "LIBRARY", library)
    names = [p.name for p in digests.sources("fico_lib.a")]
    assert names == ["__init__.py", "a.py", "b.py", "c.py"]
    before = digests.code_digest("fico_lib.a"), digests.code_digest("fico_lib.d")
    (library / "c.py").write_text("x = 1")
    assert digests.code_digest("fico_lib.a") != before[0]
    assert digests.code_digest("fico_lib.d") == before[1]


def test_a_killed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "f.txt"
    path.write_text("old")
    code = (
        "import os, signal, sys; from fico_lib.runtime.files import write_whole\n"
        "with write_whole(sys.argv[1]) as part:\n"
        "    part.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "kept").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    with files.write_whole(tmp_path / "link") as part:
        part.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "kept").read_text() == "new"


def test_a_device_is_written_to_as_it_is():
    with files.write_whole("/dev/null") as part:
        part.write_text("nothing")
    assert not os.path.isfile("/dev/null")


def test_runs_of_the_same_second_have_folders_of_their_own(tmp_path):
    made = []
    for _ in range(3):
        with files.new_folder(tmp_path / "runs" / "run") as folder:
            (folder / "a").touch()
            made.append(folder.name)
    assert made == ["run", "run-2", "run-3"]


def test_a_folder_of_a_run_that_failed_is_gone_unless_there_is_something_in_it(tmp_path):
    with pytest.raises(RuntimeError), files.new_folder(tmp_path / "run"):
        raise RuntimeError
    assert not list(tmp_path.iterdir())
    with pytest.raises(RuntimeError), files.new_folder(tmp_path / "run") as folder:
        (folder / "a").touch()
        raise RuntimeError
    assert (tmp_path / "run" / "a").exists()


def test_where_a_file_cannot_be_written_is_said_before(tmp_path):
    (tmp_path / "file").touch()
    for path, message in [
        (tmp_path, "it is a folder"),
        (tmp_path / "file" / "below", "is a file, not a folder"),
        (tmp_path / ("x" * 250), "too long"),
        (tmp_path / "a\0b", "null"),
    ]:
        with pytest.raises(InputError, match=message) as found:
            files.check_writable(path, "--table")
        assert str(found.value).startswith("--table ")
    files.check_writable(tmp_path / "new" / "folder" / "a.csv", "--table")
    assert not (tmp_path / "new").exists()
