"""The tables and sentences of the chapter on encoding and storage."""

from collections.abc import Callable
from itertools import combinations

import pandas as pd

from fico_lib.chapters.encoding_storage.results import EncodingCosts
from fico_lib.costs.analytic import GIB, LAYOUTS, embedding_bytes, feature_bytes
from fico_lib.costs.verdicts import VERDICTS
from fico_lib.report import published
from fico_lib.report.costs import tables as shared
from fico_lib.report.costs.tables import MARKS, gallery, marked, significant, size
from fico_lib.report.table import Table, Text, bullets

NOTE_MARKS = "¹²³⁴⁵⁶⁷⁸⁹"


def facts(costs: EncodingCosts) -> Table:
    """The architectures: weights, operations, what is stored of one item."""
    rows, notes = [], list(dict.fromkeys(x.note for x in costs.known.values() if x.note))
    for model in costs.known.values():
        mark = f" {NOTE_MARKS[notes.index(model.note)]}" if model.note else ""
        unit = "bits" if model.bits else "D"
        embedding = "none" if model.dimension is None else f"{model.dimension} {unit}"
        if model.image_vectors > 1:
            embedding += f"\n{model.image_vectors} per image"
        flops = model.flops
        rows.append(
            {
                "model": model.title + mark,
                "weights": f"{model.parameters / 1e6:,.1f} M",
                "GFLOP per image": _giga(flops.image),
                "per text": _giga(flops.text)
                + (f"\n{model.n_tokens} tokens" if model.n_tokens else ""),
                "per pair": _giga(flops.pair),
                "pairs at query time": model.attention,
                "embedding": embedding,
                "kept of an image": _kept(model.image_kept),
                "of a text": _kept(model.text_kept),
            }
        )
    words = ("model", "pairs at query time")
    caption = (
        "The paper's models at the paper's sizes. Operations: 2 per multiplication and addition. "
        + " ".join(f"{NOTE_MARKS[i]} {note}." for i, note in enumerate(notes))
    )
    return Table(pd.DataFrame(rows), caption, words=words)


def _giga(flops: int | None) -> str:
    return "" if not flops else significant(flops / 1e9)


def _kept(kept: tuple[int, int] | None) -> str:
    return "" if kept is None else f"{kept[0]} × {kept[1]}"


def steps(costs: EncodingCosts) -> Table:
    """The measured steps."""
    return shared.steps(costs.steps, costs.known)


def beside_table_5(costs: EncodingCosts) -> Table:
    """Encoding time: the paper's, this run's, and the ideal of this device, per gallery."""

    def cell(row) -> str:
        more = "" if row.finishes else f"\nDNF: {size(row.needed_gib)}"
        return marked(row.seconds, row.kind) + more

    return shared.beside_the_paper(
        5,
        "encoding_time",
        costs.galleries,
        _title(costs),
        cell,
        f"Encoding time for images/texts. {MARKS} Ideal: all operations at the rate of a matrix "
        "product on this device. DNF: a run that holds all of its output would need that much "
        "memory, more than the limit.",
    )


def storage(costs: EncodingCosts) -> Table:
    """The largest gallery in each layout, and the features that attention needs."""
    rows, images = [], costs.storage["images"].max()
    here = costs.storage[costs.storage["images"] == images]
    printed = published.wide(5, printed=True)
    for name, model in costs.known.items():
        part = here[here["model"] == name].set_index(["what", "layout"])["gib"]
        row = {("", "model"): model.title}
        for layout in LAYOUTS:
            key = ("one vector per image", layout)
            value = significant(part[key]) if key in part else ""
            if model.image_vectors > 1 and key in part:
                value += f"\nall {model.image_vectors}: {significant(part['embeddings', layout])}"
            row["Embeddings", layout] = value
        row["Embeddings", "paper"] = published.marked(
            5, f"{name} embedding_size 1M/5M", printed.loc[name, ("embedding_size", "1M/5M")]
        )
        features = part.get(("features", "float32"))
        row["Features", "float32 "] = "" if features is None else significant(features, 6)
        row["Features", "paper "] = published.marked(
            5, f"{name} feature_size 1M/5M", printed.loc[name, ("feature_size", "1M/5M")]
        )
        rows.append(row)
    texts = int(here["texts"].max())
    return Table(
        pd.DataFrame(rows),
        f"Storage in GiB for {gallery(images, texts)} images and texts, by arithmetic; the paper's "
        "columns are for 1M/5M.",
        words=("model",),
    )


def verdict_counts(checks: pd.DataFrame) -> Text:
    """How many cells have which verdict."""
    counts = checks["verdict"].value_counts()
    parts = [f"{v} {counts.get(v, 0)}" for v in VERDICTS]
    return Text(f"The {len(checks)} cells of Table 5, by verdict: {', '.join(parts)}.")


def takeaways(costs: EncodingCosts, checks: pd.DataFrame) -> Text:
    """The chapter's findings in sentences, computed from its rows."""
    return bullets(
        [
            *_times(costs),
            _efficiency(costs),
            *_batching(costs),
            *_bytes(costs),
            verdict_counts(checks).markdown,
        ]
    )


def _times(costs: EncodingCosts) -> list[str]:
    rows = costs.galleries.dropna(subset="seconds")
    rows = rows[rows["images"] == rows["images"].min()].sort_values("seconds")
    if len(rows) < 2:
        return []
    fast, slow = rows.iloc[0], rows.iloc[-1]
    missing = shared.not_measured(costs.galleries, _title(costs))
    return [
        f"Encoding {gallery(slow.images, slow.texts)} images and texts on this machine takes "
        f"{_title(costs)(fast.model)} {marked(fast.seconds, fast.kind)} and "
        f"{_title(costs)(slow.model)} {marked(slow.seconds, slow.kind)}: a factor of "
        f"{slow.seconds / fast.seconds:,.0f}. (Models that read region features are timed without "
        f"the detector.) {missing}".strip()
    ]


def _title(costs: EncodingCosts) -> Callable[[str], str]:
    return lambda name: costs.known[name].title


def _efficiency(costs: EncodingCosts) -> str:
    rows = shared.largest_batches(costs.steps)
    rows = rows[rows["gflops"] > 0]
    share = 100 * rows["ideal_seconds"] / rows["seconds_per_item"]
    right, pairs = _in_order(rows)
    return (
        f"A matrix product runs at {shared.rates(costs.rates)} here; the measured steps reach "
        f"{share.min():.0f} to {share.max():.0f} % of that. Operations alone put {right} of "
        f"{pairs} pairs of steps in the order of their times, and predict a time within a factor "
        f"of {significant(share.max() / share.min(), 2)}, between steps whose operations differ by "
        f"{rows['gflops'].max() / rows['gflops'].min():,.0f}."
    )


def _in_order(rows: pd.DataFrame) -> tuple[int, int]:
    """Of how many pairs of steps the one with more operations takes longer, and of how many."""
    steps = rows.drop_duplicates(["gflops", "seconds_per_item"])  # shared ones once
    pairs = [
        (a.gflops - b.gflops) * (a.seconds_per_item - b.seconds_per_item)
        for a, b in combinations(steps.itertuples(), 2)
        if a.gflops != b.gflops
    ]
    return sum(product > 0 for product in pairs), len(pairs)


def _batching(costs: EncodingCosts) -> list[str]:
    found = shared.batching(costs.steps)
    if found.empty:
        return []
    least, most = found.loc[found["factor"].idxmin()], found.loc[found["factor"].idxmax()]
    few, many = (
        f"{significant(row.factor, 2)} times ({_title(costs)(row.model)}, {row.step}, beside a "
        f"batch of {row.batch:.0f})"
        for row in (least, most)
    )
    return [
        f"One item at a time takes from {few} to {many} as long per item as a batch: a time "
        "without its batch is no time."
    ]


def _bytes(costs: EncodingCosts) -> list[str]:
    blip2, code = costs.known["blip2"], costs.known["dadh"]
    n, m = 1_000_000, 5_000_000
    floats = embedding_bytes(blip2, n, m, "float32", 1)
    packed = embedding_bytes(code, n, m, "packed bits")
    loose = embedding_bytes(code, n, m, "byte per bit")
    features = feature_bytes(blip2, n, m)
    return [
        f"At {gallery(n, m)}, {code.dimension}-bit codes take {size(packed / GIB)} packed and "
        f"{size(loose / GIB)} at one byte per bit; {blip2.dimension} float32 take "
        f"{size(floats / GIB)}. That is {floats / packed:.0f} to 1; {floats / loose:.0f} to 1, "
        "as the paper states, is what unpacked bits give.",
        f"What attention needs dwarfs both: {size(features / GIB)} for {blip2.title}, "
        f"{features / floats:,.0f} times its embeddings.",
    ]
