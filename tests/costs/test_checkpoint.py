"""Any vision-language configuration of transformers: counted without its weights or its code."""

import json

import pytest
import torch
import transformers
from torch.utils.flop_counter import FlopCounterMode

from fico_lib.costs.checkpoint import checkpoint
from fico_lib.runtime.errors import InputError

SMALL = {
    **{"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1},
    "num_attention_heads": 2,
}
VISION = SMALL | {"image_size": 32, "patch_size": 16}


def clip():
    text = SMALL | {"vocab_size": 100, "max_position_embeddings": 12}
    return transformers.CLIPConfig(
        text_config=text, vision_config=VISION, projection_dim=24, architectures=["CLIPModel"]
    )


def test_a_dual_encoder(tmp_path):
    clip().save_pretrained(tmp_path)
    model = checkpoint(tmp_path)
    network = transformers.CLIPModel(clip())
    assert (model.title, model.dimension, model.n_tokens) == ("CLIPModel", 24, 12)
    assert model.parameters_count() == sum(p.numel() for p in network.parameters())
    assert model.flops().pair is None
    network.set_attn_implementation("eager")
    network.requires_grad_(False)
    with FlopCounterMode(display=False) as counter:
        network.get_image_features(pixel_values=torch.zeros(1, 3, 32, 32))
    assert model.flops().image == counter.get_total_flops() > 0
    with FlopCounterMode(display=False) as counter:
        network.get_text_features(input_ids=torch.ones(1, 12, dtype=torch.long))
    assert model.flops().text == counter.get_total_flops() > 0


def test_the_configuration_file_alone_is_enough(tmp_path):
    clip().save_pretrained(tmp_path)
    assert checkpoint(tmp_path / "config.json").title == "CLIPModel"


def test_without_architectures_the_base_class_is_taken(tmp_path):
    configuration = clip()
    configuration.architectures = None
    configuration.save_pretrained(tmp_path)
    assert checkpoint(tmp_path).title == "CLIPModel"


def test_a_model_that_scores_pairs_and_looks_at_values(tmp_path):
    configuration = transformers.ViltConfig(
        **SMALL, image_size=64, patch_size=32, vocab_size=100, max_position_embeddings=12,
        max_image_length=-1, architectures=["ViltForImageAndTextRetrieval"],
    )  # fmt: skip
    configuration.save_pretrained(tmp_path)
    model = checkpoint(tmp_path)
    assert model.attention == "all pairs"
    assert model.flops().image is None
    tokens, width = 12 + 5, 32
    layer = 8 * tokens * width**2 + 4 * tokens**2 * width + 4 * tokens * width * 64
    expected = layer + 2 * 4 * 3 * 32**2 * width + 2 * width**2 + 2 * width
    assert model.flops().pair == expected


def test_blip2_scores_by_its_matching_head(tmp_path):
    former = SMALL | {"encoder_hidden_size": 32, "vocab_size": 100, "use_qformer_text_input": True}
    configuration = transformers.Blip2Config(
        vision_config=VISION, qformer_config=former | {"max_position_embeddings": 20},
        num_query_tokens=4, image_text_hidden_size=16,
        architectures=["Blip2ForImageTextRetrieval"],
    )  # fmt: skip
    configuration.save_pretrained(tmp_path)
    model = checkpoint(tmp_path)
    assert model.flops().pair > 0


def test_code_of_a_checkpoint_is_never_run(tmp_path):
    mark = tmp_path / "ran"
    (tmp_path / "modeling.py").write_text(f"open({str(mark)!r}, 'w').close()")
    configuration = {"model_type": "stranger", "architectures": ["Stranger"]}
    configuration["auto_map"] = {"AutoConfig": "modeling.C", "AutoModel": "modeling.M"}
    (tmp_path / "config.json").write_text(json.dumps(configuration))
    with pytest.raises(InputError, match=r"'stranger' is not part.*never run"):
        checkpoint(tmp_path)
    configuration |= json.loads(clip().to_json_string()) | {"auto_map": configuration["auto_map"]}
    (tmp_path / "config.json").write_text(json.dumps(configuration))
    assert checkpoint(tmp_path).title == "CLIPModel"
    assert not mark.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1]", "no 'model_type'"),
        ("{}", "no 'model_type'"),
        ("{", "not valid JSON"),
        ('{"model_type": "bert"}', "neither encodes images and texts"),
    ],
)
def test_what_is_no_vision_language_configuration(tmp_path, content, message):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(InputError, match=message):
        checkpoint(tmp_path)


def test_a_folder_without_a_configuration(tmp_path):
    with pytest.raises(InputError, match=r"no config\.json"):
        checkpoint(tmp_path)


def write(folder, **content):
    (folder / "config.json").write_text(json.dumps(content))
    return folder


TINY_TEXT = SMALL | {"vocab_size": 100, "max_position_embeddings": 12}


@pytest.mark.parametrize(
    ("kind", "head", "title"),
    [
        ("clip", "CLIPForImageClassification", "CLIPModel"),
        ("siglip", "SiglipForImageClassification", "SiglipModel"),
        ("clipseg", "CLIPSegForImageSegmentation", "CLIPSegModel"),
        ("owlvit", "OwlViTForObjectDetection", "OwlViTModel"),
        ("owlv2", "Owlv2ForObjectDetection", "Owlv2Model"),
    ],
)
def test_another_head_has_the_trunk_of_a_dual_encoder(tmp_path, kind, head, title):
    write(tmp_path, model_type=kind, architectures=[head], projection_dim=16,
          text_config=TINY_TEXT, vision_config=VISION)  # fmt: skip
    model = checkpoint(tmp_path)
    assert model.title == title
    assert model.note.endswith(f"saved as {head}")
    assert model.flops().image > 0


@pytest.mark.parametrize("architecture", ["FlavaForPreTraining", "FlavaModel"])
def test_flava_at_the_size_of_its_images(tmp_path, architecture):
    write(tmp_path, model_type="flava", architectures=[architecture], hidden_size=32,
          image_config=VISION, text_config=TINY_TEXT, multimodal_config=SMALL,
          projection_dim=16)  # fmt: skip
    model = checkpoint(tmp_path)
    assert model.title == "FlavaModel"
    assert model.image_inputs(1).shape == (1, 3, 32, 32)
    assert model.flops().pair is None


def test_siglip_pads_to_its_longest_text(tmp_path):
    text = SMALL | {"vocab_size": 100, "max_position_embeddings": 64}
    write(tmp_path, model_type="siglip", text_config=text, vision_config=VISION)
    model, n, d, i = checkpoint(tmp_path), 64, 32, 64
    assert model.n_tokens == 64
    layer = 2 * n * (4 * d * d + 2 * d * i) + 4 * n * n * d
    assert model.flops().text == layer + 2 * d * d


def test_naflex_is_counted_on_its_patches(tmp_path):
    vision = SMALL | {"num_patches": 16, "patch_size": 4}
    text = SMALL | {"vocab_size": 100, "max_position_embeddings": 12, "projection_size": 32}
    write(tmp_path, model_type="siglip2", architectures=["Siglip2Model"], text_config=text,
          vision_config=vision)  # fmt: skip
    model = checkpoint(tmp_path)
    assert model.title == "Siglip2Model"
    assert model.image_inputs(2).shape == (2, 16, 48)
    n, d, i = 16, 32, 64
    assert model.flops().image > 2 * n * (4 * d * d + 2 * d * i)


def test_a_model_of_any_size_is_counted_at_its_preprocessors(tmp_path):
    vision = {"image_size": 64, "width_coefficient": 0.1, "depth_coefficient": 0.1,
              "hidden_dim": 64}  # fmt: skip
    write(tmp_path, model_type="align", projection_dim=16, vision_config=vision,
          text_config=SMALL | {"vocab_size": 100})  # fmt: skip
    whole = checkpoint(tmp_path).flops().image
    sizes = {"crop_size": {"height": 32, "width": 32}, "size": {"height": 40, "width": 40}}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(sizes))
    assert 0.2 * whole < checkpoint(tmp_path).flops().image < 0.35 * whole


def test_a_class_of_the_checkpoints_own_is_refused(tmp_path):
    write(tmp_path, model_type="clip", architectures=["EvaCLIPModel"],
          auto_map={"AutoModel": "modeling_evaclip.EvaCLIPModel"})  # fmt: skip
    with pytest.raises(InputError, match="'EvaCLIPModel' is code that comes with the checkpoint"):
        checkpoint(tmp_path)


@pytest.mark.parametrize("name", ["attn_implementation", "_attn_implementation"])
@pytest.mark.parametrize("kernel", ["flash_attention_2", "somebody/kernel"])
def test_the_attention_kernel_is_not_the_configurations_choice(tmp_path, name, kernel):
    content = json.loads(clip().to_json_string())
    for part in (content, content["text_config"], content["vision_config"]):
        part[name] = kernel
    write(tmp_path, **content)
    assert checkpoint(tmp_path).title == "CLIPModel"


@pytest.mark.parametrize(
    "change",
    [
        {"projection_dim": "512"},
        {"projection_dim": -1},
        {"projection_dim": [1]},
        {"vision_config": VISION | {"hidden_size": 30, "num_attention_heads": 4}},
        {"vision_config": VISION | {"hidden_act": "nonsense"}},
        {"vision_config": VISION | {"image_size": [224, 336]}},
        {"vision_config": VISION | {"num_hidden_layers": 10**5}},
        {"vision_config": VISION | {"num_hidden_layers": -1}},
        {"vision_config": VISION | {"patch_size": 0}},
        {"vision_config": VISION | {"image_size": 8, "patch_size": 16}},
        {"vision_config": "large"},
        {"text_config": [1]},
        {"text_config": TINY_TEXT | {"vocab_size": 0}},
        {"architectures": ["CLIPVisionModelWithProjection"]},
        {"architectures": "CLIPModel"},
        {"architectures": [3]},
    ],
)
def test_a_configuration_that_cannot_be_used_is_said_on_one_line(tmp_path, change):
    write(tmp_path, **(json.loads(clip().to_json_string()) | change))
    with pytest.raises(InputError) as found:
        checkpoint(tmp_path)
    assert "\n" not in str(found.value)
