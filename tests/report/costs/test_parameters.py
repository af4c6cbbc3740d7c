"""The parameters of the two chapters on costs: what is wrong is told before measuring."""

import pytest

from fico_lib.chapters import chapter
from fico_lib.costs.architectures import PAPER_MODELS
from fico_lib.runtime.errors import InputError


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("encoding_storage", {"measured": ["scam"]}, "'scam': did you mean 'scan'"),
        ("encoding_storage", {"dtype_of": {"blip": "float16"}}, "'blip': did you mean 'blip2'"),
        ("encoding_storage", {"dtype_of": {"blip2": "int8"}}, "dtype_of"),
        ("encoding_storage", {"galleries": [1000, 10]}, "expected sizes that grow"),
        ("encoding_storage", {"seconds": 0}, "greater than 0"),
        ("attention", {"growth_images": [4, 4, 8]}, "expected sizes that grow"),
        ("attention", {"growth_images": [4, 8]}, "at least 3"),
        ("attention", {"models": ["vse"]}, "at least 2"),
        ("attention", {"latency_ms": [0]}, "greater than 0"),
    ],
)
def test_what_is_wrong_is_told(name, values, message):
    with pytest.raises(InputError, match=message):
        chapter(name).check(values, "test")


def test_both_chapters_run_alone_and_the_defaults_name_every_model():
    for name in ("encoding_storage", "attention"):
        assert chapter(name).timed
    assert list(chapter("encoding_storage")().measured) == list(PAPER_MODELS)


def test_attention_asks_for_the_encodings_of_both_stages():
    asked = chapter("attention").check({"models": ["vsrn", "scan"]}, "test").requests()
    assert [request.model for request in asked] == ["vsrn", "scan"]
    assert chapter("encoding_storage")().requests() == []
