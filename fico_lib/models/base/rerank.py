"""Dual encoder and fusion in one model: the first ranks all candidates, the second its best ones.

Training: the dual encoder learns by image-text contrast (ITC, InfoNCE), the fusion by image-text
matching (ITM): does this text belong to this image? Each image and each text of a batch gets one
hard negative, drawn by the softmax of half the batch's ITC logits (by the logits themselves, as the
source has it, models this small stay at chance: most of the negatives fit as well):

    L = L_ITC + 1/(3b) sum over the b pairs and their 2b negatives of BCE(match, is a pair)

Source: Li et al. 2021, "Align before Fuse" (ALBEF), Section 3.2, which X-VLM and BLIP-2 follow.
On the split `extra` the contrast is learned alone: hard negatives teach little before the dual
encoder knows which are hard, and matching takes most of a step's time.

At query time the `rerank_k` best candidates of each query by ITC are scored by both logits
(distinct texts count, so that captions alike in every word are all in or all out); the others stay
unscored, and are absent from the lists (FiCo-ITR, Table 4's note):

    score = (1 - weight) * ITC + weight * ITM

ALBEF ranks by ITM alone, which is weight 1, and BLIP-2 by the sum, which is 1/2. Matching learned
from few pairs can rank worse than contrast, so the weight is chosen on the validation split, and 0,
the order without fusion, is among the choices.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from fico_lib.encodings import Embeddings, Scores
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.losses import info_nce
from fico_lib.models.base.pairs import Items, PairModel, pack
from fico_lib.models.base.training import Batch, images_of, texts_of
from fico_lib.models.base.vlp import PretrainedModel
from fico_lib.models.layers.transformer import by_length
from fico_lib.runtime.devices import threads
from fico_lib.runtime.progress import track

ENCODED_AT_ONCE = 1000  # images or texts
MATCHED_AT_ONCE = {"cpu": 256, "other": 1 << 14}  # pairs; on a CPU they should fit its cache
QUERIES_AT_ONCE = 500
VALIDATED = 250  # images of the validation split, with a caption each, reranked every epoch
SOFTER = 2.0  # divides the logits that negatives are drawn by
ABSENT = -np.inf


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
    return torch.stack([one @ texts[:, 0].T for one in images.unbind(1)]).amax(0)


def hard_negatives(logits: torch.Tensor) -> torch.Tensor:
    """For each row of (b, b) a column that is not its own, as in the module's text: (b,) int64."""
    own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    likely = (logits.detach() / SOFTER).softmax(1) + 1e-6  # never all zero beside the diagonal
    return torch.multinomial(likely.masked_fill(own, 0), 1)[:, 0]


def partial_recall_sum(i2t: np.ndarray, t2i: np.ndarray, image_of_caption: np.ndarray) -> float:
    """R@1 + R@5 + R@10 in both directions, from 0 to 6; a positive that is absent is not found.

    i2t: (n_images, n_captions), t2i: (n_captions, n_images), -inf where absent.
    """
    own = image_of_caption[None] == np.arange(len(i2t))[:, None]
    total = 0.0
    for scores, relevant in ((i2t, own), (t2i, own.T)):
        best = np.where(relevant, scores, ABSENT).max(1)
        rank = np.where(best > ABSENT, (scores > best[:, None]).sum(1), len(relevant[0]) + 10)
        total += sum((rank < k).mean() for k in (1, 5, 10))
    return float(total)


class RerankModel(PretrainedModel, PairModel):
    """A model that reranks by fusion; `fusion = False` makes it the variant without that step.

    Its network has images(regions, boxes, whole) and texts(tokens, lengths), which give tokens
    (b, t, width) and lengths (b,); image_vectors(tokens, lengths) and text_vectors(tokens,
    lengths), which give (b, q, d); match(image tokens (p, t, width), text tokens (p, l, width),
    text lengths (p,)), which gives (p,) logits; scale(), the inverse temperature; and the buffer
    `weight`.
    """

    fusion = True
    rerank_k = 32
    weights = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)  # of matching; one is chosen

    def loss(self, batch: Batch) -> torch.Tensor:
        """ITC + ITM of the batch."""
        network = self.network
        images, n_tokens = network.images(batch.regions, batch.boxes, batch.whole)
        texts, lengths = network.texts(batch.tokens, batch.lengths)
        similarity = similarities(
            network.image_vectors(images, n_tokens), network.text_vectors(texts, lengths)
        )
        logits = network.scale() * similarity
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
    def _images(self, split: FeatureSplit) -> Encoded:
        network, order, vectors, tokens = self.network, np.arange(len(split.image_ids)), [], []
        for start in range(0, len(order), ENCODED_AT_ONCE):
            rows = order[start : start + ENCODED_AT_ONCE]
            tokens.append(network.images(*images_of(split, rows, self.device)))
            vectors.append(network.image_vectors(*tokens[-1]))
        return Encoded(torch.cat(vectors), pack(tokens, order))

    @torch.inference_mode()
    def _texts(self, split: FeatureSplit) -> Encoded:
        """The distinct texts, in the order that `split.text_of_caption` counts in."""
        network, vectors, tokens = self.network, [], []
        order = np.argsort(split.lengths, kind="stable")
        for start in range(0, len(order), ENCODED_AT_ONCE):
            rows = order[start : start + ENCODED_AT_ONCE]
            tokens.append(network.texts(*texts_of(split, rows, self.device)))
            vectors.append(network.text_vectors(*tokens[-1]))
        place = torch.from_numpy(np.argsort(order)).to(self.device)
        return Encoded(torch.cat(vectors)[place], pack(tokens, order))

    @torch.inference_mode()
    def score(self, images: Encoded, texts: Encoded, val: FeatureSplit) -> float:
        """The sum of recalls on the validation split: the dual encoder's, and the reranked lists'.

        The latter on some images and a caption of each, and only once matching is learned.
        """
        i2t = similarities(images.vectors, texts.vectors).cpu().numpy()[:, val.text_of_caption]
        dual = partial_recall_sum(i2t, i2t.T, val.image_of_caption)
        if self.pretrains:
            return dual
        _, captions = np.unique(val.image_of_caption, return_index=True)
        n = min(VALIDATED, len(captions))
        rows = torch.from_numpy(np.array(val.text_of_caption[captions[:n]])).to(self.device)
        candidates = self._candidates(images.at(torch.arange(n).to(self.device)), texts.at(rows))
        return dual + max(self._reranked(candidates, np.arange(n), np.arange(n)))

    def _reranked(self, candidates: "Candidates", text_of_caption, image_of_caption) -> list[float]:
        """The sum of recalls of the reranked lists with each of the weights."""
        return [
            partial_recall_sum(*candidates.scores(weight, text_of_caption), image_of_caption)
            for weight in self.weights
        ]

    def choose(self, val: FeatureSplit) -> None:
        """The weight of matching that ranks the validation split best; the least of equals."""
        candidates = self._candidates(self._images(val), self._texts(val))
        recalls = self._reranked(candidates, val.text_of_caption, val.image_of_caption)
        self.network.weight.fill_(self.weights[int(np.argmax(recalls))])

    def compare(self, images: Encoded, texts: Encoded, split: FeatureSplit) -> dict:
        """The fields i2t, t2i and missing of `Scores`: the best `rerank_k` of each query."""
        candidates = self._candidates(images, texts, f"reranking {self.card.name}")
        i2t, t2i = candidates.scores(self.network.weight.item(), split.text_of_caption)
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
        similarity = (images.vectors[image] * texts.vectors[text]).sum(2).amax(1)
        contrast = self.network.scale() * similarity
        arrays = (image[place], text[place], match[place], contrast[place])
        return Candidates(n, m, len(i2t), *(array.cpu().numpy() for array in arrays))

    def _match_all(self, images: Items, texts: Items, image, text, what) -> torch.Tensor:
        """Logits of the pairs (image, text), both (p,) rows, in blocks of texts alike in length."""
        found = torch.empty(len(image), device=self.device)
        size = MATCHED_AT_ONCE.get(self.device.type, MATCHED_AT_ONCE["other"])
        groups = by_length(texts.lengths[text], size)
        for rows in groups if what is None else track(groups, what):
            (v, _), (w, lengths) = images.at(image[rows]).padded(), texts.at(text[rows]).padded()
            found[rows] = self.network.match(v, w, lengths)
        return found

    def encode(self, split: FeatureSplit) -> Embeddings | Scores:
        """Scores of the reranked candidates, or, without fusion, what the dual encoder gives.

        timings in seconds: train, pretrain, encode_images, encode_texts, score_pairs.
        """
        if self.fusion or self.network is None:
            return super().encode(split)
        with threads(self.parameters.threads):
            images = self._timed("encode_images", self._images, split).vectors
            texts = self._timed("encode_texts", self._texts, split).vectors
            texts = texts[torch.from_numpy(np.array(split.text_of_caption)).to(self.device)]
            if images.shape[1] == 1:
                kind, arrays = Embeddings, {"images": images[:, 0], "texts": texts[:, 0]}
            else:
                scores = self._timed("score_pairs", similarities, images, texts)
                kind, arrays = Scores, {"i2t": scores, "t2i": None}
        return kind(
            **arrays,
            image_of_caption=np.array(split.image_of_caption),
            image_ids=np.array(split.image_ids),
            caption_ids=np.array(split.caption_ids),
            model=self.card.name,
            timings=dict(self.timings),
        )


@dataclass(frozen=True)
class Candidates:
    """Pairs that were matched: first those of the images' lists, then those of the texts'.

    n_images, n_texts (distinct ones); n_i2t: how many pairs belong to the images' lists;
    image, text: (p,) int64; match, contrast: (p,) logits of the fusion and of the dual encoder.
    """

    n_images: int
    n_texts: int
    n_i2t: int
    image: np.ndarray
    text: np.ndarray
    match: np.ndarray
    contrast: np.ndarray

    def scores(self, weight: float, text_of_caption) -> tuple[np.ndarray, np.ndarray]:
        """What ranks, with a weight from 0 to 1: (n_images, n_captions), (n_captions, n_images).

        text_of_caption: (n_captions,) int64, the distinct text of each caption.
        """
        score = ((1 - weight) * self.contrast + weight * self.match).astype(np.float32)
        i2t = np.full((self.n_images, self.n_texts), ABSENT, np.float32)
        t2i = np.full((self.n_texts, self.n_images), ABSENT, np.float32)
        a, b = slice(0, self.n_i2t), slice(self.n_i2t, None)
        i2t[self.image[a], self.text[a]] = score[a]
        t2i[self.text[b], self.image[b]] = score[b]
        return i2t[:, text_of_caption], t2i[text_of_caption]
