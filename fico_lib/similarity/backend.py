"""Where scores are computed and ranked: numpy on the CPU, torch on a GPU."""

import sys
from pathlib import Path

import numpy as np

from fico_lib.runtime.errors import InputError

DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")  # NVIDIA, AMD, Windows' subsystem for Linux


class NumpyBackend:
    """numpy on the CPU: its sort, compares and BLAS are faster there than torch's."""

    tensors = False

    def put(self, array: np.ndarray) -> np.ndarray:
        """The array, where it is."""
        return array


class TorchBackend:
    """torch on one device (which may be the CPU, to test the code of the GPU)."""

    tensors = True

    def __init__(self, device):
        self.device = device

    def put(self, array: np.ndarray):
        """The array as a tensor on the device."""
        import torch

        return torch.from_numpy(np.array(array, order="C")).to(self.device)


def _gpu_may_be_there() -> bool:
    """Is there a driver, or is torch loaded anyway? Loading it just to ask takes seconds."""
    return "torch" in sys.modules or any(Path(path).exists() for path in DRIVERS)


def backend(device: "str | NumpyBackend | TorchBackend") -> "NumpyBackend | TorchBackend":
    """The backend for a device by name: auto, cpu, cuda or cuda:N; a backend stands for itself."""
    if isinstance(device, NumpyBackend | TorchBackend):
        return device
    if type(device).__module__ == "torch" and type(device).__name__ == "device":
        device = str(device)
    if not isinstance(device, str):
        raise InputError(f"device: found {device!r}; expected auto, cpu, cuda or cuda:N")
    if device == "cpu" or (device == "auto" and not _gpu_may_be_there()):
        return NumpyBackend()
    from fico_lib.runtime.devices import resolve

    resolved = resolve(device)
    if resolved.type == "cpu":
        return NumpyBackend()
    if resolved.type != "cuda":
        raise InputError(f"device '{device}': the evaluation needs float64; expected cpu or cuda")
    return TorchBackend(resolved)
