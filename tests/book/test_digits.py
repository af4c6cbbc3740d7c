"""No number is typed in prose: each is published, defined, or on a short list with its reason.

Results are no ground for a number in prose: it has to be right in every run, so what depends on one
is computed by a cell. Headings, code and formulas that stand alone are no prose.
"""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from fico_lib.report.published import TABLES, table

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "fico_lib" / "report" / "published"
PAGES = [*sorted((ROOT / "book").glob("*.md")), *sorted((ROOT / "notebooks").glob("*.ipynb"))]

# What is no number of a study -> what it looks like.
DEFINITIONS = {
    "a metric": r"\b(R@|mAP@|AP@)\d+|\b[1k]-recall(@\d+)?|11-point|2×2",
    "a place in a paper": r"\b(Tables?|Figures?|Sections?|Equations?)\s\d[\d.]*( and \d)?",
    "a name": r"Flickr30K|BLIP-2|BEiT-3|[Dd]oc2[Vv]ec|Query2Label|\bA100\b|F1\b|word2vec",
    "a type of number": r"\b(float|int|bfloat)(4|8|16|32|64)|\b16- or 32-bit|\b8-bit",
    "the level of all intervals": r"\b95 %",
    "an item of a list": r"(?m)^\s*\d+\. ",
    "the first place, or one result": r"\b(rank|ranks|k =|at|from|\$k =) 1\b",
    "the ends of a scale": r"\b(0|100 %|100)( for| \(| is|, where| and a perfect)|\b100 %",
}
# Page -> number -> why it may stand there.
LISTED = {
    "attention": {
        "128": "the paper's k (note of its Table 4)",
        "10K": "a size of the paper's galleries, in its notation",
        "50K": "a size of the paper's galleries, in its notation",
        "14": "words of a text, as in fico_lib.costs.architectures",
        "40": "tokens of a text, as in fico_lib.costs.architectures",
        "70": "words to which the paper's code pads a text",
    },
    "bitwise_search": {
        "64": "bits of the paper's codes",
        "512": "of AVX-512",
        "0": "the least distance",
        "128": "codes of a chunk, as in fico_lib.search.counting",
        "2k": "the room of the list, as in fico_lib.search.counting",
        "1": "a term of the formula, and a value of a bit",
        "2": "a divisor of the formula",
    },
    "category": {
        "80": "categories of MS-COCO",
        "10": "a depth of the table beside it",
        "100": "a depth of the table beside it",
        "0": "what an irrelevant candidate counts",
        "1": "a rank, and the score of the example",
        "3": "a rank of the example by hand",
    },
    "choose": {"32": "bytes of the example, as in its lines"},
    "coarse_to_fine": {
        "50": "a k of the paper's Table 3",
        "100": "a k of the paper's Table 3",
        "200": "a k of the paper's Table 3",
    },
    "compression": {
        "1": "a value of a sign, and the fewest bits of RaBitQ",
        "8": "the most bits of RaBitQ, as in the defaults",
        "10": "results that are asked for, as in fico_lib.search.compress.setting",
        "10,000": "vectors below which MTEB's wrapper warns",
        "100": "millions of passages in the largest gallery of a cited work",
    },
    "data": {
        "5,000": "images of a Karpathy split",
        "1,000": "images of a Karpathy split",
        "80": "categories of MS-COCO",
    },
    "encoding_storage": {
        "80": "GiB of the paper's device",
        "14": "words of a text, as in fico_lib.costs.architectures",
        "64": "bits of the shortest code",
        "32": "vectors of an image, as in fico_lib.costs.architectures",
        "−1": "a value of a bit",
        "1": "a value of a bit",
    },
    "factors": {"64": "bits of the codes that are compared"},
    "growing_gallery": {
        "1,000": "images of a Karpathy split",
        "5,000": "images of a Karpathy split",
        "1": "a term of the formulas",
    },
    "hashtags": {"0": "a value of tau", "1": "a value of tau", "−1": "a value of tau"},
    "instance": {
        "1,000": "images of a Karpathy split",
        "5,000": "images of a Karpathy split",
        "10": "a depth of the tables beside it",
        "1": "a length, and a distance of codes",
    },
    "models": {
        "29,000": "images of a Karpathy split",
        "113,000": "images of a Karpathy split, in thousands",
    },
    "search": {
        "2048": "components of the paper's vectors",
        "64": "bits of the paper's codes",
        "32": "lists of the example, as in its lines",
        "4": "lists of the example, as in its lines",
        "1": "all results but the first: k - 1",
    },
    "evaluation": {
        "1,000": "images of a fold of COCO-1K",
        "5,000": "images of the Karpathy test split of MS-COCO",
        "0.1836": "an example of a number",
        "0.918": "five times the number of the example",
        "62.4": "an example of a number",
        "600": "six times 100",
        "20": "one of five captions, in percent",
        "64": "bits of a usual code",
        "65": "distances of 64 bits",
        "4.3": "Student's t with two degrees of freedom, as in the lines below it",
        "93": "a bound that tests/metrics/test_resampling.py holds",
        "97": "a bound that tests/metrics/test_resampling.py holds",
        "45": "between 43 and 47, the means of the example",
        "43": "two below the mean of the example",
        "47": "two above the mean of the example",
        "0.0": "a recall level",
        "0.1": "a recall level",
        "1.0": "a recall level",
    },
    "glossary": {
        "2": "the base of a logarithm",
        "1K": "of COCO-1K",
        "1,000": "images of a fold of COCO-1K",
        "5,000": "images of the Karpathy test split of MS-COCO",
        "64": "bits of a usual code",
        "65": "distances of 64 bits",
        "5": "a depth of R@sum",
        "10": "a depth of R@sum",
        "600": "six times 100",
        "0.1": "a recall level",
        "−1": "the least cosine",
        "1": "an end of a scale",
        "0": "an end of a scale",
    },
}
# Exercises whose solution works out further numbers from those that are given.
WORKED = {
    *("exercise-budget-by-hand", "exercise-growing-k", "exercise-ap-by-hand"),
    *("exercise-not-monotone", "exercise-choose-budget", "exercise-choose-bytes", "exercise-skew"),
    *("exercise-compression-bytes", "exercise-compression-int8"),
    *("exercise-hashtags-ceiling", "exercise-hashtags-tau"),
    *("exercise-growing-power", "exercise-growing-copies", "exercise-growing-thinning"),
    *("exercise-storage-by-hand", "exercise-words", "exercise-mib", "exercise-average"),
    *("exercise-factors-two", "exercise-recall-by-hand", "exercise-plateau"),
    *("exercise-search-flops", "exercise-search-ties"),
    *("exercise-bitwise-limit", "exercise-bitwise-bound"),
    *("exercise-screen-even", "exercise-screen-ceiling"),
}

NUMBER = re.compile(r"[−]?\d[\d,.]*\w*")


def prose(text: str) -> str:
    """Markdown without headings, code, tags, options of directives, addresses, lone formulas."""
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.S)
    text = re.sub(r"</?[a-z][^<>]*>", " ", text)  # tags of HTML, with the cases of the metric lab
    lines, fence = [], ""
    for line in text.splitlines():
        opening = re.match(r"\s*(`{3,}|:{3,})\s*(\{[\w-]+\})?", line)
        if fence:
            fence = "" if line.strip() == fence else fence
        elif opening:
            directive = opening[2] or line.strip() in ("```", ":::", "::::")
            fence = "" if directive and opening[2] != "{math}" else opening[1]
        elif not re.match(r"#|\s*:[\w-]+:|\(\S+\)=$", line):
            lines.append(line)
    text = re.sub(r"`[^`]*`", "", "\n".join(lines))
    return re.sub(r"\]\([^)]*\)|https?://\S+|\{\w+\}", " ", text)


def published_numbers() -> set[str]:
    """The printed numbers of three digits or with decimals: others would hold anything."""
    cells = [cell for number in TABLES if number != 1 for cell in table(number)["printed"]]
    cells += [*pd.read_csv(PUBLISHED / "table1.csv", dtype=str).stack()]
    cells += [*pd.read_csv(PUBLISHED / "zhuang_2023.csv", dtype=str).stack()]
    found = {number for cell in cells for number in re.findall(r"\d+(?:\.\d+)?", str(cell))}
    return {number for number in found if "." in number or len(number) > 2}


KNOWN = published_numbers()


def typed(text: str, page: str = "", given: str = "") -> list[str]:
    """The numbers of a text that nothing holds, each with its surroundings; given: what may."""
    text = prose(text)
    for look in DEFINITIONS.values():
        text = re.sub(look, " ", text)
    allowed = set(LISTED.get(page, {})) | KNOWN | set(NUMBER.findall(given))
    found = []
    for match in NUMBER.finditer(text):
        number = match[0].rstrip(".,")
        if number not in allowed and number.replace(",", "") not in allowed:
            around = text[max(0, match.start() - 40) : match.end() + 30]
            found.append(f"{number} in “{' '.join(around.split())}”")
    return found


def parts(path: Path) -> list[str]:
    """The Markdown of a page: its text, or its cells and the captions of its figures."""
    if path.suffix == ".md":
        return [path.read_text()]
    cells = json.loads(path.read_text())["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    shown = [cell["metadata"].get("mystnb", {}).get("figure", {}) for cell in cells]
    return texts + [figure["caption"] for figure in shown if figure]


EXERCISE = re.compile(
    r"```\{exercise-start\}\s*:label: (\S+)\n```(.*?)```\{exercise-end\}\n```"
    r"(?:\s*```\{solution-start\} \1\n.*?```\n(.*?)```\{solution-end\}\n```)?",
    re.S,
)
EXERCISES = [
    (path.stem, label, set_, solution or "")
    for path in PAGES
    for part in parts(path)
    for label, set_, solution in EXERCISE.findall(part + "\n")
]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_number_of_a_page_is_typed(path):
    code = "\n".join(re.findall(r"```python(.*?)```", path.read_text(), re.S))  # the tests run it
    found = []
    for part in parts(path):
        found += typed(EXERCISE.sub("", part + "\n"), path.stem, code)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("page", "label", "set_", "solution"), EXERCISES)
def test_a_solution_has_the_numbers_of_its_exercise(page, label, set_, solution):
    """An exercise sets its own numbers; a solution uses them, published ones, or worked ones."""
    if label not in WORKED:
        assert not typed(solution, page, set_)


def test_all_exercises_are_seen():
    texts = "".join(part for path in PAGES for part in parts(path))
    assert len(EXERCISES) == texts.count("{exercise-start}") > 20
    assert {label for _, label, _, _ in EXERCISES} >= WORKED


def test_the_list_has_nothing_that_no_page_needs():
    for page, numbers in LISTED.items():
        (path,) = [path for path in PAGES if path.stem == page]
        text = "".join(prose(part) for part in parts(path))
        for look in DEFINITIONS.values():
            text = re.sub(look, " ", text)
        seen = {match.rstrip(".,") for match in NUMBER.findall(text)}
        assert set(numbers) <= seen, (page, set(numbers) - seen)


@pytest.mark.parametrize(
    "text",
    [
        "SCAN answers 38.9 % of the queries.",
        "It is 12 points above the next.",
        "| VSE | 23.70 |",
        "It takes 1,234 s.",
        "The gain is **3x**.",
        "```{note}\nA gain of 7 points.\n```",
        "In $k = 77$ it fails.",
    ],
)
def test_a_typed_result_is_found(text):
    assert typed(text)


@pytest.mark.parametrize(
    "text",
    [
        "# 12 points",
        "R@10 and mAP@100 of BLIP-2 on Flickr30K (Section 5.1, Tables 2 and 3)",
        "`k=77` gives\n```python\nx = 77\n```\nand nothing",
        "Its ViLT takes 4880 hours, of which 5.72 GiB.",
        "```{figure} a.svg\n:width: 640px\n\nA caption.\n```",
        "1. first\n2. second",
        "$$ \\frac{1}{2} $$",
        "[a link](page12.html) to https://example.org/12",
    ],
)
def test_what_is_no_result_is_not(text):
    assert not typed(text)
