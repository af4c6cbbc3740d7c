"""`fico bench-search`: indexes measured on one's own vectors, and one of them recommended."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from fico_lib.cli.terminal import table_console
from fico_lib.formats import check_truth, read_array, read_truth
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.files import check_writable, write_whole
from fico_lib.runtime.memory import parse_bytes
from fico_lib.search import index_entry

MEASURES = StrEnum("Measure", {name: name for name in ("cosine", "inner_product", "euclidean")})
MOST_BITS = 16_384
MOST_THREADS = 512  # faiss crashes at many more


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
    measure: Annotated[
        MEASURES | None, typer.Option(help="How vectors compare (default: cosine).")
    ] = None,
    packed: Annotated[
        int | None, typer.Option(min=1, help="The vectors are packed codes of so many bits.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Nearest neighbours, checked, then used.")
    ] = None,
    threads: Annotated[
        int, typer.Option(min=0, max=MOST_THREADS, help="Of a batch (0: all cores).")
    ] = 0,
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

    Arrays are .npy, .npz, .safetensors, .mat, .fvecs, .fbin and their kin, and with an extra .hdf5
    (sift.hdf5:train), .parquet and .arrow; nothing in them is executed, and large ones are read in
    blocks. A second run measures only what the first did not.
    """
    # Several values after one option: the parser takes the first, the rest arrive as `more`.
    widths = _bits(" ".join([bits, *(word for word in more or [] if word.isdigit())]))
    names = _list(indexes) + [word for word in more or [] if not word.isdigit()]
    for name in names:
        index_entry(name)
    limit = parse_bytes(memory)
    if not 1 <= recall <= 100:  # not a number passes the range
        raise InputError(f"--recall: found {recall}; expected 1 to 100 percent")
    if plot.suffix not in (".svg", ".png", ".pdf"):
        raise InputError(f"--plot {plot}: expected a name that ends in .svg, .png or .pdf")
    for option, path in (("--plot", plot), ("--table", table), ("--cache", cache / "record.npz")):
        if path is not None:
            check_writable(path, option)
    if packed and measure:
        raise InputError("--packed takes no --measure: codes are compared by Hamming distance")
    from fico_lib.chapters.search import bench
    from fico_lib.runtime.machine import cores, machine_name
    from fico_lib.search.dataset import of_arrays
    from fico_lib.search.measure import BenchmarkSettings

    gallery, asked = read_array(vectors), read_array(queries)
    for side, path in ((gallery, vectors), (asked, queries)):
        if side.ndim != 2 or not side.size:
            raise InputError(f"{path}: found shape {side.shape}; expected (rows, dimensions)")
        if side.dtype == np.uint8 and not packed and measure is None:
            raise InputError(
                f"{path}: found uint8, which may be packed codes or 8-bit numbers; give --packed "
                "for codes, or --measure for numbers"
            )
    how = measure or MEASURES.cosine
    problem = of_arrays(vectors.stem, gallery, asked, how.value, packed or 0)
    if truth is not None:
        found = read_truth(truth)
        if packed:
            plain = np.unpackbits(asked, axis=1, count=packed).astype(np.int8)
            in_bits = np.unpackbits(np.asarray(gallery), axis=1, count=packed).astype(np.int8)
            check_truth(found, in_bits, plain, "euclidean", str(truth))
        else:
            check_truth(found, gallery, asked, how.value, str(truth))
        problem = problem.with_truth(np.asarray(found.ids, np.int64))
    codes = [name for name in bench.default_indexes() if index_entry(name).codes]
    chosen = names or (["flat", *codes] if packed else bench.default_indexes())
    widths = [packed] if packed else widths
    conditions = BenchmarkSettings(
        threads or cores(), repeats, singles, machine_name(), cache, device
    )
    given = "truncated_sign" if packed else ""  # the signs of all bits: the codes themselves
    rows, left_out = bench.bench(problem, chosen, widths, k, limit, conditions, given)
    _show(rows, k)
    _plot(rows, k, plot)
    if table is not None:
        with write_whole(table) as part:
            rows.to_csv(part, index=False, lineterminator="\n")
    from fico_lib.chapters.search.sentences import recommendation

    for name, reason in left_out.items():
        print(f"left out: {name} ({reason})")
    written = {"plot": plot, "table": table, "kept for the next run": cache}
    print("\n" + "\n".join(f"{what}: {path}" for what, path in written.items() if path))
    print(recommendation(rows, k, recall))


def _bits(text: str) -> list[int]:
    if not (parts := _list(text)) or not all(p.isdigit() and int(p) > 0 for p in parts):
        raise InputError(f"--bits: found '{text}'; expected lengths of codes such as '64 256'")
    if max(map(int, parts)) > MOST_BITS:
        raise InputError(f"--bits: found {max(map(int, parts))}; expected at most {MOST_BITS}")
    return [int(part) for part in parts]


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
    table_console().print(shown)


def _plot(rows, k: int, plot: Path) -> None:
    from fico_lib.chapters.search import figures
    from fico_lib.chapters.search.rows import comparable_rows, series_rows

    found = comparable_rows(rows, k, "single")
    figure = figures.pareto(*series_rows(found), "ms of a single query")
    with write_whole(plot) as part:
        figure.savefig(part, format=plot.suffix[1:])
