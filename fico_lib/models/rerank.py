"""Dual encoder and fusion in one model: the first ranks all candidates, the second its best ones.

Training: the dual encoder learns by image-text contrast (ITC, InfoNCE), the fusion by image-text
matching (ITM): does this text belong to this image? Each image and each text of a batch gets one
hard negative, drawn by the softmax of the batch's ITC similarities:

    L = L_ITC + 1/(3b) sum over the b pairs and their 2b negatives of BCE(match, is a pair)

Source: Li et al. 2021, "Align before Fuse" (ALBEF), Section 3.2, which X-VLM and BLIP-2 follow.
On the split `extra` the contrast is learned alone: hard negatives teach little before the dual
encoder knows which are hard, and matching takes most of a step's time.
At query time the `rerank_k` best candidates of each query by ITC are scored by match + weight *
similarity; all others stay unscored, and are absent from the lists (FiCo-ITR, Table 4's note). The
weight is chosen on the validation split among `weights`.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from fico_lib.devices import threads
from fico_lib.encodings import Embeddings, Scores
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.losses import info_nce
from fico_lib.models.pairs import Items, PairModel, pack
from fico_lib.models.training import Batch, images_of, texts_of
from fico_lib.models.transformer import by_length
from fico_lib.models.vlp import PretrainedModel
from fico_lib.progress import track

ENCODED_AT_ONCE = 1000  # images or texts
MATCHED_AT_ONCE = {"cpu": 256, "other": 1 << 14}  # pairs; on a CPU they should fit its cache
QUERIES_AT_ONCE = 500
ABSENT = -np.inf


@dataclass(frozen=True)
class Encoded:
    """n images or n distinct texts: what the dual encoder compares, and what the fusion reads.

    vectors: (n, q, d) of length 1, the similarity being the largest of an image's q vectors with
    the text's one (q is 1 for texts); tokens: `Items` of n.
    """

    vectors: torch.Tensor
    tokens: Items


def similarities(images: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
    """The largest cosine of an image's vectors: (a, q, d) and (b, 1, d) -> (a, b)."""
    return torch.stack([one @ texts[:, 0].T for one in images.unbind(1)]).amax(0)


def hard_negatives(logits: torch.Tensor) -> torch.Tensor:
    """For each row of (b, b) a column that is not its own, drawn by the softmax: (b,) int64."""
    own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    likely = logits.detach().softmax(1) + 1e-6  # never all zero beside the diagonal
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
    text lengths (p,)), which gives (p,) logits; scale(), the inverse temperature; and `weight`.
    """

    fusion = True
    rerank_k = 32
    weights: tuple[float, ...] = (0.0,)  # of the similarity, one of them chosen

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
        """The sum of recalls of the dual encoder on the validation split."""
        i2t = similarities(images.vectors, texts.vectors).cpu().numpy()[:, val.text_of_caption]
        return partial_recall_sum(i2t, i2t.T, val.image_of_caption)

    def choose(self, val: FeatureSplit) -> None:
        """The weight of the similarity that ranks the validation split best."""
        if len(self.weights) == 1:
            return
        candidates = self._candidates(self._images(val), self._texts(val), val)
        scores = [
            partial_recall_sum(*candidates.scores(weight), val.image_of_caption)
            for weight in self.weights
        ]
        self.network.weight.fill_(self.weights[int(np.argmax(scores))])

    def compare(self, images: Encoded, texts: Encoded, split: FeatureSplit) -> dict:
        """The fields i2t, t2i and missing of `Scores`: the best `rerank_k` of each query."""
        i2t, t2i = self._candidates(images, texts, split).scores(self.network.weight.item())
        return {"i2t": i2t, "t2i": t2i, "missing": ABSENT}

    @torch.inference_mode()
    def _candidates(self, images: Encoded, texts: Encoded, split: FeatureSplit) -> "Candidates":
        text = torch.from_numpy(np.array(split.text_of_caption)).to(self.device)
        captions = texts.vectors[text]
        n, m = len(images.vectors), len(captions)
        i2t, t2i = [], []
        for rows in torch.arange(n, device=self.device).split(QUERIES_AT_ONCE):
            best = similarities(images.vectors[rows], captions).topk(min(self.rerank_k, m), 1)
            i2t.append(rows[:, None] * m + best.indices)
        for rows in torch.arange(m, device=self.device).split(QUERIES_AT_ONCE):
            best = similarities(images.vectors, captions[rows]).topk(min(self.rerank_k, n), 0)
            t2i.append(best.indices * m + rows)
        i2t, t2i = torch.cat([x.flatten() for x in i2t]), torch.cat([x.flatten() for x in t2i])
        # A pair that is a candidate in both directions, or for two captions of one text, is
        # matched once.
        image, caption = torch.cat([i2t, t2i]) // m, torch.cat([i2t, t2i]) % m
        distinct, place = (image * len(texts.vectors) + text[caption]).unique(return_inverse=True)
        one, other = distinct // len(texts.vectors), distinct % len(texts.vectors)
        match = self._match_all(images.tokens, texts.tokens, one, other)[place]
        similarity = (images.vectors[image] * captions[caption]).sum(2).amax(1)
        arrays = (image, caption, match, similarity)
        return Candidates(n, m, len(i2t), *(array.cpu().numpy() for array in arrays))

    def _match_all(self, images: Items, texts: Items, image, text) -> torch.Tensor:
        """Logits of the pairs (image, text), both (p,) rows, in blocks of texts alike in length."""
        found = torch.empty(len(image), device=self.device)
        size = MATCHED_AT_ONCE.get(self.device.type, MATCHED_AT_ONCE["other"])
        groups = by_length(texts.lengths[text], size)
        for rows in track(groups, f"reranking {self.card.name}"):
            (v, _), (w, lengths) = images.at(image[rows]).padded(), texts.at(text[rows]).padded()
            found[rows] = self.network.match(v, w, lengths)
        return found

    def encode(self, split: FeatureSplit) -> Embeddings | Scores:
        """Scores of the reranked candidates, or, without fusion, what the dual encoder gives.

        timings in seconds: train, pretrain, encode_images, encode_texts, score_pairs.
        """
        return super().encode(split) if self.fusion else self._encode_alone(split)

    def _encode_alone(self, split: FeatureSplit) -> Embeddings | Scores:
        with threads(self.parameters.threads):
            images = self._timed("encode_images", self._images, split).vectors
            texts = self._timed("encode_texts", self._texts, split).vectors
            text = torch.from_numpy(np.array(split.text_of_caption)).to(self.device)
            about = {
                "image_of_caption": np.array(split.image_of_caption),
                "image_ids": np.array(split.image_ids),
                "caption_ids": np.array(split.caption_ids),
                "model": self.card.name,
            }
            if images.shape[1] == 1:
                one, other = images[:, 0].cpu().numpy(), texts[text, 0].cpu().numpy()
                return Embeddings(one, other, measure="cosine", timings=self.timings, **about)
            i2t = self._timed("score_pairs", lambda: similarities(images, texts[text]).cpu())
            return Scores(i2t.numpy(), None, timings=self.timings, **about)


@dataclass(frozen=True)
class Candidates:
    """Pairs that were matched: first those of the images' lists, then those of the captions'.

    n_images, n_captions; n_i2t: how many belong to the images' lists; image, caption (p,) int64;
    match (p,) logits of the fusion; similarity (p,) of the dual encoder.
    """

    n_images: int
    n_captions: int
    n_i2t: int
    image: np.ndarray
    caption: np.ndarray
    match: np.ndarray
    similarity: np.ndarray

    def scores(self, weight: float) -> tuple[np.ndarray, np.ndarray]:
        """match + weight * similarity: (n_images, n_captions) and (n_captions, n_images)."""
        score = (self.match + weight * self.similarity).astype(np.float32)
        i2t = np.full((self.n_images, self.n_captions), ABSENT, np.float32)
        t2i = np.full((self.n_captions, self.n_images), ABSENT, np.float32)
        a, b = slice(0, self.n_i2t), slice(self.n_i2t, None)
        i2t[self.image[a], self.caption[a]] = score[a]
        t2i[self.caption[b], self.image[b]] = score[b]
        return i2t, t2i
