"""What the rows of the chapter on compression say, in sentences."""

from collections.abc import Iterable, Iterator

import pandas as pd

from fico_lib.chapters.compression.gap import GALLERY, OWN
from fico_lib.chapters.compression.parameters import EXACT
from fico_lib.chapters.compression.published import SPEEDS
from fico_lib.chapters.compression.results import Ladder
from fico_lib.chapters.compression.tables import best_within, label, missing
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.reference_rows import name_of
from fico_lib.report.table import Text, bullets, signed, stated

SHARES = (99, 95)  # per cent of float32 that a recommendation keeps


def takeaways(found: Ladder) -> Text:
    """The chapter's findings in sentences, computed from its rows."""
    return bullets(
        [
            *_steps(found),
            *_recommended(found),
            *_components(found),
            *_learnt(found),
            *_offset_sentences(found, ["i2t"]),
            *missing(found),
        ]
    )


def _kept(found: Ladder, setting: str, metric: str = "R@1") -> str | None:
    """The per cent kept by the first model, in both directions; None where it was not run."""
    kept = [found.retained(found.models[0], setting, d, metric) for d in DIRECTIONS]
    if any(one is None for one in kept):
        return None
    return " and ".join(f"{one.value:.1f}" for one in kept)


def _steps(found: Ladder) -> Iterator[str]:
    wanted = ("float16", "int8", "rabitq4", "sign-mean", "sign-mean+codex4", "sign-mean+float32x4")
    parts = [f"{label(s)} {kept} %" for s in wanted if (kept := _kept(found, s))]
    yield (
        "How much of a model's quality is left depends on how its embeddings are stored, and on a "
        f"second look at the best candidates. Of {name_of(found.models[0])}'s R@1 (image to text, "
        f"and text to image) is kept: {'; '.join(parts)}."
    )


def _components(found: Ladder) -> Iterator[str]:
    """What signs keep after each way of leaving out dimensions, at the fewest dimensions."""
    rows = found.grid[(found.grid["quantizer"] == "sign-mean") & (found.grid["reduction"] != "")]
    if rows.empty:
        return
    d = rows["dimensions"].min()
    ways = ("prefix", "pca", "rpca")
    parts = [
        f"{label(f'sign-mean:{way}{d}')} {kept} %"
        for way in ways
        if (kept := _kept(found, f"sign-mean:{way}{d}"))
    ]
    yield f"In {d} dimensions, signs keep of the same R@1: {'; '.join(parts)}."


def _learnt(found: Ladder) -> Iterator[str]:
    metrics = ("R@1", "mAP@N")
    for size, rows in found.codes.groupby("kept_bytes"):
        at = rows[rows["direction"] == "t2i"].set_index(["model", "metric"])["percent"]
        codes = [
            f"{name_of(code)} {' and '.join(f'{at[code, m]:.1f}' for m in metrics)} %"
            for code in rows["model"].unique()
        ]
        for model, best in best_within(found, size).items():
            values = [f"{found.estimate(model, best, 't2i', m).value:.1f}" for m in metrics]
            yield (
                f"In {size} bytes, {name_of(model)} as {label(best)} reaches, text to image, R@1 "
                f"and mAP@N of {' and '.join(values)} %; learnt codes of that length: "
                f"{'; '.join(codes)}."
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
    return Text(" ".join(_offset_sentences(found, DIRECTIONS)))


def fits_in_words(found: Ladder) -> Text:
    """What changes where signs are fitted to half of the images."""
    rows = found.fits[found.fits["metric"] == "R@1"]
    if rows.empty:
        return Text("No setting was fitted to a part.")
    parts = [
        f"{label(setting)} by {' and '.join(signed(row) for _, row in of.iterrows())}"
        for setting, of in rows.groupby("setting", sort=False)
    ]
    return Text(
        "Everything is fitted to the test split itself, without its relevance. Fitted to half of "
        "its images and their captions, R@1 changes (image to text, and text to image, in points): "
        f"{'; '.join(parts)}."
    )


def _offset_sentences(found: Ladder, directions: Iterable[str]) -> Iterator[str]:
    least, most = found.offsets["offset"].min(), found.offsets["offset"].max()
    rows = found.offsets[found.offsets["metric"] == "R@10"]
    at = rows.set_index(["centring", "direction", "offset"])
    for direction in directions:
        own, before, gallery = (
            stated(at.loc[(centring, direction, size)])
            for centring, size in ((OWN, most), (OWN, least), (GALLERY, most))
        )
        yield (
            f"Where images and texts are moved apart by {most:g} ({DIRECTIONS[direction]}), R@10 "
            f"of signs about each side's own mean is {own}, as against {before} at {least:g}, and "
            f"{gallery} about the gallery's mean."
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
        + (
            f"Here, over {times['gallery'].max():,.0f} vectors, {' and '.join(here)} as fast."
            if here
            else "Here neither was measured."
        )
    )
