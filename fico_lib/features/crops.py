"""Crop features: a simulated detector's boxes, seen by a small CNN trained on a disjoint split."""

from collections.abc import Iterator

import numpy as np
import torch

from fico_lib.datasets.dataset import Dataset, Split
from fico_lib.features import crop_cnn
from fico_lib.features.boxes import NOTHING, WHOLE, Boxes, cut, detect
from fico_lib.features.crop_cnn import CropCNN
from fico_lib.features.parameters import CropParameters
from fico_lib.runtime.devices import seeded
from fico_lib.runtime.digests import digest
from fico_lib.runtime.errors import InputError

TARGETS = ("kind", "colour", "size")


def targets_of(objects: np.ndarray, found: Boxes) -> np.ndarray:
    """What each region shows: kind (0: no object), colour, size, IGNORE where it has none.

    objects: (n, k) as in `Split.objects`. Returns (n, regions, 3) int64.
    """
    column = found.shows.clip(min=0)
    values = [np.take_along_axis(objects[t], column, 1).astype(np.int64) for t in TARGETS]
    values[0] = np.where(found.shows == NOTHING, 0, values[0] + 1)
    targets = np.stack(values, -1)
    targets[..., 1:][found.shows == NOTHING] = crop_cnn.IGNORE
    targets[found.shows == WHOLE] = crop_cnn.IGNORE
    return targets


def labels_of(split: Split, rows: np.ndarray, found: Boxes) -> np.ndarray:
    """Categories of the regions that are whole images, NaN elsewhere: (n, regions, c) float32."""
    labels = np.zeros((len(split.image_ids), 0), bool) if split.labels is None else split.labels
    wanted = np.full((*found.shows.shape, labels.shape[1]), np.nan, np.float32)
    image, region = np.nonzero(found.shows == WHOLE)
    wanted[image, region] = labels[rows][image]
    return wanted


class CropFeatures:
    """Region features of images with known objects (see `fico_lib.features.FEATURES`).

    The detector learns kind, colour and size of objects, and the categories of whole images, on
    the split `detector`, which no model is trained or tested on. Its boxes are noisy as
    `detector_noise` says, when it is trained as well as afterwards.
    """

    block = 250

    def __init__(self, dataset: Dataset, parameters: CropParameters, device: torch.device):
        if "detector" not in dataset.splits:
            raise InputError(
                f"data set '{dataset.name}' has no split 'detector' to train crop features on; "
                "use features 'grid'"
            )
        self.parameters, self.device = parameters, device
        self.regions, self.dimension = parameters.regions, parameters.dimension
        self.network = self._train(dataset["detector"])

    def _read(self, split: Split) -> Iterator[tuple[np.ndarray, int, np.ndarray, Boxes]]:
        """Blocks of a split: image rows, image side in pixels, crops and boxes."""
        if split.objects is None:
            raise InputError(
                f"split '{split.name}' says nothing about objects, which features 'crops' "
                "simulate a detector from; use kind 'grid'"
            )
        name = int(digest(split.name), 16)  # another split has other noise
        for start in range(0, len(split.image_ids), self.block):
            rows = np.arange(start, min(start + self.block, len(split.image_ids)))
            images = split.images.read(rows)
            if images.shape[1] != images.shape[2]:
                raise InputError(
                    f"split '{split.name}': images of {images.shape[2]} x {images.shape[1]} "
                    "pixels; crop features expect square ones"
                )
            rng = np.random.default_rng([self.parameters.seed, name, start])
            side, noise = images.shape[1], self.parameters.detector_noise
            found = detect(split.objects[rows], side, self.regions, noise, rng)
            yield rows, side, cut(images, found.boxes, crop_cnn.SIZE), found

    def _train(self, split: Split) -> CropCNN:
        crops, targets, labels = [], [], []
        for rows, _, pixels, found in self._read(split):
            crops.append(pixels.reshape(-1, *pixels.shape[2:]))
            targets.append(targets_of(split.objects[rows], found).reshape(-1, len(TARGETS)))
            labels.append(labels_of(split, rows, found).reshape(len(targets[-1]), -1))
        targets, labels = np.concatenate(targets), np.concatenate(labels)
        classes = tuple(int(values) for values in targets.max(0) + 1)
        with seeded(self.parameters.seed, self.device):
            network = CropCNN(self.dimension, classes, labels.shape[1])
            return crop_cnn.train(
                network,
                np.concatenate(crops),
                targets,
                labels,
                self.parameters.detector_epochs,
                np.random.default_rng(self.parameters.seed),
                self.device,
            )

    @torch.inference_mode()
    def blocks(self, split: Split) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Features (block, regions, dimension) and boxes (block, regions, 4), image fractions."""
        for rows, side, crops, found in self._read(split):
            features = self.network(crop_cnn.to_input(crops, self.device)).cpu().numpy()
            yield features.reshape(len(rows), self.regions, -1), found.boxes / side
