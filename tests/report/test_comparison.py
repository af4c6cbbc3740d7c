"""A comparison as a forest plot and as a LaTeX table."""

from fico_lib.evaluation.compare import Comparison, Difference, ModelRow
from fico_lib.report.forest import forest
from fico_lib.report.latex import latex_table

GAPS = [
    Difference("a", "b", "instance", "i2t", "R@1", 2.0, 1.0, 3.0, 0.001, 0.002),
    Difference("a", "b", "instance", "t2i", "R@1", 0.5, -1.0, 2.0, 0.4, 0.4),
    Difference("a", "b", "category", "t2i", "mAP@N", -1.0, -2.0, 0.5, 0.2, 0.4),
]


def test_the_plot_has_a_line_for_each_difference():
    panels = forest(GAPS).axes
    assert [panel.get_title("left") for panel in panels] == ["R@1, instance", "mAP@N, category"]
    first, second = panels[0].get_lines()[0:3:2], panels[0].get_lines()[1:4:2]
    assert [list(line.get_xdata()) for line in first] == [[1.0, 3.0], [-1.0, 2.0]]
    assert [line.get_xdata()[0] for line in second] == [2.0, 0.5]
    assert [line.get_markerfacecolor() == "white" for line in second] == [False, True]
    assert [label.get_text() for label in panels[0].get_yticklabels()] == [
        "a − b, i2t", "a − b, t2i",
    ]  # fmt: skip


def test_the_table_by_hand():
    rows = [
        ModelRow("a&b", "instance", "i2t", "MedR", 2.0, 1.5, 2.5, 1, 1, True),
        ModelRow("c", "instance", "i2t", "MedR", 9.25, 8.0, 10.5, 2, 2, False),
    ]
    assert latex_table(Comparison(rows, [])).splitlines()[1:] == [
        r"\begin{tabular}{lr}", r"\toprule", r" & instance \\",
        r" & i2t MedR $\downarrow$ \\", r"\midrule", r"a\&b & \textbf{2.00} [1.50, 2.50] \\",
        r"c & 9.25 [8.00, 10.50] \\", r"\bottomrule", r"\end{tabular}",
    ]  # fmt: skip
