"""Images from files, preprocessed in worker processes; a broken one is a word, not an end."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from fico_lib.datasets.karpathy.images import upright_rgb

Batch = tuple[list[int], dict[str, torch.Tensor], dict[int, str]]


class Files(Dataset):
    """Preprocessed images: (row, arguments, ""), or (row, None, what is wrong with the file)."""

    def __init__(self, paths: Sequence[Path], rows: Sequence[int], preprocess: Callable):
        self.paths, self.rows, self.preprocess = paths, rows, preprocess

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> tuple[int, dict[str, torch.Tensor] | None, str]:
        row = self.rows[place]
        try:
            with Image.open(self.paths[row]) as image:
                return row, self.preprocess(upright_rgb(image)), ""
        except Exception as error:  # Pillow raises many kinds for a damaged file
            return row, None, str(error) or type(error).__name__


def _together(items: list[tuple[int, Any, str]]) -> Batch:
    whole = [(row, found) for row, found, wrong in items if not wrong]
    names = whole[0][1] if whole else {}
    stacked = {name: torch.stack([found[name] for _, found in whole]) for name in names}
    return [row for row, _ in whole], stacked, {row: wrong for row, _, wrong in items if wrong}


def batches(
    paths: Sequence[Path], rows: Sequence[int], preprocess: Callable, size: int, workers: int
) -> Iterator[Batch]:
    """The images `rows` of `paths`, `size` at a time: rows, their arguments, and broken ones."""
    files = Files(paths, rows, preprocess)
    yield from DataLoader(
        files, batch_size=size, num_workers=workers, collate_fn=_together,
        multiprocessing_context="fork" if workers else None,
    )  # fmt: skip
