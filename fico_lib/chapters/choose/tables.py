"""What a reader sees of the recommendations: a table per task, sentences, what was left out."""

from collections.abc import Iterator

import pandas as pd

from fico_lib.chapters.choose.costs import CODES
from fico_lib.chapters.choose.results import TASKS
from fico_lib.costs.analytic import GIB
from fico_lib.report.claims_table import ABOVE
from fico_lib.report.costs.tables import duration, size
from fico_lib.report.table import Table, Text, bullets

NOT_RUN = Text(
    "Not run: no model of this run has both a quality and a cost at its true size, so nothing can "
    "be recommended. The table at the end says what is missing."
)


def bytes_of(count: float) -> str:
    """Bytes in the unit that suits them.

    >>> bytes_of(8.011), bytes_of(4096)
    ('8 B', '4 KiB')
    """
    return f"{round(count)} B" if count < 1024 else size(count / GIB)


def cost(milliseconds: float, count: float) -> str:
    """What a query takes and an image keeps.

    >>> cost(12.3, 8)
    '12.3 ms, 8 B'
    """
    return f"{duration(milliseconds / 1000)}, {bytes_of(count)}"


def recommended(chosen: pd.DataFrame, task: str) -> Table | Text:
    """A line per gallery and budget of bytes, a column per budget of time, the runner-up below."""
    part = chosen[chosen["task"] == task]
    if (part["why_not"] == "not run").all():
        return NOT_RUN
    lines = []
    for (images, count), rows in part.groupby(["images", "budget_bytes"], sort=False):
        line = {"images": f"{images:,}", "per image": f"≤ {bytes_of(count)}".replace(" ", "\u00a0")}
        cells = {f"≤ {duration(r['latency_ms'] / 1000)}": _cell(r) for _, r in rows.iterrows()}
        lines.append(line | cells)
    frame = pd.DataFrame(lines)
    metric = next(name for name in part["metric"] if name)
    caption = (
        f"What to use for {task}: the highest expected {metric} (percent) within both budgets, a "
        "sentence looking for images. Below: time of a query, bytes of an image, and the best of "
        "another model; = where the interval of the best reaches into its own."
    )
    if (part["closed_form"] != "").any():
        caption += f" {ABOVE}: a closed form, named, is above the model."
    return Table(frame, caption, words=("images", "per image"))


def _cell(row: pd.Series) -> str:
    if row["why_not"]:
        return f"–\n{row['why_not']}"
    lines = [
        f"{row['model']}, {row['search']}{f' {ABOVE}' if row['closed_form'] else ''}",
        f"{row['expected_percent']:.1f}; {cost(row['milliseconds'], row['bytes_per_image'])}",
    ]
    if row["runner_up_model"]:
        sign = "" if row["clear"] else "= "
        lines.append(
            f"{sign}{row['runner_up_model']}, {row['runner_up_search']} "
            f"{row['runner_up_expected_percent']:.1f}"
        )
    if row["closed_form"]:
        lines.append(f"{ABOVE} {row['closed_form']}")
    return "\n".join(lines)


def takeaways(chosen: pd.DataFrame, systems: pd.DataFrame) -> Text:
    """Which model is recommended most for each task, what speaks against it, what was compared."""
    models = list(dict.fromkeys(systems["model"]))
    last = f"Compared were {', '.join(models)}: of others this run lacks a quality or a cost."
    sentences = [s for task in TASKS for s in _of_task(chosen, task)]
    return bullets(sentences + [last] * bool(models))


def _of_task(chosen: pd.DataFrame, task: str) -> Iterator[str]:
    part = chosen[chosen["task"] == task]
    fits = part[part["why_not"] == ""]
    if fits.empty:
        if (part["why_not"] == "not run").all():
            yield f"**For {task}** nothing can be recommended: not run."
        else:
            yield f"**For {task}** nothing fits any of the budgets."
        return
    most = fits.groupby("budget_bytes")["model"].agg(lambda models: models.value_counts().index[0])
    parts = (f"up to {bytes_of(size)} an image, {model}" for size, model in most.items())
    yield (
        f"**For {task}, most often: {'; '.join(parts)}.** Of {len(part)} combinations of gallery, "
        f"time and bytes {(fits['kind'] == CODES).sum()} are answered by codes; for "
        f"{len(part) - len(fits)} nothing fits."
    )
    even = fits[(fits["runner_up_model"] != "") & ~fits["clear"].astype(bool)]
    if len(even):
        yield f"In {len(even)} of these {len(fits)} another model may be as good ({task})."
    beaten = fits[fits["closed_form"] != ""]
    if len(beaten):
        forms = "; ".join(dict.fromkeys(beaten["closed_form"]))
        yield (
            f"{ABOVE} In {len(beaten)} of the {len(fits)} recommendations for {task} a closed form "
            f"is above the compact model ({forms}), which then says little of its kind."
        )


def left_out(rows: pd.DataFrame) -> Table | Text:
    """Which models could not be compared, and what of them is missing."""
    if rows.empty:
        return Text("Every model has both a quality and a cost.")
    return Table(rows, "Models that are not recommended, because something of them was not run.",
                 words=rows.columns)  # fmt: skip
