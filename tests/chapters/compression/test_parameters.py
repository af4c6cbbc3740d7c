"""Which settings are gone through, which models are encoded, and what is refused."""

import pytest

from fico_lib.chapters.compression import parameters
from fico_lib.chapters.compression.parameters import CompressionChapter
from fico_lib.runtime.errors import InputError
from fico_lib.search.compress import Compression

TRAINED = {"weights": "train"}


def check(**values) -> CompressionChapter:
    return CompressionChapter.check(values, "test")


def test_vse_comes_first_and_codes_last_whatever_the_order_of_the_profile():
    chapter = check(**TRAINED, models=["dadh", "beit3", "scan", "adv64", "vse"], seeds=[0, 1])
    assert chapter.compressed == ["vse", "beit3"]
    assert chapter.codes == ["adv64", "dadh"]
    assert [r.model for r in chapter.requests()] == [
        name for name in ("vse", "beit3", "adv64", "dadh") for _ in range(2)
    ]


def test_a_model_without_a_checkpoint_is_left_out_but_remembered(monkeypatch):
    monkeypatch.setattr(parameters, "has_weights", lambda request: request.model != "vsrn")
    chapter = check(models=["vse", "vsrn", "ucch"])
    assert chapter.asked == ["vse", "vsrn"]
    assert chapter.compressed == ["vse"]
    monkeypatch.setattr(parameters, "has_weights", lambda request: False)
    assert check(models=["vse", "ucch"]).compressed == ["vse"]  # its error says what is released
    assert check(models=["vse", "ucch"]).codes == []


def test_the_whole_grid_has_every_combination_once():
    chapter = check(**TRAINED, models=["vse", "beit3"])
    ladder = chapter.ladder("vse")
    assert len(set(map(str, ladder))) == len(ladder)
    assert ladder[0] == Compression("float32")
    first = [one for one in ladder if not one.rescoring]
    assert len(first) == 14 * (1 + 3 * 2)  # all dimensions; three reductions to two sizes
    again = {str(one) for one in ladder if one.rescoring}
    assert {"sign-zero:rpca64+codex10", "rabitq3+int8x1", "float16:pca128+float32x2"} <= again
    assert not {name for name in again if name.startswith("float32")}
    assert not {name for name in again if "+code" in name and not name.startswith("sign")}
    assert not {name for name in again if name.startswith("int8+int8")}
    assert {one.reduction for one in chapter.ladder("beit3")} == {""}


def test_a_profile_chooses_what_is_reduced_and_rescored():
    chapter = check(
        **TRAINED, quantizers=["int8", "float32", "sign-mean"], reduced=["int8"],
        reductions=["pca"], dimensions=[64], rescored=["sign-mean"], rescorings=["code"],
        multipliers=[4],
    )  # fmt: skip
    assert [str(one) for one in chapter.ladder("vse")] == [
        "float32", "int8", "sign-mean", "int8:pca64", "sign-mean+codex4"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"models": ["scan", "dadh"]}, "expected one of vse, beit3"),
        ({"quantizers": ["int8"]}, "expected float32 among them"),
        ({"quantizers": ["float32", "int9"]}, "quantizer 'int9'"),
        ({"reductions": ["pcb"]}, "'pcb' is not known; expected some of prefix, pca, rpca"),
        ({"rescorings": ["int4"]}, "'int4' is not known; expected some of code, int8, float32"),
        ({"dimensions": [512]}, "expected at most 256"),
        ({"multipliers": [0]}, "multipliers"),
        ({"gaps": []}, "gaps"),
    ],
)
def test_what_is_wrong_is_said(values, message):
    with pytest.raises(InputError, match=message):
        check(**TRAINED, **values)
