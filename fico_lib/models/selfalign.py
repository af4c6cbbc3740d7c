"""SelfAlign: two losses that align words and regions in a model with independent embeddings.

After Zhuang et al. 2023, "Towards Fast and Accurate Image-Text Retrieval with Self-Supervised
Fine-Grained Alignment" (arXiv 2308.14009), and the authors' released code where the text leaves
something open. To a base model (`vse` or `vsrn`) with the loss L_base it adds

    L = L_base + L_LCA + L_CRA

LCA, local concept alignment. Concepts C (k, d) are learned unit vectors. Regions v (before any
reasoning) and words w (before the GRU) are unit vectors in one space. The regions of the batch get
codes p(v) by Sinkhorn's balanced assignment of C v / 0.05, without gradient; each word predicts the
code of the region of its image that is most similar to it, r(w):

    L_LCA = mean over words of  - p(v_r(w))' log softmax(C w / 0.1)

CRA, contextual relation alignment. Of each side's contextual vectors x (reasoned regions, states of
the GRU) with their mean m: locals l = unit(ReLU(BN(x))), a guide u = unit(ReLU(BN(W m))) and a
context z = unit(g m + (1 - g) ReLU(BN(W m))), g a learned gate. A text's guide must find each of
its own image's locals among the 512 hardest of the other images, and the reverse:

    L_CRA = 1/2 mean over l of - log( e^(u.l/0.7) / (e^(u.l/0.7) + sum over hard l' e^(u.l'/0.7)) )
            + the same for images' guides and texts' locals, with 1/2

At retrieval the sides stay independent. With CRA the embeddings are (e_i, z_i / 2, mean l_i / 2)
and (e_t, mean l_t, z_t): their inner product adds to the base's cosine how well each side's context
agrees with the other's locals. L_base is computed on these.

What differs here: L_base is InfoNCE by default, as in the bases (`training.objective: hinge` has
the published one); there are 100 concepts instead of 1024; the released numbers are of the average
of two models, these of one; and words pass a linear layer before the GRU, also without LCA and CRA,
so that the variants differ in nothing else.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn.functional import log_softmax, normalize, relu, softplus

from fico_lib.encodings import Embeddings
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.features.text import UNKNOWN
from fico_lib.models.base.losses import match_loss
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import Batch, images_of, texts_of
from fico_lib.models.layers.padding import all_of, inside, pool
from fico_lib.models.layers.text_encoder import PADDING, WORD_DIMENSION, GRUEncoder
from fico_lib.models.selfalign_parameters import SelfAlignParameters
from fico_lib.models.vse import HINGE_OR_INFONCE, VSE, DualEncoder
from fico_lib.models.vsrn import ReasoningDualEncoder
from fico_lib.runtime.errors import InputError

BASES = {"vse": DualEncoder, "vsrn": ReasoningDualEncoder}
CODE_TEMPERATURE, WORD_TEMPERATURE = 0.05, 0.1
SINKHORN_ROUNDS = 2
CONTEXT_TEMPERATURE, HARDEST = 0.7, 512
CONTEXT_WEIGHT = 0.5


def aligned_words(train: FeatureSplit, which: str) -> np.ndarray:
    """Whether LCA aligns a word, by its number: (vocabulary_size,) bool; padding never.

    which: "all", or a part of speech; InputError where the vocabulary has none of it.
    """
    aligned = np.ones(train.vocabulary_size, bool)
    aligned[PADDING] = False
    if which != "all":
        aligned[:] = False
        if train.parts_of_speech is not None:
            aligned[UNKNOWN + 1 :] = train.parts_of_speech == which
        if not aligned.any():
            raise InputError(
                f"training.aligned: no {which} is known among the words of the train captions; "
                "expected 'all' where parts of speech are not known"
            )
    return aligned


@torch.no_grad()
def balanced_codes(similarity: torch.Tensor) -> torch.Tensor:
    """Codes of n vectors over k concepts, used about equally: rows sum to 1.

    similarity: (n, k) cosines. Sinkhorn's algorithm on exp(similarity / 0.05): in turns, columns
    are scaled to sum n / k and rows to sum 1. Source: Caron et al. 2020, "Unsupervised Learning of
    Visual Features by Contrasting Cluster Assignments", Section 3.1.
    """
    logits = similarity / CODE_TEMPERATURE
    codes = (logits - logits.max()).exp()
    for _ in range(SINKHORN_ROUNDS):
        codes = codes / codes.sum(0, keepdim=True).clamp(min=1e-30)
        codes = codes / codes.sum(1, keepdim=True).clamp(min=1e-30)
    return codes


def best_regions(regions: torch.Tensor, words: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The most similar region of each word, and the cosine: (b, l) float32, (b, l) int64.

    regions: (b, r, d), words: (b, l, d), of length 1.
    """
    return tuple((words @ regions.transpose(1, 2)).max(2))


def concept_loss(
    regions: torch.Tensor, words: torch.Tensor, counted: torch.Tensor, concepts: torch.Tensor
) -> torch.Tensor:
    """L_LCA of a batch of matching images and texts, a scalar; a mean over texts.

    regions: (b, r, d), words: (b, l, d), of length 1; counted: (b, l) bool, the words that are
    aligned; concepts: (k, d).
    """
    concepts = normalize(concepts, dim=1)
    codes = balanced_codes(regions.detach().flatten(0, 1) @ concepts.detach().T)
    codes = codes.view(*regions.shape[:2], -1)
    _, best = best_regions(regions.detach(), words.detach())
    wanted = codes.gather(1, best[..., None].expand(-1, -1, codes.shape[2]))
    said = log_softmax(words @ concepts.T / WORD_TEMPERATURE, dim=2)
    of_word = -(wanted * said).sum(2) * counted
    return (of_word.sum(1) / counted.sum(1).clamp(min=1)).mean()


def context_loss(
    guides: torch.Tensor, vectors: torch.Tensor, lengths: torch.Tensor
) -> torch.Tensor:
    """One direction of L_CRA, a scalar: guides of one side, locals of the other.

    guides: (b, d); vectors: (b, k, d), lengths: (b,) of them count; all of length 1.
    """
    b, k, _ = vectors.shape
    counted = inside(k, lengths)
    scores = (guides @ vectors.flatten(0, 1).T).view(b, b, k) / CONTEXT_TEMPERATURE
    own = scores.diagonal().T  # (b, k)
    eye = torch.eye(b, dtype=torch.bool, device=guides.device)
    others = scores.masked_fill(eye[..., None] | ~counted, -torch.inf).flatten(1)
    hard = others.topk(min(HARDEST, others.shape[1])).values.logsumexp(1, keepdim=True)
    return softplus(hard - own)[counted].mean()


class Locals(NamedTuple):
    """What one side of a batch is made of, besides its embedding.

    vectors: (b, k, width) of length 1, for LCA; lengths: (b,), how many of them count; contextual:
    (b, k, width) of length 1 and guides: (b, width), for CRA, or None.
    """

    vectors: torch.Tensor
    lengths: torch.Tensor
    contextual: torch.Tensor | None = None
    guides: torch.Tensor | None = None


class WordsFirst(GRUEncoder):
    """A GRU encoder whose word vectors before the GRU are as wide as the regions'."""

    def __init__(self, vocabulary_size: int, width: int, dropout: float):
        super().__init__(vocabulary_size, width, dropout)
        words = nn.Embedding(vocabulary_size, WORD_DIMENSION, padding_idx=PADDING)
        self.embedding = nn.Sequential(words, nn.Linear(WORD_DIMENSION, width))
        self.gru = nn.GRU(width, width, batch_first=True, bidirectional=True)


class Context(nn.Module):
    """CRA's part of one side."""

    def __init__(self, width: int):
        super().__init__()
        self.map = nn.Linear(width, width)
        self.norm_of_guide, self.norm_of_locals = nn.BatchNorm1d(width), nn.BatchNorm1d(width)
        self.gate = nn.Sequential(nn.Linear(2 * width, width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, vectors, lengths) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Locals (b, k, width), 0 at padding, guides and contexts (b, width), all of length 1."""
        counted = inside(vectors.shape[1], lengths)
        mean = (vectors * counted[..., None]).sum(1) / lengths[:, None]
        guide = relu(self.norm_of_guide(self.map(mean)))
        parts = torch.zeros_like(vectors)
        parts[counted] = normalize(relu(self.norm_of_locals(vectors[counted])), dim=1)
        gate = self.gate(torch.cat([mean, guide], 1)).sigmoid()
        context = gate * mean + (1 - gate) * guide
        return parts, normalize(guide, dim=1), normalize(context, dim=1)


class AlignedEncoder(nn.Module):
    """A base's embeddings, with CRA's beside them, and what the losses compare."""

    def __init__(self, train: FeatureSplit, parameters: SelfAlignParameters):
        super().__init__()
        width, vocabulary_size = parameters.width, train.vocabulary_size
        self.base = BASES[parameters.base](train, parameters)
        self.base.words = WordsFirst(vocabulary_size, width, parameters.dropout)
        self.concepts = nn.Parameter(torch.randn(parameters.concepts, width))
        aligned = torch.from_numpy(aligned_words(train, parameters.aligned))
        self.register_buffer("aligned", aligned)
        self.image_context = Context(width) if parameters.cra else None
        self.text_context = Context(width) if parameters.cra else None

    def images(self, regions, boxes, whole) -> torch.Tensor:
        """(b, r, d), (b, r, 4) or None -> embeddings (b, d)."""
        return self.image_parts(regions, boxes)[0]

    def texts(self, tokens, lengths) -> torch.Tensor:
        """(b, longest), (b,) -> embeddings (b, d)."""
        return self.text_parts(tokens, lengths)[0]

    def image_parts(self, regions, boxes) -> tuple[torch.Tensor, Locals]:
        """Embeddings (b, d) of images and what they are made of."""
        base = self.base
        first = base.regions(regions, boxes)
        lengths, vectors = all_of(first), base.contextual(first)
        embedding = normalize(base.from_image(base.read(vectors)), dim=1)
        parts = Locals(normalize(first, dim=2), lengths)
        if self.image_context is None:
            return embedding, parts
        contextual, guides, context = self.image_context(vectors, lengths)
        mean = contextual.mean(1)
        embedding = torch.cat([embedding, CONTEXT_WEIGHT * context, CONTEXT_WEIGHT * mean], 1)
        return embedding, parts._replace(contextual=contextual, guides=guides)

    def text_parts(self, tokens, lengths) -> tuple[torch.Tensor, Locals]:
        """Embeddings (b, d) of texts and what they are made of."""
        vectors = self.base.words(tokens, lengths)
        embedding = normalize(self.base.from_text(pool(vectors, lengths)), dim=1)
        parts = Locals(normalize(self.base.words.embedding(tokens), dim=2), lengths)
        if self.text_context is None:
            return embedding, parts
        contextual, guides, context = self.text_context(vectors, lengths)
        mean = contextual.sum(1) / lengths[:, None]
        embedding = torch.cat([embedding, mean, context], 1)
        return embedding, parts._replace(contextual=contextual, guides=guides)


class SelfAlign(VSE):
    """The model `selfalign`; its choices are `SelfAlignParameters`."""

    network_class = AlignedEncoder
    card = replace(
        VSE.card,
        name="selfalign",
        title="SelfAlign",
        dimension="{p.embedding_dimension}D",
        reference="Zhuang et al. 2023",
        objective=f"LCA and CRA as published; the base's loss {HINGE_OR_INFONCE}",
        architecture="differs: VSE as the base, 100 concepts instead of 1024, one model instead of "
        "the average of two, narrower",
    )

    @classmethod
    def adjusted(cls, parameters: TrainingParameters) -> SelfAlignParameters:
        """The parameters with SelfAlign's own, at their defaults where they are not given."""
        return SelfAlignParameters(**super().adjusted(parameters).model_dump())

    def loss(self, batch: Batch) -> torch.Tensor:
        """The base's loss and what is switched on of L_LCA and L_CRA."""
        images, regions = self.network.image_parts(batch.regions, batch.boxes)
        texts, words = self.network.text_parts(batch.tokens, batch.lengths)
        loss = match_loss(self.parameters.objective, images @ texts.T, self.network.base.scale)
        if self.parameters.lca:
            counted = self.network.aligned[batch.tokens]
            concepts = self.network.concepts
            loss = loss + concept_loss(regions.vectors, words.vectors, counted, concepts)
        if self.parameters.cra:
            t2i = context_loss(words.guides, regions.contextual, regions.lengths)
            i2t = context_loss(regions.guides, words.contextual, words.lengths)
            loss = loss + (t2i + i2t) / 2
        return loss

    def pack(self, images: torch.Tensor, texts: torch.Tensor, split: FeatureSplit) -> Embeddings:
        """Embeddings compared by inner product with CRA, by cosine without."""
        embeddings = super().pack(images, texts, split)
        measure = "inner_product" if self.parameters.cra else "cosine"
        return replace(embeddings, measure=measure)

    @torch.inference_mode()
    def word_regions(
        self, split: FeatureSplit, captions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Which region of its image each word of some captions matches best, as in LCA.

        captions: (b,) int64. Returns regions (b, longest) int64, -1 after a caption's last word,
        and cosines (b, longest) float32.
        """
        images = split.image_of_caption[captions]
        regions, boxes, _ = images_of(self.view(split), images, self.device)
        texts = texts_of(split, split.text_of_caption[captions], self.device)
        _, of_image = self.network.image_parts(regions, boxes)
        _, of_text = self.network.text_parts(*texts)
        cosines, best = best_regions(of_image.vectors, of_text.vectors)
        best = best.masked_fill(~inside(best.shape[1], texts[1]), -1)
        return best.cpu().numpy(), cosines.cpu().numpy()
