"""What a run happened on: the machine, and the versions of what results depend on."""

import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fico_lib.runtime.errors import InputError

PACKAGES = ("numpy", "pandas", "scipy", "torch", "faiss", "transformers", "matplotlib")
FAISS = ("faiss-cpu", "faiss-gpu", "faiss-gpu-cu12", "faiss")  # the last is conda's name


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that results depend on."""
    installed = {"python": platform.python_version(), "fico_lib": version("fico-study")}
    for package in PACKAGES:
        distribution = _faiss() if package == "faiss" else package
        installed[distribution] = version(distribution)
    return installed


def _faiss() -> str:
    for name in FAISS:  # a look at each name: the list of all that is installed takes a second
        try:
            version(name)
        except PackageNotFoundError:
            continue
        return name
    raise InputError(f"faiss is not installed; expected one of {', '.join(FAISS)}")


def cores() -> int:
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine() -> dict[str, object]:
    """The machine in the words of a results table: processor, cores, memory, GPU, system."""
    import torch

    return {
        "processor": _processor(),
        "cores": cores(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "system": f"{platform.system()} {platform.machine()}",
    }


def machine_name() -> str:
    """The machine in a few words that can name a folder: processor, cores and GPU, if any."""
    facts = machine()
    words = f"{facts['processor']} {facts['cores']} cores"
    if facts["gpu"] != "none":
        words += f" {facts['gpu']}"
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def choose_numpy_sort() -> None:
    """Make numpy sort five times faster on AMD's Zen 4; call it before numpy is imported.

    numpy's AVX-512 sort is slower there than its AVX2 one, because the instruction that stores
    selected lanes is microcoded. numpy reads NPY_DISABLE_CPU_FEATURES when it is imported, so this
    sets that variable, unless it is set already, or numpy is imported. Results do not depend on it.
    `fico` calls it; notebooks and programs that import the library by themselves decide for
    themselves.
    """
    cpuinfo = Path("/proc/cpuinfo")
    if "numpy" not in sys.modules and cpuinfo.is_file() and _is_zen4(cpuinfo.read_text()):
        os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", "AVX512_SPR AVX512_ICL X86_V4")


def _is_zen4(cpuinfo: str) -> bool:
    """AMD family 25 with AVX-512: Zen 4 (Zen 3, of the same family, has none)."""
    amd = "AuthenticAMD" in cpuinfo
    return amd and "cpu family\t: 25\n" in cpuinfo and "avx512f" in cpuinfo


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
