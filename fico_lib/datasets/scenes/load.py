"""Loads `scenes`: one stream of scenes per split."""

from dataclasses import replace

import numpy as np

from fico_lib.datasets.dataset import Dataset, Split, label_words
from fico_lib.datasets.scenes.captions import LENGTHS, Habits, captions_of
from fico_lib.datasets.scenes.parameters import ScenesParameters
from fico_lib.datasets.scenes.parts_of_speech import PART_OF
from fico_lib.datasets.scenes.render import SceneImages
from fico_lib.datasets.scenes.sample import Scenes, join, sample
from fico_lib.datasets.scenes.world import KINDS

# Stream 3 was the test split while models were being tuned; nothing has been tuned on 5.
STREAMS = {"detector": 0, "train": 1, "val": 2, "extra": 4, "test": 5, "probe": 6, "gallery": 7}
CATEGORIES = tuple(KINDS)
BLOCK = 2048  # scenes drawn at once: the draws of a caption take more memory than its words


def labels_of(scenes: Scenes) -> np.ndarray:
    """Which kinds a scene shows, bool (n, kinds)."""
    return (scenes.objects["kind"][:, :, None] == np.arange(len(KINDS))).any(1)


def _generate(
    parameters: ScenesParameters, name: str, rows: range
) -> tuple[Scenes, list[tuple[str, ...]]]:
    """The scenes `rows` of the split `name`, and the captions of each."""
    counts = parameters.captions_per_image
    counts = counts if isinstance(counts, tuple) else (counts, counts)
    shortest, longer = LENGTHS[parameters.skew]
    habits = Habits(
        parameters.drop_kind,
        parameters.drop_colour,
        parameters.drop_size,
        parameters.synonyms,
        parameters.context,
        shortest,
        longer,
    )
    parts, captions = [], []
    for start in range(rows.start, rows.stop, BLOCK):
        index = np.arange(start, min(start + BLOCK, rows.stop))
        parts.append(sample(parameters.seed, STREAMS[name], index, parameters.skew))
        captions += captions_of(parts[-1], counts, habits)
    return join(parts), captions


def load_split(parameters: ScenesParameters, name: str, n: int, start: int = 0) -> Split:
    """`n` images of the split `name` from `start` on, with captions, labels and hashtags."""
    rows = range(start, start + n)
    scenes, captions = _generate(parameters, name, rows)
    labels = labels_of(scenes)
    image_ids = [f"{name}-{i:06d}" for i in rows]
    caption_ids = [
        f"{image_id}-{j}"
        for image_id, own in zip(image_ids, captions, strict=True)
        for j in range(len(own))
    ]
    return Split(
        name=name,
        image_ids=np.array(image_ids),
        images=SceneImages(scenes, parameters.noise),
        captions=tuple(caption for own in captions for caption in own),
        caption_ids=np.array(caption_ids),
        image_of_caption=np.repeat(np.arange(n), [len(own) for own in captions]),
        labels=labels,
        category_names=CATEGORIES,
        hashtags=label_words(labels, CATEGORIES),
        objects=scenes.objects,
    )


def load_shard(parameters: ScenesParameters, start: int, n: int) -> Dataset:
    """`n` further scenes from `start` on, which are in no split that models know.

    They are a split of their own, named after its start: a simulated detector errs in each shard
    in another way.
    """
    name = f"gallery-{start}"
    split = replace(load_split(parameters, "gallery", n, start), name=name)
    return Dataset("scenes", f"further scenes from {start}", {name: split}, PART_OF)


def load_scenes(parameters: ScenesParameters) -> Dataset:
    """The data set `scenes`; a split of size 0 is left out."""
    splits = {name: load_split(parameters, name, n) for name, n in parameters.sizes().items() if n}
    description = f"procedural scenes, {parameters.skew}-like labels, seed {parameters.seed}"
    return Dataset("scenes", description, splits, PART_OF)
