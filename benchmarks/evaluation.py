"""The evaluation engine beside fico-itr 1.0.0 and beside one matrix product: `make bench`.

Ratios are of medians over interleaved rounds, so that other work on the machine falls on all alike.
The unit is one product of the embeddings plus one read of the scores, at the size of the COCO 5K
test set: 5,000 images, 25,000 captions, 256 dimensions, 64 bits. Memory is measured in a process of
its own, above the inputs.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import fico_lib
from fico_lib.runtime.machine import choose_numpy_sort

choose_numpy_sort()  # before numpy is imported

import numpy as np  # isort: skip
from rich.console import Console
from rich.table import Table

from fico_lib.encodings import Codes, Embeddings, Scores, captions_per_image, load
from fico_lib.evaluation import evaluate

IMAGES, PER_IMAGE, DIMENSIONS, BITS, CATEGORIES = 5_000, 5, 256, 64, 80
BY_NAME = ("R@1", "R@5", "R@10", "nDCG@10", "MRR@10", "R-Precision", "mAP@R", "P@10")
MORE = ("mAP@10", "mAP@100", "mAP@N", *BY_NAME)  # what the category task has, and the others too
LARGE = 100_000  # images of the growth measurement; five captions each
LARGE_QUERIES = {"i2t": 256, "t2i": 1280}
UNIT = "one product and one read"
DEPTHS = {"map_at": (10, 100, "all")}


def labels_like_coco(images: int, rng: np.random.Generator) -> np.ndarray:
    """(images, 80) bool: one category in half of the images, about a third of pairs share one."""
    labels = rng.random((images, CATEGORIES)) < 0.035
    labels[:, 0] |= rng.random(images) < 0.5
    return labels


def problem(images: int, bits: int | None = None):
    """Embeddings, or codes of so many bits, with their labels."""
    rng = np.random.default_rng(0)
    of = captions_per_image(PER_IMAGE, PER_IMAGE * images)
    width = bits or DIMENSIONS
    x = rng.standard_normal((images, width), dtype=np.float32)
    y = 3 * rng.standard_normal((len(of), width), dtype=np.float32)
    y += x[of]
    given = Embeddings(x, y, of) if bits is None else Codes.pack(x > 0, y > 0, of)
    return given, labels_like_coco(images, rng)


def timed(call) -> tuple[float, float]:
    """Seconds that a call takes, and seconds of processors that it uses."""
    start, used = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - start, time.process_time() - used


def contenders(images: int) -> dict:
    """name -> a call, in the order of the table."""
    import fico_itr

    given, labels = problem(images)
    codes, _ = problem(images, BITS)
    x, y = (
        side / np.linalg.norm(side, axis=1, keepdims=True) for side in (given.images, given.texts)
    )
    matrix = x @ y.T
    scores = Scores(matrix, None, given.image_of_caption)
    product = np.empty_like(matrix)

    def unit():
        np.matmul(x, y.T, out=product)
        product.max()

    def category(encodings):
        return lambda: evaluate(encodings, labels, tasks="category", **DEPTHS)

    return {
        UNIT: unit,
        "fico-itr instance, scores given": lambda: fico_itr.instance_retrieval(matrix),
        "instance, scores given": lambda: evaluate(scores),
        "instance, from embeddings": lambda: evaluate(given),
        "instance, from 64-bit codes": lambda: evaluate(codes),
        "fico-itr category, scores given, k=10": lambda: fico_itr.category_retrieval(
            matrix, labels, 10
        ),
        "category, scores given, k=10,100,all and PR": category(scores),
        "category, from embeddings, k=10,100,all and PR": category(given),
        "category, from 64-bit codes, k=10,100,all and PR": category(codes),
        "both tasks, from embeddings": lambda: evaluate(given, labels, **DEPTHS),
        "both tasks, from 64-bit codes": lambda: evaluate(codes, labels, **DEPTHS),
    } | by_name(given, codes, labels)


def by_name(given: Embeddings, codes: Codes, labels: np.ndarray) -> dict:
    """The tasks with metrics by name, beside their defaults: what nDCG and the others cost more."""

    def call(encodings, task: str, metrics: tuple):
        known = labels if task == "category" else None
        return lambda: evaluate(encodings, known, tasks=task, metrics=metrics)

    return {
        f"{task}, from {kind}, {len(MORE)} metrics by name": call(encodings, task, MORE)
        for task in ("instance", "category")
        for kind, encodings in (("embeddings", given), ("64-bit codes", codes))
    }


def defaults_of(name: str, known: dict) -> str | None:
    """The contender with the default metrics that one with metrics by name stands beside."""
    if not name.endswith("by name"):
        return None
    head = name.rpartition(", ")[0]
    return next(
        other for other in known if other.startswith(head) and not other.endswith("by name")
    )


def speed(images: int, rounds: int) -> None:
    """Print seconds and ratios of all contenders."""
    calls = contenders(images)
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(rounds):
            for name, call in calls.items():
                seconds[name].append(timed(call))
    for title, which in (("seconds", 0), ("processor seconds", 1)):
        median = {
            name: statistics.median(value[which] for value in values)
            for name, values in seconds.items()
        }
        table = Table(
            "both directions", title, "× unit", "× fico-itr", "× defaults", box=None, pad_edge=False
        )
        for name, value in median.items():
            peer = next((p for p in median if p.startswith(f"fico-itr {name.split(',')[0]}")), None)
            ratio = f"{median[peer] / value:.1f} times faster" if peer else ""
            defaults = defaults_of(name, median)
            more = f"{value / median[defaults]:.2f}" if defaults else ""
            table.add_row(name, f"{value:.2f}", f"{value / median[UNIT]:.2f}", ratio, more)
        Console().print(table, "")


def used(what: str) -> int:
    """Bytes of memory this process uses now (VmRSS) or has used at most (VmHWM).

    Where there is no /proc, the most it has used, in both cases.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(x for x in status.read_text().splitlines() if x.startswith(what))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts in bytes


def child(folder: Path, options: dict) -> None:
    """In a process of its own: evaluate saved encodings, print seconds and memory above them."""
    queries = options.pop("queries", None)
    given = load(folder / "encodings.npz")
    labels = np.load(folder / "labels.npy")
    tiny, tiny_labels = problem(4)
    first, _ = timed(lambda: evaluate(tiny, tiny_labels))
    if queries:
        sizes = {"i2t": given.n_images, "t2i": given.n_captions}
        rng = np.random.default_rng(0)
        queries = {d: rng.choice(sizes[d], n, replace=False) for d, n in queries.items()}
    before = used("VmRSS")
    seconds, _ = timed(lambda: evaluate(given, labels, queries=queries, **options))
    print(json.dumps({"seconds": seconds, "first": first, "above": used("VmHWM") - before}))


def measured(folder: Path, **options) -> dict:
    """What `child` prints, for the encodings in `folder`."""
    command = [sys.executable, __file__, "--child", str(folder), json.dumps(options)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure(images: int, bits: int | None, options: dict, pairs: int) -> list[dict]:
    """Both tasks on one problem, each in a process of its own: rows of the table of `memory`."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        given, labels = problem(images, bits)
        given.save(Path(name) / "encodings.npz")
        np.save(Path(name) / "labels.npy", labels)
        del given
        for task in ("instance", "category"):
            found = measured(Path(name), tasks=[task], **options)
            where = f"{bits}-bit codes" if bits else "embeddings"
            where += f", {task}, {images:,} × {PER_IMAGE * images:,}"
            rows.append(found | {"what": where, "ns": found["seconds"] / pairs * 1e9})
    return rows


def memory(images: int) -> None:
    """Print peak memory and time per pair, at COCO's size and at that of the paper's Table 7."""
    large = {"memory": "1GB", "queries": LARGE_QUERIES}
    some = LARGE_QUERIES["i2t"] * LARGE * PER_IMAGE + LARGE_QUERIES["t2i"] * LARGE
    rows = []
    for bits in (None, BITS):
        rows += measure(images, bits, {}, 2 * PER_IMAGE * images**2)
        rows += measure(LARGE, bits, large, some)
    columns = ("in a process of its own", "MB above inputs", "ns per pair")
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(row["what"], f"{row['above'] / 1e6:.0f}", f"{row['ns']:.1f}")
    Console().print("", table)
    print(f"The larger size: {LARGE_QUERIES} queries, memory=1GB.")
    print(f"First evaluation of a process, imports done: {max(r['first'] for r in rows):.2f} s")


def machine() -> str:
    """The machine's name, processor, number of processors, and numpy's version."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor()
    return f"{platform.node()}: {model}, {os.cpu_count()} processors, numpy {np.__version__}"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=IMAGES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(Path(arguments.child[0]), json.loads(arguments.child[1]))
        return
    print(f"fico {fico_lib.__version__} on {machine()}")
    speed(arguments.images, arguments.rounds)
    memory(arguments.images)


if __name__ == "__main__":
    main()
