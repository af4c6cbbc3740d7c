"""From a checkpoint and a data set to saved encodings, with a manifest beside them."""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from fico_lib.datasets.karpathy.annotations import Entry, read_annotations
from fico_lib.datasets.karpathy.images import find_images
from fico_lib.encoders.checkpoint import Opened, open_checkpoint
from fico_lib.encoders.images import batches
from fico_lib.encoders.kinds import products
from fico_lib.encoders.matching import as_scores, reranked
from fico_lib.encoders.shards import Shards, sha256
from fico_lib.encodings import Embeddings, Scores
from fico_lib.runtime.devices import resolve
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.files import write_whole
from fico_lib.runtime.machine import versions
from fico_lib.runtime.progress import track
from fico_lib.similarity import similarity

MANIFEST = "manifest.json"
SHARD = 1024  # images, or distinct captions, of a piece


@dataclass(frozen=True)
class How:
    """How a checkpoint is run.

    dtype: float32, or bfloat16 or float16 for mixed precision; workers: processes that read images;
    skip_broken: leave out images that cannot be read, with their captions, instead of stopping;
    rerank: candidates of each query that a matching head scores, 0 for none.
    """

    split: str = "test"
    batch: int = 64
    dtype: str = "float32"
    device: str = "auto"
    workers: int = 0
    skip_broken: bool = False
    rerank: int = 0


@dataclass(frozen=True)
class Report:
    """What was done: encodings, seconds and items of each step, images left out (id -> reason)."""

    encodings: Embeddings | Scores
    seconds: dict[str, float]
    items: dict[str, int]
    skipped: dict[str, str]
    cut: int
    resumed: int

    def rates(self) -> dict[str, float]:
        """Items per second of each step that was not all kept from an earlier run."""
        return {
            name: self.items[name] / seconds for name, seconds in self.seconds.items() if seconds
        }


def encode_checkpoint(
    checkpoint: Path, annotations: Path, images: Path | None, target: Path, how: How
) -> Report:
    """Encode one split of a data set in Karpathy's format, and save it as a folder of encodings.

    images: None for an encoder of sentences, of which the first caption of each image stands for
    it. The folder `target` also has a manifest: checkpoint and data with checksums, settings, what
    was left out, items per second. A killed run takes up where it stopped (pieces in
    `.<target>.part` beside it). Raises InputError for wrong input before anything is encoded.
    """
    if target.suffix in (".npz", ".safetensors"):
        raise InputError(f"{target}: expected the name of a folder")
    entries = _split(read_annotations(annotations), how.split, annotations)
    opened = open_checkpoint(checkpoint, resolve(how.device), how.dtype)
    if opened.encoder.has_images and images is None:
        raise InputError(f"{opened.title} encodes images: expected --images, their folder")
    if not opened.encoder.has_images and images is not None:
        raise InputError(f"{opened.title} encodes texts alone: leave --images out")
    if how.rerank and not opened.encoder.matches:
        raise InputError(f"{opened.title} has no matching head: --rerank has no place")
    files = [] if images is None else _files(images, entries)
    about = _about(checkpoint, annotations, files, how)
    target = Path(os.path.realpath(target))
    shards = Shards(target.with_name(f".{target.name}.part"), about)
    report = _encoded(opened, entries, files, how, shards, target.name)
    _save(target, report, about, opened)
    shards.remove()
    return report


def _split(entries: list[Entry], split: str, path: Path) -> list[Entry]:
    chosen = [entry for entry in entries if entry.split == split]
    if not chosen:
        known = ", ".join(sorted({entry.split for entry in entries}))
        raise InputError(f"{path}: no image of split '{split}'; it has {known}")
    return chosen


def _files(images: Path, entries: list[Entry]) -> list[Path]:
    names = [(entry.folder, entry.filename) for entry in entries]
    return find_images(images, names, [entry.image_id for entry in entries])


def _about(checkpoint: Path, annotations: Path, files: Sequence[Path], how: How) -> dict:
    """All that the result depends on, with checksums; of images their sizes and dates."""
    weights = sorted(
        p for p in Path(checkpoint).rglob("*") if p.suffix in (".safetensors", ".json")
    )
    settings = asdict(how) | {"workers": None}  # their number changes nothing
    dates = [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in files]
    return {
        "checkpoint": {str(p.relative_to(checkpoint)): sha256(p) for p in weights},
        "annotations": sha256(annotations),
        "images": dates,
        "settings": settings,
        "versions": versions(),
    }


def _encoded(
    opened: Opened, entries: list[Entry], files: list[Path], how: How, shards: Shards, name: str
) -> Report:
    skipped: dict[int, str] = {}
    seconds, items, cut = {}, {}, 0
    image_vectors = None
    if opened.encoder.has_images:
        clock = time.perf_counter()
        image_vectors, skipped = _images(opened, files, entries, how, shards)
        seconds["images"], items["images"] = time.perf_counter() - clock, len(files)
    kept = [row for row in range(len(entries)) if row not in skipped]
    if not kept:
        raise InputError(f"all {len(entries)} images are broken; expected some that can be read")
    skipped_ids = {entries[row].image_id: why for row, why in skipped.items()}
    entries = [entries[row] for row in kept]
    captions = [caption for entry in entries for caption in entry.captions]
    clock = time.perf_counter()
    text_vectors, cut = _texts(opened, captions, how, shards)
    seconds["captions"], items["captions"] = time.perf_counter() - clock, len(set(captions))
    counts = [len(entry.captions) for entry in entries]
    of = np.repeat(np.arange(len(entries)), counts)
    facts = {
        "image_of_caption": of, "model": name,
        "image_ids": np.array([entry.image_id for entry in entries]),
        "caption_ids": np.array([c for entry in entries for c in entry.caption_ids]),
    }  # fmt: skip
    if image_vectors is None:
        encodings: Embeddings | Scores = _stand_ins(text_vectors, facts)
    elif image_vectors.ndim == 2 and not how.rerank:
        encodings = Embeddings(image_vectors, text_vectors, **facts)
    else:
        scores = (
            products(image_vectors, text_vectors) if image_vectors.ndim == 3
            else similarity(image_vectors, text_vectors, "cosine").astype(np.float32)
        )  # fmt: skip
        second = None
        if how.rerank:
            clock = time.perf_counter()
            paths = [files[row] for row in kept]
            scores, second = reranked(
                opened, scores, paths, captions, how.rerank, how.batch, shards, SHARD
            )
            seconds["pairs"] = time.perf_counter() - clock
            items["pairs"] = int((scores != -100).sum() + (second != -100).sum())
        encodings = as_scores(scores, second, **facts)
    return Report(encodings, seconds, items, skipped_ids, cut, shards.resumed)


def _images(
    opened: Opened, files: list[Path], entries: list[Entry], how: How, shards: Shards
) -> tuple[np.ndarray, dict[int, str]]:
    """Vectors of the images that can be read, in order, and what is wrong with the others."""
    parts: list[np.ndarray] = []
    skipped: dict[int, str] = {}
    starts = range(0, len(files), SHARD)
    for start in track(starts, "encoding images", total=len(starts)):
        rows = list(range(start, min(start + SHARD, len(files))))

        def make(rows=rows) -> dict[str, np.ndarray]:
            found, wrong = [], {}
            for _, pixels, broken in batches(
                files, rows, opened.preprocess, how.batch, how.workers
            ):
                for row, why in broken.items():
                    if not how.skip_broken:
                        raise InputError(
                            f"broken image {files[row]} (image id '{entries[row].image_id}'): "
                            f"{why}; --skip-broken leaves such out"
                        )
                wrong |= broken
                if pixels:
                    placed = {n: v.to(opened.device, non_blocking=True) for n, v in pixels.items()}
                    with opened.running():
                        found.append(opened.encoder.images(placed).float().cpu().numpy())
            return {
                "vectors": np.concatenate(found) if found else np.empty((0, 1), np.float32),
                "broken": np.array(list(wrong), np.int64),
                "reasons": np.array([str(why) for why in wrong.values()], np.str_),
            }

        piece = shards.get(f"images-{start:08d}", make)
        if len(piece["vectors"]):
            parts.append(piece["vectors"])
        for row, why in zip(piece["broken"].tolist(), piece["reasons"].tolist(), strict=True):
            skipped[row] = why
    return np.concatenate(parts) if parts else np.empty((0, 1), np.float32), skipped


def _texts(opened: Opened, captions: list[str], how: How, shards: Shards) -> tuple[np.ndarray, int]:
    """Vectors of the captions, equal ones encoded once, and how many were cut."""
    distinct = {caption: row for row, caption in enumerate(dict.fromkeys(captions))}
    texts, parts, cut = list(distinct), [], 0
    starts = range(0, len(texts), SHARD)
    for start in track(starts, "encoding captions", total=len(starts)):

        def make(start=start) -> dict[str, np.ndarray]:
            found, longer = [], 0
            for first in range(start, min(start + SHARD, len(texts)), how.batch):
                last = min(first + how.batch, start + SHARD)
                tokens, over = opened.tokens(texts[first:last])
                longer += over
                with opened.running():
                    found.append(opened.encoder.texts(tokens).float().cpu().numpy())
            return {"vectors": np.concatenate(found), "cut": np.array(longer)}

        piece = shards.get(f"captions-{start:08d}", make)
        parts.append(piece["vectors"])
        cut += int(piece["cut"])
    return np.concatenate(parts)[[distinct[caption] for caption in captions]], cut


def _stand_ins(vectors: np.ndarray, facts: dict) -> Embeddings:
    """The first caption of each image for the image, the others as its captions."""
    of = facts["image_of_caption"]
    first = np.unique(of, return_index=True)[1]
    if (np.bincount(of) < 2).any():
        alone = facts["image_ids"][np.bincount(of).argmin()]
        raise InputError(
            f"image '{alone}' has one caption: of an encoder of texts the first caption stands for "
            "the image, and another is to be found; expected two captions each"
        )
    facts = facts | {
        "image_of_caption": np.delete(of, first),
        "caption_ids": np.delete(facts["caption_ids"], first),
    }
    return Embeddings(vectors[first], np.delete(vectors, first, axis=0), **facts)


def _save(target: Path, report: Report, about: dict, opened: Opened) -> None:
    """Encodings and manifest, whole or not at all."""
    encodings = report.encodings
    if target.is_dir() and any(target.iterdir()) and not (target / "encodings.json").is_file():
        raise InputError(f"{target}: a folder with other files in it; expected a new name")
    with write_whole(target) as part:
        encodings.save(part)
        files = {path.name: sha256(path) for path in sorted(part.iterdir())}
        manifest = {
            "model": opened.title,
            **{key: value for key, value in about.items() if key != "images"},
            "images": len(about["images"]),
            "skipped": report.skipped,
            "captions_cut": report.cut,
            "items": report.items,
            "seconds": {name: round(value, 3) for name, value in report.seconds.items()},
            "sha256": files,
        }
        (part / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
