"""ADV at its size, in our own reading: the authors' code is not public.

After Li et al. 2021, "Efficient Fine-Grained Visual-Text Search Using Adversarially-Learned Hash
Codes" (ICME): regions of a detector (36 of 2048 values) are mapped and averaged, a GRU reads the
words, and a layer on each side turns the result into 64 or 2048 bits. Its numbers are those of our
reading, not of the authors' model.
"""

import torch
from torch import nn

from fico_lib.costs.architectures import arithmetic as count
from fico_lib.costs.architectures.model import WORDS, EncodingStep, Flops, Stage
from fico_lib.costs.architectures.regions_and_words import (
    EMBEDDED,
    INPUTS,
    REGIONS,
    WIDTH,
    RegionsAndWords,
)


class ADV2048(RegionsAndWords):
    """The model `adv2048`."""

    title, group, dimension, bits = "ADV 2048-bit", "CG", 2048, True
    reference = "Li et al. 2021"
    note = "our own reading; the detector that finds the regions is not counted"

    def __init__(self):
        super().__init__()
        self.second = nn.Linear(WIDTH, WIDTH)
        self.image_code = nn.Linear(WIDTH, self.dimension)
        self.text_code = nn.Linear(WIDTH, self.dimension)

    def flops(self) -> Flops:
        """Of the mapped regions per image, of the GRU per text."""
        code = count.mlp(WIDTH, self.dimension)
        mapped = count.linear(REGIONS, INPUTS, WIDTH) + count.linear(REGIONS, WIDTH, WIDTH)
        return Flops(mapped + code, count.gru(WORDS, EMBEDDED, WIDTH, directions=2) + code)

    def rest(self, step: EncodingStep) -> list[Stage]:
        """Of images a second layer over the regions; of both the mean, and its code."""
        code = {"image": self.image_code, "text": self.text_code}[step]
        coded = Stage(
            f"code of {self.dimension} bits, {step}",
            [code],
            lambda count: torch.randn(count, WIDTH),
            lambda mean: (code(mean).tanh(), None),
        )
        if step == "text":
            return [Stage("mean of words", [], self.states, lambda read: read.mean(1)), coded]
        return [Stage("second layer", [self.second], self.mapped, self._second), coded]

    def _second(self, mapped: torch.Tensor) -> torch.Tensor:
        """(n, 36, 1024) -> the mean over the regions (n, 1024)."""
        return self.second(mapped.relu()).mean(1)


class ADV64(ADV2048):
    """The model `adv64`."""

    title, dimension = "ADV 64-bit", 64
