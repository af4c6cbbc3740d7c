"""What happens when the library is imported."""

import os
import subprocess
import sys

import pytest

import fico_lib

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
    assert fico_lib._is_zen4(cpuinfo) is expected


def imported(code: str, **environment: str) -> str:
    keep = {k: v for k, v in os.environ.items() if k != "NPY_DISABLE_CPU_FEATURES"}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=keep | environment, text=True,
        capture_output=True, check=True,
    ).stdout.strip()  # fmt: skip


def test_numpy_loads_without_a_warning_after_the_library():
    imported("import fico_lib, numpy; numpy.sort([2, 1])")


def test_a_choice_made_by_the_user_stays():
    show = "import fico_lib, os; print(os.environ.get('NPY_DISABLE_CPU_FEATURES'))"
    assert imported(show, NPY_DISABLE_CPU_FEATURES="AVX512_SPR") == "AVX512_SPR"
    assert imported(f"import numpy; {show}") == "None"
