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
