"""`fico bench-search`: indexes measured on one's own vectors, and one of them recommended."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from fico_lib.formats import read_array
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.files import write_whole
from fico_lib.runtime.memory import parse_bytes
from fico_lib.search import index_entry

MEASURES = StrEnum("Measure", {name: name for name in ("cosine", "inner_product")})


def _list(text: str) -> list[str]:
    return [part for part in text.replace(",", " ").split() if part]


def bench_search_command(
    vectors: Annotated[Path, typer.Option(metavar="FILE", help="The gallery, (n, d) floats.")],
    queries: Annotated[Path, typer.Option(metavar="FILE", help="The queries, (n_queries, d).")],
    more: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    bits: Annotated[str, typer.Option(help="Lengths of codes: --bits 64 256 1024.")] = "64 256",
    indexes: Annotated[
        str, typer.Option(help="Registered indexes: --indexes hnsw screen (default: all).")
    ] = "",
    k: Annotated[int, typer.Option(min=1, max=1000, help="Results asked of each index.")] = 10,
    recall: Annotated[
        float, typer.Option(min=1, max=100, help="Percent that the recommended one must keep.")
    ] = 95.0,
    measure: Annotated[MEASURES, typer.Option(help="How vectors compare.")] = MEASURES.cosine,
    threads: Annotated[int, typer.Option(min=0, help="Of a batch (0: all cores).")] = 0,
    repeats: Annotated[int, typer.Option(min=1, help="Batches, at most.")] = 3,
    singles: Annotated[int, typer.Option(min=1, help="Queries that are asked alone.")] = 100,
    memory: Annotated[str, typer.Option(help="What may be used.")] = "8GB",
    plot: Annotated[
        Path, typer.Option(metavar="FILE", help="The Pareto plot, .svg, .png or .pdf.")
    ] = Path("bench-search.svg"),
    table: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every measured row to this CSV.")
    ] = None,
    cache: Annotated[Path, typer.Option(help="Where measurements are kept.")] = Path(
        "cache/search"
    ),
    device: Annotated[str, typer.Option(help="Of the exact search: auto, cpu or cuda.")] = "auto",
) -> None:
    """Measure indexes on your own embeddings: recall, throughput, latency, bytes; and choose one.

    Arrays are .npy, .npz, .safetensors or .mat; nothing in them is executed. A second run measures
    only what the first did not.
    """
    # Several values after one option: the parser takes the first, the rest arrive as `more`.
    widths = _bits(" ".join([bits, *(word for word in more or [] if word.isdigit())]))
    names = _list(indexes) + [word for word in more or [] if not word.isdigit()]
    for name in names:
        index_entry(name)
    limit = parse_bytes(memory)
    if plot.suffix not in (".svg", ".png", ".pdf"):
        raise InputError(f"--plot {plot}: expected a name that ends in .svg, .png or .pdf")
    from fico_lib.chapters.search import bench
    from fico_lib.runtime.machine import cores, machine_name
    from fico_lib.search.dataset import of_arrays
    from fico_lib.search.measure import BenchmarkSettings

    gallery, asked = read_array(vectors), read_array(queries)
    for side, path in ((gallery, vectors), (asked, queries)):
        if side.ndim != 2 or not side.size:
            raise InputError(f"{path}: found shape {side.shape}; expected (rows, dimensions)")
    if measure is MEASURES.cosine:
        gallery, asked = _unit(gallery, vectors), _unit(asked, queries)
    problem = of_arrays(vectors.stem, gallery, asked)
    chosen = names or bench.default_indexes()
    conditions = BenchmarkSettings(
        threads or cores(), repeats, singles, machine_name(), cache, device
    )
    rows = bench.bench(problem, chosen, widths, k, limit, conditions)
    _show(rows, k)
    _plot(rows, k, plot)
    if table is not None:
        with write_whole(table) as part:
            rows.to_csv(part, index=False, lineterminator="\n")
    from fico_lib.chapters.search.sentences import recommendation

    print(f"\nplot: {plot}")
    print(recommendation(rows, k, recall))


def _bits(text: str) -> list[int]:
    if not (parts := _list(text)) or not all(p.isdigit() and int(p) > 0 for p in parts):
        raise InputError(f"--bits: found '{text}'; expected lengths of codes such as '64 256'")
    return [int(part) for part in parts]


def _unit(array: np.ndarray, path: Path) -> np.ndarray:
    """Rows scaled to length 1; a row of zeros has no direction."""
    array = np.array(array, np.float32)
    lengths = np.linalg.norm(array, axis=1, keepdims=True)
    if (lengths == 0).any():
        raise InputError(
            f"{path}: row {int(np.flatnonzero(lengths == 0)[0])} is zero and has no cosine; "
            "leave such rows out, or use --measure inner_product"
        )
    return array / lengths


def _show(rows, k: int) -> None:
    from fico_lib.chapters.search.rows import label

    shown = Table("index", "R@" + str(k), "ms (batch)", "ms (single)", "index (s)", "bytes/vector",
                  box=None, pad_edge=False, header_style="bold")  # fmt: skip
    keys = ["index", "binariser", "bits", "setting"]
    for _, part in rows.groupby(keys, sort=False):
        modes = {row.mode: row for row in part.itertuples()}
        batch, single = modes["batch"], modes["single"]
        build, size = f"{batch.fit_seconds + batch.add_seconds:.2f}", batch.bytes_per_vector
        values = (
            ["too few found", "", ""]
            if batch.refused or single.refused
            else [f"{batch.one_recall_percent:.1f}", f"{batch.milliseconds_per_query:.3f}",
                  f"{single.milliseconds_per_query:.3f}"]
        )  # fmt: skip
        shown.add_row(label(batch), *values, build, f"{size:,.0f}")
    Console().print(shown)


def _plot(rows, k: int, plot: Path) -> None:
    from fico_lib.chapters.search import figures
    from fico_lib.chapters.search.rows import comparable_rows, series_rows

    found = comparable_rows(rows, k, "single")
    figure = figures.pareto(*series_rows(found), "ms of a single query")
    with write_whole(plot) as part:
        figure.savefig(part, format=plot.suffix[1:])
