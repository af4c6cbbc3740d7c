"""X-VLM at its size: Swin-B at 384 pixels, and BERT, half for texts and half for fusion.

After Zeng et al. 2022, "Multi-Grained Vision Language Pre-Training: Aligning Texts with Visual
Concepts" (ICML). Swin and the six layers for texts are the classes of transformers; the six layers
of fusion are our own, since they attend to vectors of another width.
"""

import torch
from torch import nn
from torch.nn.functional import normalize

from fico_lib.costs.architectures import arithmetic as count
from fico_lib.costs.architectures.blocks import Layer
from fico_lib.costs.architectures.model import Flops, PaperModel, Step, expand, transformers

SIDE, WIDTH, DEPTHS = 384, 128, (2, 2, 18, 2)
TEXT_WIDTH, TEXT_DEPTH, FUSION_DEPTH = 768, 6, 6


class XVLM(PaperModel):
    """The model `xvlm`."""

    title, group, attention, dimension = "X-VLM", "VLP FG", "rerank", 256
    image_kept, text_kept, n_tokens = (145, 8 * WIDTH), (40, TEXT_WIDTH), 40
    text_mask = True
    reference = "Zeng et al. 2022"

    def __init__(self, depths: tuple[int, ...] = DEPTHS):
        super().__init__()
        library = transformers()
        self.depths = depths
        self.vision = library.SwinModel(
            library.SwinConfig(
                image_size=SIDE,
                embed_dim=WIDTH,
                depths=list(depths),
                num_heads=[4, 8, 16, 32],
                window_size=count.WINDOW,
            )
        )
        config = library.BertConfig(num_hidden_layers=TEXT_DEPTH)
        self.text = library.BertModel(config, add_pooling_layer=False)
        image_width = self.image_kept[1]
        self.fusion = nn.ModuleList(Layer(TEXT_WIDTH, 12, image_width) for _ in range(FUSION_DEPTH))
        self.image_projection = nn.Linear(image_width, self.dimension)
        self.text_projection = nn.Linear(TEXT_WIDTH, self.dimension)
        self.match = nn.Sequential(  # the head for matching
            nn.Linear(TEXT_WIDTH, 2 * TEXT_WIDTH),
            nn.LayerNorm(2 * TEXT_WIDTH),
            nn.GELU(),
            nn.Linear(2 * TEXT_WIDTH, 2),
        )

    def flops(self) -> Flops:
        """Of Swin per image, of half the BERT per text, of the other half per pair."""
        n, width = self.n_tokens, TEXT_WIDTH
        fused = count.layer(n, width) + count.cross_attention(n, width, *self.image_kept)
        return Flops(
            image=count.swin(SIDE, WIDTH, self.depths)
            + count.mlp(self.image_kept[1], self.dimension),
            text=TEXT_DEPTH * count.layer(n, width) + count.mlp(width, self.dimension),
            pair=FUSION_DEPTH * fused + count.mlp(width, 2 * width, 2),
        )

    def parts(self, step: Step) -> list[nn.Module]:
        """Swin, the text half, or the fusion half."""
        return {
            "image": [self.vision, self.image_projection],
            "text": [self.text, self.text_projection],
            "pair": [self.fusion, self.match],
        }[step]

    def image_inputs(self, count: int) -> torch.Tensor:
        """Pixels (count, 3, 384, 384)."""
        return torch.randn(count, 3, SIDE, SIDE)

    def encode_images(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, 3, 384, 384) -> (n, 256), (n, 145, 1024): the patches, and their mean before them."""
        patches = self.vision(pixel_values=inputs).last_hidden_state
        tokens = torch.cat([patches.mean(1, keepdim=True), patches], 1)
        return normalize(self.image_projection(tokens[:, 0]), dim=1), tokens

    def encode_texts(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, 40) -> (n, 256), (n, 40, 768)."""
        states = self.text(input_ids=inputs).last_hidden_state
        return normalize(self.text_projection(states[:, 0]), dim=1), states

    def score(self, images: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
        """(a, 145, 1024), (b, 40, 768) -> (a, b), the logits of a match."""
        tokens, states = expand(images, texts)
        for layer in self.fusion:
            states = layer(states, tokens)
        return self.match(states[:, 0])[:, 1].view(len(images), len(texts))
