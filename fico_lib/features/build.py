"""Extracts the features of a data set's splits and writes them, block by block, as plain files."""

from pathlib import Path

import numpy as np
import torch

from fico_lib.datasets.dataset import Dataset, Split
from fico_lib.features import doc2vec, feature_class
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.features.parameters import FeatureParameters
from fico_lib.features.text import Tokens, Vocabulary
from fico_lib.runtime.devices import threads
from fico_lib.runtime.progress import track

BLOCK = 1000  # images standardised at once


def _extract(extractor, split: Split, folder: Path) -> dict[str, np.ndarray]:
    """Raw features of one split as writable memory maps in `folder`: regions, boxes, whole.

    whole: mean and maximum over the regions, side by side: (n_images, 2 * dimension).
    """
    folder.mkdir(parents=True)
    n, r, d = len(split.image_ids), extractor.regions, extractor.dimension
    shapes = {"regions": (n, r, d), "boxes": (n, r, 4), "whole": (n, 2 * d)}
    arrays = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float32, shape)
        for name, shape in shapes.items()
    }
    row = 0
    blocks = track(extractor.blocks(split), f"features of {split.name}", -(-n // extractor.block))
    for features, boxes in blocks:
        block = slice(row, row + len(features))
        arrays["regions"][block], arrays["boxes"][block] = features, boxes
        arrays["whole"][block] = np.concatenate([features.mean(1), features.max(1)], 1)
        row = block.stop
    return arrays


def statistics(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation over all but the last axis, in blocks: two (d,) float32."""
    total, squares = 0.0, 0.0
    for start in range(0, len(array), BLOCK):
        rows = array[start : start + BLOCK].reshape(-1, array.shape[-1]).astype(np.float64)
        total, squares = total + rows.sum(0), squares + (rows**2).sum(0)
    count = array.size // array.shape[-1]
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0))
    # A feature that is constant on the train split carries nothing: it becomes 0, not 0 / 0.
    return mean.astype(np.float32), np.where(deviation > 1e-6, deviation, np.inf).astype(np.float32)


def _standardise(array: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> None:
    """Subtract the mean and divide by the deviation, in place."""
    for start in range(0, len(array), BLOCK):
        block = slice(start, start + BLOCK)
        array[block] = (array[block] - mean) / deviation


def _documents(tokens: dict[str, Tokens], dimension: int) -> dict[str, np.ndarray | None]:
    """Doc2Vec vectors of the texts of each split, learned and standardised on `train`."""
    if not dimension:
        return dict.fromkeys(tokens)
    model = doc2vec.fit(tokens["train"], dimension)
    documents = {name: doc2vec.infer(model, tokens[name], name) for name in tokens}
    mean, deviation = statistics(documents["train"])
    for array in documents.values():
        _standardise(array, mean, deviation)
    return documents


def build(
    dataset: Dataset,
    parameters: FeatureParameters,
    folder: Path,
    device: torch.device,
    splits: tuple[str, ...] = ("train", "val", "test"),
) -> None:
    """Write the features of `splits` to folder/<split>, as `FeatureSplit.load` reads them.

    Region and whole-image features are standardised by the mean and deviation, the vocabulary holds
    the words, and Doc2Vec learns from the captions, of the split `train`, which must be among
    `splits`.
    """
    with threads(parameters.threads):
        extractor = feature_class(parameters.name)(dataset, parameters, device)
        arrays = {name: _extract(extractor, dataset[name], folder / name) for name in splits}
    for kind in ("regions", "whole"):
        mean, deviation = statistics(arrays["train"][kind])
        for name in splits:
            _standardise(arrays[name][kind], mean, deviation)
    vocabulary = Vocabulary.fit(dataset["train"].captions, parameters.min_count)
    tokens = {
        name: vocabulary.encode(dataset[name].captions, parameters.max_words) for name in splits
    }
    documents = _documents(tokens, parameters.documents)
    words, kinds = vocabulary.words, dataset.parts_of_speech
    for name in splits:
        split = dataset[name]
        FeatureSplit(
            name=name,
            vocabulary_size=len(vocabulary),
            tokens=tokens[name].ids,
            lengths=tokens[name].lengths,
            text_of_caption=tokens[name].text_of_caption,
            image_of_caption=split.image_of_caption,
            image_ids=split.image_ids,
            caption_ids=split.caption_ids,
            labels=split.labels,
            documents=documents[name],
            words=np.array(words, dtype=str),
            parts_of_speech=np.array([kinds.get(w, "") for w in words]) if kinds else None,
            **arrays[name],
        ).save(folder / name, written=tuple(arrays[name]))
