"""Crop features: a simulated detector's boxes, seen by a small CNN trained on a disjoint split."""

from collections.abc import Iterator
from typing import Self

import numpy as np
import torch

from fico_lib.datasets.dataset import Dataset, Split
from fico_lib.features import crop_cnn, image_cnn
from fico_lib.features.boxes import WHOLE, Boxes, cut, detect
from fico_lib.features.crop_cnn import CropCNN
from fico_lib.features.image_cnn import ImageCNN, pairs_shown
from fico_lib.features.parameters import CropParameters
from fico_lib.features.training import to_input, train
from fico_lib.runtime.devices import seeded
from fico_lib.runtime.digests import digest
from fico_lib.runtime.errors import InputError


def attributes(objects: np.ndarray) -> list[str]:
    """What a detector learns of `Split.objects`: its whole numbers, but for the category."""
    return [
        name
        for name, (kind, _) in objects.dtype.fields.items()
        if np.issubdtype(kind, np.integer) and name != "kind"
    ]


def targets_of(objects: np.ndarray, found: Boxes) -> np.ndarray:
    """What each region shows: whether it is an object (0, 1), then its attributes, else IGNORE.

    objects: (n, k) as in `Split.objects`. Returns (n, regions, 1 + attributes) int64.
    """
    column = found.shows.clip(min=0)
    is_object = (found.shows >= 0).astype(np.int64)
    values = [np.take_along_axis(objects[name], column, 1) for name in attributes(objects)]
    targets = np.stack([is_object, *values], -1).astype(np.int64)
    targets[..., 1:][found.shows < 0] = crop_cnn.IGNORE
    targets[found.shows == WHOLE] = crop_cnn.IGNORE
    return targets


class CropFeatures:
    """Region and image features of images with known objects (see `fico_lib.features.FEATURES`).

    Two networks learn attributes of objects on the split `detector`, which no model is trained or
    tested on: one sees the regions, one the whole image. The categories, which models are judged
    by, are not among the attributes. The boxes are noisy as `detector_noise` says, when the first
    network is trained as well as afterwards.
    """

    block = 250

    def __init__(
        self, parameters: CropParameters, device: torch.device, crops: CropCNN, images: ImageCNN
    ):
        self.parameters, self.device = parameters, device
        self.regions, self.dimension = parameters.regions, parameters.dimension
        self.whole_dimension = 2 * parameters.dimension
        self.crops, self.images = crops, images

    @classmethod
    def fit(cls, dataset: Dataset, parameters: CropParameters, device: torch.device) -> Self:
        """Train both networks; InputError where the data have no objects to learn from."""
        if "detector" not in dataset.splits:
            raise InputError(
                f"data set '{dataset.name}' has no split 'detector' to train crop features on; "
                "use features 'grid'"
            )
        split = dataset["detector"]
        crops, targets = [], []
        for rows, _, pixels, found in _regions(split, parameters, cls.block):
            crops.append(pixels.reshape(-1, *pixels.shape[2:]))
            targets.append(targets_of(split.objects[rows], found).reshape(len(crops[-1]), -1))
        targets = np.concatenate(targets)
        classes = tuple(int(values) for values in targets.max(0).clip(min=0) + 1)
        present = split.objects["kind"] >= 0
        values = np.stack([split.objects[name] for name in attributes(split.objects)], -1)
        shown = pairs_shown(values, present, classes[1:])
        with seeded(parameters.seed, device):
            networks = cls._networks(parameters, classes, shown.shape[1])
            rng = np.random.default_rng(parameters.seed)
            learning = parameters.detector_epochs, crop_cnn.BATCH, rng, device
            seen = np.concatenate(crops)
            train(networks[0], seen, targets, crop_cnn.loss_of, *learning, "regions")
            del crops, seen
            learning = parameters.detector_epochs, image_cnn.BATCH, rng, device
            pictures = split.images.read(np.arange(len(split)))
            train(networks[1], pictures, shown, image_cnn.loss_of, *learning, "images")
        return cls(parameters, device, *networks)

    @staticmethod
    def _networks(
        parameters: CropParameters, classes: tuple[int, ...], shown: int
    ) -> tuple[CropCNN, ImageCNN]:
        size = parameters.dimension
        return CropCNN(size, classes), ImageCNN(2 * size, shown)

    def arrays(self) -> dict[str, np.ndarray]:
        """What `load` needs: the networks' weights."""
        return {
            f"{name}.{key}": value.detach().cpu().numpy()
            for name, network in (("crops", self.crops), ("images", self.images))
            for key, value in network.state_dict().items()
        }

    @classmethod
    def load(
        cls, arrays: dict[str, np.ndarray], parameters: CropParameters, device: torch.device
    ) -> Self:
        """The features whose `arrays` these are; InputError where they are of other networks."""
        heads = sum(key.startswith("crops.heads.") and key.endswith(".bias") for key in arrays)
        try:
            classes = tuple(len(arrays[f"crops.heads.{i}.bias"]) for i in range(heads))
            networks = cls._networks(parameters, classes, len(arrays["images.head.bias"]))
            for name, network in zip(("crops", "images"), networks, strict=True):
                weights = {
                    key.removeprefix(f"{name}."): torch.from_numpy(value)
                    for key, value in arrays.items()
                    if key.startswith(f"{name}.")
                }
                network.load_state_dict(weights)
                network.to(device, memory_format=torch.channels_last).eval()
        except (KeyError, RuntimeError) as error:
            raise InputError(f"not weights of crop features of these sizes: {error}") from error
        return cls(parameters, device, *networks)

    @torch.inference_mode()
    def blocks(self, split: Split) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Features of regions, boxes as fractions of the image, and features of whole images.

        (block, regions, dimension), (block, regions, 4) and (block, whole_dimension) float32.
        """
        for rows, images, crops, found in _regions(split, self.parameters, self.block):
            features = self.crops(to_input(crops, self.device)).cpu().numpy()
            whole = self.images(to_input(images, self.device)).cpu().numpy()
            boxes = found.boxes / images.shape[1]
            yield features.reshape(len(rows), self.regions, -1), boxes, whole


def _regions(
    split: Split, parameters: CropParameters, block: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, Boxes]]:
    """Blocks of a split: image rows, images, crops and boxes."""
    if split.objects is None:
        raise InputError(
            f"split '{split.name}' says nothing about objects, which features 'crops' "
            "simulate a detector from; use kind 'grid'"
        )
    name = int(digest(split.name), 16)  # another split has other noise
    for start in range(0, len(split.image_ids), block):
        rows = np.arange(start, min(start + block, len(split.image_ids)))
        images = split.images.read(rows)
        if images.shape[1] != images.shape[2]:
            raise InputError(
                f"split '{split.name}': images of {images.shape[2]} x {images.shape[1]} "
                "pixels; crop features expect square ones"
            )
        rng = np.random.default_rng([parameters.seed, name, start])
        side, noise = images.shape[1], parameters.detector_noise
        found = detect(split.objects[rows], side, parameters.regions, noise, rng)
        yield rows, images, cut(images, found.boxes, crop_cnn.SIZE), found
