"""BEiT-3 base at its size: a multiway transformer, a dual encoder when it retrieves.

After Wang et al. 2023, "Image as a Foreign Language: BEiT Pretraining for Vision and
Vision-Language Tasks" (CVPR), base size at 384 pixels. Every layer exists twice, for images and for
texts; a retrieval run takes one way or the other.
"""

import torch
from torch import nn
from torch.nn.functional import normalize

from fico_lib.costs.architectures import arithmetic as count
from fico_lib.costs.architectures.blocks import Layer
from fico_lib.costs.architectures.model import Flops, PaperModel, Step

SIDE, PATCH, WIDTH, HEADS, DEPTH = 384, 16, 768, 12, 12
VOCABULARY, POSITIONS = 64010, 1024


class Way(nn.Module):
    """One of the two ways through the layers."""

    def __init__(self, embed: nn.Module, positions: int, depth: int):
        super().__init__()
        self.embed = embed
        self.positions = nn.Embedding(positions, WIDTH)
        self.layers = nn.ModuleList(Layer(WIDTH, HEADS) for _ in range(depth))
        self.head = nn.Linear(WIDTH, WIDTH, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Embedded tokens (n, t, 768) -> unit vectors (n, 768)."""
        x = x + self.positions.weight[: x.shape[1]]
        for layer in self.layers:
            x = layer(x)
        return normalize(self.head(x[:, 0]), dim=1)


class BEiT3(PaperModel):
    """The model `beit3`."""

    title, group, dimension, n_tokens = "BEiT-3", "VLP FG", WIDTH, 64
    reference = "Wang et al. 2023"

    def __init__(self, depth: int = DEPTH):
        super().__init__()
        self.depth = depth
        self.n_patches = (SIDE // PATCH) ** 2
        patches = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.image = Way(patches, self.n_patches + 3, depth)
        self.text = Way(nn.Embedding(VOCABULARY, WIDTH), POSITIONS, depth)
        self.first = nn.Linear(1, WIDTH, bias=False)  # the token that becomes the embedding

    def flops(self) -> Flops:
        """Of one way per image, of the other per text."""

        def way(tokens: int) -> int:
            return self.depth * count.layer(tokens, WIDTH) + count.mlp(WIDTH, WIDTH)

        patches = count.patches((SIDE, SIDE), PATCH, WIDTH)
        return Flops(patches + way(self.n_patches + 1), way(self.n_tokens))

    def parts(self, step: Step) -> list[nn.Module]:
        """The way of images, or that of texts."""
        return [self.image, self.first] if step == "image" else [self.text]

    def image_inputs(self, count: int) -> torch.Tensor:
        """Pixels (count, 3, 384, 384)."""
        return torch.randn(count, 3, SIDE, SIDE)

    def encode_images(self, inputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        """(n, 3, 384, 384) -> (n, 768), None."""
        patches = self.image.embed(inputs).flatten(2).transpose(1, 2)
        first = self.first.weight.T.expand(len(inputs), 1, -1)
        return self.image(torch.cat([first, patches], 1)), None

    def encode_texts(self, inputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        """(n, 64) -> (n, 768), None."""
        return self.text(self.text.embed(inputs)), None
