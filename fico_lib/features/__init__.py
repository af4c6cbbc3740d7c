"""Features: what a model sees of the images and captions of a split.

`FEATURES`: name of the image features -> "module:Class". Such a class has `fit(dataset, parameters,
device)`, which gives an object with the numbers `regions`, `dimension`, `whole_dimension` and
`block`, and with `arrays()`, which `load(arrays, parameters, device)` makes it from again. Its
`blocks(split)` yields, for `block` images at a time and in the order of the split's images,
features (block, regions, dimension), boxes (block, regions, 4): centre x, centre y, width and
height as fractions of the image, and features of whole images (block, whole_dimension), all
float32.
"""

from fico_lib.runtime.registry import load, lookup, module_of

FEATURES = {
    "crops": "fico_lib.features.crops:CropFeatures",
    "grid": "fico_lib.features.grid:GridFeatures",
}


def feature_module(name: str) -> str:
    """The dotted name of the module behind image features (nothing is imported)."""
    return module_of(lookup("features", FEATURES, name))


def feature_class(name: str) -> type:
    """The class behind image features."""
    return load(lookup("features", FEATURES, name))
