import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    CLIPConfig,
    CLIPModel,
    MobileNetV2Config,
    MobileNetV2Model,
    ResNetConfig,
    ResNetModel,
    ViTConfig,
    ViTModel,
)

from fico_lib.datasets import load_dataset
from fico_lib.datasets.parameters import KarpathyParameters, ScenesParameters
from fico_lib.features.grid import GridFeatures, Preprocessor, as_map, cell_boxes
from fico_lib.features.parameters import GridParameters
from fico_lib.runtime.errors import InputError

CPU = torch.device("cpu")
TINY_VIT = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
    "image_size": 32, "patch_size": 8,
}  # fmt: skip


def checkpoint(folder, model, **preprocessing):
    torch.manual_seed(0)
    model.save_pretrained(folder, safe_serialization=True)
    about = {"size": {"height": 32, "width": 32}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(about | preprocessing))
    return str(folder)


@pytest.fixture(scope="module")
def dataset():
    return load_dataset(ScenesParameters(n_train=6, n_val=3, n_test=3, n_detector=0))


def models():
    resnet = ResNetConfig(embedding_size=8, hidden_sizes=[8, 12], depths=[1, 1], layer_type="basic")
    mobile = MobileNetV2Config(depth_multiplier=0.25, image_size=32)
    clip = CLIPConfig(
        text_config={"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
                     "intermediate_size": 16, "vocab_size": 20},
        vision_config=TINY_VIT, projection_dim=8,
    )  # fmt: skip
    return {
        "resnet": (lambda: ResNetModel(resnet), (-2, -1), 8 + 12),
        "mobilenet": (lambda: MobileNetV2Model(mobile), (-1,), 80),
        "vit": (lambda: ViTModel(ViTConfig(**TINY_VIT)), (0, -1), 16 + 16),
        "clip": (lambda: CLIPModel(clip), (-1,), 16),
    }


@pytest.mark.parametrize("kind", models())
def test_any_vision_checkpoint_gives_regions(kind, tmp_path, dataset):
    make, layers, dimension = models()[kind]
    folder = checkpoint(tmp_path, make())
    parameters = GridParameters(checkpoint=folder, layers=layers, cells=2)
    extractor = GridFeatures(parameters, CPU)
    assert (extractor.regions, extractor.dimension) == (5, dimension)
    features, boxes, whole = (
        np.concatenate(part) for part in zip(*extractor.blocks(dataset["train"]), strict=True)
    )
    assert features.shape == (6, 5, dimension)
    assert features.dtype == np.float32
    assert boxes.shape == (6, 5, 4)
    assert whole.shape == (6, extractor.whole_dimension) == (6, 2 * dimension)
    assert np.isfinite(features).all()
    assert np.allclose(features[:, -1], features[:, :4].mean(1), atol=1e-6)
    assert np.ptp(features, 0).max() > 0  # images differ


def test_cells_lie_where_the_image_says(tmp_path, dataset):
    """Brightness in one corner changes that corner's cell more than the others."""
    folder = checkpoint(tmp_path, ViTModel(ViTConfig(**TINY_VIT)))
    extractor = GridFeatures(GridParameters(checkpoint=folder, layers=(0,), cells=2), CPU)
    dark = np.zeros((32, 32, 3), np.uint8)
    bright = dark.copy()
    bright[:16, 16:] = 255
    change = np.abs(extractor.features([bright]) - extractor.features([dark])).sum(2)[0, :4]
    assert change.argmax() == 1
    assert change[[0, 2, 3]].max() < 1e-5
    assert extractor.boxes[1].tolist() == [0.75, 0.25, 0.5, 0.5]


def test_preprocessing_by_hand(tmp_path):
    about = {
        "crop_size": {"height": 4, "width": 4}, "size": {"shortest_edge": 5},
        "image_mean": [0.5, 0.0, 0.25], "image_std": [0.5, 1.0, 0.5], "rescale_factor": 1 / 255,
    }  # fmt: skip
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(about))
    image = np.full((7, 9, 3), 51, np.uint8)
    pixels = Preprocessor(tmp_path, 0)([image, image[:3]])
    assert pixels.shape == (2, 3, 4, 4)
    for channel, value in enumerate(((0.2 - 0.5) / 0.5, 0.2, (0.2 - 0.25) / 0.5)):
        assert torch.allclose(pixels[:, channel], torch.tensor(value))
    assert Preprocessor(tmp_path, 8)([image]).shape == (1, 3, 8, 8)


def test_tokens_become_a_map_without_the_class_token():
    tokens = torch.arange(2 * 5 * 3.0).reshape(2, 5, 3)
    grid = as_map(tokens)
    assert grid.shape == (2, 3, 2, 2)
    assert torch.equal(grid[:, :, 0, 1], tokens[:, 2])
    assert torch.equal(grid[:, :, 1, 0], tokens[:, 3])


def test_cell_boxes():
    assert cell_boxes(1).tolist() == [[0.5, 0.5, 1, 1]] * 2
    assert cell_boxes(3).shape == (10, 4)


def test_a_layer_that_is_not_there(tmp_path, dataset):
    folder = checkpoint(tmp_path, ViTModel(ViTConfig(**TINY_VIT)))
    with pytest.raises(InputError, match=r"features.layers: 7; .* has 3 hidden layers, 0 to 2"):
        GridFeatures(GridParameters(checkpoint=folder, layers=(0, 7)), CPU)


@pytest.mark.parametrize("lost", ["config.json", "preprocessor_config.json", "model.safetensors"])
def test_a_missing_file_is_named(tmp_path, dataset, lost):
    folder = checkpoint(tmp_path, ViTModel(ViTConfig(**TINY_VIT)))
    (tmp_path / lost).unlink()
    with pytest.raises(InputError, match=lost.replace("model", "")):
        GridFeatures(GridParameters(checkpoint=folder), CPU)


def test_pickled_weights_are_not_read(tmp_path, dataset):
    model = ViTModel(ViTConfig(**TINY_VIT))
    folder = checkpoint(tmp_path, model)
    (tmp_path / "model.safetensors").unlink()
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(InputError, match="safetensors"):
        GridFeatures(GridParameters(checkpoint=folder), CPU)


def test_images_of_different_sizes(tmp_path, dataset):
    folder = checkpoint(tmp_path, ViTModel(ViTConfig(**TINY_VIT)))
    extractor = GridFeatures(GridParameters(checkpoint=folder, layers=(-1,)), CPU)

    class Uneven:
        def __len__(self):
            return 3

        def read(self, rows):
            return np.stack([np.full((20 + row, 30, 3), 40 * row, np.uint8) for row in rows])

    split = replace(dataset["val"], images=Uneven())
    assert sum(len(features) for features, _, _ in extractor.blocks(split)) == 3


@pytest.mark.skipif("FICO_DATA" not in os.environ, reason="FICO_DATA names no folder of real data")
def test_a_real_checkpoint_on_real_images():
    root = Path(os.environ["FICO_DATA"])
    data = KarpathyParameters(
        root=root / "ucm_captions",
        annotations="dataset_ucm.json",
        labels="labels.csv",
        verify_images=False,
    )
    folder = str(root / "mobilenet_v2_imagenet")
    dataset = load_dataset(data)
    extractor = GridFeatures(GridParameters(checkpoint=folder), CPU)
    assert (extractor.regions, extractor.dimension) == (10, 3 * 96 + 3 * 160 + 320)
    images = dataset["test"].images.read(range(12))
    kinds = dataset["test"].labels[:12].argmax(1)
    whole = extractor.features(list(images))[:, -1]
    whole /= np.linalg.norm(whole, axis=1, keepdims=True)
    alike = (whole @ whole.T)[kinds[:, None] == kinds]
    assert alike.mean() > (whole @ whole.T)[kinds[:, None] != kinds].mean()


@pytest.mark.parametrize("size", [[24, 24], {"height": 24, "width": 24}, {"shortest_edge": 24}, 24])
def test_sizes_in_every_form(tmp_path, size):
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"size": size}))
    assert Preprocessor(tmp_path, 0).side == 24


def test_mobilevit_sees_blue_first_and_nothing_subtracted(tmp_path):
    about = {"image_processor_type": "MobileViTImageProcessor", "crop_size": 16}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(about))
    image = np.full((16, 16, 3), [255, 0, 51], np.uint8)
    found = Preprocessor(tmp_path, 0)([image])
    np.testing.assert_allclose(found[0, :, 0, 0], [0.2, 0, 1], rtol=1e-6)
