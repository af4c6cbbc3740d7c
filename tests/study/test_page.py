"""The standalone page of a run, and its takeaways as text."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from fico_lib.study.page import markdown, page, takeaways

SVG = '<?xml version="1.0"?>\n<!DOCTYPE svg>\n<svg width="3"></svg>'


def shown(**data):
    kinds = {"html": "text/html", "svg": "image/svg+xml", "markdown": "text/markdown",
             "plain": "text/plain"}  # fmt: skip
    return new_output("display_data", {kinds[kind]: text for kind, text in data.items()})


@pytest.fixture
def notebook(tmp_path):
    cells = [
        new_markdown_cell("# Recall & more\n\nSee {term}`R@k <recall>`, {cite}`me_2020`."),
        new_code_cell("x = '<b>'", metadata={"tags": ["hide-input"]}),
        new_markdown_cell("## Takeaways"),
        new_code_cell(
            "secret()", metadata={"tags": ["remove-input"]},
            outputs=[shown(markdown="- **VSE** has {term}`R@1` 31.2 % [28, 34].\n- Two.",
                           plain="raw")],
        ),
        new_markdown_cell("## More\n\n```{exercise-start} one\n:label: x\n```\nTry `-p`.\n"
                          "```{exercise-end}\n```\n\n<script>bad()</script>"),
        new_code_cell("y", outputs=[shown(html="<table><td>1</td></table>"), shown(svg=SVG),
                                    new_output("stream", text="1 < 2")]),
    ]  # fmt: skip
    path = tmp_path / "notebook.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_the_page_needs_no_other_file(notebook, tmp_path):
    (tmp_path / "fico.css").write_text("table { color: red }")
    text = page(notebook, tmp_path / "fico.css")
    assert "<title>Recall &amp; more</title>" in text
    assert "table { color: red }" in text
    assert "<table><td>1</td></table>" in text
    assert '<svg width="3">' in text
    assert "<?xml" not in text
    assert "1 &lt; 2" in text
    assert "<details><summary>Code</summary><pre><code>x = &#x27;&lt;b&gt;&#x27;" in text
    assert "secret()" not in text
    assert "<script>" not in text
    for left in ("{term}", "{cite}", "exercise-start", ":label:", "src=", "href="):
        assert left not in text
    assert "Try <code>-p</code>" in text


def test_the_takeaways_are_plain_sentences(notebook, tmp_path):
    assert takeaways(notebook) == ["VSE has R@1 31.2 % [28, 34].", "Two."]
    nbformat.write(new_notebook(cells=[new_markdown_cell("# None")]), tmp_path / "none.ipynb")
    assert takeaways(tmp_path / "none.ipynb") == []


def test_tables_of_markdown_are_tables():
    assert "<td>1</td>" in markdown("| a |\n|---|\n| 1 |\n")
