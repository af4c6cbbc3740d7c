"""The metric lab: its numbers are the library's, its links and its page are whole.

The page's own formulas run in Node.js and in a headless Chromium where there is one (the tests skip
where there is none); the rest runs everywhere.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from chromium import document_of
from scipy import sparse

from fico_lib.encodings import Codes
from fico_lib.evaluation import evaluate
from fico_lib.runtime.errors import InputError
from fico_lib.study.metric_lab import (
    LIMITS,
    NAMES,
    OPTIONS,
    grid,
    numbers,
    ranking_of_codes,
    read_case,
    write_grid,
)

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "book" / "metric_lab.md").read_text()
SCRIPTS = ROOT / "book" / "_static" / "lab"
GRID = list(grid())
PURE = [
    f"{name}.js" for name in ("tie_groups", "hits", "average_precision", "metrics", "case", "check")
]


def links():
    """The cases that pages link to: (page, case)."""
    for path in [*(ROOT / "book").glob("*.md"), *(ROOT / "notebooks").rglob("*.ipynb")]:
        for case in re.findall(r'metric_lab\.html#([^"\\]+)', path.read_text()):
            yield path.stem, case


LINKS = list(links())
WRONG = [
    "case=12", "case==1", "case=1==0", "case=10/", "case=", f"case={'1' * 27}", "k=0", "k=1.5",
    "denominator=all", "ties=random", "mode=some", "gallery=5", "gallery=5:6", "gallery=0:0",
    "gallery=100001:1", f"case={'/'.join('1111111')}", f"codes={'0' * 17}:{'0' * 17}",
    f"codes=0:{','.join('1' * 13)}", "codes=01", "codes=01:0", "codes=01:02", "codes=01:10r,",
    "colour=red", "",
]  # fmt: skip


# --- Everywhere ---


def test_the_grid_has_every_kind_of_case():
    texts = {str(case) for case in GRID}
    assert len(texts) >= 2000
    for name, options in OPTIONS.items():
        assert {getattr(case, name) for case in GRID} == set(options)
    rankings = [query for case in GRID for query in case.case.split("/") if query]
    assert any(re.fullmatch("0(=0)*", query) for query in rankings)
    assert any(re.fullmatch("[01](=[01]){5,}", query) for query in rankings)
    assert {"0", "1"} <= set(rankings)
    assert any("r" not in case.codes for case in GRID if case.codes)
    assert any(case.gallery.endswith(":0") for case in GRID)
    assert np.isfinite(numbers(GRID)).all()


@pytest.mark.parametrize("case", GRID[::100], ids=str)
def test_a_case_is_the_one_that_it_is_written_as(case):
    assert read_case(str(case)) == case


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_case_is_told(text):
    with pytest.raises(InputError, match=r"expected|did you mean"):
        read_case(text)


def test_a_part_that_is_named_twice_is_told():
    with pytest.raises(InputError, match="k: found twice"):
        read_case("k=1&k=2")


@pytest.mark.parametrize(
    ("text", "name", "value"),  # as worked out by hand on the page on evaluation
    [
        ("case=100/011&k=1", "R@{k}", 50),
        ("case=100/011&k=2&mode=fraction", "R@{k}", 75),
        ("case=1=0/10&k=1", "R@{k}", 75),
        ("case=1=0/10&k=1&ties=pessimistic", "R@{k}", 50),
        ("case=0=1&k=1&ties=index", "R@{k}", 0),
        ("case=101001&k=2", "mAP@{k}", 100),
        ("case=101001&k=2&denominator=min", "mAP@{k}", 50),
        ("case=101001&k=2&denominator=total", "mAP@{k}", 100 / 3),
        ("case=101001&k=2&denominator=relevant", "mAP@{k}", 250 / 3),
        ("case=101001/101000&k=6", "mAP@{k}", 100 * (13 / 18 + 5 / 6) / 2),
        ("case=0101&k=3", "R-Precision", 50),
        ("case=0101&k=3", "mAP@R", 25),
        ("case=100/000&k=3", "mAP@{k}", 50),
        ("gallery=2:1&k=2", "mAP@{k}", 75),
        ("gallery=25000:5&k=1", "R@{k}", 0.02),
        ("codes=0000:0001,0010r,0100,1111&k=1", "R@{k}", 100 / 3),
    ],
)
def test_the_numbers_are_those_of_the_worked_examples(text, name, value):
    found = numbers([read_case(text)])[0]
    assert found[4 * NAMES.index(name)] == pytest.approx(value)


def test_a_case_of_many_has_the_numbers_it_has_alone():
    some = GRID[::250]
    np.testing.assert_allclose(numbers(some), [numbers([case])[0] for case in some], atol=1e-9)


@pytest.mark.parametrize("case", [c for c in GRID if c.codes and "r" in c.codes][::20], ids=str)
def test_codes_are_ranked_as_the_evaluation_ranks_them(case):
    query, *codes = re.split("[:,]", case.codes)
    bits = [np.array([list(map(int, code.rstrip("r")))]) for code in (query, *codes)]
    encodings = Codes.pack(bits[0], np.concatenate(bits[1:]), np.zeros(len(codes), int))
    judged = sparse.csr_matrix([[int(code.endswith("r")) for code in codes]])
    shown = [name.format(k=case.k) for name in NAMES]
    conventions = {name: getattr(case, name) for name in OPTIONS}
    found = evaluate(encodings, relevance=judged, metrics=shown, **conventions).category["i2t"]
    expected = numbers([case])[0][: 4 * len(NAMES) : 4]
    assert [found[name] for name in shown] == pytest.approx(expected)
    assert ranking_of_codes(case.codes).replace("=", "").count("1") == case.codes.count("r")


@pytest.mark.parametrize(("page", "case"), LINKS)
def test_links_load_a_case(page, case):
    assert str(read_case(case)) == case
    assert np.isfinite(numbers([read_case(case)])).all()


def test_every_place_that_defines_a_metric_links_to_its_case():
    assert {page for page, _ in LINKS} == {
        *("evaluation", "glossary", "instance", "category", "search", "bitwise_search"),
        *("recall", "average_precision", "ties"),  # of the foundations
    }
    entries = (ROOT / "book" / "glossary.md").read_text().split("\n\n")
    for term in ("R@k", "AP@k", "mAP@k", "nDCG@k", "MRR@k", "R-Precision", "precision", "tie",
                 "denominator", "chance level", "Hamming distance", "expected under ties",
                 "11-point precision-recall curve"):  # fmt: skip
        (entry,) = [e for e in entries if e.removeprefix("```{glossary}\n").startswith(f"{term}\n")]
        assert "metric_lab.html#" in entry, term


def test_the_page_offers_the_conventions_of_the_library():
    for name, options in OPTIONS.items():
        select = re.search(rf'<select id="lab-{name}">(.*?)</select>', PAGE, re.S)[1]
        assert tuple(re.findall(r'value="(\w+)"', select)) == options
        assert json.dumps(options) in (SCRIPTS / "case.js").read_text()
    limits = ", ".join(f"{name}: {most}" for name, most in LIMITS.items())
    assert f"LIMITS = {{ {limits} }}" in (SCRIPTS / "case.js").read_text()
    shown = re.findall(r'^    "?([\w@-]+)"?: ?[(a-z]', (SCRIPTS / "metrics.js").read_text(), re.M)
    assert [name for name in NAMES if name.format(k="k") not in shown] == []


def test_the_page_has_all_that_its_scripts_look_for_and_loads_each_of_them():
    assert sorted(re.findall(r'src="../_static/lab/([\w.]+)"', PAGE)) == sorted(
        path.name for path in SCRIPTS.glob("*.js")
    )
    ids = re.findall(r'\bid="lab-([\w-]+)"', PAGE)
    assert len(ids) == len(set(ids))
    wanted = set(re.findall(r'(?:find|refill|on|link|whole)\(\s*"([\w-]+)"',
                            (SCRIPTS / "page.js").read_text()))  # fmt: skip
    assert wanted <= set(ids), wanted - set(ids)
    controls = re.findall(r'<(?:input|select) id="([\w-]+)"', PAGE)
    assert set(controls) <= set(re.findall(r'<label [^>]*for="([\w-]+)"', PAGE))
    for name in re.findall(r'aria-labelledby="([\w-]+)"', PAGE):
        assert f'id="{name}"' in PAGE


@pytest.mark.parametrize("path", sorted(SCRIPTS.iterdir()), ids=lambda path: path.name)
def test_no_file_of_the_lab_asks_for_anything_elsewhere(path):
    text = path.read_text().replace("http://www.w3.org/2000/svg", "")  # a name, never fetched
    assert not re.search(r"https?:|fetch\(|XMLHttp|WebSocket|import[ (]|eval\(|innerHTML", text)
    assert len(text.splitlines()) <= 350


# --- Where there is a JavaScript engine ---


@pytest.fixture(scope="module")
def in_node(tmp_path_factory):
    """What an expression gives in Node.js, after the pure scripts and the grid."""
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None:
        pytest.skip("needs Node.js (node), which is not installed")
    folder = tmp_path_factory.mktemp("lab")
    write_grid(folder / "grid.js")
    loaded = "\n".join(p.read_text() for p in [*(SCRIPTS / n for n in PURE), folder / "grid.js"])

    def run(expression: str):
        script = folder / "run.js"
        script.write_text(f"{loaded}\nconsole.log(JSON.stringify({expression}));\n")
        done = subprocess.run(
            [node, str(script)], capture_output=True, text=True, check=True, timeout=120
        )
        return json.loads(done.stdout)

    return run


def test_the_page_s_formulas_agree_with_the_library(in_node):
    found = in_node("labCheck.compare(labGrid)")
    assert found["wrong"] == 0, found["first"]
    assert found["cases"] == len(GRID)
    assert found["compared"] == len(GRID) * len(numbers(GRID[:1])[0])


@pytest.mark.parametrize("column", [0, 1, 2, 3, 30, 38])
def test_the_comparison_sees_one_wrong_number(in_node, column):
    found = in_node(f"(labGrid[77][1][{column}] += 1e-6, labCheck.compare(labGrid))")
    assert found["wrong"] == 1
    assert found["first"][0]["text"] == str(GRID[77])


def test_addresses_are_read_and_written_alike(in_node):
    cases = [str(case) for case in GRID] + [case for _, case in LINKS]
    again = "({...labCase.defaults(), ...labCase.read(text)})"
    assert in_node(f"{json.dumps(cases)}.map((text) => labCase.write({again}))") == cases


def test_a_wrong_address_is_told_in_the_page_too(in_node):
    told = "((text) => { try { labCase.read(text); } catch (e) { return e.message; } return ''; })"
    for text, message in zip(WRONG, in_node(f"{json.dumps(WRONG)}.map({told})"), strict=True):
        assert "expected" in message, text


DRIVE = """
const lab = (id) => document.getElementById("lab-" + id);
const chip = (name) => document.querySelector(`[data-focus="chip-0-${name}"]`);
const press = (key, more = {}) => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
const shown = () => decodeURIComponent(lab("rankings-link").hash);
const steps = [shown()];
chip("a").focus();
press("ArrowRight", { shiftKey: true }); steps.push(shown(), document.activeElement.dataset.focus);
press("ArrowRight"); steps.push(document.activeElement.dataset.focus);
press("t"); steps.push(shown());
document.activeElement.click(); steps.push(shown());
press("Delete"); steps.push(shown());
const set = (id, value) => { lab(id).value = value; lab(id).dispatchEvent(new Event("change")); };
set("k", "1"); set("ties", "pessimistic"); steps.push(shown());
const bit = document.querySelector('[data-focus="bit-query-0"]');
bit.click(); steps.push(decodeURIComponent(lab("codes-link").hash));
steps.push(lab("wrong").textContent);
document.body.dataset.steps = JSON.stringify(steps);
"""


def document(study, address: str, script: str = "") -> str:
    page = study.folder / "_build" / "html" / "book" / "metric_lab.html"
    return document_of(page, address, script)


def test_the_built_page_agrees_with_the_library(study):
    verdict = json.loads(re.search(r'data-verdict="(\{.*?\})"', document(study, "check"))[1])
    assert verdict == {
        "cases": len(GRID), "compared": numbers(GRID).size, "wrong": 0,
    }  # fmt: skip


def test_the_built_page_works_by_keyboard(study):
    found = document(study, "case=100&k=2&codes=00:01r", DRIVE)
    assert json.loads(re.search(r'data-steps="(\[.*?\])"', found)[1]) == [
        "#case=100&k=2",
        *("#case=010&k=2", "chip-0-a"),  # moved with Shift, and the focus with it
        "chip-0-c",
        "#case=01=0&k=2",
        "#case=01=1&k=2",
        "#case=01&k=2",
        "#case=01&k=1&ties=pessimistic",
        "#codes=10:01r&k=1&ties=pessimistic",
        "",
    ]


def test_the_built_page_loads_the_case_of_an_address(study):
    found = document(study, "case=101001&k=2&denominator=total")
    assert re.search(r"mAP@2</th><td>33.33</td>", found)
    assert "found 'all'; expected hits" in document(study, "case=1&denominator=all")
