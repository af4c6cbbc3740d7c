"""IMRAM: cross-attention in several steps, with a memory that refines what is asked.

After Chen et al. 2020, "IMRAM: Iterative Matching with Recurrent Attention Memory for Cross-Modal
Image-Text Retrieval" (CVPR), Section 3. Step 1 is SCAN's attention (`fico_lib.models.scan`): word l
asks with q = w_l, and sees c. After each step the question is updated, both gated by learned maps,

    g = sigmoid(W_g [q; c] + b_g)
    q <- unit(g * q + (1 - g) * tanh(W_o [q; c] + b_o))

and the attention is computed again with the new q. The score of a step, F_k, is the mean over the
words of cos(w_l, c_l), w_l being the word as it was. In full mode the same goes on with regions
asking words, with maps of its own, and the score of a pair is the sum of F_1 to F_K of both
directions, here divided by 2 K.

The map of c, W c = sum_r a_r (W v_r), is applied to the regions beforehand, and cosines are
computed in SCAN's Gram form. Questions differ from pair to pair, so this model does need memory for
every vector of each pair of a block.

Objective and selection are those of `fico_lib.models.scan`, K is 3 as in the paper, and both
directions look with 9. What differs from the paper besides: everything is narrower; batches are
smaller, and the width is less than SCAN's, because every step of every pair costs.
"""

from dataclasses import replace
from typing import ClassVar

import torch
from torch import nn

from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.layers.padding import inside
from fico_lib.models.scan import (
    EPSILON,
    SCAN,
    CrossEncoder,
    Padded,
    attention,
    gram,
    mean_of,
    relevance,
)

STEPS = 3  # K


class Memory(nn.Module):
    """The gated update of questions by what they saw; vectors stand in columns."""

    def __init__(self, width: int):
        super().__init__()
        self.question = nn.Linear(width, 2 * width)
        self.seen = nn.Linear(width, 2 * width, bias=False)
        # With tanh x = 2 sigmoid(2 x) - 1 one sigmoid, which is fast on a CPU, serves both halves,
        # and the new question has the direction of g (q + 1) / 2 + (1 - g) sigmoid(2 x) - 1 / 2.
        factor = torch.cat([torch.ones(width, 1), torch.full((width, 1), 2.0)])
        self.register_buffer("factor", factor, persistent=False)

    def maps(self, vectors: torch.Tensor) -> torch.Tensor:
        """What seeing the contexts' vectors (n, c, width) adds to gate and update: (n, 2 width, c).

        What a question saw is a weighted mean of them, and so is what it adds.
        """
        return self.factor * (self.seen.weight @ vectors.transpose(1, 2))

    def forward(self, question, weight, maps) -> torch.Tensor:
        """The next questions (n, width, k), of length 1.

        question: (n, width, k), or (width, k) for all n contexts; weight: (n, c, k), of the
        contexts' vectors; maps as above.
        """
        asks = self.factor * (self.question.weight @ question + self.question.bias[:, None])
        both = torch.baddbmm(asks.expand(len(maps), -1, -1), maps, weight).sigmoid()
        gate, update = both.chunk(2, 1)
        following = torch.lerp(update, (question + 1) / 2, gate) - 0.5
        squared = following.square().sum(1, keepdim=True)  # faster over columns than normalize
        return following * squared.clamp(min=EPSILON).rsqrt()


class MemoryEncoder(CrossEncoder):
    """SCAN's encoder with a memory for each direction."""

    def __init__(self, train: FeatureSplit, parameters: TrainingParameters):
        super().__init__(train, parameters)
        width = parameters.width
        self.words_ask, self.regions_ask = Memory(width), Memory(width)

    def pairs(self, images: Padded, texts: Padded) -> torch.Tensor:
        """Scores (a, b) of all pairs of a images and b texts."""
        t2i = self.asked(self.words_ask, images, texts)
        i2t = self.asked(self.regions_ask, texts, images)
        return (t2i + i2t.T) / 2

    @staticmethod
    def asked(memory: Memory, contexts: Padded, queries: Padded) -> torch.Tensor:
        """The mean of F_1 to F_K, (n, m), of n contexts and m queries.

        contexts: (n, c, d), (n,); queries: (m, q, d), (m,).
        """
        (vectors, lengths), (first, q_lengths) = contexts, queries
        shape = (*vectors.shape[:2], *first.shape[:2])  # n, c, m, q
        counted = inside(shape[1], lengths)[..., None, None]
        asking = inside(shape[3], q_lengths)  # words are padded, and so are questions
        question = first.flatten(0, 1).T
        products, maps, total = gram(vectors), memory.maps(vectors), 0.0
        similarity = asked = (vectors @ question).view(shape)
        for step in range(STEPS):
            weight = attention(asked)
            total = total + mean_of(relevance(weight, similarity, products), q_lengths)
            if step + 1 < STEPS:
                weight = weight * counted
                weight = (weight / weight.sum(1, keepdim=True)).flatten(2)
                question = memory(question, weight, maps)
                asked = (vectors @ question).view(shape) * asking
        return total / STEPS


class IMRAM(SCAN):
    """The model `imram`."""

    network_class = MemoryEncoder
    # Every step of every pair costs: a quarter of SCAN's pairs, and two thirds of its width.
    shares: ClassVar = SCAN.shares | {"batch_size": 1 / 4, "width": 1 / 2}
    card = replace(
        SCAN.card,
        name="imram",
        title="IMRAM",
        reference="Chen et al. 2020",
        architecture="differs: regions pass two layers, narrower",
    )

    def bytes_per_pair(self, n_image_vectors: int, n_text_vectors: int) -> int:
        """The longer side's questions, their gates and updates, besides the attention."""
        questions = 6 * 4 * max(n_image_vectors, n_text_vectors) * self.parameters.width
        return questions + super().bytes_per_pair(n_image_vectors, n_text_vectors)
