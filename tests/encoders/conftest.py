"""Tiny random checkpoints in the real formats, and a tiny data set to encode with them."""

import json

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

WORDS = [
    "<pad>",
    "<s>",
    "</s>",
    "<unk>",
    *["a", "red", "blue", "green", "dog", "cat", "bus", "on", "the", "sea", "two", "by"],
]
SMALL = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
}  # fmt: skip
TEXT = SMALL | {
    "vocab_size": len(WORDS), "max_position_embeddings": 16, "pad_token_id": 0, "bos_token_id": 1,
    "eos_token_id": 2,
}  # fmt: skip
VISION = SMALL | {"image_size": 32, "patch_size": 8}
SIZES = {"size": {"height": 32, "width": 32}, "do_center_crop": False}


def tokenizer(folder, **more):
    plain = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unk>"))
    plain.pre_tokenizer = Whitespace()
    plain.post_processor = TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=plain, pad_token="<pad>", bos_token="<s>", eos_token="</s>",
        unk_token="<unk>", model_max_length=16, **more,
    )  # fmt: skip
    made.save_pretrained(folder)
    return made


def network(kind):
    """A small random network of a kind, and its configuration."""
    torch.manual_seed(0)
    former = SMALL | {
        "encoder_hidden_size": 32, "vocab_size": len(WORDS), "use_qformer_text_input": True,
        "max_position_embeddings": 20, "cross_attention_frequency": 1,
    }  # fmt: skip
    make = {
        "clip": lambda: transformers.CLIPModel(transformers.CLIPConfig(
            text_config=TEXT, vision_config=VISION, projection_dim=24)),
        "siglip": lambda: transformers.SiglipModel(transformers.SiglipConfig(
            text_config=TEXT | {"projection_size": 32}, vision_config=VISION)),
        "chinese_clip": lambda: transformers.ChineseCLIPModel(transformers.ChineseCLIPConfig(
            text_config=TEXT, vision_config=VISION, projection_dim=24)),
        "altclip": lambda: transformers.AltCLIPModel(transformers.AltCLIPConfig(
            text_config=TEXT | {"project_dim": 24, "max_position_embeddings": 20},
            vision_config=VISION, projection_dim=24)),
        "blip": lambda: transformers.BlipForImageTextRetrieval(transformers.BlipConfig(
            text_config=TEXT | {"encoder_hidden_size": 32}, vision_config=VISION,
            image_text_hidden_size=24)),
        "blip2": lambda: transformers.Blip2ForImageTextRetrieval(transformers.Blip2Config(
            vision_config=VISION, qformer_config=former, num_query_tokens=4,
            image_text_hidden_size=24)),
        "align": lambda: transformers.AlignModel(transformers.AlignConfig(
            text_config=TEXT, projection_dim=32, vision_config={
                "image_size": 32, "width_coefficient": 0.1, "depth_coefficient": 0.1,
                "hidden_dim": 64})),
        "flava": lambda: transformers.FlavaModel(transformers.FlavaConfig(
            image_config=VISION, text_config=TEXT, multimodal_config=SMALL, projection_dim=24)),
        "bert": lambda: transformers.BertModel(transformers.BertConfig(**TEXT)),
    }  # fmt: skip
    made = make[kind]().eval()
    with torch.no_grad():  # the initial projections are so small that all scores are alike
        for name, weight in made.named_parameters():
            if "proj" in name and weight.ndim == 2:
                weight.normal_(0, 0.3)
            if kind == "align" and weight.ndim == 4:
                weight.normal_(0, 2 / weight[0].numel() ** 0.5)
    return made


PROCESSORS = {
    "clip": "CLIPImageProcessor", "siglip": "SiglipImageProcessor",
    "chinese_clip": "ChineseCLIPImageProcessor", "altclip": "CLIPImageProcessor",
    "blip": "BlipImageProcessor", "blip2": "BlipImageProcessor",
    "align": "EfficientNetImageProcessor", "flava": "CLIPImageProcessor",
}  # fmt: skip
KINDS = [*PROCESSORS]


@pytest.fixture
def save(tmp_path):
    """A function that saves a checkpoint of a kind, and returns (folder, network)."""

    def write(kind):
        folder = tmp_path / kind
        made = network(kind)
        made.save_pretrained(folder)
        names = {"model_input_names": ["input_ids"]} if kind == "siglip" else {}
        tokenizer(folder, **names)
        if kind in PROCESSORS:
            getattr(transformers, PROCESSORS[kind])(**SIZES).save_pretrained(folder)
        return folder, made

    return write


CAPTIONS = [
    ["a red dog", "the dog by the sea"],
    ["two cat", "a blue cat on the bus", "a red dog"],
    ["the green sea"],
    ["a bus", "the bus by the green sea"],
    ["two red bus on the blue sea", "a dog"],
]


@pytest.fixture
def data(tmp_path):
    """Karpathy's format: five images of the split test, one of train, twelve captions."""
    rng, images = np.random.default_rng(0), []
    (tmp_path / "images").mkdir()
    for i, captions in enumerate([*CAPTIONS, ["a cat"]]):
        pixels = rng.integers(0, 256, (20 + i, 30, 3)).astype(np.uint8)
        Image.fromarray(pixels).resize((60, 50)).save(tmp_path / "images" / f"{i}.png")
        sentences = [{"raw": raw, "sentid": 10 * i + j} for j, raw in enumerate(captions)]
        images.append({"filename": f"{i}.png", "imgid": i, "sentences": sentences,
                       "split": "test" if i < len(CAPTIONS) else "train"})  # fmt: skip
    (tmp_path / "data.json").write_text(json.dumps({"images": images}))
    return tmp_path / "data.json", tmp_path / "images"
