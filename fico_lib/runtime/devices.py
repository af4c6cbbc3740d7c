"""Where the torch code runs: the device by name, and the number of CPU threads for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from fico_lib.runtime.errors import InputError
from fico_lib.runtime.machine import cores


def resolve(name: str = "auto") -> torch.device:
    """The device called `name`; "auto" is the GPU where there is one, else the CPU."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"device '{name}': expected auto, cpu, cuda, cuda:N or mps") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f"device '{name}': {torch.cuda.device_count()} CUDA devices are visible")
    return device


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch use `count` CPU threads inside the block; 0: as many as there are cores.

    The order of floating-point sums depends on the number of threads, so it is a parameter.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count or cores())
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Draw torch's random numbers from `seed` inside the block; the state outside is untouched."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
