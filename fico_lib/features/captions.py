"""Other captions for images whose features are there: what a model sees of them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fico_lib.features import doc2vec
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.features.fitted import Fitted
from fico_lib.features.text import Vocabulary


def with_captions(
    split: FeatureSplit,
    fitted: Fitted,
    captions: Sequence[str],
    image_of_caption: np.ndarray,
    max_words: int,
) -> FeatureSplit:
    """The images of a split with other captions, read by the words and Doc2Vec of its features.

    fitted: what the features of the split have learned; image_of_caption: (n_captions,) int64;
    max_words: words kept of a caption, as in the features' parameters. Words that are in no train
    caption are one unknown word.
    """
    tokens = Vocabulary(fitted.words).encode(captions, max_words)
    documents = None
    if learned := fitted.part("documents"):
        of_train = fitted.part("statistics/documents")
        documents = doc2vec.infer(doc2vec.load(learned), tokens, split.name)
        documents = (documents - of_train["mean"]) / of_train["deviation"]
    numbers = np.zeros(len(split.image_ids), int)
    ids = []
    for image in image_of_caption:
        ids.append(f"{split.image_ids[image]}-{numbers[image]}")
        numbers[image] += 1
    return replace(
        split,
        tokens=tokens.ids,
        lengths=tokens.lengths,
        text_of_caption=tokens.text_of_caption,
        image_of_caption=np.asarray(image_of_caption, np.int64),
        caption_ids=np.array(ids),
        documents=documents,
    )
