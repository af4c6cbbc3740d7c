"""What a run happened on: the machine, and the versions of what results depend on."""

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fico_lib import __version__
from fico_lib.runtime.errors import InputError

PACKAGES = ("numpy", "pandas", "scipy", "torch", "faiss", "transformers", "matplotlib")


FAISS = ("faiss-cpu", "faiss-gpu", "faiss-gpu-cu12", "faiss")  # the last is conda's name


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that results depend on."""
    found = {"python": platform.python_version(), "fico_lib": __version__}
    for package in PACKAGES:
        distribution = _faiss() if package == "faiss" else package
        found[distribution] = version(distribution)
    return found


def _faiss() -> str:
    for name in FAISS:  # a look at each name: the list of all that is installed takes a second
        try:
            version(name)
        except PackageNotFoundError:
            continue
        return name
    raise InputError(f"faiss is not installed; expected one of {', '.join(FAISS)}")


def machine() -> dict[str, object]:
    """The machine in the words of a results table: processor, cores, memory, GPU, system."""
    import torch

    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
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


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
