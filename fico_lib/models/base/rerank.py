"""Dual encoder and fusion in one model: the first ranks all candidates, the second its best ones.

Training: the dual encoder learns by image-text contrast (ITC, InfoNCE), the fusion by image-text
matching (ITM): does this text belong to this image? Each image and each text of a batch gets one
hard negative, drawn by the softmax of half the batch's ITC logits (by the logits themselves, as the
source has it, models this small stay at chance: most of the negatives fit as well):

    L = L_ITC + 1/(3b) sum over the b pairs and their 2b negatives of BCE(match, is a pair)

Source: Li et al. 2021, "Align before Fuse" (ALBEF), Section 3.2, which X-VLM and BLIP-2 follow.
On the split `extra` the contrast is learned alone: hard negatives teach little before the dual
encoder knows which are hard, and matching takes most of a step's time.

At query time the `rerank_k` best candidates of each query by ITC are scored by matching (distinct
texts count, so that captions alike in every word are all in or all out); the others stay unscored,
and are absent from the lists (FiCo-ITR, Table 4's note). ALBEF and X-VLM rank them by the logit of
ITM alone; BLIP-2 adds the cosine of ITC, without its temperature (LAVIS, `compute_sim_matrix`).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from fico_lib.encodings import Embeddings, Encodings, Scores
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.losses import info_nce
from fico_lib.models.base.pairs import Items, PairModel, pack_items
from fico_lib.models.base.selection import score_recall_sum
from fico_lib.models.base.training import Batch
from fico_lib.models.layers.transformer import by_length
from fico_lib.runtime.progress import track

MATCHED_AT_ONCE = {"cpu": 256, "other": 1 << 14}  # pairs; on a CPU they should fit its cache
QUERIES_AT_ONCE = 500
SOFTER = 2.0  # divides the logits that negatives are drawn by
ABSENT = -np.inf
BOTH_RECALLS = (
    "differs: recall of the dual encoder plus that of the reranked lists, because the variant "
    "without fusion has the same weights"
)


@dataclass(frozen=True)
class Encoded:
    """n images or n distinct texts: what the dual encoder compares, and what the fusion reads.

    vectors: (n, q, d) of length 1, the similarity being the largest of an image's q vectors with
    the text's one (q is 1 for texts); tokens: `Items` of n.
    """

    vectors: torch.Tensor
    tokens: Items

    def at(self, rows: torch.Tensor) -> "Encoded":
        """Those at `rows` (b,) int64."""
        return Encoded(self.vectors[rows], self.tokens.at(rows))


def similarities(images: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
    """The largest cosine of an image's vectors: (a, q, d) and (b, 1, d) -> (a, b)."""
    return torch.stack([vectors @ texts[:, 0].T for vectors in images.unbind(1)]).amax(0)


def hard_negatives(logits: torch.Tensor) -> torch.Tensor:
    """For each row of (b, b) a column that is not its own, as in the module's text: (b,) int64."""
    own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    likely = (logits.detach() / SOFTER).softmax(1) + 1e-6  # never all zero beside the diagonal
    return torch.multinomial(likely.masked_fill(own, 0), 1)[:, 0]


class RerankModel(PairModel):
    """A model that reranks by fusion; `fusion = False` makes it the variant without that step.

    Its network has images(regions, boxes, whole) and texts(tokens, lengths), which give tokens
    (b, t, width) and lengths (b,); image_vectors(tokens, lengths) and text_vectors(tokens,
    lengths), which give (b, q, d); match(image tokens (p, t, width), text tokens (p, l, width),
    text lengths (p,)), which gives (p,) logits; and scale, the inverse temperature.
    """

    fusion = True
    rerank_k = 128  # as X-VLM and BLIP-2 on Flickr30K; bounded by the gallery
    adds_cosine = False  # whether the cosine of ITC is added to the logit of ITM

    def loss(self, batch: Batch) -> torch.Tensor:
        """ITC + ITM of the batch."""
        network = self.network
        images, n_tokens = network.images(batch.regions, batch.boxes, batch.whole)
        texts, lengths = network.texts(batch.tokens, batch.lengths)
        similarity = similarities(
            network.image_vectors(images, n_tokens), network.text_vectors(texts, lengths)
        )
        logits = network.scale(similarity)
        if self.pretrains:
            return info_nce(logits)
        own = torch.arange(len(logits), device=logits.device)
        image = torch.cat([own, own, hard_negatives(logits.T)])
        text = torch.cat([own, hard_negatives(logits), own])
        groups = by_length(lengths[text], 2 * len(own) // 3)
        match = torch.cat([self._match(images, texts, lengths, image[g], text[g]) for g in groups])
        is_pair = (torch.cat(groups) < len(own)).to(match.dtype)
        return info_nce(logits) + functional.binary_cross_entropy_with_logits(match, is_pair)

    def _match(self, images, texts, lengths, image, text) -> torch.Tensor:
        """Logits of the pairs (image, text), both (p,) rows of padded tokens."""
        own = lengths[text]
        return self.network.match(images[image], texts[text, : int(own.max())], own)

    @torch.inference_mode()
    def encode_images(self, split: FeatureSplit) -> Encoded:
        """The images, in the order of the split."""
        return self._encoded(self.network.image_vectors, *self.image_blocks(split))

    @torch.inference_mode()
    def encode_texts(self, split: FeatureSplit) -> Encoded:
        """The distinct texts, in the order that `split.text_of_caption` counts in."""
        return self._encoded(self.network.text_vectors, *self.text_blocks(split))

    def _encoded(self, vectors_of, blocks: list, order: np.ndarray) -> Encoded:
        vectors = torch.cat([vectors_of(*block) for block in blocks])
        place = torch.from_numpy(np.argsort(order)).to(self.device)
        return Encoded(vectors[place], pack_items(blocks, order))

    @torch.inference_mode()
    def score(self, images: Encoded, texts: Encoded, val: FeatureSplit) -> float:
        """The sum of recalls on the validation split: the dual encoder's, and the reranked lists'.

        The latter on some images and a caption of each, and only once matching is learned. Both
        count, because the variant without fusion has the same weights.
        """
        i2t = similarities(images.vectors, texts.vectors).cpu().numpy()[:, val.text_of_caption]
        dual = score_recall_sum(i2t, i2t.T, val.image_of_caption)
        if self.pretrains:
            return dual
        rows, texts_of_rows = self.validated(val)
        candidates = self._candidates(images.at(rows), texts.at(texts_of_rows))
        each = np.arange(len(rows))
        return dual + score_recall_sum(*candidates.scores(self.adds_cosine, each), each)

    def compare(self, images: Encoded, texts: Encoded, split: FeatureSplit) -> dict:
        """The fields i2t, t2i and missing of `Scores`: the best `rerank_k` of each query."""
        candidates = self._candidates(images, texts, f"reranking {self.card.name}")
        i2t, t2i = candidates.scores(self.adds_cosine, split.text_of_caption)
        return {"i2t": i2t, "t2i": t2i, "missing": ABSENT}

    @torch.inference_mode()
    def _candidates(self, images: Encoded, texts: Encoded, what: str | None = None) -> "Candidates":
        """The best distinct texts of each image, and the best images of each distinct text.

        what: the step's name where progress is to be shown (not inside training, which shows its).
        """
        n, m = len(images.vectors), len(texts.vectors)
        i2t, t2i = [], []
        for rows in torch.arange(n, device=self.device).split(QUERIES_AT_ONCE):
            similarity = similarities(images.vectors[rows], texts.vectors)
            i2t.append(rows[:, None] * m + similarity.topk(min(self.rerank_k, m), 1).indices)
        for rows in torch.arange(m, device=self.device).split(QUERIES_AT_ONCE):
            similarity = similarities(images.vectors, texts.vectors[rows])
            t2i.append(similarity.topk(min(self.rerank_k, n), 0).indices * m + rows)
        i2t, t2i = (torch.cat([x.flatten() for x in pairs]) for pairs in (i2t, t2i))
        # A pair that is a candidate in both directions is matched once.
        pairs, place = torch.cat([i2t, t2i]).unique(return_inverse=True)
        image, text = pairs // m, pairs % m
        match = self._match_all(images.tokens, texts.tokens, image, text, what)
        cosine = (images.vectors[image] * texts.vectors[text]).sum(2).amax(1)
        arrays = (image[place], text[place], match[place], cosine[place])
        return Candidates(n, m, len(i2t), *(array.cpu().numpy() for array in arrays))

    def _match_all(self, images: Items, texts: Items, image, text, what) -> torch.Tensor:
        """Logits of the pairs (image, text), both (p,) rows, in blocks of texts alike in length."""
        logits = torch.empty(len(image), device=self.device)
        size = MATCHED_AT_ONCE.get(self.device.type, MATCHED_AT_ONCE["other"])
        groups = by_length(texts.lengths[text], size)
        for rows in groups if what is None else track(groups, what):
            (v, _), (w, lengths) = images.at(image[rows]).padded(), texts.at(text[rows]).padded()
            logits[rows] = self.network.match(v, w, lengths)
        return logits

    def pack(self, images: Encoded, texts: Encoded, split: FeatureSplit) -> Encodings:
        """Scores of the reranked candidates, or, without fusion, what the dual encoder gives."""
        if self.fusion:
            return super().pack(images, texts, split)
        of_captions = texts.vectors[
            torch.from_numpy(np.array(split.text_of_caption)).to(self.device)
        ]
        if images.vectors.shape[1] == 1:
            sides = (x[:, 0].cpu().numpy() for x in (images.vectors, of_captions))
            return Embeddings(*sides, **self.about(split))
        scores = self.timed("score_pairs", similarities, images.vectors, of_captions)
        return Scores(scores.cpu().numpy(), None, **self.about(split))


@dataclass(frozen=True)
class Candidates:
    """Pairs that were matched: first those of the images' lists, then those of the texts'.

    n_images, n_texts (distinct ones); n_i2t: how many pairs belong to the images' lists;
    image, text: (p,) int64; match: (p,) logits of ITM; cosine: (p,) of ITC.
    """

    n_images: int
    n_texts: int
    n_i2t: int
    image: np.ndarray
    text: np.ndarray
    match: np.ndarray
    cosine: np.ndarray

    def scores(self, adds_cosine: bool, text_of_caption) -> tuple[np.ndarray, np.ndarray]:
        """What ranks: (n_images, n_captions), (n_captions, n_images), float32, -inf where absent.

        adds_cosine: match + cosine instead of match alone; text_of_caption: (n_captions,) int64,
        the distinct text of each caption.
        """
        score = self.match + self.cosine if adds_cosine else self.match
        i2t = np.full((self.n_images, self.n_texts), ABSENT, np.float32)
        t2i = np.full((self.n_texts, self.n_images), ABSENT, np.float32)
        a, b = slice(0, self.n_i2t), slice(self.n_i2t, None)
        i2t[self.image[a], self.text[a]] = score[a]
        t2i[self.text[b], self.image[b]] = score[b]
        return i2t[:, text_of_caption], t2i[text_of_caption]
