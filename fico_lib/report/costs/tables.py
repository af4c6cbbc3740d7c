"""What both cost chapters show: amounts in words, the measured steps, the verdicts."""

from collections.abc import Callable, Mapping

import pandas as pd

from fico_lib.costs.analytic import Analytic
from fico_lib.costs.measured import REPEATS
from fico_lib.report import published
from fico_lib.report.table import Marked, Table

UNITS = ((86_400.0, "days"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
STEPS = {
    "image": "encode an image",
    "text": "encode a text",
    "pair": "score a pair",
    "pair, one query": "score pairs of one query",
    "pair, direct form": "score a pair, as written",
}
MARKS = (
    f"≈ marks what is extrapolated, from the median of {REPEATS} repeats or more of the largest "
    "batch; what has no mark was run in full."
)
LARGE = 2.0  # so many of a unit before it is used: 90 s, but 2 min


def significant(value: float, digits: int = 3) -> str:
    """A number with so many digits that matter, and thousands apart.

    >>> significant(1234.5), significant(0.012345), significant(15.83)
    ('1,230', '0.0123', '15.8')
    """
    rounded = float(f"{value:.{digits}g}")
    if rounded >= 10 ** (digits - 1):
        return f"{rounded:,.0f}"
    text = f"{rounded:.10f}".rstrip("0")
    return text[:-1] if text.endswith(".") else text


def duration(seconds: float) -> str:
    """Seconds in the unit that suits them.

    >>> duration(0.0042), duration(93.27), duration(309_240), duration(17_568_000)
    ('4.2 ms', '93.3 s', '85.9 h', '203 days')
    """
    for size, unit in UNITS:
        if seconds >= (LARGE * size if size > 1 else size) and not (
            unit == "days" and seconds < 4 * 86_400
        ):
            return f"{significant(seconds / size)} {unit}"
    return f"{significant(seconds * 1e6)} µs"


def size(gib: float) -> str:
    """GiB in the unit that suits them.

    >>> size(0.0447), size(4123.21), size(0.0000001)
    ('45.8 MiB', '4.03 TiB', '0.105 KiB')
    """
    for factor, unit in ((2**-10, "TiB"), (1, "GiB"), (2**10, "MiB")):
        if gib * factor >= 1:
            return f"{significant(gib * factor)} {unit}"
    return f"{significant(gib * 2**20)} KiB"


def gallery(images: int, texts: int) -> str:
    """A size as the paper writes it.

    >>> gallery(1000, 5000), gallery(1_000_000, 5_000_000), gallery(40, 200)
    ('1K/5K', '1M/5M', '40/200')
    """

    def short(count: int) -> str:
        for unit, letter in ((10**6, "M"), (1000, "K")):
            if count >= unit and count % (unit // 10) == 0:
                return f"{count / unit:g}{letter}"
        return str(count)

    return f"{short(images)}/{short(texts)}"


def marked(seconds: float, kind: str) -> str:
    """A duration, with the mark of what is extrapolated; "not measured" for NaN."""
    if pd.isna(seconds):
        return "not measured"
    return ("" if kind == "measured" else "≈ ") + duration(seconds)


def beside_the_paper(
    number: int,
    quantity: str,
    galleries: pd.DataFrame,
    title: Callable[[str], str],
    cell: Callable[..., str],
    caption: str,
) -> Table:
    """A line per model for each of the paper, this run and the ideal; a column per gallery.

    number, quantity: of the published table, and of its cells; galleries: rows with the columns
    model, images, texts and ideal_seconds; title: of a model; cell: this run's, of such a row.
    """
    printed = published.wide(number, printed=True)
    rows: list[dict] = []
    for name, part in galleries.groupby("model", sort=False):
        sources = ("paper", "this run", "ideal")
        lines: dict[str, dict[str, str | Marked]] = {
            source: {"model": title(name), "from": source} for source in sources
        }
        for entry in part.itertuples():
            column = gallery(entry.images, entry.texts)
            place = (quantity, column)
            text = printed.loc[name, place] if place in printed.columns else ""
            lines["paper"][column] = published.marked(number, f"{name} {quantity} {column}", text)
            lines["this run"][column] = cell(entry)
            lines["ideal"][column] = duration(entry.ideal_seconds)
        rows += lines.values()
    caption = f"{caption} {not_measured(galleries, title)}".strip()
    return Table(pd.DataFrame(rows), caption, words=("model", "from"))


def not_measured(rows: pd.DataFrame, title: Callable[[str], str]) -> str:
    """Which models have no time, and why: a sentence, empty where all have one.

    rows: columns model and why_not, empty where there is a time.
    """
    missing = rows[rows["why_not"] != ""].drop_duplicates("model")
    reasons = [f"{title(row.model)} ({row.why_not})" for row in missing.itertuples()]
    return f"Not measured: {', '.join(reasons)}." if reasons else ""


def steps(rows: pd.DataFrame, known: Mapping[str, Analytic]) -> Table:
    """The measured steps, of one item and in a batch: median and spread, share of the rate."""
    lines, before = [], ""
    for (model, step), part in rows.groupby(["model", "step"], sort=False):
        title = known[model].title
        line = {"model": "" if title == before else title, "step": STEPS[step]}
        before = title
        lines.append(line | _times(part) | {"shared parts": part["shared"].iloc[0]})
    first = rows.dropna(subset="seconds_per_item").iloc[0]
    on = "" if first["threads"] == 1 else "s"
    threads = f", {first['threads']:.0f} thread{on}" if first["device"] == "cpu" else ""
    return Table(
        pd.DataFrame(lines).fillna(""),
        f"Seconds per item on the {first['device'].upper()}{threads}, one item at a time and in "
        f"the largest batch: the median of {REPEATS} repeats or more after a warm-up, from the "
        f"fastest to the slowest below. Clock: {first['clock']}. Batch: its items × repeats; ↓ "
        "where it is smaller than the parameter, since more would not leave time for the repeats "
        "(the reasons are in `steps.csv`). Ideal: the rate of a matrix product in the same dtype. "
        "Memory: the process at its highest in the repeats. Shared parts: those that other rows "
        "name as well were timed once; the time of such a step is the sum of its parts'.",
        words=("model", "step", "shared parts"),
    )


def _times(rows: pd.DataFrame) -> dict[str, str]:
    """The cells of one step, from a row per size of batch."""
    last = rows.iloc[-1]
    if pd.isna(last["seconds_per_item"]):
        needed = f", {size(last['needed_gib'])} needed" if last["needed_gib"] else ""
        return {"one at a time": f"not measured\n{last['why_not']}{needed}"}
    cells = {}
    for row in rows.to_dict("records"):
        low, high = (duration(row[f"{x}_seconds"]) for x in ("fastest", "slowest"))
        column = "one at a time" if row["batch"] == 1 else "in a batch"
        cells[column] = f"{duration(row['seconds_per_item'])}\n{low} to {high}"
    if "in a batch" not in cells and last["why_not"]:
        cells["in a batch"] = f"not measured\n{last['why_not']}"
    share = 100 * last["ideal_seconds"] / last["seconds_per_item"]
    fewer = " ↓" if last["why_not"] else ""
    return cells | {
        "batch": f"{last['batch']:,.0f} × {last['repeats']:.0f}{fewer}",
        "of ideal": f"{share:.0f} %\n{last['dtype']}" if last["gflops"] else last["dtype"],
        "memory": size(last["peak_device_gib"] or last["peak_host_gib"]),
    }


def largest_batches(rows: pd.DataFrame) -> pd.DataFrame:
    """Of each measured step the row of its largest batch."""
    measured = rows.dropna(subset="seconds_per_item")
    return measured.drop_duplicates(["model", "step"], keep="last")


def apart(a: pd.Series, b: pd.Series) -> bool:
    """Whether the slower one's fastest repeat is slower than the slowest of the other."""
    return max(a["fastest_seconds"], b["fastest_seconds"]) > min(
        a["slowest_seconds"], b["slowest_seconds"]
    )


def batching(rows: pd.DataFrame) -> pd.DataFrame:
    """What a batch saves: a row per step that was measured both alone and in a batch.

    Columns: model, step, alone and batched (seconds per item), batch, factor (alone / batched), and
    beyond_spread (`apart`).
    """
    found = []
    for (model, step), part in rows.dropna(subset="seconds_per_item").groupby(
        ["model", "step"], sort=False
    ):
        alone, batched = part.iloc[0], part.iloc[-1]
        if alone["batch"] == 1 < batched["batch"]:
            found.append(
                {
                    **{"model": model, "step": step, "batch": batched["batch"]},
                    "alone": alone["seconds_per_item"],
                    "batched": batched["seconds_per_item"],
                    "factor": alone["seconds_per_item"] / batched["seconds_per_item"],
                    "beyond_spread": apart(alone, batched),
                }
            )
    columns = ("model", "step", "batch", "alone", "batched", "factor", "beyond_spread")
    return pd.DataFrame(found, columns=columns)


def rates(rows: pd.DataFrame) -> str:
    """The rates of matrix products in a sentence's part."""
    parts = [f"{r.gflops_per_s:,.0f} GFLOP/s in {r.dtype}" for r in rows.itertuples()]
    return " and ".join(parts)


def verdicts(checks: pd.DataFrame, number: int) -> Table:
    """Every cell of a published table as printed, with the verdict of the arithmetic."""
    quantities = {
        "encoding_time": "Encoding time",
        "embedding_size": "Embeddings",
        "feature_size": "Features",
        "attention_time": "Attention",
    }
    rows = []
    for name, part in checks.groupby("name", sort=False):
        row: dict[tuple[str, str], str | Marked] = {("", "model"): name}
        for cell in part.itertuples():
            text = f"{cell.printed}\n{cell.verdict}"
            row[quantities[cell.quantity], cell.size] = published.marked(number, cell.cell, text)
        rows.append(row)
    return Table(
        pd.DataFrame(rows),
        f"Table {number} of the paper as printed, each cell with its verdict.",
        words=("model",),
    )


def objections(checks: pd.DataFrame) -> Table:
    """The cells whose verdict is not that they agree: what the arithmetic gives, and why."""
    rows = []
    for row in checks[checks["verdict"] != "agrees"].itertuples():
        computed = "" if pd.isna(row.computed) else f"{row.computed:,.2f}"
        time = row.quantity.endswith("time")
        rows.append(
            {
                "cell": row.cell.replace("_", " "),
                "printed": row.printed,
                "arithmetic": "" if time else f"{computed} GiB",
                "verdict": row.verdict,
                "because": row.why,
            }
        )
    return Table(
        pd.DataFrame(rows),
        "The cells that do not simply agree.",
        words=("cell", "verdict", "because"),
    )
