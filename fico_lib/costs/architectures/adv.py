"""ADV at its size, in our own reading: the authors' code is not public.

After Li et al. 2021, "Efficient Fine-Grained Visual-Text Search Using Adversarially-Learned Hash
Codes" (ICME): regions of a detector (36 of 2048 values) are mapped and averaged, a GRU reads the
words, and a layer on each side turns the result into 64 or 2048 bits. Its numbers are those of our
reading, not of the authors' model.
"""

import torch
from torch import nn

from fico_lib.costs.architectures import arithmetic as count
from fico_lib.costs.architectures.model import WORDS, Flops, PaperModel, Step

REGIONS, INPUTS, WIDTH, EMBEDDED, VOCABULARY = 36, 2048, 1024, 300, 8481


class ADV2048(PaperModel):
    """The model `adv2048`."""

    title, group, dimension, bits = "ADV 2048-bit", "CG", 2048, True
    reference = "Li et al. 2021"
    note = "our own reading; the detector that finds the regions is not counted"

    def __init__(self):
        super().__init__()
        self.regions = nn.Sequential(nn.Linear(INPUTS, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))
        self.words = nn.Embedding(VOCABULARY, EMBEDDED)
        self.gru = nn.GRU(EMBEDDED, WIDTH, batch_first=True, bidirectional=True)
        self.image_code = nn.Linear(WIDTH, self.dimension)
        self.text_code = nn.Linear(WIDTH, self.dimension)

    def flops(self) -> Flops:
        """Of the mapped regions per image, of the GRU per text."""
        code = count.mlp(WIDTH, self.dimension)
        mapped = count.linear(REGIONS, INPUTS, WIDTH) + count.linear(REGIONS, WIDTH, WIDTH)
        return Flops(mapped + code, count.gru(WORDS, EMBEDDED, WIDTH, directions=2) + code)

    def parts(self, step: Step) -> list[nn.Module]:
        """The image side, or the text side."""
        if step == "image":
            return [self.regions, self.image_code]
        return [self.words, self.gru, self.text_code]

    def image_inputs(self, count: int) -> torch.Tensor:
        """Regions (count, 36, 2048)."""
        return torch.randn(count, REGIONS, INPUTS)

    def encode_images(self, inputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        """(n, 36, 2048) -> relaxed codes (n, bits), None."""
        return self.image_code(self.regions(inputs).mean(1)).tanh(), None

    def encode_texts(self, inputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        """(n, 14) -> relaxed codes (n, bits), None."""
        states, _ = self.gru(self.words(inputs))
        mean = (states[..., :WIDTH] + states[..., WIDTH:]).mean(1) / 2
        return self.text_code(mean).tanh(), None


class ADV64(ADV2048):
    """The model `adv64`."""

    title, dimension = "ADV 64-bit", 64
