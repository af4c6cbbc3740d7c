"""Loads `scenes`: one stream of scenes per split."""

import numpy as np

from fico_lib.datasets.dataset import Dataset, Split, label_words
from fico_lib.datasets.scenes.captions import Habits, captions_of
from fico_lib.datasets.scenes.parameters import ScenesParameters
from fico_lib.datasets.scenes.render import SceneImages
from fico_lib.datasets.scenes.sample import Scenes, sample
from fico_lib.datasets.scenes.world import KINDS

STREAMS = {"detector": 0, "train": 1, "val": 2, "test": 3, "extra": 4}
CATEGORIES = tuple(KINDS)


def labels_of(scenes: Scenes) -> np.ndarray:
    """Which kinds a scene shows, bool (n, kinds)."""
    return (scenes.objects["kind"][:, :, None] == np.arange(len(KINDS))).any(1)


def load_split(parameters: ScenesParameters, name: str, n: int) -> Split:
    """The first `n` images of the split `name`, with their captions, labels and hashtags."""
    scenes = sample(parameters.seed, STREAMS[name], np.arange(n), parameters.skew)
    counts = parameters.captions_per_image
    habits = Habits(
        parameters.drop_colour, parameters.drop_size, parameters.synonyms, parameters.context
    )
    captions, image_of_caption, number = captions_of(
        scenes, counts if isinstance(counts, tuple) else (counts, counts), habits
    )
    labels = labels_of(scenes)
    image_ids = np.array([f"{name}-{i:06d}" for i in range(n)])
    caption_ids = [f"{name}-{i:06d}-{j}" for i, j in zip(image_of_caption, number, strict=True)]
    return Split(
        name=name,
        image_ids=image_ids,
        images=SceneImages(scenes, parameters.noise),
        captions=tuple(captions),
        caption_ids=np.array(caption_ids),
        image_of_caption=image_of_caption,
        labels=labels,
        category_names=CATEGORIES,
        hashtags=label_words(labels, CATEGORIES),
        objects=scenes.objects,
    )


def load_scenes(parameters: ScenesParameters) -> Dataset:
    """The data set `scenes`; a split of size 0 is left out."""
    splits = {name: load_split(parameters, name, n) for name, n in parameters.sizes().items() if n}
    description = f"procedural scenes, {parameters.skew}-like labels, seed {parameters.seed}"
    return Dataset("scenes", description, splits)
