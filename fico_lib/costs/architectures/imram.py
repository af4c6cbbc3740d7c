"""IMRAM at its size: SCAN's attention three times in both directions, with a memory in between.

After Chen et al. 2020, "IMRAM: Iterative Matching with Recurrent Attention Memory for Cross-Modal
Image-Text Retrieval" (CVPR), Section 3, in full mode; `fico_lib.models.imram` has the formulas.
Questions differ from pair to pair after the first step, so that two gated layers run for every word
and every region of every pair: they are nearly all of the cost.
"""

import torch
from torch import nn
from torch.nn.functional import leaky_relu, normalize

from fico_lib.costs.architectures import arithmetic as count
from fico_lib.costs.architectures.model import WORDS, Flops, Step, expand
from fico_lib.costs.architectures.regions_and_words import REGIONS, WIDTH
from fico_lib.costs.architectures.scan import SCAN
from fico_lib.models.scan import SHARPNESS, SLOPE

STEPS = 3  # K


class Memory(nn.Module):
    """The gated update of questions by what they saw."""

    def __init__(self):
        super().__init__()
        self.gate, self.update = nn.Linear(2 * WIDTH, WIDTH), nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, question: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """Both (p, q, 1024) -> (p, q, 1024)."""
        both = torch.cat([question, seen], 2)
        share = self.gate(both).sigmoid()
        return normalize(share * question + (1 - share) * self.update(both).tanh(), dim=2)


class IMRAM(SCAN):
    """The model `imram`."""

    title, reference = "IMRAM", "Chen et al. 2020"

    def __init__(self):
        super().__init__()
        self.of_words, self.of_regions = Memory(), Memory()

    def flops(self) -> Flops:
        """SCAN's encoders; per pair K attentions and K - 1 updates in each direction."""
        seen = count.products(REGIONS, WORDS, WIDTH)
        updated = 2 * count.linear(REGIONS + WORDS, 2 * WIDTH, WIDTH)
        encoded = super().flops()
        return Flops(encoded.image, encoded.text, 2 * STEPS * seen + (STEPS - 1) * updated)

    def parts(self, step: Step) -> list[nn.Module]:
        """Of scoring: both memories."""
        return [self.of_words, self.of_regions] if step == "pair" else super().parts(step)

    def score(self, images: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
        """(a, 36, 1024), (b, l, 1024) -> (a, b)."""
        regions, words = expand(images, texts)
        both = self._asked(words, regions, self.of_words)
        both = both + self._asked(regions, words, self.of_regions)
        return both.view(len(images), len(texts))

    def _asked(self, asking, seen_by, memory: Memory) -> torch.Tensor:
        """The sum of F_1 to F_K of a direction: (p, q, 1024), (p, c, 1024) -> (p,)."""
        question, total = asking, 0
        for step in range(STEPS):
            similarity = leaky_relu(question @ seen_by.transpose(1, 2), SLOPE)
            sharp = SHARPNESS * normalize(similarity, dim=1)  # over the questions
            seen = sharp.softmax(2) @ seen_by
            total = total + (normalize(seen, dim=2) * asking).sum(2).mean(1)
            if step + 1 < STEPS:
                question = memory(question, seen)
        return total
