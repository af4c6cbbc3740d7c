"""What happens when the library is imported."""

import os
import subprocess
import sys

import pytest

from fico_lib.runtime import machine

ZEN4 = "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nflags\t\t: fpu avx2 avx512f\n"


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        (ZEN4, True),
        (ZEN4.replace(" avx512f", ""), False),
        (ZEN4.replace(": 25", ": 26"), False),
        (ZEN4.replace("AuthenticAMD", "GenuineIntel"), False),
        ("", False),
    ],
)
def test_zen4_is_known_by_family_and_flags(cpuinfo, expected):
    assert machine._is_zen4(cpuinfo) is expected


def imported(code: str, *options: str, **environment: str) -> str:
    keep = {k: v for k, v in os.environ.items() if k != "NPY_DISABLE_CPU_FEATURES"}
    return subprocess.run(
        [sys.executable, *options, "-c", code], env=keep | environment, text=True,
        capture_output=True, check=True,
    ).stdout.strip()  # fmt: skip


CHOOSE = "from fico_lib.runtime.machine import choose_numpy_sort; choose_numpy_sort()"
SHOW = "import os; print(os.environ.get('NPY_DISABLE_CPU_FEATURES'))"


def test_numpy_loads_without_a_warning_after_the_choice_of_its_sort():
    imported(f"{CHOOSE}; import numpy; numpy.sort([2, 1])", "-W", "error")


def test_a_choice_made_by_the_user_stays():
    assert imported(f"{CHOOSE}; {SHOW}", NPY_DISABLE_CPU_FEATURES="AVX512_SPR") == "AVX512_SPR"
    assert imported(f"import numpy; {CHOOSE}; {SHOW}") == "None"


def test_the_sort_is_chosen_before_numpy_is_imported():
    assert imported("import fico_lib.__main__, sys; print('numpy' in sys.modules)") == "False"


# What torch and others do to the environment when they are imported is theirs: each change is told
# by who makes it.
IMPORT_EVERYTHING = """
import importlib, os, pkgutil, signal, sys

def process():
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    return {"folder": os.getcwd(), "path": list(sys.path), "recursion": sys.getrecursionlimit(),
            "signals": handlers}

changed = []

def watch(event, arguments):
    if event in ("os.putenv", "os.unsetenv"):
        frame = sys._getframe(1)
        while frame.f_globals["__name__"] in ("os", "collections.abc"):
            frame = frame.f_back
        if frame.f_globals["__name__"].startswith("fico_lib"):
            changed.append(arguments[0].decode())

before = process()
sys.addaudithook(watch)
import fico_lib
for module in pkgutil.walk_packages(fico_lib.__path__, "fico_lib."):
    importlib.import_module(module.name)
after = process()
print(changed, [name for name in before if before[name] != after[name]])
from fico_lib.study.execute import _environment
with _environment(FICO_TEST="1"):
    print(changed)
"""


def test_importing_the_library_changes_nothing_of_the_process():
    """And a change that it does make is seen, so that the empty lists mean something."""
    assert imported(IMPORT_EVERYTHING) == "[] []\n['FICO_TEST']"
