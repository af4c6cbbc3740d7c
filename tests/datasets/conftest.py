"""A tiny data set in Karpathy's format on disk, and how tests read and edit it."""

import json

import pytest
from PIL import Image

from fico_lib.datasets import load_dataset
from fico_lib.datasets.parameters import KarpathyParameters

COUNTS = (2, 1, 3, 2, 5, 1)
EACH = "".join(f"{i}.jpg,cat\n" for i in range(6))  # a label for each image, as CSV rows
SPLITS = ("train", "train", "restval", "val", "test", "test")


def content():
    """Six images with uneven captions; image 2 lies in a folder of its own."""
    images, sentid = [], 0
    for i, (count, split) in enumerate(zip(COUNTS, SPLITS, strict=True)):
        sentences = [
            {"raw": f" Image {i}, caption {j} .\n", "imgid": i, "sentid": sentid + j}
            for j in range(count)
        ]
        images.append(
            {
                "filename": f"{i}.jpg",
                "imgid": i,
                "cocoid": 100 + i,
                "split": split,
                "sentids": list(range(sentid, sentid + count)),
                "sentences": sentences,
            }
        )
        sentid += count
    images[2]["filepath"] = "val2014"
    return {"dataset": "tiny", "images": images}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "dataset_tiny.json").write_text(json.dumps(content()))
    (tmp_path / "images/val2014").mkdir(parents=True)
    for i in range(6):
        folder = tmp_path / "images" / ("val2014" if i == 2 else "")
        Image.new("RGB", (30 + i, 20), (40 * i, 100, 200)).save(folder / f"{i}.jpg", quality=95)
    return tmp_path


def parameters(root, **changes):
    asked = {"annotations": "dataset_tiny.json", "image_size": 16} | changes
    return KarpathyParameters(root=root, **asked)


def load(root, **changes):
    return load_dataset(parameters(root, **changes))


def edit(root, change):
    """Write the annotations again after `change` has edited the list of images."""
    data = content()
    change(data["images"])
    (root / "dataset_tiny.json").write_text(json.dumps(data))
