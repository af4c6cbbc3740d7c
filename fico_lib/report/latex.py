"""A comparison of models as a LaTeX table (booktabs)."""

from fico_lib.evaluation.compare import Comparison, ModelRow
from fico_lib.metrics.registry import metric

SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


def escape(text: str) -> str:
    r"""Text in which no character has a meaning of its own in LaTeX.

    >>> print(escape("50 % of a_b"))
    50 \% of a\_b
    """
    return "".join(SPECIAL.get(character, character) for character in text)


def latex_table(comparison: Comparison) -> str:
    """One line per model, a column per task, direction and metric: value and 95 % interval.

    Bold: models that are tied with the best; needs the package booktabs.
    """
    places = list(dict.fromkeys((r.task, r.direction, r.metric) for r in comparison.models))
    cells = {(r.model, (r.task, r.direction, r.metric)): _cell(r) for r in comparison.models}
    names = list(dict.fromkeys(r.model for r in comparison.models))
    head = " & ".join(["", *(escape(f"{d} {m}") + _arrow(m) for _, d, m in places)])
    tasks = " & ".join(["", *(escape(task) for task, _, _ in places)])
    lines = [
        " & ".join([escape(name), *(cells[name, place] for place in places)]) for name in names
    ]
    return "\n".join([
        r"% bold: tied with the best; brackets: 95 % intervals over images (package booktabs)",
        rf"\begin{{tabular}}{{l{'r' * len(places)}}}",
        r"\toprule",
        *(rf"{line} \\" for line in (tasks, head)),
        r"\midrule",
        *(rf"{line} \\" for line in lines),
        r"\bottomrule",
        r"\end{tabular}",
    ])  # fmt: skip


def _arrow(name: str) -> str:
    return "" if metric(name).higher_is_better else r" $\downarrow$"


def _cell(row: ModelRow) -> str:
    value = f"{row.value:.2f}"
    value = rf"\textbf{{{value}}}" if row.tied_with_best else value
    return f"{value} [{row.low:.2f}, {row.high:.2f}]"
