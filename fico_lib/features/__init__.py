"""Features: what a model sees of the images and captions of a split.

`FEATURES`: kind of image features -> "module:Class". Such a class is built with
(dataset, parameters, device) and has the numbers `regions`, `dimension` and `block`, and
`blocks(split)`, which yields, for `block` images at a time and in the order of the split's
images, features (block, regions, dimension) float32 and boxes (block, regions, 4) float32:
centre x, centre y, width and height as fractions of the image.
"""

from importlib import import_module

from fico_lib.errors import unknown_name

FEATURES = {
    "crops": "fico_lib.features.crops:CropFeatures",
    "grid": "fico_lib.features.grid:GridFeatures",
}


def feature_module(kind: str) -> str:
    """The dotted name of the module behind a kind of features (nothing is imported)."""
    if kind not in FEATURES:
        raise unknown_name("kind of features", kind, FEATURES)
    return FEATURES[kind].partition(":")[0]


def feature_class(kind: str) -> type:
    """The class behind a kind of features."""
    return getattr(import_module(feature_module(kind)), FEATURES[kind].partition(":")[2])
