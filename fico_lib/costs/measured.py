"""The clock: warm-up, synchronised repeats, their median and spread, and peaks of memory.

Nothing is timed by a single run: a measurement has at least `REPEATS` repeats, or there is none.
"""

import ctypes
import math
import re
import resource
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import torch

from fico_lib.runtime.errors import unknown_name

DTYPES = {
    name: getattr(torch, name) for name in ("float64", "float32", "float16", "bfloat16")
}  # by name
REPEATS = 5  # of a batch, at least: fewer have no spread to speak of
MOST = 25  # and at most, of quick ones: a median gains little from more
CLOCK = "wall clock of forward passes; inputs are on the device, nothing is read from disk"
LONG_ENOUGH = 0.03  # seconds of a product of matrices whose rate is that of larger ones
_TRIED = re.compile(r"tried to allocate ([\d.]+) (bytes|KiB|MiB|GiB|TiB)", re.IGNORECASE)
_UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


class OutOfMemoryError(Exception):
    """A step did not fit; `needed_bytes` is what was held and what was asked for on top of it."""

    def __init__(self, needed_bytes: int):
        super().__init__(f"{needed_bytes / 2**30:.2f} GiB would have been needed")
        self.needed_bytes = needed_bytes


class TooLongError(Exception):
    """`REPEATS` repeats do not fit in the time; `seconds` is what they would take."""

    def __init__(self, seconds: float):
        super().__init__(f"{REPEATS} repeats would take {seconds:.2g} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Measurement:
    """Repeats of one batch, `REPEATS` or more.

    items: in the batch; seconds: of each repeat (`CLOCK`); warm_up_seconds: of the run before
    them; device, dtype and threads in words; peak_host_bytes: resident memory of the process at
    its highest during the repeats (since its start where the system cannot tell);
    peak_device_bytes: the same of the GPU's allocator, 0 on a CPU.
    """

    items: int
    seconds: tuple[float, ...]
    warm_up_seconds: float
    device: str
    dtype: str
    threads: int
    peak_host_bytes: int
    peak_device_bytes: int

    def __post_init__(self):
        if len(self.seconds) < REPEATS:
            raise ValueError(f"found {len(self.seconds)} repeats; expected at least {REPEATS}")

    @property
    def per_item(self) -> float:
        """The median of the repeats, in seconds per item."""
        return statistics.median(self.seconds) / self.items

    @property
    def spread(self) -> tuple[float, float]:
        """The fastest and the slowest repeat, in seconds per item."""
        return min(self.seconds) / self.items, max(self.seconds) / self.items


def dtype_of(name: str) -> torch.dtype:
    """The torch dtype of that name; InputError with the nearest where there is none."""
    if name not in DTYPES:
        raise unknown_name("dtype", name, DTYPES)
    return DTYPES[name]


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _resident(field: str) -> int:
    """Resident memory of this process in bytes: VmRSS now, or VmHWM at its highest."""
    status = Path("/proc/self/status")
    if status.is_file():
        match = re.search(rf"^{field}:\s+(\d+) kB", status.read_text(), re.MULTILINE)
        if match:
            return int(match[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _reset_peaks(device: torch.device) -> None:
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):  # glibc keeps what earlier models gave back: not this step's
        libc.malloc_trim(0)
    with suppress(OSError):  # elsewhere the peak is that of the whole process
        Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak of resident memory
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


@contextmanager
def memory_told(device: torch.device) -> Iterator[None]:
    """Where memory runs out inside, an OutOfMemoryError that tells what was needed."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if needed := _out_of_memory(error, device):
            raise needed from error
        raise


def _out_of_memory(error: BaseException, device: torch.device) -> OutOfMemoryError | None:
    """What was needed, where `error` says that memory ran out."""
    tried = _TRIED.search(str(error))
    if tried is None:
        return None
    allocated = torch.cuda.memory_allocated(device) if device.type == "cuda" else _resident("VmRSS")
    return OutOfMemoryError(allocated + int(float(tried[1]) * _UNITS[tried[2]]))


@torch.inference_mode()
def measure(
    step: Callable[[], object],
    items: int,
    device: torch.device,
    dtype: str = "float32",
    *,
    seconds: float = 1.0,
    longest: float = math.inf,
) -> Measurement:
    """Run `step`, which does one batch of `items`, once to warm up and then for `seconds`.

    At least `REPEATS` repeats are timed, and at most `MOST`. Raises TooLongError as soon as the
    warm-up shows that one run, or the repeats so far that `REPEATS` of them, take longer than
    `longest` seconds, and OutOfMemoryError where a batch does not fit.
    """
    times: list[float] = []
    with memory_told(device):
        warm_up = once(step, device)
        if warm_up > longest:
            raise TooLongError(REPEATS * warm_up)
        _reset_peaks(device)
        while len(times) < REPEATS or (len(times) < MOST and sum(times) + times[-1] < seconds):
            times.append(once(step, device))
            expected = REPEATS * sum(times) / len(times)
            if len(times) <= REPEATS and expected > longest:
                raise TooLongError(expected)
    cuda = device.type == "cuda"
    return Measurement(
        items=items,
        seconds=tuple(times),
        warm_up_seconds=warm_up,
        device=device.type,
        dtype=dtype,
        threads=torch.get_num_threads(),
        peak_host_bytes=_resident("VmHWM"),
        peak_device_bytes=torch.cuda.max_memory_allocated(device) if cuda else 0,
    )


@torch.inference_mode()
def once(step: Callable[[], object], device: torch.device) -> float:
    """The seconds of one run, until the device has done it."""
    _wait(device)
    start = perf_counter()
    step()
    _wait(device)
    return perf_counter() - start


def gemm_rate(device: torch.device, dtype: str, size: int | None = None) -> float:
    """Floating-point operations per second of a square matrix product: the device at its best.

    size: of the largest matrices; 1536 on a CPU and 8192 elsewhere unless given. Smaller ones do
    where a product takes `LONG_ENOUGH` already: a processor without instructions for bfloat16 is
    a hundred times slower in it. The best of a second's repeats.
    """
    largest = size or (1536 if device.type == "cpu" else 8192)
    for size in (largest // 8, largest // 4, largest // 2, largest):
        a, b = (torch.randn(size, size, device=device).to(dtype_of(dtype)) for _ in range(2))
        measured = measure(lambda a=a, b=b: a @ b, 1, device, dtype, seconds=1)
        if min(measured.seconds) >= LONG_ENOUGH:
            break
    return 2 * size**3 / min(measured.seconds)
