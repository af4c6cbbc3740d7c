"""The built pages: complete, offline, and made of executed chapters."""

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from fico_lib.chapters import CHAPTERS
from fico_lib.chapters.findings.parameters import FindingsChapter

ROOT = Path(__file__).parents[2]
FOLDED = {"hide-input", "remove-input", "remove-cell"}
# Attributes by which a page loads something by itself (a link that a reader clicks is no load).
LOADS = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "embed": "src",
    "object": "data",
}


class Loads(HTMLParser):
    """Collects the addresses that a page loads."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag in LOADS and values.get(LOADS[tag]):
            self.found.append(values[LOADS[tag]])
        if tag == "link" and values.get("rel") not in ("canonical", "author", "help"):
            self.found.append(values.get("href") or "")


def pages(study):
    html = study.folder / "_build" / "html"
    return sorted(p for p in html.rglob("*.html") if "_static" not in p.parts)


def test_no_page_loads_anything_from_another_host(study):
    for page in pages(study):
        loads = Loads()
        loads.feed(page.read_text())
        assert not [x for x in loads.found if re.match(r"(https?:)?//", x)], page
        # ... nor builds such an address in a script of its own.
        assert not re.search(r"unpkg|jsdelivr|cdnjs|googleapis", page.read_text()), page


def test_no_style_loads_anything_from_another_host(study):
    for sheet in (study.folder / "_build" / "html").rglob("*.css"):
        assert not re.search(r"""(@import|url\()\s*["']?(https?:)?//""", sheet.read_text()), sheet


def test_everything_that_a_page_loads_is_there(study):
    for page in pages(study):
        loads = Loads()
        loads.feed(page.read_text())
        for address in loads.found:
            if not address.startswith(("data:", "#")):
                assert (page.parent / re.sub(r"[?#].*", "", address)).is_file(), (page, address)


def test_the_executed_chapters_are_pages_and_nothing_else_is(study):
    html = study.folder / "_build" / "html"
    assert sorted(p.name for p in (html / "notebooks").glob("*.html")) == [
        "attention.html",
        "bitwise_search.html",
        "category.html",
        "choose.html",
        "coarse_to_fine.html",
        "compression.html",
        "data.html",
        "encoding_storage.html",
        "errata.html",
        "factors.html",
        "findings.html",
        "growing_gallery.html",
        "hashtags.html",
        "instance.html",
        "models.html",
        "search.html",
        "selfalign.html",
    ]
    assert not [p for p in pages(study) if p.name.lower() in ("readme.html", "tests.html")]
    assert "R@1" in (html / "notebooks" / "instance.html").read_text()


class Links(HTMLParser):
    """Collects where the marked cells and linked claims of a page lead, and its own anchors."""

    def __init__(self):
        super().__init__()
        self.found, self.anchors = [], set()

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.anchors |= {values["id"]} if values.get("id") else set()
        if tag == "a" and re.match(r"[a-z_]+\.html(#|$)", values.get("href") or ""):
            self.found.append(values["href"])


def read_links(page):
    links = Links()
    links.feed(page.read_text())
    return links


def test_links_of_cells_lead_to_pages_and_findings(study):
    folder = study.folder / "_build" / "html" / "notebooks"
    read = {page.name: read_links(page) for page in folder.glob("*.html")}
    marked = {"instance.html", "category.html", "encoding_storage.html", "search.html"}
    for name, links in read.items():
        for address in links.found:
            page, _, anchor = address.partition("#")
            assert page in read, (name, address)
            assert not anchor or anchor in read[page].anchors, (name, address)
        if name in marked:
            assert any(x.startswith("errata.html#") for x in links.found), name
    assert {"instance.html", "search.html"} <= set(read["findings.html"].found)


def test_the_index_opens_with_the_findings_of_the_run(study):
    page = (study.folder / "_build" / "html" / "book" / "index.html").read_text()
    said = (study.folder / "results" / "ci" / "findings" / "opening.md").read_text()
    questions = re.findall(r"\*\*(.*?)\.\*\*", said)
    assert len(questions) == 3
    places = [page.index(f"<strong>{question}.</strong>") for question in questions]
    assert places == sorted(places)
    assert places[-1] < page.index("verdicts.svg") < page.index("You have a sentence")


def test_no_page_shows_an_error_or_a_warning(study):
    for page in pages(study):
        text = page.read_text()
        assert "Traceback" not in text, page
        assert 'class="output stderr' not in text, page
        assert "system-message" not in text, page


def test_no_page_tells_a_path_of_the_machine(study):
    for page in pages(study):
        assert str(study.folder) not in page.read_text(), page


def test_results_are_tidy_tables_beside_a_complete_record(study):
    folder = study.folder / "results" / "ci" / "instance"
    run = json.loads((folder / "run.json").read_text())
    assert {"parameters", "seeds", "versions", "machine", "commit", "durations_seconds"} <= set(run)
    assert run["parameters"]["data"]["name"] == "scenes"
    with open(folder / "recall.csv") as file:
        rows = list(csv.DictReader(file))
    references = {"random", "label_oracle", "caption_oracle"}
    references |= {f"{head}_{kind}" for head in ("pairs", "labels") for kind in ("float", "binary")}
    assert {row["model"] for row in rows} == {"vse", "dadh"} | references
    assert (folder / "notebook.ipynb").is_file()


def test_models_are_above_chance_even_in_the_tiny_profile(study):
    with open(study.folder / "results" / "ci" / "instance" / "recall.csv") as file:
        rows = [row for row in csv.DictReader(file) if row["k"] == "10"]
    rows = [row for row in rows if row["model"] in ("vse", "dadh")]
    assert rows
    for row in rows:
        assert float(row["percent"]) > float(row["chance_percent"]), row


def test_no_cell_shows_an_empty_box(study):
    for page in pages(study):
        assert not re.search(r"<pre><span></span>\s*</pre>", page.read_text()), page


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_chapter_shows_a_few_lines_that_a_student_can_retype(chapter):
    cells = json.loads((ROOT / "notebooks" / f"{chapter}.ipynb").read_text())["cells"]
    unfolded = [
        (cell, before)
        for cell, before in zip(cells[1:], cells, strict=False)
        if cell["cell_type"] == "code" and not FOLDED & set(cell["metadata"].get("tags", []))
    ]
    assert unfolded
    for cell, before in unfolded:
        code = "".join(cell["source"])
        assert len(code.splitlines()) <= 12, code
        assert "fico_lib.chapters" not in code
        assert before["cell_type"] == "markdown"
        assert "".join(before["source"]).rstrip().endswith(".")


def by_hand(study, chapter):
    """What the unfolded lines of an executed chapter printed."""
    executed = study.folder / "results" / "ci" / chapter / "notebook.ipynb"
    (cell,) = [c for c in json.loads(executed.read_text())["cells"] if c["id"] == "cell-by-hand"]
    return "".join("".join(output["text"]) for output in cell["outputs"])


def table_cell(study, chapter, table, column, query):
    """A value of one row of a chapter's table."""
    rows = pd.read_csv(study.folder / "results" / "ci" / chapter / f"{table}.csv")
    return float(rows.query(query)[column].item())


@pytest.mark.parametrize(
    ("chapter", "pattern", "table", "column", "query"),
    [
        ("data", r"^{} %", "splits", "pairs_sharing_a_label_percent", "split == 'test'"),
        ("instance", r"vse: R@1 {} % by hand, {} % by", "recall", "percent",
         "model == 'vse' and direction == 't2i' and k == 1"),
        ("category", r"vse: mAP@N {} % by hand, {} % by", "accuracy", "percent",
         "model == 'vse' and direction == 't2i' and metric == 'mAP@N'"),
        ("factors", r"pairs - labels: {} by the objective", "parts", "gap_percent",
         "than == 'labels' and part == 'objective' and direction == 'i2t'"),
        ("encoding_storage", r"image; {} GiB", "storage", "gib",
         "model == 'adv64' and images == 1_000_000 and layout == 'packed bits' "
         "and what == 'embeddings'"),
        ("attention", r"in the chapter: .* = {} s per query", "kept", "seconds_per_query",
         "model == 'scan' and k == 64 and kept == 'both kept'"),
        ("search", r"1-recall@10 {} %", "elsewhere", "one_recall_percent",
         "data == 'vse, asked by images' and what == 'IVF, 4 of 32 lists'"),
        ("compression", r"signs: R@1 {} % by hand, {} % by", "grid", "percent",
         "model == 'vse' and setting == 'sign-mean' and direction == 't2i' and metric == 'R@1'"),
        ("growing_gallery", r"R@1 {} % by hand, 400 images", "growth", "percent",
         "ranker == 'vse' and direction == 't2i' and metric == 'R@1' and size == 400 "
         "and without.isna()"),
        ("hashtags", r"vse: R@1 from hashtags to images {} %", "accuracy", "percent",
         "model == 'vse' and text == 'hashtags' and direction == 't2i' and metric == 'R@1'"),
        ("selfalign", r"gain in R@sum: {} points", "sums", "gain_percent",
         "model == 'vse+LCA+CRA'"),
        ("errata", r"^{} h at the pace", "arithmetic", "computed",
         "finding == 'vilt-hours' and what == 'a hundred times the time of 1K/5K'"),
        ("choose", r"dadh, all codes: {} %", "choose", "expected_percent",
         "task == 'one match' and images == 1000 and latency_ms == 30_000 and budget_bytes == 32"),
    ],
)  # fmt: skip
def test_the_lines_by_hand_give_the_number_of_the_table(
    study, chapter, pattern, table, column, query
):
    printed = by_hand(study, chapter)
    numbers = re.search(pattern.replace("{}", r"(-?[\d.]+(?:e[-+]\d+)?)"), printed)
    assert numbers, printed
    expected = table_cell(study, chapter, table, column, query)
    for number in numbers.groups():
        assert float(number) == pytest.approx(expected, rel=1e-3, abs=5e-4), printed


def test_the_verdicts_of_the_findings_are_those_of_their_intervals(study):
    inside, tested, holding = map(int, re.findall(r"\d+", by_hand(study, "findings")))
    rows = pd.read_csv(study.folder / "results" / "ci" / "findings" / "claims.csv")
    assert inside == holding == (rows["verdict"] == "holds").sum()
    assert tested == (rows["verdict"] != "not run").sum()
    for chapter in FindingsChapter.reads:
        own = pd.read_csv(study.folder / "results" / "ci" / chapter / "claims.csv")
        kept = rows[(rows["chapter"] == chapter) & rows["setting"].isin(own["setting"])]
        assert dict(zip(kept["claim"] + kept["setting"], kept["verdict"], strict=True)) == dict(
            zip(own["claim"] + own["setting"], own["verdict"], strict=True)
        )
