"""Extracts the features of a data set's splits and writes them, block by block, as plain files."""

from pathlib import Path

import numpy as np
import torch

from fico_lib.datasets.dataset import Dataset, Split
from fico_lib.features import doc2vec, feature_class
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.features.fitted import FILE, Fitted, named
from fico_lib.features.parameters import FeatureParameters
from fico_lib.features.text import Tokens, Vocabulary
from fico_lib.runtime.devices import threads
from fico_lib.runtime.progress import track

BLOCK = 1000  # images standardised at once
STANDARDISED = ("regions", "whole", "documents")


def _extract(extractor, split: Split, folder: Path) -> dict[str, np.ndarray]:
    """Raw features of one split as writable memory maps in `folder`: regions, boxes, whole."""
    folder.mkdir(parents=True)
    n, r = len(split.image_ids), extractor.regions
    shapes = {
        "regions": (n, r, extractor.dimension),
        "boxes": (n, r, 4),
        "whole": (n, extractor.whole_dimension),
    }
    arrays = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float32, shape)
        for name, shape in shapes.items()
    }
    row = 0
    blocks = track(extractor.blocks(split), f"features of {split.name}", -(-n // extractor.block))
    for regions, boxes, whole in blocks:
        block = slice(row, row + len(regions))
        arrays["regions"][block], arrays["boxes"][block] = regions, boxes
        arrays["whole"][block] = whole
        row = block.stop
    return arrays


def statistics(array: np.ndarray) -> dict[str, np.ndarray]:
    """Mean and deviation over all but the last axis, in blocks: two (d,) float32."""
    total, squares = 0.0, 0.0
    for start in range(0, len(array), BLOCK):
        rows = array[start : start + BLOCK].reshape(-1, array.shape[-1]).astype(np.float64)
        total, squares = total + rows.sum(0), squares + (rows**2).sum(0)
    count = array.size // array.shape[-1]
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0))
    # A feature that is constant on the train split carries nothing: it becomes 0, not 0 / 0.
    deviation = np.where(deviation > 1e-6, deviation, np.inf)
    return {"mean": mean.astype(np.float32), "deviation": deviation.astype(np.float32)}


def _standardise(array: np.ndarray, of_train: dict[str, np.ndarray]) -> None:
    """Subtract the mean and divide by the deviation, in place."""
    for start in range(0, len(array), BLOCK):
        block = slice(start, start + BLOCK)
        array[block] = (array[block] - of_train["mean"]) / of_train["deviation"]


def _documents(
    learned: dict[str, np.ndarray], tokens: dict[str, Tokens]
) -> dict[str, np.ndarray | None]:
    """Doc2Vec vectors of the texts of each split, or None where no Doc2Vec was learned."""
    if not learned:
        return dict.fromkeys(tokens)
    model = doc2vec.load(learned)
    return {name: doc2vec.infer(model, tokens[name], name) for name in tokens}


def build(
    dataset: Dataset,
    parameters: FeatureParameters,
    folder: Path,
    device: torch.device,
    splits: tuple[str, ...] = ("train", "val", "test"),
    fitted: Fitted | None = None,
) -> None:
    """Write the features of `splits` to folder/<split>, as `FeatureSplit.load` reads them.

    Region and whole-image features are standardised by the mean and deviation, the vocabulary holds
    the words, and Doc2Vec learns from the captions, of the split `train`, which must be among
    `splits`. What is learned is written to folder/`fitted.FILE`. With `fitted`, of an earlier run,
    nothing is learned, and any splits will do.
    """
    kind = feature_class(parameters.name)
    with threads(parameters.threads):
        if fitted is None:
            extractor = kind.fit(dataset, parameters, device)
        else:
            extractor = kind.load(fitted.part("extractor"), parameters, device)
        arrays = {name: _extract(extractor, dataset[name], folder / name) for name in splits}
    learns = fitted is None
    if learns:
        words = Vocabulary.fit(dataset["train"].captions, parameters.min_count).words
        fitted = Fitted(named("extractor", extractor.arrays()), words)
    vocabulary = Vocabulary(fitted.words)
    tokens = {
        name: vocabulary.encode(dataset[name].captions, parameters.max_words) for name in splits
    }
    if learns and parameters.documents:
        model = doc2vec.fit(tokens["train"], parameters.documents)
        fitted.arrays.update(named("documents", doc2vec.arrays_of(model)))
    documents = _documents(fitted.part("documents"), tokens)
    for kind in STANDARDISED:
        raw = documents if kind == "documents" else {name: arrays[name][kind] for name in splits}
        raw = {name: array for name, array in raw.items() if array is not None}
        if raw and learns:
            fitted.arrays.update(named(f"statistics/{kind}", statistics(raw["train"])))
        for array in raw.values():
            _standardise(array, fitted.part(f"statistics/{kind}"))
    fitted.save(folder / FILE)
    for name, images in arrays.items():
        texts = tokens[name], documents[name], vocabulary
        _write(dataset, name, parameters, folder, images, *texts)


def _write(
    dataset: Dataset,
    name: str,
    parameters: FeatureParameters,
    folder: Path,
    images: dict[str, np.ndarray],
    tokens: Tokens,
    documents: np.ndarray | None,
    vocabulary: Vocabulary,
) -> None:
    """Write a split whose standardised `images` are in its folder already, with its texts."""
    split, words, kinds = dataset[name], vocabulary.words, dataset.parts_of_speech
    if parameters.boxes == "none":
        images = {kind: array for kind, array in images.items() if kind != "boxes"}
        (folder / name / "boxes.npy").unlink()
    FeatureSplit(
        name=name,
        vocabulary_size=len(vocabulary),
        tokens=tokens.ids,
        lengths=tokens.lengths,
        text_of_caption=tokens.text_of_caption,
        image_of_caption=split.image_of_caption,
        image_ids=split.image_ids,
        caption_ids=split.caption_ids,
        labels=split.labels,
        documents=documents,
        words=np.array(words, dtype=str),
        parts_of_speech=np.array([kinds.get(w, "") for w in words]) if kinds else None,
        boxes_for="all" if parameters.boxes == "all" else "published",
        **{"boxes": None} | images,
    ).save(folder / name, written=tuple(images))
