"""Loads a data set in Karpathy's format: annotations, labels and images, lined up by id."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fico_lib.datasets.dataset import Dataset, Split, label_words
from fico_lib.datasets.karpathy.annotations import SPLITS, Entry, read_annotations
from fico_lib.datasets.karpathy.folds import blocks, split_names
from fico_lib.datasets.karpathy.images import AbsentImages, FolderImages, find_images, verify
from fico_lib.datasets.karpathy.labels import Labels, read_labels
from fico_lib.datasets.karpathy.parameters import KarpathyParameters


def _files(parameters: KarpathyParameters, entries: list[Entry]) -> list[Path] | None:
    """The image files of the entries, found and verified as asked; None without images."""
    if parameters.images is None:
        return None
    ids = [entry.image_id for entry in entries]
    names = [(entry.folder, entry.filename) for entry in entries]
    files = find_images(parameters.path(parameters.images), names, ids)
    if parameters.verify_images:
        verify(files, ids)
    return files


def _split(
    name: str,
    entries: Sequence[Entry],
    files: Sequence[Path] | None,
    labels: Labels | None,
    image_size: int,
) -> Split:
    """One split, of images that have entries, files (or none) and labels (or none) in one order."""
    image_ids = np.array([entry.image_id for entry in entries])
    counts = [len(entry.captions) for entry in entries]
    return Split(
        name=name,
        image_ids=image_ids,
        images=(
            AbsentImages(len(entries))
            if files is None
            else FolderImages(files, image_ids, image_size)
        ),
        captions=tuple(caption for entry in entries for caption in entry.captions),
        caption_ids=np.array([c for entry in entries for c in entry.caption_ids]),
        image_of_caption=np.repeat(np.arange(len(entries)), counts),
        labels=labels[0] if labels else None,
        category_names=labels[1] if labels else (),
        hashtags=label_words(*labels) if labels else None,
    )


def _split_names(
    parameters: KarpathyParameters, entries: list[Entry], labels: Labels | None
) -> list[str]:
    """The split of each image: the file's own, or that of the fold."""
    if parameters.fold is not None:
        path = parameters.path(parameters.labels)
        return split_names(blocks(entries, labels, path), parameters.fold)
    to_train = ("restval",) if parameters.restval_is_train else ()
    return ["train" if entry.split in to_train else entry.split for entry in entries]


def load_karpathy(parameters: KarpathyParameters) -> Dataset:
    """The data set that the files describe.

    Splits are train, val and test, as far as the file has them; images of `restval` are training
    images or a split of their own. With a fold, train, val and test are its blocks (see
    `fico_lib.datasets.karpathy.folds`). Raises InputError, naming file and entry, for missing
    files, images without captions and captions without image, ids used twice, unknown splits,
    labels that do not fit and (unless turned off) broken images.
    """
    path = parameters.path(parameters.annotations)
    entries = read_annotations(path, parameters.skip_empty_captions)
    labels = read_labels(parameters.path(parameters.labels), entries) if parameters.labels else None
    split_of = _split_names(parameters, entries, labels)
    files = _files(parameters, entries)
    splits = {}
    for name in (name for name in SPLITS if name in split_of):
        rows = [i for i, own in enumerate(split_of) if own == name]
        splits[name] = _split(
            name,
            [entries[i] for i in rows],
            [files[i] for i in rows] if files else None,
            (labels[0][rows], labels[1]) if labels else None,
            parameters.image_size,
        )
    title = path.stem.removeprefix("dataset_")
    return Dataset(title, f"{title}: {len(entries)} images with their captions", splits)
