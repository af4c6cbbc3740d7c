"""Grid features: the feature-map cells of a vision checkpoint as regions, for any images.

Grid cells do as well as a detector's boxes as regions (Jiang et al. 2020, "In Defense of Grid
Features for Visual Question Answering"). Middle layers tell textures and parts, late ones kinds of
things; both are kept.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import adaptive_avg_pool2d
from transformers import AutoModel, PreTrainedModel
from transformers.utils import logging

from fico_lib.datasets.dataset import Dataset, Split
from fico_lib.features.checkpoint import checkpoint_files
from fico_lib.features.parameters import GridParameters
from fico_lib.runtime.errors import InputError

# Feature maps of a few images stay in a CPU's cache: 4 at once take half the time of 16.
BATCH = {"cpu": 4, "cuda": 64}


def load(folder: Path) -> PreTrainedModel:
    """The vision model of a checkpoint folder, in evaluation mode; runs no code from the folder."""
    checkpoint_files(folder)  # says what is missing
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()  # its classifier's weights are left over, and that is meant
    logging.disable_progress_bar()
    try:
        model = AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
    finally:
        logging.set_verbosity(verbosity)
        logging.enable_progress_bar()
    return getattr(model, "vision_model", model).eval()  # CLIP and its like hold one of two towers


class Preprocessor:
    """Resizes and normalises images as preprocessor_config.json says.

    One departure: no border is cropped away. The whole image is resized to the square that the
    model expects, so that each cell covers a known part of the image.
    """

    def __init__(self, folder: Path, resolution: int):
        about = json.loads((folder / "preprocessor_config.json").read_text())
        size = about.get("crop_size") or about.get("size")
        if isinstance(size, list):  # height and width, as older files have them
            size = {"height": size[0], "width": size[-1]}
        size = {"height": size, "width": size} if isinstance(size, int) else size or {}
        self.side = resolution or size.get("height") or size.get("shortest_edge")
        if not self.side:
            raise InputError(
                f"{folder / 'preprocessor_config.json'}: neither crop_size nor size gives the "
                "input's height; set features.resolution"
            )
        scaled = about.get("do_rescale", True)
        self.scale = about.get("rescale_factor", 1 / 255) if scaled else 1.0
        kind = str(about.get("image_processor_type") or about.get("feature_extractor_type") or "")
        plain = kind.startswith("MobileViT")  # trained on BGR from 0 to 1
        self.flips = about.get("do_flip_channel_order", plain)
        normalised = about.get("do_normalize", not plain)
        self.mean = np.float32(about.get("image_mean", 0.5) if normalised else 0)
        self.std = np.float32(about.get("image_std", 0.5) if normalised else 1)
        self.resample = about.get("resample", Image.Resampling.BILINEAR)

    def __call__(self, images: list[np.ndarray]) -> torch.Tensor:
        """Images uint8 (height, width, 3), of any sizes -> (n, 3, side, side) float32."""
        pixels = np.stack(
            [Image.fromarray(i).resize((self.side, self.side), self.resample) for i in images]
        )
        pixels = pixels[..., ::-1] if self.flips else pixels
        normal = (pixels * np.float32(self.scale) - self.mean) / self.std
        return torch.from_numpy(normal).permute(0, 3, 1, 2)


def as_map(hidden: torch.Tensor) -> torch.Tensor:
    """A hidden layer as a feature map (b, channels, height, width).

    Convolutional layers are one already; of a transformer's tokens (b, n, channels) the largest
    square number at the end are the patches, and what stands before (class token, registers) goes.
    """
    if hidden.ndim == 4:
        return hidden
    side = int(np.sqrt(hidden.shape[1]))
    patches = hidden[:, hidden.shape[1] - side * side :]
    return patches.transpose(1, 2).unflatten(2, (side, side))


def cell_boxes(cells: int) -> np.ndarray:
    """Centre x, centre y, width, height of the cells row by row, then of the whole image.

    Returns (cells**2 + 1, 4) float32, fractions of the image.
    """
    centre = (np.arange(cells) + 0.5) / cells
    y, x = np.meshgrid(centre, centre, indexing="ij")
    size = np.full(cells * cells, 1 / cells)
    grid = np.stack([x.ravel(), y.ravel(), size, size], 1)
    return np.concatenate([grid, [[0.5, 0.5, 1, 1]]]).astype(np.float32)


class GridFeatures:
    """Cell features of any images (see `fico_lib.features.FEATURES`).

    Each chosen hidden layer is average-pooled to cells x cells; the layers' channels stand side by
    side. The last region is the mean of the cells.
    """

    def __init__(self, parameters: GridParameters, device: torch.device):
        folder = Path(parameters.checkpoint)
        self.parameters, self.device = parameters, device
        self.model = load(folder).to(device, memory_format=torch.channels_last)
        self.preprocess = Preprocessor(folder, parameters.resolution)
        self.boxes = cell_boxes(parameters.cells)
        self.regions = len(self.boxes)
        self.block = BATCH.get(device.type, BATCH["cpu"])
        blank = np.zeros((self.preprocess.side, self.preprocess.side, 3), np.uint8)
        self.dimension = self.features([blank]).shape[2]
        self.whole_dimension = 2 * self.dimension

    @classmethod
    def fit(cls, dataset: Dataset, parameters: GridParameters, device: torch.device) -> Self:
        """Nothing is learned: the checkpoint is."""
        return cls(parameters, device)

    def arrays(self) -> dict[str, np.ndarray]:
        """Nothing: the checkpoint's files are where they were."""
        return {}

    @classmethod
    def load(
        cls, arrays: dict[str, np.ndarray], parameters: GridParameters, device: torch.device
    ) -> Self:
        """The features of the checkpoint that `parameters` name."""
        return cls(parameters, device)

    @torch.inference_mode()
    def features(self, images: list[np.ndarray]) -> np.ndarray:
        """Features of images uint8 (height, width, 3): (n, regions, dimension) float32."""
        pixels = self.preprocess(images).to(self.device, memory_format=torch.channels_last)
        hidden = self.model(pixel_values=pixels, output_hidden_states=True).hidden_states
        wrong = [
            layer for layer in self.parameters.layers if not -len(hidden) <= layer < len(hidden)
        ]
        if wrong:
            raise InputError(
                f"features.layers: {wrong[0]}; {self.parameters.checkpoint} has {len(hidden)} "
                f"hidden layers, 0 to {len(hidden) - 1} (or -1 to {-len(hidden)} from the end)"
            )
        cells = self.parameters.cells
        maps = [adaptive_avg_pool2d(as_map(hidden[i]), cells) for i in self.parameters.layers]
        grid = torch.cat(maps, 1).flatten(2).transpose(1, 2)
        return torch.cat([grid, grid.mean(1, keepdim=True)], 1).float().cpu().numpy()

    def blocks(self, split: Split) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Features of cells, boxes as fractions of the image, and features of whole images.

        (block, regions, dimension), (block, regions, 4), (block, 2 * dimension): an image's mean
        and maximum over its cells, which cover it.
        """
        for start in range(0, len(split.image_ids), self.block):
            rows = range(start, min(start + self.block, len(split.image_ids)))
            # One by one: the images of real data have different sizes.
            features = self.features([split.images.read([row])[0] for row in rows])
            whole = np.concatenate([features.mean(1), features.max(1)], 1)
            yield features, np.tile(self.boxes, (len(features), 1, 1)), whole
