"""What a reader of the chapter on factors sees of the detector sweep."""

from collections.abc import Iterator

from fico_lib.chapters.factors.parameters import SWEPT, FactorsChapter
from fico_lib.chapters.factors.sweep import Sweep
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.report.table import Table, Text, bullets, interval_of, signed
from fico_lib.report.wide_table import by_direction, wide_table


def table(sweep: Sweep) -> Table:
    """R@1 of both models on every detector, and what attention gains."""
    rows = sweep.sweep.set_index(["noise", "boxes", "direction", "model"])
    gaps = sweep.sweep_gaps[sweep.sweep_gaps["than"] == ""]
    gains = gaps.set_index(["noise", "boxes", "direction"])
    without, attending = SWEPT
    gain = f"{attending} - {without}"

    def cell(noise: float, boxes: str, direction: str, what: str) -> str:
        if what == gain:
            return signed(gains.loc[(noise, boxes, direction)], between="\n")
        return interval_of(rows.loc[(noise, boxes, direction, what)])

    places = sweep.sweep[["boxes", "noise"]].drop_duplicates()
    places = places.sort_values(["boxes", "noise"], ascending=[False, True])
    lines = {(n, b): (_known(b), f"{n:g}") for b, n in places.itertuples(index=False, name=None)}
    return wide_table(
        lines,
        by_direction([*SWEPT, gain]),
        cell,
        "R@1 on detectors of different noise, percent, and the gain in points, with 95 % "
        "intervals.",
        labels=("who knows the places", "noise"),
    )


def _known(boxes: str) -> str:
    return "both" if boxes == "all" else "neither"


ONE_DETECTOR = "With one detector, nothing is said of how the gain depends on it."


def in_words(sweep: Sweep) -> Text:
    """How the gain of attention changes from the best detector to the worst."""
    sentences = list(sweep_sentences(sweep))
    return bullets(sentences) if sentences else Text(ONE_DETECTOR)


def sweep_sentences(sweep: Sweep) -> Iterator[str]:
    """A sentence for each way of knowing places; none where fewer than two noises were swept."""
    grown = sweep.sweep_gaps[sweep.sweep_gaps["than"] != ""]
    for boxes, part in grown.groupby("boxes", sort=False):
        changes = [f"{DIRECTIONS[row['direction']]} {signed(row)}" for _, row in part.iterrows()]
        first = part.iloc[0]
        if (part["low"] > 0).all():
            verdict = "is larger on the noisier detector"
        elif (part["high"] < 0).all():
            verdict = "is smaller on the noisier detector"
        else:
            verdict = "does not clearly change with the detector"
        yield (
            f"Where {_known(boxes)} of the models {'know' if boxes == 'all' else 'knows'} the "
            f"places of regions, what attention gains at R@1 {verdict}: from noise "
            f"{first['than']} to {first['noise']:g} by {', '.join(changes)} points."
        )


def provenance(run: dict, parameters: FactorsChapter) -> Text:
    """Where a recorded sweep comes from, beside this run's parameters."""
    own, machine = run["parameters"], run["machine"]
    here = parameters.model_dump(mode="json")
    other = [name for name in ("data", "features", "training") if own[name] != here[name]]
    return Text(
        f"*Recorded*, not computed with this page: profile {run['profile'] or 'of its own'}, "
        f"{run['started'][:10]}, {machine['processor']}, {machine['cores']} cores, commit "
        f"{run['commit'] or 'unknown'}, seeds {', '.join(map(str, own['seeds']))}"
        + (f"; its {' and '.join(other)} differ from this run's." if other else ".")
    )


def not_run() -> Text:
    """What to do where nothing was swept and nothing is recorded."""
    return Text(
        "**Not run.** Every point of the sweep is a detector and two models that are trained to a "
        'plateau. `fico run factors -p "noises=[0, 0.5, 1, 2]"` trains them.'
    )
