"""Tables as HTML and as text."""

import pandas as pd

from fico_lib.report.table import Linked, Marked, Table, Text, bullets

MARKED = Marked("4880h\nunexplained", {"a <finding>": "errata.html#a"})


def shown(cell):
    return Table(pd.DataFrame({"cell": [cell]}), "Times.")


def test_a_mark_links_and_stands_before_what_is_printed_small():
    html = shown(MARKED)._repr_html_()
    link = '<a href="errata.html#a" title="a &lt;finding&gt;">†</a>'
    assert f"<td>4880h<sup>{link}</sup><br><small>unexplained</small></td>" in html


def test_the_caption_says_what_a_mark_is_and_only_where_there_is_one():
    assert "Times. † leads to what is odd about a cell." in shown(MARKED)._repr_html_()
    assert "†" not in shown("4880h")._repr_html_()


def test_as_text():
    assert repr(shown(MARKED)).splitlines()[-1].strip() == "4880h† unexplained"


def test_a_linked_cell_links_its_first_line():
    html = shown(Linked("R@1 & more\nSection 5", "instance.html"))._repr_html_()
    assert '<td><a href="instance.html">R@1 &amp; more</a><br><small>Section 5</small></td>' in html


def test_sentences_show_themselves_and_no_sentence_shows_nothing(capsys):
    from IPython.core.formatters import DisplayFormatter

    shown = DisplayFormatter().format
    assert shown(Text("")) == ({}, {})
    assert capsys.readouterr().out == ""
    found, _ = shown(bullets(["One.", "Two."]))
    assert found == {"text/markdown": "- One.\n- Two.", "text/plain": "- One.\n- Two."}
