"""`fico encode` beside the bare forward of the same network: the share of its throughput.

A CLIP of the size of ViT-B/32 with random weights, on JPEG images of 640 × 480 pixels. The bare
forward is given batches that are ready; encoding reads, decodes and resizes the images, makes
tokens of the captions, and keeps its results in pieces. Rounds of both alternate, so that other
work on the machine falls on both alike.

    python benchmarks/encode.py [--images 64] [--batch 32] [--workers 1] [--dtype float32]
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import transformers
from PIL import Image
from rich.console import Console
from rich.table import Table
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from fico_lib.encoders.checkpoint import open_checkpoint
from fico_lib.encoders.run import How, encode_checkpoint
from fico_lib.runtime.devices import resolve

WORDS = [f"word{i}" for i in range(1000)]
PER_IMAGE, LENGTH = 5, 12


def save_checkpoint(folder: Path) -> None:
    """CLIP ViT-B/32 with random weights, its image processor, and a small tokenizer."""
    configuration = transformers.CLIPConfig(
        vision_config={"patch_size": 32}, text_config={"eos_token_id": 1, "pad_token_id": 0}
    )
    transformers.CLIPModel(configuration).save_pretrained(folder)
    transformers.CLIPImageProcessor().save_pretrained(folder)
    numbers = {word: i for i, word in enumerate(["<pad>", "<end>", "<unk>", *WORDS])}
    plain = Tokenizer(WordLevel(numbers, unk_token="<unk>"))
    plain.pre_tokenizer = Whitespace()
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=plain, pad_token="<pad>", eos_token="<end>", unk_token="<unk>",
        model_max_length=77,
    ).save_pretrained(folder)  # fmt: skip


def save_data(folder: Path, count: int) -> None:
    """Images of noise in JPEG files, five captions each, in Karpathy's format."""
    rng, images = np.random.default_rng(0), []
    (folder / "images").mkdir()
    for i in range(count):
        pixels = rng.integers(0, 256, (48, 64, 3)).astype(np.uint8)
        Image.fromarray(pixels).resize((640, 480)).save(folder / "images" / f"{i}.jpg")
        captions = [" ".join(rng.choice(WORDS, LENGTH)) for _ in range(PER_IMAGE)]
        sentences = [{"raw": caption} for caption in captions]
        images.append({"filename": f"{i}.jpg", "imgid": i, "split": "test", "sentences": sentences})
    (folder / "data.json").write_text(json.dumps({"images": images}))


def bare(folder: Path, how: How, count: int):
    """A call that runs the network alone on as many items, in batches that are ready."""
    opened = open_checkpoint(folder, resolve(how.device), how.dtype)
    pixels = torch.randn(how.batch, 3, 224, 224, device=opened.device)
    words = [" ".join(WORDS[:LENGTH])] * how.batch
    tokens, _ = opened.tokens(words)

    def call() -> None:
        with opened.running():
            for start in range(0, count, how.batch):
                opened.encoder.images({"pixel_values": pixels[: count - start]})
            for start in range(0, PER_IMAGE * count, how.batch):
                left = PER_IMAGE * count - start
                opened.encoder.texts({name: value[:left] for name, value in tokens.items()})
        if opened.device.type == "cuda":
            torch.cuda.synchronize()

    return call


def main() -> None:
    """Print items per second of both, and the share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--device", default="auto")
    asked = parser.parse_args()
    how = How(batch=asked.batch, dtype=asked.dtype, device=asked.device, workers=asked.workers)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_checkpoint(folder / "clip")
        save_data(folder, asked.images)
        forward = bare(folder / "clip", how, asked.images)
        forward()  # warm
        seconds: dict[str, list[float]] = {"bare forward": [], "fico encode": []}
        for number in range(asked.rounds):
            clock = time.perf_counter()
            forward()
            seconds["bare forward"].append(time.perf_counter() - clock)
            report = encode_checkpoint(
                folder / "clip", folder / "data.json", folder / "images",
                folder / f"out{number}", how,
            )  # fmt: skip
            seconds["fico encode"].append(sum(report.seconds.values()))
    table = Table("", "seconds", "images per second", "share", box=None, pad_edge=False)
    median = {what: statistics.median(values) for what, values in seconds.items()}
    for what, value in median.items():
        share = median["bare forward"] / value
        table.add_row(what, f"{value:.2f}", f"{asked.images / value:.1f}", f"{share:.0%}")
    threads = torch.get_num_threads()
    print(f"{asked.images} images, {PER_IMAGE} captions each, batches of {asked.batch}, "
          f"{asked.workers} workers, {asked.dtype}, {threads} threads, "
          f"{os.cpu_count()} processors")  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()
