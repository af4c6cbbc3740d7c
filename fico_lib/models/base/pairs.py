"""What models share that score every image with every text (attention at query time).

Such a model encodes each image and each text once, into *items*: some vectors per image (regions,
patches) and per text (words). Only then a function looks at an image and a text together. The
scores of all pairs are computed in blocks whose memory is bounded.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from fico_lib.encodings import Encodings, Scores
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.model import Model
from fico_lib.models.base.selection import score_recall_sum
from fico_lib.models.layers.padding import inside
from fico_lib.runtime.progress import track

BLOCK_BYTES = {"cpu": 1 << 23, "other": 1 << 30}  # on a CPU a block should fit its cache
KEPT_BYTES = 31 << 20  # glibc keeps at most 32 MiB
VALIDATED = 250  # images of the validation split, with a caption each, that choose the weights


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
        counted = inside(int(self.lengths.max()), self.lengths)
        rows = (self.starts[:, None] + counted.cumsum(1) - 1).where(counted, 0)
        return self.vectors[rows] * counted[..., None], self.lengths


def pack_items(blocks: list[tuple[torch.Tensor, torch.Tensor]], order: np.ndarray) -> Items:
    """Items of padded blocks: vectors (b, longest, d) and lengths (b,).

    order: (n,) which item stands at each place of the blocks' concatenation.
    """
    device = blocks[0][1].device
    packed = [vectors[inside(vectors.shape[1], lengths)] for vectors, lengths in blocks]
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
    result = np.empty((len(images), len(texts)), np.float32)
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
        result[:, columns.cpu().numpy()] = scores.float().cpu().numpy()
    return result


def _text_blocks(texts: Items, size: Callable[[int], int]) -> list[torch.Tensor]:
    """Rows of texts in blocks, the longest first: little padding; size: of a block, by length."""
    order = texts.lengths.argsort(descending=True, stable=True)
    lengths, blocks, start = texts.lengths[order].tolist(), [], 0
    while start < len(lengths):
        stop = start + max(1, size(lengths[start]))
        blocks.append(order[start:stop])
        start = stop
    return blocks


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

    def pack(self, images, texts, split: FeatureSplit) -> Encodings:
        """Scores of both directions."""
        scores = self.timed("score_pairs", self.compare, images, texts, split)
        return Scores(**scores, **self.about(split))

    def score(self, images, texts, val: FeatureSplit) -> float:
        """The sum of recalls on some images of the validation split, one caption of each."""
        rows, texts_of_rows = self.validated(val)
        scores = score_all(
            self.network.pairs, images.at(rows), texts.at(texts_of_rows), self.bytes_per_pair
        )
        return score_recall_sum(scores, scores.T, np.arange(len(scores)))

    def validated(self, val: FeatureSplit) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows (n,) of some images, and of the distinct text of the first caption of each."""
        _, captions = np.unique(val.image_of_caption, return_index=True)
        texts = torch.from_numpy(np.array(val.text_of_caption[captions[:VALIDATED]]))
        return torch.arange(len(texts), device=self.device), texts.to(self.device)

    @torch.inference_mode()
    def encode_images(self, split: FeatureSplit) -> Items:
        """The images' vectors."""
        return pack_items(*self.image_blocks(split))

    @torch.inference_mode()
    def encode_texts(self, split: FeatureSplit) -> Items:
        """The distinct texts' vectors, in the order that `split.text_of_caption` counts in."""
        return pack_items(*self.text_blocks(split))
