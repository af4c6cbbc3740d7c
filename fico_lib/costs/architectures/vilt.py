"""ViLT at its size: one transformer reads 40 words and 216 patches together, for every pair.

After Kim et al. 2021, "ViLT: Vision-and-Language Transformer Without Convolution or Region
Supervision" (ICML); the classes are those of transformers. An image of 384 by 576 pixels gives the
217 tokens of the paper's Table 1. Nothing can be encoded beforehand but patches and word
embeddings, which are what is kept.
"""

import torch
from torch import nn

from fico_lib.costs.architectures import arithmetic as count
from fico_lib.costs.architectures.model import Flops, PaperModel, Step, expand, transformers

SIDE, LONG_SIDE, PATCH, WIDTH, DEPTH = 384, 576, 32, 768, 12


class ViLT(PaperModel):
    """The model `vilt`."""

    title, group, attention, dimension = "ViLT", "VLP FG", "all pairs", None
    image_kept, text_kept, n_tokens = (217, WIDTH), (40, WIDTH), 40
    reference = "Kim et al. 2021"

    def __init__(self, depth: int = DEPTH):
        super().__init__()
        # A length of -1 keeps every patch; otherwise ViLT draws some of them.
        config = transformers().ViltConfig(
            image_size=SIDE, patch_size=PATCH, max_image_length=-1, num_hidden_layers=depth
        )
        self.depth = depth
        self.network = transformers().ViltForImageAndTextRetrieval(config)

    def flops(self) -> Flops:
        """Of the patches per image, of nothing per text, of the whole transformer per pair."""
        tokens = self.image_kept[0] + self.text_kept[0]
        fused = self.depth * count.layer(tokens, WIDTH)
        return Flops(
            image=count.patches((SIDE, LONG_SIDE), PATCH, WIDTH),
            text=0,
            pair=fused + count.mlp(WIDTH, WIDTH, 1),
        )

    def parts(self, step: Step) -> list[nn.Module]:
        """The embeddings, or the transformer."""
        vilt = self.network.vilt
        if step == "pair":
            return [vilt.encoder, vilt.layernorm, vilt.pooler, self.network.rank_output]
        return [vilt.embeddings]

    def image_inputs(self, count: int) -> torch.Tensor:
        """Pixels (count, 3, 384, 576)."""
        return torch.randn(count, 3, SIDE, LONG_SIDE)

    def encode_images(self, inputs: torch.Tensor) -> tuple[None, torch.Tensor]:
        """(n, 3, 384, 576) -> None, (n, 217, 768)."""
        embeddings = self.network.vilt.embeddings
        mask = torch.ones(len(inputs), SIDE, LONG_SIDE, device=inputs.device)
        patches, seen, _ = embeddings.visual_embed(inputs, mask, max_image_length=-1)
        kind = torch.ones(seen.shape, dtype=torch.long, device=inputs.device)
        return None, patches + embeddings.token_type_embeddings(kind)

    def encode_texts(self, inputs: torch.Tensor) -> tuple[None, torch.Tensor]:
        """(n, 40) -> None, (n, 40, 768)."""
        embeddings = self.network.vilt.embeddings
        words = embeddings.text_embeddings(input_ids=inputs)
        return None, words + embeddings.token_type_embeddings(torch.zeros_like(inputs))

    def score(self, images: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
        """(a, 217, 768), (b, 40, 768) -> (a, b)."""
        vilt = self.network.vilt
        patches, words = expand(images, texts)
        states = vilt.encoder(torch.cat([words, patches], 1)).last_hidden_state
        pooled = vilt.pooler(vilt.layernorm(states))
        return self.network.rank_output(pooled).view(len(images), len(texts))
