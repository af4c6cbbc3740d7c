from dataclasses import replace

import numpy as np
import pytest
import torch
from feature_splits import with_documents

from fico_lib.models import build
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import batches
from fico_lib.models.base.whole_text import WholeText, text_inputs_of

SMALL = TrainingParameters(max_steps=60, batch_size=32, width=16, bits=16)


@pytest.mark.parametrize("name", ["dadh", "ucch"])
def test_documents_are_read_in_place_of_words(name, splits):
    train, val, test = map(with_documents, splits)
    wordless = [replace(x, tokens=np.ones_like(x.tokens)) for x in (train, val, test)]
    found = []
    for parts in ((train, val, test), wordless):
        model = build(name, SMALL, 0, "cpu")
        model.fit(*parts[:2])
        found.append(model.encode(parts[2]))
    assert (found[0].texts == found[1].texts).all()
    images, texts = (
        np.unpackbits(codes, axis=1).astype(int) * 2 - 1
        for codes in (found[0].images, found[0].texts)
    )
    kind = test.labels.argmax(1)
    nearest = (images @ texts.T).argmax(1)
    assert (kind[test.image_of_caption[nearest]] == kind).mean() > 0.6  # chance: 1 in 8


def test_a_batch_has_the_documents_of_its_captions(splits):
    split = with_documents(splits[0])
    batch = next(batches(split, 32, np.random.default_rng(0), torch.device("cpu")))
    (documents,) = text_inputs_of(batch)
    assert WholeText(split, 5)(documents).shape == (32, 5)
    kinds = torch.from_numpy(split.labels.argmax(1))[batch.rows]
    for kind in range(8):
        assert len(documents[kinds == kind].unique(dim=0)) <= 1


def test_without_documents_the_words_are_read(splits):
    batch = next(batches(splits[0], 32, np.random.default_rng(0), torch.device("cpu")))
    assert batch.documents is None
    assert WholeText(splits[0], 5)(*text_inputs_of(batch)).shape == (32, 5)
