"""Fine-grained against coarse-grained image-text retrieval: the library behind the study.

The flow of data, left to right; a module imports only from what stands left of it:

    datasets -> features -> models -> encodings -> similarity | search -> ranking -> metrics
    -> results -> tables, figures -> notebooks -> book
"""

import os
import sys
from pathlib import Path

__version__ = "0.2.0"


def _is_zen4(cpuinfo: str) -> bool:
    """AMD family 25 with AVX-512: Zen 4 (Zen 3, of the same family, has none)."""
    amd = "AuthenticAMD" in cpuinfo
    return amd and "cpu family\t: 25\n" in cpuinfo and "avx512f" in cpuinfo


def _choose_numpys_sort() -> None:
    """Sort five times faster on Zen 4, where numpy's AVX-512 sort is slower than its AVX2 one.

    The instruction that stores selected lanes is microcoded there. numpy reads the choice when it
    is imported: nothing is changed when it already was, or when the variable is set. Results do
    not depend on it.
    """
    cpuinfo = Path("/proc/cpuinfo")
    if "numpy" not in sys.modules and cpuinfo.is_file() and _is_zen4(cpuinfo.read_text()):
        os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", "AVX512_SPR AVX512_ICL X86_V4")


_choose_numpys_sort()
