from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch.nn.functional import normalize

from fico_lib.datasets.parameters import ScenesParameters
from fico_lib.features.parameters import CropParameters
from fico_lib.models import build, selfalign
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.selfalign import (
    aligned_words,
    balanced_codes,
    best_regions,
    concept_loss,
    context_loss,
)
from fico_lib.models.selfalign_parameters import SelfAlignParameters
from fico_lib.pipeline.request import Request
from fico_lib.runtime.errors import InputError

SWITCHES = [(False, False), (True, False), (False, True), (True, True)]
SIZES = {"max_steps": 24, "batch_size": 32, "width": 16, "dimension": 16, "learning_rate": 0.01}


def fitted(splits, **switches):
    model = build("selfalign", SelfAlignParameters(**SIZES, concepts=8, **switches), 0, "cpu")
    model.fit(splits[0], splits[1])
    return model


@pytest.mark.parametrize("base", ["vse", "vsrn"])
@pytest.mark.parametrize(("lca", "cra"), SWITCHES)
def test_every_variant_learns_to_match(splits, base, lca, cra):
    found = fitted(splits, base=base, lca=lca, cra=cra).encode(splits[2])
    assert found.images.shape[1] == (16 + 2 * 16 if cra else 16)
    assert found.measure == ("inner_product" if cra else "cosine")
    kind = splits[2].labels.argmax(1)
    best = (found.images @ found.texts.T).argmax(1)
    assert (kind[splits[2].image_of_caption[best]] == kind).mean() > 0.6  # chance: about 1 in 8


def test_plain_training_parameters_mean_both_on_vse():
    parameters = build("selfalign", TrainingParameters(**SIZES), 0, "cpu").parameters
    assert parameters == SelfAlignParameters(**SIZES)
    assert (parameters.base, parameters.lca, parameters.cra) == ("vse", True, True)


def test_switches_are_in_the_key():
    plain = Request(ScenesParameters(), CropParameters(), TrainingParameters(), "selfalign")
    switched = [
        replace(plain, training=SelfAlignParameters(concepts=count)) for count in (100, 500)
    ]
    assert len({request.encodings_key for request in (plain, *switched)}) == 3


def test_an_unknown_base_is_refused():
    with pytest.raises(ValidationError, match="base"):
        SelfAlignParameters(base="scan")


def test_codes_are_assignments_that_use_all_concepts():
    torch.manual_seed(0)
    similarity = 0.1 * torch.randn(64, 5)
    similarity[:, 0] += 0.2  # concept 0 is nearest to most, and would take most
    codes = balanced_codes(similarity)
    unbalanced = (similarity / 0.05).softmax(1)
    assert torch.allclose(codes.sum(1), torch.ones(64))
    assert unbalanced.sum(0)[0] > 0.7 * 64
    assert codes.sum(0)[0] < 0.3 * 64


def test_codes_of_equal_similarities_are_uniform():
    assert torch.allclose(balanced_codes(torch.zeros(3, 4)), torch.full((3, 4), 0.25))


def test_concept_loss_by_its_formula():
    torch.manual_seed(0)
    regions, words = (normalize(torch.randn(2, k, 6), dim=2) for k in (3, 4))
    lengths, concepts = torch.tensor([4, 2]), torch.randn(5, 6)
    unit = normalize(concepts, dim=1)
    codes = balanced_codes(regions.flatten(0, 1) @ unit.T).view(2, 3, 5)
    expected = 0.0
    for i in range(2):
        for j in range(int(lengths[i])):
            best = (regions[i] @ words[i, j]).argmax()
            said = (unit @ words[i, j] / 0.1).softmax(0).log()
            expected -= (codes[i, best] * said).sum() / lengths[i] / 2
    counted = torch.arange(4) < lengths[:, None]
    assert concept_loss(regions, words, counted, concepts).item() == pytest.approx(expected.item())


def test_concept_loss_teaches_words_and_concepts():
    torch.manual_seed(0)
    regions, words = (normalize(torch.randn(2, 3, 6), dim=2).requires_grad_() for _ in range(2))
    concepts = torch.randn(5, 6, requires_grad=True)
    concept_loss(regions, words, torch.arange(3) < torch.tensor([[3], [2]]), concepts).backward()
    assert words.grad[0].abs().sum() > 0
    assert words.grad[1, 2].abs().sum() == 0  # padding
    assert concepts.grad.abs().sum() > 0
    assert regions.grad is None  # their codes are targets


@pytest.mark.parametrize("hardest", [3, 512])
def test_context_loss_by_its_formula(monkeypatch, hardest):
    monkeypatch.setattr(selfalign, "HARDEST", hardest)
    torch.manual_seed(0)
    guides, vectors = normalize(torch.randn(3, 6), dim=1), normalize(torch.randn(3, 4, 6), dim=2)
    lengths, terms = torch.tensor([4, 2, 3]), []
    for i in range(3):
        others = [vectors[j, : lengths[j]] for j in range(3) if j != i]
        wrong = (torch.cat(others) @ guides[i] / 0.7).sort(descending=True).values[:hardest]
        for local in vectors[i, : lengths[i]]:
            own = (local @ guides[i] / 0.7).exp()
            terms.append(-(own / (own + wrong.exp().sum())).log())
    expected = torch.stack(terms).mean().item()
    assert context_loss(guides, vectors, lengths).item() == pytest.approx(expected, rel=1e-5)


def test_words_find_their_regions():
    regions, words = torch.eye(3)[None, :2], torch.eye(3)[None][:, [1, 0]]
    cosines, best = best_regions(regions, words)
    assert best.tolist() == [[1, 0]]
    assert cosines.tolist() == [[1, 1]]


def test_the_matches_of_captions_stop_at_their_last_word(splits):
    model, test = fitted(splits, base="vse", lca=True, cra=False), splits[2]
    captions = np.array([4, 0, 7])
    regions, cosines = model.word_regions(test, captions)
    lengths = test.lengths[test.text_of_caption[captions]]
    assert regions.shape == cosines.shape == (3, lengths.max())
    assert ((regions >= 0).sum(1) == lengths).all()
    assert regions.max() < test.regions.shape[1]


def test_without_regions_it_is_refused(splits):
    bare = replace(splits[0], regions=None, boxes=None)
    with pytest.raises(ValueError, match="model 'selfalign' needs regions"):
        build("selfalign", TrainingParameters(**SIZES), 0, "cpu").fit(bare, splits[1])


def test_only_one_part_of_speech_can_be_aligned(splits):
    train = splits[0]
    parts = np.array(
        ["", "adjective", "noun", "noun", "relation"] + [""] * (train.vocabulary_size - 7)
    )
    known = replace(train, parts_of_speech=parts)
    assert np.flatnonzero(aligned_words(known, "noun")).tolist() == [4, 5]
    assert np.flatnonzero(aligned_words(known, "adjective")).tolist() == [3]
    assert np.flatnonzero(aligned_words(known, "relation")).tolist() == [6]
    assert aligned_words(known, "all").tolist() == [False] + [True] * (train.vocabulary_size - 1)
    with pytest.raises(InputError, match="no noun is known"):
        aligned_words(train, "noun")


def test_a_variant_is_told_in_a_few_words():
    both = SelfAlignParameters(aligned="noun", concepts=8)
    assert both.variant == "vse + LCA of nouns, 8 concepts + CRA"
    assert SelfAlignParameters(base="vsrn", lca=False, cra=False).variant == "vsrn"
