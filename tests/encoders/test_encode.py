"""`fico encode` against transformers' own forward, and what happens when something is wrong."""

import json
import shutil

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from typer.testing import CliRunner

from fico_lib import cli
from fico_lib.encoders import run
from fico_lib.encodings import Embeddings, Scores, load
from fico_lib.runtime.errors import InputError

from .conftest import CAPTIONS, KINDS

FLAT = [caption for captions in CAPTIONS for caption in captions]
OF = [image for image, captions in enumerate(CAPTIONS) for _ in captions]


def encode(folder, data, out, *arguments, images=True):
    annotations, place = data
    how = ["--images", place] if images else []
    asked = ["encode", "--checkpoint", folder, "--data", annotations, "--out", out, *how]
    result = CliRunner().invoke(cli.app, [str(a) for a in [*asked, "--device", "cpu", *arguments]])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def inputs(folder, data, siglip=False):
    """What transformers' own classes make of the images and captions."""
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    images = [Image.open(data[1] / f"{i}.png").convert("RGB") for i in range(len(CAPTIONS))]
    pixels = processor(images=images, return_tensors="pt")["pixel_values"]
    padding = "max_length" if siglip else True
    tokens = tokenizer(FLAT, padding=padding, truncation=True, max_length=16, return_tensors="pt")
    tokens.pop("token_type_ids", None)
    return pixels, tokens


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in ("blip2",)])
def test_embeddings_are_those_of_transformers(kind, save, data, tmp_path):
    folder, network = save(kind)
    encode(folder, data, tmp_path / "out", "--batch", "2")
    found = load(tmp_path / "out")
    assert isinstance(found, Embeddings)
    assert found.image_ids.tolist() == ["0", "1", "2", "3", "4"]
    assert found.caption_ids.tolist()[:3] == ["0", "1", "10"]
    assert found.image_of_caption.tolist() == OF
    pixels, tokens = inputs(folder, data, kind == "siglip")
    with torch.no_grad():
        if kind == "blip":
            expected = network(**tokens, pixel_values=pixels, use_itm_head=False).itm_score.numpy()
        elif kind == "flava":
            images = network.get_image_features(pixel_values=pixels).pooler_output[:, 0]
            texts = network.get_text_features(**tokens).pooler_output[:, 0]
            expected = unit(images.numpy()) @ unit(texts.numpy()).T
        else:
            out = network(**tokens, pixel_values=pixels)
            expected = unit(out.image_embeds.numpy()) @ unit(out.text_embeds.numpy()).T
    scores = unit(found.images) @ unit(found.texts).T
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    assert scores.std() > 1e-3  # else anything agrees


def test_blip2_takes_the_best_of_an_images_vectors(save, data, tmp_path):
    folder, network = save("blip2")
    encode(folder, data, tmp_path / "out", "--batch", "3")
    found = load(tmp_path / "out")
    assert isinstance(found, Scores)
    pixels, tokens = inputs(folder, data)
    with torch.no_grad():
        out = network(pixel_values=pixels, **tokens, use_image_text_matching_head=False)
    np.testing.assert_allclose(found.i2t, out.logits_per_image.numpy(), atol=1e-5)
    assert found.missing is None


@pytest.mark.parametrize("kind", ["blip", "blip2"])
def test_a_matching_head_reranks_the_best(kind, save, data, tmp_path):
    folder, network = save(kind)
    encode(folder, data, tmp_path / "first")
    encode(folder, data, tmp_path / "second", "--rerank", "2", "--batch", "2")
    first, found = load(tmp_path / "first"), load(tmp_path / "second")
    scores = first.i2t if kind == "blip2" else unit(first.images) @ unit(first.texts).T
    pixels, tokens = inputs(folder, data)
    n, m = scores.shape
    matched = np.empty((n, m))
    with torch.no_grad():
        for image in range(n):
            many = pixels[[image] * m]
            if kind == "blip":
                matched[image] = network(**tokens, pixel_values=many).itm_score[:, 1]
            else:
                out = network(pixel_values=many, **tokens, use_image_text_matching_head=True)
                matched[image] = out.logits_per_image[:, 1]
    for given, rows, total in ((found.i2t, scores, matched + scores),
                               (found.t2i, scores.T, (matched + scores).T)):  # fmt: skip
        order = np.argsort(-rows, axis=1)[:, :2]
        expected = np.full(rows.shape, -100.0)
        np.put_along_axis(expected, order, np.take_along_axis(total, order, 1), 1)
        np.testing.assert_allclose(given, expected, atol=1e-5)
    assert found.missing == -100


@pytest.mark.parametrize("pooling", ["mean", "cls", "max"])
def test_a_sentence_encoder_lets_the_first_caption_stand_for_its_image(
    pooling, save, data, tmp_path
):
    folder, network = save("bert")
    modes = {"mean": "mean_tokens", "cls": "cls_token", "max": "max_tokens"}
    types = "sentence_transformers.models."
    (folder / "modules.json").write_text(json.dumps([
        {"idx": 0, "path": "", "type": f"{types}Transformer"},
        {"idx": 1, "path": "1_Pooling", "type": f"{types}Pooling"},
        {"idx": 2, "path": "2_Normalize", "type": f"{types}Normalize"},
    ]))  # fmt: skip
    (folder / "1_Pooling").mkdir()
    asked = {"word_embedding_dimension": 32, f"pooling_mode_{modes[pooling]}": True}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(asked))
    content = json.loads(data[0].read_text())
    content["images"][2]["sentences"].append({"raw": "the sea", "sentid": 99})
    data[0].write_text(json.dumps(content))
    encode(folder, data, tmp_path / "out", images=False)
    found = load(tmp_path / "out")
    assert found.caption_ids.tolist() == ["1", "11", "12", "99", "31", "41"]
    assert found.image_of_caption.tolist() == [0, 1, 1, 2, 3, 4]
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    for text, vector in (("a red dog", found.images[0]), ("the dog by the sea", found.texts[0])):
        tokens = tokenizer([text], return_tensors="pt")
        tokens.pop("token_type_ids", None)
        with torch.no_grad():
            hidden = network(**tokens).last_hidden_state[0]
        expected = {"mean": hidden.mean(0), "cls": hidden[0], "max": hidden.amax(0)}[pooling]
        np.testing.assert_allclose(vector, expected.numpy(), atol=1e-5)


def test_equal_captions_have_the_very_same_embedding(save, data, tmp_path):
    folder, _ = save("clip")
    encode(folder, data, tmp_path / "out", "--batch", "1")
    found = load(tmp_path / "out")
    same = [row for row, caption in enumerate(FLAT) if caption == "a red dog"]
    assert len(same) == 2
    np.testing.assert_array_equal(found.texts[same[0]], found.texts[same[1]])


def test_batches_and_workers_change_nothing(save, data, tmp_path):
    folder, _ = save("clip")
    encode(folder, data, tmp_path / "a", "--batch", "1")
    encode(folder, data, tmp_path / "b", "--batch", "64", "--workers", "2")
    a, b = load(tmp_path / "a"), load(tmp_path / "b")
    np.testing.assert_allclose(a.images, b.images, atol=1e-5)
    np.testing.assert_allclose(a.texts, b.texts, atol=1e-5)


def test_mixed_precision_is_near(save, data, tmp_path):
    folder, _ = save("clip")
    encode(folder, data, tmp_path / "a")
    encode(folder, data, tmp_path / "b", "--dtype", "bfloat16")
    a, b = load(tmp_path / "a"), load(tmp_path / "b")
    cosine = (unit(a.images) * unit(b.images)).sum(1)
    assert (cosine > 0.99).all()
    assert not np.array_equal(a.images, b.images)


def test_what_it_writes_is_what_evaluate_reads(save, data, tmp_path):
    folder, _ = save("clip")
    said = encode(folder, data, tmp_path / "out")
    assert "images: 5, " in said
    assert "captions: 9, " in said  # distinct ones
    result = CliRunner().invoke(
        cli.app, ["evaluate", "--encodings", str(tmp_path / "out"), "--format", "json"]
    )
    assert json.loads(result.stdout)["instance"]["i2t"]["R@10"] == 100


def test_the_manifest_has_checksums(save, data, tmp_path):
    folder, _ = save("clip")
    encode(folder, data, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["model"] == "CLIPModel"
    for name, digest in manifest["sha256"].items():
        assert run.sha256(tmp_path / "out" / name) == digest
    assert manifest["checkpoint"]["model.safetensors"] == run.sha256(folder / "model.safetensors")
    assert manifest["settings"]["split"] == "test"


def test_a_broken_image_stops_unless_it_may_be_skipped(save, data, tmp_path):
    folder, _ = save("clip")
    (data[1] / "1.png").write_bytes((data[1] / "1.png").read_bytes()[:200])
    with pytest.raises(InputError, match=r"broken image .*1\.png \(image id '1'\).*--skip-broken"):
        encode(folder, data, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    said = encode(folder, data, tmp_path / "out", "--skip-broken")
    assert "skipped: image 1: " in said
    found = load(tmp_path / "out")
    assert found.image_ids.tolist() == ["0", "2", "3", "4"]
    assert found.caption_ids.tolist() == ["0", "1", "20", "30", "31", "40", "41"]
    assert "1" in json.loads((tmp_path / "out" / "manifest.json").read_text())["skipped"]
    for i in range(5):
        (data[1] / f"{i}.png").write_bytes(b"")
    with pytest.raises(InputError, match="all 5 images are broken"):
        encode(folder, data, tmp_path / "none", "--skip-broken")


def test_a_killed_run_takes_up_where_it_stopped(save, data, tmp_path, monkeypatch):
    folder, _ = save("clip")
    encode(folder, data, tmp_path / "whole")
    monkeypatch.setattr(run, "SHARD", 2)
    kept = run._texts

    def killed(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "_texts", killed)
    annotations, images = data
    asked = (folder, annotations, images, tmp_path / "out", run.How(device="cpu"))
    with pytest.raises(KeyboardInterrupt):
        run.encode_checkpoint(*asked)
    part = tmp_path / ".out.part"
    pieces = sorted(part.glob("images-*.npz"))
    assert len(pieces) == 3
    assert not (tmp_path / "out").exists()
    pieces[0].write_bytes(b"damaged")
    monkeypatch.setattr(run, "_texts", kept)
    assert run.encode_checkpoint(*asked).resumed == 2
    assert not part.exists()
    for a, b in zip(*(vars(load(tmp_path / name)).values() for name in ("whole", "out")),
                    strict=True):  # fmt: skip
        if isinstance(a, np.ndarray) and a.dtype.kind == "f":
            np.testing.assert_allclose(a, b, atol=1e-5)


def test_pieces_of_another_plan_are_thrown_away(save, data, tmp_path):
    folder, _ = save("clip")
    part = tmp_path / ".out.part"
    part.mkdir()
    (part / "plan.json").write_text("another")
    (part / "images-00000000.npz").write_bytes(b"of another checkpoint")
    encode(folder, data, tmp_path / "out")
    assert len(load(tmp_path / "out").images) == 5
    part.mkdir()
    (part / "thesis.tex").write_text("years")
    with pytest.raises(InputError, match="in the way"):
        encode(folder, data, tmp_path / "other" / ".." / "out")
    assert (part / "thesis.tex").exists()


def without_weight(folder):
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    weights.pop("visual_projection.weight")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def no_safetensors(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def large_tokenizer(folder):
    text = (folder / "tokenizer.json").read_text().replace('"red": 5', '"red": 5000')
    (folder / "tokenizer.json").write_text(text)


def own_code(folder):
    content = json.loads((folder / "config.json").read_text())
    content |= {"architectures": ["OwnModel"], "auto_map": {"AutoModel": "own.OwnModel"}}
    (folder / "config.json").write_text(json.dumps(content))
    (folder / "own.py").write_text("raise SystemExit('ran')")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (shutil.rmtree, "no such folder"),
        (lambda folder: (folder / "config.json").unlink(), "no config.json"),
        (no_safetensors, r"no \*\.safetensors file"),
        (own_code, "'OwnModel' is code that comes with the checkpoint"),
        (without_weight, "1 weights of CLIPModel are not in the file.*visual_projection"),
        (lambda f: (f / "model.safetensors").write_bytes(b"x" * 50), "cannot be loaded"),
        (lambda f: [p.unlink() for p in f.glob("tokenizer*")], "no tokenizer; expected"),
        (lambda f: (f / "tokenizer.json").write_text("{"), "tokenizer cannot be loaded"),
        (large_tokenizer, r"number \d+, CLIPModel has 40 tokens|gives number"),
        (lambda f: (f / "preprocessor_config.json").unlink(), "image processor cannot be loaded"),
    ],
)
def test_checkpoints_that_cannot_be_used_are_said(change, message, save, data, tmp_path):
    folder, _ = save("clip")
    change(folder)
    with pytest.raises(InputError, match=message):
        encode(folder, data, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--split", "nope"], "no image of split 'nope'; it has test, train"),
        (["--rerank", "3"], "CLIPModel has no matching head"),
        (["--device", "abacus"], "device 'abacus'"),
    ],
)
def test_options_that_do_not_fit_are_said(arguments, message, save, data, tmp_path):
    folder, _ = save("clip")
    with pytest.raises(InputError, match=message):
        encode(folder, data, tmp_path / "out", *arguments)
    with pytest.raises(InputError, match="expected --images"):
        encode(folder, data, tmp_path / "out", images=False)
    with pytest.raises(InputError, match="expected the name of a folder"):
        encode(folder, data, tmp_path / "out.npz")


def test_a_model_of_neither_kind_is_said(save, data, tmp_path):
    folder, _ = save("bert")
    transformers.ViTModel(transformers.ViTConfig(hidden_size=32, num_hidden_layers=1,
        num_attention_heads=2, intermediate_size=64)).save_pretrained(folder)  # fmt: skip
    with pytest.raises(InputError, match="ViTModel encodes neither images and texts"):
        encode(folder, data, tmp_path / "out")
