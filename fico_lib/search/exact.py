"""Exact nearest neighbours by inner product, streamed: the ground truth of every recall."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from fico_lib.runtime.arrays import read_npz
from fico_lib.runtime.devices import resolve
from fico_lib.runtime.digests import code_digest, digest
from fico_lib.runtime.files import write_whole
from fico_lib.search.dataset import SearchDataset

QUERY_TILE = 4096
GALLERY_TILE = 16_384  # with a full tile of queries, 256 MB of float32 scores


def top_k(
    queries: torch.Tensor, blocks: Iterator[tuple[int, torch.Tensor]], k: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The k largest inner products of each query, largest first, and the rows that have them.

    queries: (n_queries, d); blocks: (first row, (rows, d)) of the gallery, of the same dtype and on
    the same device. Returns (n_queries, k) float32 and int64; one tile of scores exists at a time.
    """
    best = [
        (
            torch.full((len(part), 0), -torch.inf, device=part.device),
            torch.empty((len(part), 0), dtype=torch.int64, device=part.device),
        )
        for part in queries.split(QUERY_TILE)
    ]
    for start, block in blocks:
        for offset in range(0, len(block), GALLERY_TILE):
            tile = block[offset : offset + GALLERY_TILE]
            for i, part in enumerate(queries.split(QUERY_TILE)):
                values, ids = (part @ tile.T).float().topk(min(k, len(tile)), dim=1)
                values = torch.cat([best[i][0], values], 1)
                ids = torch.cat([best[i][1], ids + start + offset], 1)
                values, order = values.topk(min(k, values.shape[1]), dim=1)
                best[i] = values, ids.gather(1, order)
    return torch.cat([v for v, _ in best]), torch.cat([i for _, i in best])


def exact(dataset: SearchDataset, k: int, device: str = "auto") -> tuple[np.ndarray, np.ndarray]:
    """The k nearest neighbours of every query: inner products (n_queries, k) float32, ids int64.

    float32 throughout (no TF32); on the GPU, if there is one, unless `device` says otherwise.
    """
    placed = resolve(device)
    queries = torch.from_numpy(dataset.queries).to(placed)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        blocks = ((s, torch.from_numpy(b).to(placed)) for s, b in dataset.gallery.blocks())
        values, ids = top_k(queries, blocks, min(k, dataset.gallery.n))
    finally:
        torch.set_float32_matmul_precision(before)
    return values.cpu().numpy(), ids.cpu().numpy()


def ground_truth(
    dataset: SearchDataset, k: int, device: str, cache: Path
) -> tuple[np.ndarray, np.ndarray]:
    """`exact`, cached under a key of the data, k, the device and the code.

    Where a file told the nearest (`SearchDataset.truth`), these, as many as it has.
    """
    if dataset.truth is not None:
        return dataset.truth
    key = digest(dataset.identity, k, str(resolve(device)), code_digest("fico_lib.search.exact"))
    file = cache / f"truth-{key}.npz"
    if not file.is_file():
        values, ids = exact(dataset, k, device)
        with write_whole(file) as part:
            np.savez(part, values=values, ids=ids)
    truth = read_npz(file)
    return truth["values"], truth["ids"]
