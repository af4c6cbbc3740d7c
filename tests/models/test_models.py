import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.models import MODELS, build, model_card, model_module
from fico_lib.models.base import weights
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.rerank import RerankModel
from fico_lib.models.base.training import DivergedError, images_of
from fico_lib.models.dadh import discrete_codes
from fico_lib.models.scan import SCAN
from fico_lib.runtime.errors import InputError

SMALL = TrainingParameters(max_steps=18, batch_size=32, width=16, dimension=16, bits=16)


def fitted(name, splits, parameters=SMALL, seed=0):
    model = build(name, parameters, seed, "cpu")
    model.fit(splits[0], splits[1])
    return model


@pytest.fixture(scope="module", params=MODELS)
def trained(request, splits):
    return fitted(request.param, splits)


def same(one, other):
    sides = ("i2t",) if isinstance(one, Scores) else ("images", "texts")
    return all((getattr(one, side) == getattr(other, side)).all() for side in sides)


def test_encodings_carry_everything(trained, splits):
    test = splits[2]
    found = trained.encode(test)
    assert found.n_images == len(test.image_ids)
    assert found.n_captions == len(test.caption_ids)
    assert (found.image_ids == test.image_ids).all()
    assert (found.caption_ids == test.caption_ids).all()
    assert (found.image_of_caption == test.image_of_caption).all()
    assert found.model == trained.card.name
    steps = {"train", "encode_images", "encode_texts"}
    assert set(found.timings) == steps | ({"score_pairs"} if isinstance(found, Scores) else set())
    assert all(seconds > 0 for seconds in found.timings.values())


def test_saved_weights_are_loaded_beside_any_split(trained, splits, tmp_path):
    """Also beside one whose texts are all shorter than the longest that was trained on."""
    weights.save(trained, tmp_path / "model.safetensors")
    again = build(trained.card.name, SMALL, 0, "cpu")
    short = replace(splits[1], tokens=splits[1].tokens[:, :1])
    weights.load(again, short, tmp_path / "model.safetensors")
    assert same(again.encode(splits[2]), trained.encode(splits[2]))


def test_the_dimension_is_that_of_the_parameters(trained, splits):
    """Sizes other than the defaults, so that a typed number would be found."""
    test, network = splits[2], trained.network
    told, encodings = type(trained).dimension(SMALL), trained.encode(test)
    if isinstance(encodings, Codes):
        width = encodings.bits
    elif isinstance(encodings, Embeddings):
        width = encodings.images.shape[-1]
    elif isinstance(trained, SCAN):
        width = network.images(*images_of(trained.view(test), np.arange(2), trained.device))[
            0
        ].shape[-1]
    elif isinstance(trained, RerankModel):
        width = network.from_text.out_features
    else:  # scores pairs, and has no encodings of one side
        assert told == "n/a"
        return
    assert set(re.findall(r"(\d+)D", told)) == {str(width)}


def test_captions_of_one_text_have_one_encoding(trained, splits):
    found = trained.encode(splits[2])
    texts = found.i2t.T if isinstance(found, Scores) else found.texts
    rows = splits[2].text_of_caption
    assert len(set(rows)) < len(rows)
    for row in set(rows):
        assert (texts[rows == row] == texts[rows == row][0]).all()


def test_the_same_seed_gives_the_same_encodings(trained, splits):
    again = fitted(trained.card.name, splits)
    assert same(trained.encode(splits[2]), again.encode(splits[2]))


def test_another_seed_gives_others(trained, splits):
    other = fitted(trained.card.name, splits, seed=1)
    assert not same(trained.encode(splits[2]), other.encode(splits[2]))


def test_training_leaves_the_random_state_and_the_threads_alone(splits):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    before = torch.get_num_threads()
    fitted("vse", splits, SMALL.model_copy(update={"max_steps": 3}))
    assert torch.equal(torch.rand(2), expected)
    assert torch.get_num_threads() == before


def relevant_first(images, texts, split):
    """Share of images whose most similar caption has their category (chance: about 1 in 8)."""
    kind = split.labels.argmax(1)
    return (kind[split.image_of_caption[(images @ texts.T).argmax(1)]] == kind).mean()


def test_vse_learns_to_match(splits):
    found = fitted("vse", splits, SMALL.model_copy(update={"max_steps": 60})).encode(splits[2])
    assert isinstance(found, Embeddings)
    assert found.measure == "cosine"
    assert found.images.dtype == np.float32
    assert np.allclose(np.linalg.norm(found.texts, axis=1), 1, atol=1e-5)
    assert relevant_first(found.images, found.texts, splits[2]) > 0.6


def test_dadh_learns_the_categories(splits):
    found = fitted("dadh", splits, SMALL.model_copy(update={"max_steps": 60})).encode(splits[2])
    assert isinstance(found, Codes)
    assert (found.bits, found.images.shape[1], found.images.dtype) == (16, 2, np.uint8)
    images, texts = (
        np.unpackbits(codes, axis=1).astype(int) * 2 - 1 for codes in (found.images, found.texts)
    )
    assert relevant_first(images, texts, splits[2]) > 0.6


def test_discrete_codes_by_hand():
    labels = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    codes = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]])
    # P: label 0 has (1 + 1, 1 - 1) / (2 + 1), label 1 has (-1, 1) / (1 + 1); mu breaks the tie.
    relaxed = torch.tensor([[0.0, 1.0], [0.0, -1.0], [0.0, 0.0]])
    assert discrete_codes(codes, labels, relaxed).tolist() == [[1, 1], [1, -1], [-1, 1]]


def test_a_model_without_its_labels_is_refused_before_training(splits):
    train, val, _ = splits
    with pytest.raises(InputError, match="model 'dadh' needs labels, and split 'train' has none"):
        build("dadh", SMALL, 0, "cpu").fit(replace(train, labels=None), val)
    with pytest.raises(InputError, match="split 'val' has none"):
        build("dadh", SMALL, 0, "cpu").fit(train, replace(val, labels=None))


def test_a_model_without_its_regions_is_refused_before_training(splits):
    train = replace(splits[0], regions=None, boxes=None)
    with pytest.raises(InputError, match="model 'vse' needs regions, and split 'train' has none"):
        build("vse", SMALL, 0, "cpu").fit(train, splits[1])


def test_models_do_without_what_they_do_not_need(splits):
    bare = [replace(split, labels=None) for split in splits]
    assert len(fitted("vse", bare).encode(bare[2]).images) == 32
    whole = [replace(split, regions=None, boxes=None) for split in splits]
    assert len(fitted("dadh", whole).encode(whole[2]).images) == 32


def test_nan_features_stop_the_model_with_its_name(splits):
    broken = replace(splits[0], regions=np.full_like(splits[0].regions, np.nan))
    with pytest.raises(DivergedError, match="'vse' diverged: its loss is nan at step 1"):
        fitted("vse", (broken, splits[1]))


def test_encoding_before_training():
    with pytest.raises(RuntimeError, match="'vse' is not trained"):
        build("vse", SMALL).encode(None)


def test_an_unknown_model_suggests_the_nearest():
    with pytest.raises(InputError, match="unknown model 'dahd': did you mean 'dadh'"):
        model_module("dahd")


@pytest.mark.parametrize("name", MODELS)
def test_cards_name_their_model(name):
    card = model_card(name)
    assert card.name == name
    assert card.granularity in ("FG", "CG")


@pytest.mark.parametrize("name", MODELS)
def test_cards_say_what_differs_from_the_published_model(name):
    card = model_card(name)
    for told in (card.objective, card.architecture, card.training, card.selection):
        assert told
        assert len(told) < 170, "a short phrase"
    assert card.compact_title == f"{card.title} (compact)"


def test_the_curve_is_kept(trained):
    assert [row["step"] for row in trained.curve] == [trained.steps]
    assert set(trained.curve[0]) == {"step", "score", "loss", "learning_rate", "stage"}
    assert trained.curve[0]["stage"] == "train"
    assert trained.steps == SMALL.max_steps


HINGED = ["vse", "vsrn", "scan", "imram", "selfalign"]


@pytest.mark.parametrize("name", MODELS)
def test_the_hinge_is_for_models_published_with_it(name):
    parameters = SMALL.model_copy(update={"objective": "hinge"})
    used = build(name, parameters, 0, "cpu").parameters.objective
    assert used == ("hinge" if name in HINGED else "infonce")
    assert build(name, SMALL, 0, "cpu").parameters.objective == "infonce"


@pytest.mark.parametrize("name", HINGED)
def test_the_hinge_trains_another_model(name, splits):
    hinged = fitted(name, splits, SMALL.model_copy(update={"objective": "hinge"}))
    assert not same(hinged.encode(splits[2]), fitted(name, splits).encode(splits[2]))


@pytest.mark.parametrize("name", [n for n in MODELS if "regions" in model_card(n).needs])
def test_boxes_may_be_absent(name, splits):
    bare = [replace(split, boxes=None) for split in splits]
    few = SMALL.model_copy(update={"max_steps": 2})
    assert fitted(name, bare, few).encode(bare[2]).n_images == 32


def test_an_unknown_device_is_named():
    with pytest.raises(InputError, match="device 'gpu'"):
        build("vse", SMALL, device="gpu")
