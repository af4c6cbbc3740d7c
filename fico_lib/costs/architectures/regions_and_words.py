"""What SCAN, IMRAM and ADV have in common: a layer over regions, a bidirectional GRU over words.

Regions come from a detector (36 of 2048 values, found beforehand and not counted here); a text is
read word by word. Both become vectors of 1024 dimensions, from which each model makes its own.
"""

import torch
from torch import nn

from fico_lib.costs.architectures.model import WORDS, EncodingStep, PaperModel, Stage

REGIONS, INPUTS, WIDTH, EMBEDDED, VOCABULARY = 36, 2048, 1024, 300, 8481


class RegionsAndWords(PaperModel):
    """Base of the models that map regions and read words alike. A subclass has the `rest`."""

    note = "the detector that finds the regions is not counted"

    def __init__(self):
        super().__init__()
        self.regions = nn.Linear(INPUTS, WIDTH)
        self.words = nn.Embedding(VOCABULARY, EMBEDDED)
        self.gru = nn.GRU(EMBEDDED, WIDTH, batch_first=True, bidirectional=True)

    def rest(self, step: EncodingStep) -> list[Stage]:
        """What follows the layer, or the GRU: from (n, 36, 1024) or (n, 14, 1024)."""
        raise NotImplementedError

    def stages(self, step: EncodingStep) -> list[Stage]:
        """The layer or the GRU, and what follows."""
        first = {
            "image": Stage("layer over regions", [self.regions], self.image_inputs, self.regions),
            "text": Stage("GRU", [self.words, self.gru], self.text_inputs, self.read),
        }[step]
        return [first, *self.rest(step)]

    def parts(self, step):
        """The modules of the stages."""
        return [module for stage in self.stages(step) for module in stage.modules]

    def image_inputs(self, count: int) -> torch.Tensor:
        """Regions (count, 36, 2048)."""
        return torch.randn(count, REGIONS, INPUTS)

    def mapped(self, count: int) -> torch.Tensor:
        """Random vectors as the layer makes them: (count, 36, 1024)."""
        return torch.randn(count, REGIONS, WIDTH)

    def states(self, count: int) -> torch.Tensor:
        """Random vectors as the GRU makes them: (count, 14, 1024)."""
        return torch.randn(count, WORDS, WIDTH)

    def read(self, inputs: torch.Tensor) -> torch.Tensor:
        """Words (n, 14) -> the mean of both directions (n, 14, 1024)."""
        states, _ = self.gru(self.words(inputs))
        return (states[..., :WIDTH] + states[..., WIDTH:]) / 2

    def encode_images(self, inputs: torch.Tensor):
        """Regions (n, 36, 2048) -> as `PaperModel` says: one stage after the other."""
        return self._run("image", inputs)

    def encode_texts(self, inputs: torch.Tensor):
        """Words (n, 14) -> as `PaperModel` says: one stage after the other."""
        return self._run("text", inputs)

    def _run(self, step: EncodingStep, values):
        for stage in self.stages(step):
            values = stage.run(values)
        return values
