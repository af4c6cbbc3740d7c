"""The models at the paper's sizes: their counts against torch and transformers, their formulas."""

import pandas as pd
import pytest
import torch
from torch.nn.functional import normalize
from torch.utils.flop_counter import FlopCounterMode
from transformers import BertConfig, BertModel, Blip2Config, SwinModel, ViltConfig
from transformers import Blip2ForImageTextRetrieval as HubBLIP2
from transformers import ViltForImageAndTextRetrieval as HubViLT

from fico_lib.costs.architectures import PAPER_MODELS, paper_model
from fico_lib.costs.architectures.blocks import Layer
from fico_lib.costs.architectures.imram import IMRAM
from fico_lib.costs.architectures.model import STEPS, build, materialise, without_weights
from fico_lib.costs.architectures.scan import SCAN
from fico_lib.costs.architectures.vilt import ViLT
from fico_lib.costs.architectures.xvlm import XVLM
from fico_lib.report import published
from fico_lib.runtime.errors import InputError

CPU = torch.device("cpu")
MANY = 512  # texts per image, so that what is done once per image hardly counts per pair


@pytest.fixture(scope="module")
def models():
    """Every model without weights, on the meta device; its random numbers are on the CPU."""
    return {name: build(paper_model(name)).to("meta") for name in PAPER_MODELS}


def run(model, step):
    """The output of one step for one item (for all pairs: of one image), on meta."""
    if step == "pair":
        texts = MANY if not model.parts("pair") else 1
        images = torch.empty(1, *model.image_kept, device="meta")
        words = torch.empty(texts, model.n_tokens, model.text_kept[1], device="meta")
        return model.score(images, words), texts
    inputs = model.image_inputs(1) if step == "image" else model.text_inputs(1)
    encode = model.encode_images if step == "image" else model.encode_texts
    return encode(inputs.to("meta")), 1


CASES = [
    (name, step)
    for name in PAPER_MODELS
    for step in STEPS
    if (name, step) != ("vilt", "image")  # looks at the values of its input: see below
    and not (step == "pair" and paper_model(name).attention == "none")
]


@pytest.mark.parametrize(("name", "step"), CASES)
def test_operations_by_formula_are_those_that_torch_counts(models, name, step):
    model = models[name]
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        _, items = run(model, step)
    counted = counter.get_total_flops() / items
    assert getattr(model.flops(), step) == pytest.approx(counted, rel=0.01, abs=0)


def test_operations_of_vilts_patches():
    with without_weights():
        model = ViLT(depth=1)
    materialise(model.parts("image"), CPU, torch.float32)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        _, kept = model.encode_images(model.image_inputs(2))
    assert counter.get_total_flops() / 2 == model.flops().image
    assert kept.shape == (2, *model.image_kept)


@pytest.mark.parametrize(("name", "step"), [case for case in CASES if case[1] != "pair"])
def test_outputs_have_the_sizes_that_are_stored(models, name, step):
    model = models[name]
    with torch.device("meta"), torch.no_grad():
        (embedding, kept), _ = run(model, step)
    if model.dimension is None:
        assert embedding is None
    else:
        vectors = model.image_vectors if step == "image" else 1
        assert embedding.shape == (1, vectors * model.dimension)
    expected = model.image_kept if step == "image" else model.text_kept
    if expected is None:
        assert kept is None
    else:
        words = expected[0] if step == "image" else model.n_tokens  # texts are padded when kept
        assert kept.shape == (1, words, expected[1])


@pytest.mark.parametrize("name", ["scan", "imram", "adv2048", "adv64"])
@pytest.mark.parametrize("step", ["image", "text"])
def test_a_stage_takes_what_the_stage_before_it_makes(models, name, step):
    stages = models[name].stages(step)
    values = stages[0].inputs(2).to("meta")
    for stage in stages:
        assert stage.inputs(2).shape == values.shape
        values = stage.run(values)


def test_stages_of_one_name_are_the_same_computation(models):
    found = {}
    for model in models.values():
        for stage in (*model.stages("image"), *model.stages("text")):
            shapes = [p.shape for module in stage.modules for p in module.parameters()]
            found.setdefault(stage.name, []).append((shapes, stage.inputs(1).shape))
    shared = {name: each for name, each in found.items() if len(each) > 1}
    assert {name: len(each) for name, each in shared.items()} == {
        **{"layer over regions": 4, "GRU": 4, "second layer": 2, "mean of words": 2},
        **{"unit vectors, image": 2, "unit vectors, text": 2},
    }
    assert all(one == each[0] for each in shared.values() for one in each)


def test_what_is_kept_is_what_table_1_says():
    for row in published.table(1).itertuples():
        model = paper_model(row.model)
        for side, kept in (("image", model.image_kept), ("text", model.text_kept)):
            count, width = (getattr(row, f"{side}_{x}") for x in ("features", "feature_dimension"))
            assert kept == (None if pd.isna(count) else (count, width))
        if row.model not in ("adv64", "vilt"):
            assert model.dimension == row.dimension


def count(module):
    return sum(p.numel() for p in module.parameters())


def test_weights_are_as_many_as_in_transformers(models):
    with torch.device("meta"):
        vision = {"image_size": 364, "patch_size": 14, "hidden_size": 1408}
        vision |= {"num_hidden_layers": 39, "num_attention_heads": 16, "intermediate_size": 6144}
        former = {"vocab_size": 30523, "encoder_hidden_size": 1408, "use_qformer_text_input": True}
        configuration = Blip2Config(vision_config=vision, qformer_config=former)
        assert models["blip2"].parameters_count() == count(HubBLIP2(configuration))
        vilt = HubViLT(ViltConfig(image_size=384, patch_size=32))
        assert models["vilt"].parameters_count() == count(vilt)
        bert = BertModel(BertConfig(is_decoder=True, add_cross_attention=True))
        assert count(Layer(768, 12, 768)) == count(bert.encoder.layer[0])
        plain = BertModel(BertConfig())
        assert count(Layer(768, 12)) == count(plain.encoder.layer[0])
    assert isinstance(models["xvlm"].vision, SwinModel)


def test_weights_are_as_many_as_published(models):
    millions = {"vilt": 111.6, "beit3": 222, "scan": 12.8, "blip2": 1173}
    for name, expected in millions.items():
        assert models[name].parameters_count() / 1e6 == pytest.approx(expected, rel=0.01)
    assert count(models["xvlm"].vision) / 1e6 == pytest.approx(86.9, rel=0.01)  # Swin-B


def unit(*shape):
    return normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(1)), dim=2)


def test_the_gram_form_of_scan_is_the_direct_formula():
    model = SCAN()
    images, texts = unit(5, 36, 1024), unit(7, 14, 1024)
    difference = model.score(images, texts) - model.score_directly(images, texts)
    assert difference.abs().max() < 1e-6


def test_scan_by_hand():
    """One region that a word equals and one that it is opposite to: nearly all of the first."""
    word = unit(1, 1, 8)
    images = torch.cat([word, -word], 1)
    # Over one word the norm is |s|, so the weights are exp(9) and exp(-9); what is seen is along w.
    assert SCAN().score(images, word).item() == pytest.approx(1)
    assert SCAN().score(-word, word).item() == pytest.approx(-1)


def test_imram_with_an_image_of_equal_regions_sees_that_region():
    with without_weights():
        model = IMRAM()
    materialise(model.parts("pair"), CPU, torch.float32)
    region, words = unit(1, 1, 1024), unit(1, 14, 1024)
    seen = (words[0] @ region[0].T).mean()
    found = model._asked(words, region.expand(1, 36, -1), model.of_words)
    assert found.item() == pytest.approx(3 * seen.item(), abs=1e-5)


@pytest.mark.parametrize("kind", [SCAN, IMRAM, lambda: ViLT(depth=1), lambda: XVLM((1, 1, 1, 1))])
def test_the_score_of_a_pair_does_not_depend_on_the_others(kind):
    with without_weights():
        model = kind()
    materialise(model.parts("pair"), CPU, torch.float32)
    images = unit(2, *model.image_kept)
    texts = unit(3, model.n_tokens, model.text_kept[1])
    with torch.no_grad():
        together = model.score(images, texts)
        alone = model.score(images[1:], texts[2:])
    assert together.shape == (2, 3)
    assert alone.item() == pytest.approx(together[1, 2].item(), abs=1e-5)


def test_models_are_built_without_memory_and_materialised_in_part():
    model = build(paper_model("ucch"))
    assert all(p.is_meta for p in model.parameters())
    materialise(model.parts("text"), CPU, torch.bfloat16)
    assert all(p.dtype == torch.bfloat16 and not p.is_meta for p in model.text.parameters())
    assert all(p.is_meta for p in model.image.parameters())
    with torch.no_grad():
        codes, kept = model.encode_texts(model.text_inputs(3).bfloat16())
    assert codes.shape == (3, 64)
    assert kept is None
    assert codes.isfinite().all()


def test_building_without_weights_ends_with_its_block():
    with without_weights():
        pass
    assert not torch.nn.Linear(2, 2).weight.is_meta


def test_an_unknown_model_suggests_the_nearest():
    with pytest.raises(InputError, match="unknown model at the paper's size 'scam': did you mean"):
        paper_model("scam")
