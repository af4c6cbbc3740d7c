"""What models share that score every image with every text (attention at query time).

Such a model encodes each image and each text once, into *items*: some vectors per image (regions,
patches) and per text (words). Only then a function looks at an image and a text together. The
scores of all pairs are computed in blocks whose memory is bounded.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from fico_lib.encodings import Scores
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.model import Model
from fico_lib.models.base.training import images_of, texts_of
from fico_lib.runtime.devices import threads
from fico_lib.runtime.progress import track

ENCODED_AT_ONCE = 1000  # images or texts
BLOCK_BYTES = {"cpu": 1 << 23, "other": 1 << 30}  # on a CPU a block should fit its cache
KEPT_BYTES = 31 << 20  # glibc keeps at most 32 MiB
VALIDATED = 250  # images of the validation split, with a caption each, that choose the epoch


@dataclass(frozen=True)
class Items:
    """The vectors of n images or of n distinct texts, packed without padding, on one device.

    vectors: (total, d); starts: (n,) int64, where each item's vectors begin; lengths: (n,) int64,
    how many it has.
    """

    vectors: torch.Tensor
    starts: torch.Tensor
    lengths: torch.Tensor

    def __len__(self) -> int:
        return len(self.lengths)

    def at(self, rows: torch.Tensor) -> "Items":
        """The items at `rows` (b,) int64; the vectors are shared."""
        return Items(self.vectors, self.starts[rows], self.lengths[rows])

    def padded(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors (n, longest, d), 0 where an item is shorter, and lengths (n,)."""
        place = torch.arange(int(self.lengths.max()), device=self.lengths.device)
        there = place < self.lengths[:, None]
        rows = (self.starts[:, None] + place).where(there, 0)
        return self.vectors[rows] * there[..., None], self.lengths


def pack(blocks: list[tuple[torch.Tensor, torch.Tensor]], order: np.ndarray) -> Items:
    """Items of padded blocks: vectors (b, longest, d) and lengths (b,).

    order: (n,) which item stands at each place of the blocks' concatenation.
    """
    device = blocks[0][1].device
    packed = [
        vectors[torch.arange(vectors.shape[1], device=device) < lengths[:, None]]
        for vectors, lengths in blocks
    ]
    lengths = torch.cat([lengths for _, lengths in blocks])
    place = torch.from_numpy(np.argsort(order)).to(device)
    return Items(torch.cat(packed), (lengths.cumsum(0) - lengths)[place], lengths[place])


@torch.inference_mode()
def score_all(
    pairs: Callable[..., torch.Tensor],
    images: Items,
    texts: Items,
    bytes_per_pair: Callable[[int, int], int],
    what: str | None = None,
) -> np.ndarray:
    """Scores of all pairs, (n_images, n_texts) float32, computed block by block.

    pairs: takes padded images (vectors (a, r, d), lengths (a,)) and padded texts (vectors
    (b, l, d), lengths (b,)) and gives scores (a, b); bytes_per_pair: what it takes for one pair of
    r vectors and l vectors; what: the step's name where progress is to be shown (not inside a
    step that shows its own).
    """
    found = np.empty((len(images), len(texts)), np.float32)
    # Freeing a large block lets glibc keep those of its size and below for the next block, which
    # otherwise pays for fetching every page anew (up to a third of the time).
    torch.empty(KEPT_BYTES, dtype=torch.uint8)
    budget = BLOCK_BYTES.get(images.lengths.device.type, BLOCK_BYTES["other"])
    longest = int(images.lengths.max())
    most = bytes_per_pair(longest, int(texts.lengths.max()))
    a = max(1, math.isqrt(budget // most) // 2)  # images at once; the texts fill the block
    every = torch.arange(len(images), device=images.lengths.device)
    image_blocks = [images.at(rows).padded() for rows in every.split(a)]
    blocks = _text_blocks(texts, lambda length: budget // (a * bytes_per_pair(longest, length)))
    for columns in blocks if what is None else track(blocks, what):
        block = texts.at(columns).padded()
        scores = torch.cat([pairs(image_block, block) for image_block in image_blocks])
        found[:, columns.cpu().numpy()] = scores.float().cpu().numpy()
    return found


def _text_blocks(texts: Items, size: Callable[[int], int]) -> list[torch.Tensor]:
    """Rows of texts in blocks, the longest first: little padding; size: of a block, by length."""
    order = texts.lengths.argsort(descending=True, stable=True)
    lengths, blocks, start = texts.lengths[order].tolist(), [], 0
    while start < len(lengths):
        stop = start + max(1, size(lengths[start]))
        blocks.append(order[start:stop])
        start = stop
    return blocks


def recall_sum(scores: np.ndarray) -> float:
    """R@1 + R@5 + R@10 in both directions, from 0 to 6; scores: (n, n), matches on the diagonal."""
    own, total = np.diag(scores), 0.0
    for rank in ((scores > own[:, None]).sum(1), (scores > own).sum(0)):
        total += sum((rank < k).mean() for k in (1, 5, 10))
    return float(total)


class PairModel(Model):
    """A model whose network scores an image and a text together: it hands over `Scores`.

    Its network has images(regions, boxes, whole) and texts(tokens, lengths), which give vectors
    (b, k, d) and lengths (b,), and pairs(images, texts), which takes two such tuples and gives
    scores (a, b). A subclass says with `bytes_per_pair` what scoring takes; one that scores only
    some pairs, or each direction on its own, overrides `compare`.
    """

    def bytes_per_pair(self, n_image_vectors: int, n_text_vectors: int) -> int:
        """Memory that scoring one pair takes at the same time, in bytes."""
        return 6 * 4 * n_image_vectors * n_text_vectors

    def compare(self, images: Items, texts: Items, split: FeatureSplit) -> dict:
        """The fields i2t, t2i and missing of `Scores`; `texts` are the distinct texts of `split`.

        Here: all pairs, each distinct text once, one matrix for both directions.
        """
        what = f"scoring {self.card.name}"
        scores = score_all(self.network.pairs, images, texts, self.bytes_per_pair, what)
        return {"i2t": scores[:, split.text_of_caption], "t2i": None}

    def encode(self, split: FeatureSplit) -> Scores:
        """Scores of a split; timings in s: train, encode_images, encode_texts, score_pairs."""
        if self.network is None:
            raise RuntimeError(f"model '{self.card.name}' is not trained: call fit first")
        with threads(self.parameters.threads):
            images = self._timed("encode_images", self._images, split)
            texts = self._timed("encode_texts", self._texts, split)
            found = self._timed("score_pairs", self.compare, images, texts, split)
        return self.pack(
            **found,
            image_of_caption=np.array(split.image_of_caption),
            image_ids=np.array(split.image_ids),
            caption_ids=np.array(split.caption_ids),
            model=self.card.name,
            timings=dict(self.timings),
        )

    def pack(self, i2t: np.ndarray, t2i: np.ndarray | None, **about) -> Scores:
        """Scores of both directions; about: their other constructor arguments."""
        return Scores(i2t=i2t, t2i=t2i, **about)

    def score(self, images: Items, texts: Items, val: FeatureSplit) -> float:
        """The sum of recalls on some images of the validation split, one caption of each."""
        _, captions = np.unique(val.image_of_caption, return_index=True)
        rows = torch.from_numpy(np.array(val.text_of_caption[captions[:VALIDATED]]))
        images = images.at(torch.arange(len(rows), device=images.lengths.device))
        texts = texts.at(rows.to(texts.lengths.device))
        return recall_sum(score_all(self.network.pairs, images, texts, self.bytes_per_pair))

    def _timed(self, name: str, step: Callable, *arguments):
        start = time.perf_counter()
        result = step(*arguments)
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        self.timings[name] = time.perf_counter() - start
        return result

    @torch.inference_mode()
    def _images(self, split: FeatureSplit) -> Items:
        """The images' vectors."""
        order = np.arange(len(split.image_ids))
        return pack(
            [self.network.images(*images_of(split, rows, self.device)) for rows in _blocks(order)],
            order,
        )

    @torch.inference_mode()
    def _texts(self, split: FeatureSplit) -> Items:
        """The distinct texts' vectors, in the order that `split.text_of_caption` counts in."""
        order = np.argsort(split.lengths, kind="stable")
        return pack(
            [self.network.texts(*texts_of(split, texts, self.device)) for texts in _blocks(order)],
            order,
        )


def _blocks(order: np.ndarray) -> list[np.ndarray]:
    return [order[s : s + ENCODED_AT_ONCE] for s in range(0, len(order), ENCODED_AT_ONCE)]
