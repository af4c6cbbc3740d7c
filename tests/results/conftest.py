"""A split of captions without features: what rows on texts and labels need."""

import numpy as np

from fico_lib.features.feature_split import FeatureSplit


def split_of(texts, of, labels=None) -> FeatureSplit:
    """texts: the number of each caption's text; of: the image of each caption."""
    n, m = max(of) + 1, len(of)
    return FeatureSplit(
        name="test",
        vocabulary_size=3,
        regions=None,
        boxes=None,
        whole=np.zeros((n, 1), np.float32),
        tokens=np.ones((m, 1), np.int32),
        lengths=np.ones(m, np.int32),
        text_of_caption=np.array(texts),
        image_of_caption=np.array(of),
        image_ids=np.arange(n).astype(str),
        caption_ids=np.arange(m).astype(str),
        labels=labels,
    )
