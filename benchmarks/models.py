"""What each model costs to train, to encode with and to score with, and what it then finds.

One model after the other on one thread, at the size of a profile; nothing else should run. Seconds
are processor seconds of this process. Recall is that of the test split, to show that it learned.
Features are made beforehand and kept in the study's cache; nothing else is read from it.

    python benchmarks/models.py [--profile scratch] [MODEL ...]
"""

import argparse
import resource
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from fico_lib.evaluation import evaluate
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models import MODELS, build, weights_of
from fico_lib.pipeline.encode import EXTRA, build_features
from fico_lib.study.parameters import load

COLUMNS = ("model", "train s", "encode s", "score s", "µs per pair", "R@1 i2t", "R@1 t2i", "RSum")


def measure(name: str, source: Path, training, seed: int) -> list[str]:
    """One row of the table: a model trained on train and val, and evaluated on test."""
    parts = ["train", "val"]
    model = build(name, training, seed, "cpu")
    if model.card.pretrained and (source / EXTRA).is_dir():
        parts.append(EXTRA)
    used = time.process_time()
    model.fit(*(FeatureSplit.load(source / part) for part in parts))
    train = time.process_time() - used
    used = time.process_time()
    encodings = model.encode(FeatureSplit.load(source / "test"))
    encode = time.process_time() - used
    score = encodings.timings.get("score_pairs", 0.0)
    pairs = encodings.n_images * encodings.n_captions
    found = evaluate(encodings, recall_at=(1, 5, 10)).instance
    recalls = [found[d]["R@1"] for d in ("i2t", "t2i")]
    total = sum(found[d][f"R@{k}"] for d in ("i2t", "t2i") for k in (1, 5, 10))
    per_pair = f"{1e6 * score / pairs:.2f}" if score else ""
    numbers = [train, encode - score, score]
    return [
        name,
        *(f"{n:.1f}" for n in numbers),
        per_pair,
        *(f"{r:.1f}" for r in (*recalls, total)),
    ]


def main() -> None:
    """Print a row as soon as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=[])
    parser.add_argument("--profile", default="scratch")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chapter = load(Path.cwd(), "instance", arguments.profile)
    names = arguments.models or [n for n in MODELS if weights_of(n) in (None, n)]
    source = build_features(replace(chapter.request(names[0], 0), device="cpu", weights="train"))
    table = Table(*COLUMNS, title=f"Models at the size of profile '{arguments.profile}'")
    for name in names:
        row = measure(name, source, chapter.training, arguments.seed)
        print("  ".join(row), flush=True)  # the table comes at the end
        table.add_row(*row)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    Console().print(table, f"peak memory of all of this: {peak:.1f} GiB")


if __name__ == "__main__":
    main()
