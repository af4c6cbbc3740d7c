"""Exhaustive search on a GPU: faiss's indexes, and bfloat16 tiles in torch."""

import faiss
import numpy as np
import torch

from fico_lib.runtime.devices import resolve
from fico_lib.runtime.errors import InputError
from fico_lib.search.code_index import CodeIndex
from fico_lib.search.exact import top_k
from fico_lib.search.index import Index

MOST_K = 2048  # of faiss's GPU indexes


def unavailable_reason(name: str) -> str:
    """Why an index of this module cannot run on this machine; "" if it can.

    faiss-gpu imports without a GPU, and its conversion then silently returns a useless index, so
    this counts the GPUs that faiss itself sees.
    """
    if name == "gpu_bf16":
        return "" if torch.cuda.is_available() else "torch finds no GPU"
    if not hasattr(faiss, "StandardGpuResources"):
        return "faiss is built for CPUs (requirements-gpu.txt has the other one)"
    return "" if faiss.get_num_gpus() > 0 else "faiss finds no GPU"


def _require(name: str) -> None:
    if reason := unavailable_reason(name):
        raise InputError(f"index '{name}': {reason}")


class GpuFlat(Index):
    """GpuIndexFlatIP: exact float32 inner products on the first GPU."""

    def __init__(self, dimension: int):
        _require("gpu_flat")
        super().__init__(dimension)
        self.resources = faiss.StandardGpuResources()
        self.index = faiss.GpuIndexFlatIP(self.resources, dimension)

    def add(self, block: np.ndarray) -> None:
        """As in `Index`."""
        self.index.add(block)

    def find(self, queries: np.ndarray, k: int):
        """k: at most 2048."""
        if k > MOST_K:
            raise InputError(f"k: found {k}; faiss's GPU indexes return at most {MOST_K}")
        return self.index.search(queries, k)

    def size_bytes(self) -> int:
        """The vectors."""
        return 4 * self.dimension * self.index.ntotal


class GpuCodeFlat(CodeIndex):
    """GpuIndexBinaryFlat: exact Hamming distances on the first GPU."""

    def make(self, width: int):
        """As in `CodeIndex`."""
        _require("gpu_code_flat")
        self.resources = faiss.StandardGpuResources()
        return faiss.GpuIndexBinaryFlat(self.resources, width)

    def size_bytes(self) -> int:
        """The codes."""
        return -(-self.bits // 8) * self.n


class TiledBf16(Index):
    """Inner products of bfloat16 vectors on the device, tile by tile; the top k are merged.

    device: "auto", or the device by name (the same code runs on a CPU, slowly).
    """

    def __init__(self, dimension: int, device: str = "auto"):
        super().__init__(dimension)
        self.device, self.parts, self.rows = resolve(device), [], 0

    def add(self, block: np.ndarray) -> None:
        """As in `Index`."""
        self.parts.append((self.rows, torch.from_numpy(block).to(self.device, torch.bfloat16)))
        self.rows += len(block)

    def find(self, queries: np.ndarray, k: int):
        """As in `Index`; copying the results back waits for the device."""
        rows = torch.from_numpy(queries).to(self.device, torch.bfloat16)
        values, ids = top_k(rows, iter(self.parts), min(k, self.rows))
        return values.cpu().numpy(), ids.cpu().numpy()

    def size_bytes(self) -> int:
        """The vectors."""
        return 2 * self.dimension * self.rows
