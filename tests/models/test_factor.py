"""The factors are what they say, and each trains and encodes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from feature_splits import with_documents

from fico_lib.encodings import Codes, Embeddings
from fico_lib.models import ALL, build
from fico_lib.models.adv import quantisation
from fico_lib.models.base.losses import info_nce, weighted_triplet
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import batches
from fico_lib.models.factor_parameters import FactorParameters
from fico_lib.models.vse import unit
from fico_lib.runtime.errors import InputError

SIZES = {"max_steps": 60, "batch_size": 32, "width": 16, "dimension": 24, "learning_rate": 0.01}
SUPERVISIONS = ("pairs", "contrastive", "labels")


def made(**factors):
    return build("factor", FactorParameters(**SIZES | factors), 0, "cpu")


@pytest.mark.parametrize("inputs", ["regions", "whole"])
@pytest.mark.parametrize("bits", [0, 64])
@pytest.mark.parametrize("supervision", SUPERVISIONS)
def test_every_combination_learns_the_kinds(splits, supervision, bits, inputs):
    model = made(supervision=supervision, bits=bits, inputs=inputs)
    model.fit(*splits[:2])
    found, test = model.encode(splits[2]), splits[2]
    assert isinstance(found, Codes if bits else Embeddings)
    images, texts = found.images, found.texts
    if bits:
        assert found.bits == bits
        images, texts = (np.unpackbits(x, axis=1) * 2.0 - 1 for x in (images, texts))
    else:
        assert images.shape[1] == 24
    kind = test.labels.argmax(1)
    nearest = (images @ texts.T).argmax(1)
    assert (kind[test.image_of_caption[nearest]] == kind).mean() > 0.6  # chance: about 1 in 8


@pytest.mark.parametrize("bits", [0, 64])
@pytest.mark.parametrize("supervision", SUPERVISIONS)
def test_losses_by_their_formulas(splits, supervision, bits):
    batch = next(batches(splits[0], 16, np.random.default_rng(0), torch.device("cpu")))
    model = made(supervision=supervision, bits=bits)
    torch.manual_seed(0)
    model.network = model.build(splits[0]).eval()
    images = model.network.images(batch.regions, batch.boxes, batch.whole)
    texts = model.network.texts(batch.tokens, batch.lengths)
    cosines, shared = unit(images) @ unit(texts).T, batch.labels @ batch.labels.T
    if supervision == "pairs":
        expected = info_nce(15 * cosines)
    elif supervision == "contrastive":
        expected = model.bank.loss(unit(images), unit(texts), batch.rows)
    else:
        triplets = weighted_triplet(cosines, shared) + weighted_triplet(cosines.T, shared)
        expected = triplets / 16**2
    if bits:
        expected = expected + 0.1 * (quantisation(images) + quantisation(texts))
    assert model.loss(batch).item() == pytest.approx(expected.item(), rel=1e-5)


def test_floats_are_contrasted_with_the_bank_itself(splits):
    model = made(supervision="contrastive", bits=0)
    model.build(splits[0])
    codes = model.bank.codes[:3]
    assert torch.allclose(model.bank.target(codes), 24**0.5 * codes)


def test_whole_inputs_are_read_without_regions_or_words(splits):
    parts = [with_documents(split) for split in splits]
    bare = [
        replace(part, regions=None, boxes=None, tokens=np.ones_like(part.tokens)) for part in parts
    ]
    encodings = []
    for train, val, test in (parts, bare):
        model = made(inputs="whole")
        model.fit(train, val)
        encodings.append(model.encode(test))
    assert np.array_equal(encodings[0].texts, encodings[1].texts)
    assert np.array_equal(encodings[0].images, encodings[1].images)


def test_what_the_factors_need_is_refused_where_it_is_absent(splits):
    with pytest.raises(InputError, match="model 'factor' needs labels, and split 'train' has none"):
        made(supervision="labels").fit(replace(splits[0], labels=None), splits[1])
    with pytest.raises(InputError, match="model 'factor' needs regions"):
        made().fit(replace(splits[0], regions=None, boxes=None), splits[1])


def test_plain_training_parameters_keep_their_bits():
    parameters = build("factor", TrainingParameters(bits=32), 0, "cpu").parameters
    assert parameters == FactorParameters(bits=32)
    assert parameters.variant == "pairs, 32 bits, regions + words"
    assert (
        FactorParameters(bits=0, inputs="whole").variant == "pairs, float, whole image + document"
    )


def test_it_is_asked_for_by_name():
    assert "factor" not in ALL
