"""`fico cost` as a person meets it."""

import pytest
import transformers
from typer.testing import CliRunner

from fico_lib import cli
from fico_lib.runtime.errors import InputError

FAST = ["--seconds", "0.02", "--images", "10", "--texts", "50", "--device", "cpu"]


def fico_cost(*arguments):
    result = CliRunner(env={"COLUMNS": "160"}).invoke(cli.app, ["cost", *arguments, *FAST])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_a_model_of_the_paper():
    output = fico_cost("scan", "--batch", "4", "--dtype", "bfloat16")
    assert "random weights" in output
    assert "12,789,420" in output
    assert "bfloat16" in output
    for word in ("an image", "a text", "a pair", "score all pairs", "float16", "features"):
        assert word in output


def test_codes_are_stored_packed_too():
    assert "packed bits" in fico_cost("adv64")


def test_weights_that_do_not_fit_are_told_with_their_bytes():
    output = fico_cost("dadh", "--memory", "0.1")
    assert "not measured: out of memory" in output
    assert "MiB needed" in output


def test_a_configuration_of_transformers(tmp_path):
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1}
    small |= {"num_attention_heads": 2}
    vision = small | {"image_size": 32, "patch_size": 16}
    transformers.CLIPConfig(text_config=small, vision_config=vision).save_pretrained(tmp_path)
    output = fico_cost(str(tmp_path))
    assert "CLIPModel" in output
    assert "encode it" in output


@pytest.mark.parametrize("architectures", [None, ["ViltForMaskedLM"]])
def test_a_checkpoint_of_another_head_is_measured_as_its_family_retrieves(tmp_path, architectures):
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1}
    small |= {"num_attention_heads": 2, "image_size": 64, "patch_size": 32}
    transformers.ViltConfig(**small, architectures=architectures).save_pretrained(tmp_path)
    output = fico_cost(str(tmp_path))
    assert "ViltForImageAndTextRetrieval" in output
    assert "score all pairs" in output
    assert "storage" not in output  # nothing is kept


@pytest.mark.parametrize(
    ("name", "message"),
    [("scam", "did you mean 'scan'"), ("no/such/folder", "no such folder or file")],
)
def test_what_is_wrong_is_told(name, message):
    with pytest.raises(InputError, match=message):
        fico_cost(name)


def test_an_unknown_device():
    result = CliRunner().invoke(cli.app, ["cost", "scan", "--device", "abacus"])
    assert isinstance(result.exception, InputError)
