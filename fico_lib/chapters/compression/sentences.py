"""What the rows of the chapter on compression say, in sentences."""

from collections.abc import Iterator

import pandas as pd

from fico_lib.chapters.compression.gap import GALLERY, OWN
from fico_lib.chapters.compression.parameters import EXACT
from fico_lib.chapters.compression.published import SPEEDS
from fico_lib.chapters.compression.results import Ladder
from fico_lib.chapters.compression.tables import best_within, label, missing
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.reference_rows import name_of
from fico_lib.report.table import Text, bullets, stated

SHARES = (99, 95)  # per cent of float32 that a recommendation keeps


def takeaways(found: Ladder) -> Text:
    """The chapter's findings in sentences, computed from its rows."""
    return bullets([*_steps(found), *_recommended(found), *_codes_said(found), *missing(found)])


def _steps(found: Ladder) -> Iterator[str]:
    model = found.models[0]
    wanted = ("float16", "int8", "rabitq4", "sign-mean", "sign-mean+codex4", "sign-mean+float32x4")
    parts = []
    for setting in wanted:
        kept = [found.retained(model, setting, d, "R@1") for d in DIRECTIONS]
        if all(one is not None for one in kept):
            values = " and ".join(f"{one.value:.1f}" for one in kept)
            parts.append(f"{label(setting)} {values} %")
    yield (
        "What of a model's quality is left depends on the rung: of "
        f"{name_of(model)}'s R@1 (image to text and text to image) {'; '.join(parts)} is kept."
    )


def _codes_said(found: Ladder) -> Iterator[str]:
    for code, rows in found.codes.groupby("model", sort=False):
        size = rows["kept_bytes"].iloc[0]
        at = rows.set_index(["direction", "metric"])["percent"]
        for model in found.models[:1]:
            best = best_within(found, model, size)
            if best is None:
                continue
            said = [
                f"{metric} {found.estimate(model, best, 't2i', metric).value:.1f} against "
                f"{at['t2i', metric]:.1f} %"
                for metric in ("R@1", "mAP@N")
            ]
            yield (
                f"In the {size} bytes of {name_of(code)}'s learnt code, {name_of(model)} as "
                f"{label(best)} has, text to image, {' and '.join(said)}."
            )


def _enough(found: Ladder, model: str, share: float) -> pd.DataFrame:
    """The settings of a model of which every interval lies above `share`, cheapest first."""
    rows = found.grid[(found.grid["model"] == model) & (found.grid["setting"] != EXACT)]
    low = rows.groupby("setting", sort=False).agg(
        low=("retained_low", "min"),
        least=("retained_percent", "min"),
        kept_bytes=("kept_bytes", "first"),
        searched_bytes=("searched_bytes", "first"),
    )
    return low[low["low"] >= share]


def recommendation(found: Ladder) -> Text:
    """The cheapest settings that keep enough, by bytes kept and by bytes searched."""
    return bullets(list(_recommended(found)))


def _recommended(found: Ladder) -> Iterator[str]:
    for model in found.models:
        exact = 4 * found.dimensions(model)
        for share in SHARES:
            enough = _enough(found, model, share)
            start = f"**{name_of(model)}, {share} %** of R@1, R@10 and mAP@N, in both directions"
            if enough.empty:
                yield f"{start}: no setting of this run keeps that with certainty."
                continue
            one, other = (
                enough.sort_values([by, "least"], ascending=[True, False]).iloc[0]
                for by in ("kept_bytes", "searched_bytes")
            )
            sentence = (
                f"{start}: {label(one.name)}, {one['kept_bytes']:,.0f} bytes an item, "
                f"{exact / one['kept_bytes']:.1f} times fewer than float32"
            )
            if other["searched_bytes"] < one["searched_bytes"]:
                sentence += (
                    f"; or, where what is rescored may lie on a disk, {label(other.name)}, "
                    f"{other['searched_bytes']:,.0f} bytes in memory, "
                    f"{exact / other['searched_bytes']:.0f} times fewer"
                )
            yield f"{sentence}."


def offsets_in_words(found: Ladder) -> Text:
    """What the largest offset leaves of the signs, by what they are centred on."""
    return Text(" ".join(_offset_sentences(found)))


def _offset_sentences(found: Ladder) -> Iterator[str]:
    size = found.offsets["offset"].max()
    start = found.offsets["offset"].min()
    rows = found.offsets[found.offsets["metric"] == "R@10"]
    at = rows.set_index(["centring", "direction", "offset"])
    for direction, title in DIRECTIONS.items():
        own, gallery = (stated(at.loc[(c, direction, size)]) for c in (OWN, GALLERY))
        yield (
            f"At an offset of {size:g} ({title}), R@10 is {own} by signs about each side's own "
            f"mean, as against {stated(at.loc[(OWN, direction, start)])} at {start:g}, and "
            f"{gallery} about the gallery's."
        )


def speeds(times: pd.DataFrame) -> Text:
    """How many times faster than float32 int8 and signs are, in print and here."""
    ms = times.dropna(subset="ms").set_index("setting")["ms"]
    here = [
        f"{words} {ms[EXACT] / ms[setting]:.1f} times"
        for setting, words in (("int8", "int8 is"), ("sign-mean", "signs are"))
        if {EXACT, setting} <= set(ms.index)
    ]
    return Text(
        "For an exhaustive search on a processor the same authors state that int8 is on average "
        f"{SPEEDS['int8']} times as fast as float32, in another library than the rest, and binary "
        f"{SPEEDS['binary']} times. "
        + (f"Here {' and '.join(here)} as fast." if here else "Here neither was measured.")
    )
