"""Values as people type them mean what they mean, or are refused on one line."""

import pytest
from pydantic import Field

from fico_lib.chapters import chapter
from fico_lib.report.parameters import ChapterParameters
from fico_lib.runtime.errors import InputError
from fico_lib.study import parameters
from fico_lib.study.yaml_values import parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0200", 200),
        ("[010, 011]", [10, 11]),
        ("1e-3", 0.001),
        ("1.5", 1.5),
        ("-.5", -0.5),
        ("1_000", 1000),
        ("true", True),
        ("no", "no"),
        ("1:30", "1:30"),
        ("0x10", "0x10"),
        ("2020-01-01", "2020-01-01"),
        ("null", None),
        ("~", None),
        ("'010'", "010"),
        ("{a: [1, {b: 02}]}", {"a": [1, {"b": 2}]}),
    ],
)
def test_numbers_have_base_ten(text, value):
    found = parse(text, "x")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text", ["@x", "%", "*x", "[1", "{a: 1, a: 2}", "!!python/object:os.system 1", "a: b: c",
             "? [1]\n: 2", "None", "[None]", "&a [*a]", "[" * 3000, "<<: 1\n<<: 2", "\t- a"]
)  # fmt: skip
def test_what_is_no_value_is_said_on_one_line(text):
    with pytest.raises(InputError, match=r"^-p x: ") as found:
        parse(text, "-p x")
    assert "\n" not in str(found.value)


def test_aliases_cannot_fill_the_memory():
    lines = ["a0: &a0 [1]", *(f"a{i + 1}: &a{i + 1} [*a{i}, *a{i}]" for i in range(40))]
    with pytest.raises(InputError, match=r"alias \*a0"):
        parse("\n".join(lines), "file")


def load(*settings, file=None):
    return parameters.load(parameters.repo.root(), "instance", "ci", file, settings)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("data.n_train=true", "'data.n_train': found true; expected a number"),
        ("recall_at=[true]", "found true"),
        ("recall_at=[1,1]", "found 1 twice"),
        ("seeds=[0,0]", "'seeds': found 0 twice; expected each once"),
        ("models=[vse,vse]", "found 'vse' twice"),
        ("data.n_train=0x10", "found '0x10'"),
        ("data.n_train=1:30", "found '1:30'"),
        ("data=None", "expected null"),
    ],
)
def test_values_of_another_kind_are_refused(setting, message):
    with pytest.raises(InputError, match=message):
        load(setting)


def test_a_leading_zero_is_no_octal():
    assert load("data.n_train=0200").data.n_train == 200
    assert load("seeds=[010,011]").seeds == [10, 11]


def test_a_file_may_have_dotted_names_and_a_byte_order_mark(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_bytes(b"\xef\xbb\xbfdata.n_train: 300\ndata.n_val: 40\n")
    data = load(file=file).data
    assert (data.n_train, data.n_val) == (300, 40)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_file_in_another_encoding_is_said(tmp_path, encoding):
    (tmp_path / "mine.yaml").write_bytes("device: é".encode(encoding))
    with pytest.raises(InputError, match="not UTF-8"):
        load(file=tmp_path / "mine.yaml")


def test_a_truth_value_may_stand_for_itself():
    class Example(ChapterParameters):
        flag: bool = False
        names: list[str] = Field([])

    assert Example.check({"flag": True, "names": ["a"]}, "x").flag is True
    assert chapter("instance").check({}, "x") == chapter("instance")()
