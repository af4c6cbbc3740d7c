"""What a reader of the chapter on compression sees of it: tables."""

from collections.abc import Iterator

import pandas as pd

from fico_lib.chapters.compression.gap import CENTRINGS, EXACTLY
from fico_lib.chapters.compression.parameters import EXACT
from fico_lib.chapters.compression.published import ladder as published_ladder
from fico_lib.chapters.compression.results import METRICS, Ladder
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.reference_rows import name_of
from fico_lib.report.table import Table, Text, bullets, interval_of, with_interval
from fico_lib.report.wide_table import by_direction, wide_table
from fico_lib.search.compress import Compression
from fico_lib.search.compress.setting import RABITQ, SIGNS

REDUCED = {"prefix": "prefix of", "pca": "PCA to", "rpca": "rotated PCA to"}
NOT_RUN, NOT_MEASURED = "not run", "not measured"
SHOWN = 4  # the multiplier of the short tables
LOOKED_AT_AGAIN = (("rpca", "code"), ("rpca", "float32"))  # in fewer dimensions, in short tables
PLACE = ["model", "setting", "direction", "metric"]


def label(setting: str | Compression) -> str:
    """A setting in words.

    >>> label("sign-mean:pca64+codex4")
    'signs about the mean, PCA to 64, 40 rescored by float query × code'
    """
    one = Compression.parse(setting) if isinstance(setting, str) else setting
    words = one.quantizer
    if one.quantizer in SIGNS:
        middle = one.quantizer.removeprefix("sign-")
        words = f"signs about {'zero' if middle == 'zero' else f'the {middle}'}"
    elif one.quantizer in RABITQ:
        bits = one.quantizer[-1]
        words = f"RaBitQ, {bits} bit{'s' if bits != '1' else ''}"
    if one.reduction:
        words += f", {REDUCED[one.reduction]} {one.dimension}"
    if one.rescoring:
        by = "float query × code" if one.rescoring == "code" else one.rescoring
        words += f", {one.depth} rescored by {by}"
    return words


def facts_of_the_task(found: Ladder) -> Text:
    """How large the task is, what percentages are of, and which models were not run."""
    images, captions = found.sizes
    asked = (
        "All of them ask"
        if found.category == images
        else f"All of them ask in the instance task; in the category task {found.category:,} "
        "images ask, and one caption of each"
    )
    trainings = "one training" if found.seeds == 1 else f"{found.seeds} trainings"
    facts = "; ".join(
        f"{name_of(row.model)} has {row.dimensions} dimensions, of which {row.components_of_99} "
        f"principal components hold 99 % of the variance, and the means of its sides are "
        f"{row.distance_of_means:.2f} apart (an embedding is 1 long)"
        for row in found.facts.itertuples()
    )
    return bullets(
        [
            f"{images:,} images and {captions:,} captions, all of them candidates, and never "
            f"duplicated. {asked}; {trainings} of each model.",
            f"{facts}.",
            "*Per cent kept*: a metric under compression, divided by the same metric of exact "
            "float32. Brackets are 95 % intervals over images, paired: both are taken of the same "
            "draws.",
            *missing(found),
        ]
    )


def missing(found: Ladder) -> Iterator[str]:
    """A sentence that names the models that were not run, where there are some."""
    if found.missing:
        yield (
            f"**Not run** for want of released weights: {', '.join(map(name_of, found.missing))}. "
            "`fico run compression -p weights=train` trains them."
        )


def rungs(found: Ladder, model: str) -> Table:
    """The short ladder of one model: bytes, and what is kept."""
    rows = found.grid[found.grid["model"] == model].set_index(PLACE[1:])
    settings = [s for s in dict.fromkeys(rows.index.get_level_values(0)) if _is_short(s)]
    first = rows.groupby(level=0, sort=False).first()

    def cell(setting: str, *place: str) -> str:
        if place == ("bytes",):
            searched, kept = first.loc[setting, ["searched_bytes", "kept_bytes"]]
            return f"{searched:,.0f}" + (f"\n{kept:,.0f} kept" if kept > searched else "")
        row = rows.loc[(setting, *place)]
        if setting == EXACT:
            return f"{row['percent']:.1f} %"
        return interval_of(row, "retained_percent", "retained_low", "retained_high")

    return wide_table(
        {setting: label(setting) for setting in settings},
        {"bytes": ("", "bytes")} | by_direction(METRICS),
        cell,
        f"{name_of(model)}: float32 in percent, below it per cent kept of that, with 95 % paired "
        "intervals. Bytes: of an item, read by every query; kept: with what rescoring reads, where "
        "that is more.",
        labels=("stored",),
    )


def _is_short(setting: str) -> bool:
    """Whether a setting is a line of the short tables; all are in the results."""
    one = Compression.parse(setting)
    if one.quantizer in RABITQ and one.quantizer[-1] not in "1248":
        return False
    if one.rescoring:
        first = one.quantizer == "sign-mean" and one.multiplier == SHOWN
        return first and (not one.reduction or (one.reduction, one.rescoring) in LOOKED_AT_AGAIN)
    return not one.reduction or one.quantizer in ("int8", "sign-mean")


def _how_timed(times: pd.DataFrame) -> str:
    timed = times.dropna(subset="ms")
    if timed.empty:
        return ""
    one = timed.iloc[0]
    return (
        f" One query at a time, one thread, {one['gallery']:,.0f} random vectors, all read; "
        f"{timed['repeats'].min():.0f} repeats or more."
    )


def speeds(times: pd.DataFrame) -> Table | Text:
    """Milliseconds with their spread, and how many times faster than float32."""
    timed = times.dropna(subset="ms")
    if EXACT not in set(timed["setting"]):
        return Text(f"Times: {NOT_MEASURED}.")
    base = timed.set_index("setting").loc[EXACT, "ms"]
    rows = []
    for row in times.itertuples():
        if not pd.isna(row.ms) and _is_short(row.setting):
            spread = f"{row.ms:.3f}\n[{row.ms_fastest:.3f}, {row.ms_slowest:.3f}]"
            factor = f"{base / row.ms:.1f}"
        elif _is_short(row.setting):
            spread, factor = row.note, ""
        else:
            continue
        rows.append({"stored": label(row.setting), "ms per query": spread, "× float32": factor})
    return Table(
        pd.DataFrame(rows),
        "Median, fastest and slowest repeat; how many times faster than float32."
        + _how_timed(times),
        words=("stored",),
    )


def learnt(found: Ladder) -> Table | Text:
    """Codes that were learnt, beside the best that a compressed model does in as many bytes."""
    if found.codes.empty:
        return Text("No model of learnt codes is among those of this run.")
    rows = found.codes.set_index(["model", "direction", "metric"])
    lines: dict[tuple[str, str], tuple[str, ...]] = {}
    for size, codes in found.codes.groupby("kept_bytes"):
        for model, code in codes.groupby("model", sort=False):
            lines[model, ""] = (name_of(model), f"{code['bits'].iloc[0]} bits, learnt", f"{size}")
        for model, best in best_within(found, size).items():
            kept = Compression.parse(best).kept_bytes(found.dimensions(model))
            lines[model, best] = (name_of(model), label(best), f"{kept:,.0f}")

    def cell(model: str, setting: str, *place: str) -> str:
        if not setting:
            return interval_of(rows.loc[(model, *place)])
        return interval_of(found.estimate(model, setting, *place).columns("percent"))

    return wide_table(
        lines,
        by_direction(METRICS),
        cell,
        "Percent with 95 % intervals. Below learnt codes of a length: what compressed embeddings "
        "do in as many bytes or fewer, by the setting with the largest sum of the six.",
        labels=("model", "stored", "bytes"),
    )


def best_within(found: Ladder, size: float) -> dict[str, str]:
    """By model, the setting of at most so many bytes with the largest sum of all metrics.

    A model none of whose settings is that small is left out.
    """
    rows = found.grid[found.grid["kept_bytes"] <= size]
    sums = rows.groupby(["model", "setting"], sort=False)["percent"].sum()
    return {model: of.idxmax()[1] for model, of in sums.groupby(level=0, sort=False)}


def offsets(found: Ladder) -> Table:
    """R@10 by what signs are centred on, at each offset between the sides."""
    rows = found.offsets[found.offsets["metric"] == "R@10"]
    at = rows.set_index(["centring", "direction", "offset"])
    columns = {
        (d, size): (DIRECTIONS[d], f"offset {size:g}")
        for d in DIRECTIONS
        for size in rows["offset"].unique()
    }
    return wide_table(
        {name: name for name in (EXACTLY, *CENTRINGS)},
        columns,
        lambda *key: interval_of(at.loc[key]),
        f"{name_of(found.models[0])}, R@10 of signs in percent, with an offset between images and "
        "texts that changes no exact ranking.",
        labels=("centred on",),
    )


COUNTERPARTS = {  # (stored, is it rescored) in print -> the settings here, in order of preference
    ("int8", False): ("int8",),
    ("int8", True): ("int8+float32x4",),
    ("binary", False): ("sign-zero",),
    ("binary", True): ("sign-zero+codex4",),
}


def beside(found: Ladder) -> Table:
    """The published ladder, and the same rungs here."""
    printed, lines, rows = published_ladder(), {}, {}
    for (stored, rescored), settings in COUNTERPARTS.items():
        key = (stored, rescored)
        what = {"int8": "float32", "binary": "float query × code"}[stored]
        lines[key] = (stored, f"by {what}" if rescored else "none")
        part = printed[(printed["stored"] == stored) & ((printed["rescoring"] != "") == rescored)]
        rows[key] = dict(zip(part["model"], part["retained_percent"], strict=True))
        for model in found.models:
            for direction in DIRECTIONS:
                kept = found.retained(model, settings[0], direction, "R@10")
                text = NOT_RUN if kept is None else with_interval(kept.value, *kept.interval())
                rows[key][f"{model} {direction}"] = text

    def cell(stored: str, rescored: bool, column: str) -> str:
        value = rows[stored, rescored].get(column, "")
        return value if isinstance(value, str) else f"{value:g}"

    others = {model: ("printed, text, nDCG@10", model) for model in printed["model"].unique()}
    ours = {
        f"{model} {d}": ("here, R@10", f"{name_of(model)}, {title}")
        for model in found.models
        for d, title in DIRECTIONS.items()
    }
    return wide_table(
        lines,
        others | ours,
        cell,
        "Per cent of float32 that is kept. Printed: Shakir et al. 2024, 15 retrieval sets of MTEB, "
        "other models, other data, signs at zero; the 100 best results, and 4 times as many "
        "rescored. Here: signs at zero, the 10 best, and 40 rescored.",
        labels=("stored", "rescored"),
    )
