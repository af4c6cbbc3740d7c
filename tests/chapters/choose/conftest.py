"""Small results of the chapters that the recommendations are computed from."""

import json
from pathlib import Path

import pandas as pd
import pytest

# Model -> R@1 and mAP@N, text to image; floats first.
QUALITY = {
    "scan": (40.0, 52.0), "beit3": (24.0, 53.0), "vse": (25.0, 51.0), "adv64": (14.0, 50.0),
    "dadh": (3.0, 55.0), "pairs_float": (23.0, 54.0), "pairs_binary": (10.0, 51.0),
}  # fmt: skip
TEXT = {"scan": 0.010, "beit3": 0.050, "adv64": 0.010, "dadh": 0.002}  # seconds of a text


def write(folder: Path, name: str, rows, run=None) -> None:
    folder.mkdir(exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
    (folder / "run.json").write_text(json.dumps({"parameters": run or {}}))


def measured(index, mode, milliseconds, recall, size, **more):
    bits = more.get("bits", 0)
    return {
        **{"index": index, "mode": mode, "k": 10, "setting": "", "refused": None},
        **{"binariser": "itq" if bits else None, "bits": bits, "vectors": 1000, "dimension": 100},
        **{"milliseconds_per_query": milliseconds, "one_recall_percent": recall},
        **{"k_recall_percent": recall / 2, "bytes_per_vector": size},
    } | more


@pytest.fixture
def folders(tmp_path):
    instance, category = [], []
    for model, (one, many) in QUALITY.items():
        for direction, more in (("t2i", 0.0), ("i2t", 30.0)):
            row = {"model": model, "direction": direction}
            value = {"percent": one + more, "low": one - 1 + more, "high": one + 1 + more}
            instance += [row | value | {"k": k} for k in (1, 10)]
            value = {"percent": many, "low": many - 1, "high": many + 1}
            for data, seed in (("coco", 0), ("coco", 1), ("flickr", 0)):
                off = 0 if data == "coco" else 40
                shifted = {name: v + off for name, v in value.items()}
                about = {"data": data, "seed": seed, "metric": "mAP@N"}
                category.append(row | shifted | about)
    write(tmp_path / "instance", "means", instance)
    write(tmp_path / "category", "accuracy", category)
    steps = [{"model": m, "step": "text", "batch": 1, "seconds_per_item": s}
             for m, s in TEXT.items()]  # fmt: skip
    write(tmp_path / "encoding_storage", "steps", steps)
    pairs = [
        {"model": "scan", "step": "pair", "batch": 1, "seconds_per_item": 1.0},
        {"model": "scan", "step": "pair", "batch": 8, "seconds_per_item": 0.5},
        {"model": "scan", "step": "pair, one query", "batch": 64, "seconds_per_item": 0.001},
        {"model": "vilt", "step": "pair", "batch": float("nan"), "seconds_per_item": float("nan")},
    ]
    write(tmp_path / "attention", "steps", pairs)
    rows = []
    for mode, times in (("batch", 0.1), ("single", 1.0)):
        rows += [
            measured("flat", mode, 2 * times, 100.0, 400.0),
            measured("hnsw", mode, 0.1 * times, 80.0, 600.0, setting="ef_search 16"),
            measured("hnsw", mode, 0.2 * times, 96.0, 600.0, setting="ef_search 64"),
            measured("hnsw", mode, 0.4 * times, 99.0, 600.0, setting="ef_search 256"),
            measured("code_flat", mode, 0.5 * times, 40.0, 8.0, bits=64),
            measured("code_flat", mode, 9.0, 90.0, 32.0, bits=256),
            measured("code_ivf", mode, 0.1 * times, 30.0, 16.0, bits=64),
            measured("flat", mode, 99.0, 100.0, 400.0) | {"k": 100},
        ]
    write(tmp_path / "search", "measured", rows, {"k": 10})
    names = ("instance", "category", "encoding_storage", "attention", "search")
    return {name: tmp_path / name for name in names}
