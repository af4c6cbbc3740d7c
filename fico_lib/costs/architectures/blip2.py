"""BLIP-2 for retrieval at its size: ViT-g at 364 pixels, and a Q-Former of 32 queries.

After Li et al. 2023, "BLIP-2: Bootstrapping Language-Image Pre-training with Frozen Image Encoders
and Large Language Models" (ICML), as fine-tuned for retrieval on MS-COCO; the classes are those of
transformers. An image's embedding is 32 vectors of 256 dimensions, the similarity the largest of
their inner products with a text's one. The best k of a query are scored again: the Q-Former reads
queries and text together and looks at the image's 677 tokens.
"""

import torch
from torch import nn
from torch.nn.functional import normalize

from fico_lib.costs.architectures import arithmetic as count
from fico_lib.costs.architectures.model import Flops, PaperModel, Step, expand, transformers

SIDE, PATCH, WIDTH, HIDDEN, DEPTH = 364, 14, 1408, 6144, 39
QUERIES, TEXT_WIDTH, TEXT_DEPTH, EVERY = 32, 768, 12, 2  # cross-attention in every second layer


class BLIP2(PaperModel):
    """The model `blip2`."""

    title, group, attention = "BLIP-2", "VLP FG", "rerank"
    dimension, image_vectors = 256, QUERIES
    image_kept, text_kept, n_tokens = (677, WIDTH), (40, TEXT_WIDTH), 40
    reference = "Li et al. 2023"
    note = "an image has 32 vectors; the paper's storage counts one"

    def __init__(self, depth: int = DEPTH, text_depth: int = TEXT_DEPTH):
        super().__init__()
        config = transformers().Blip2Config(
            vision_config={
                **{"image_size": SIDE, "patch_size": PATCH, "hidden_size": WIDTH},
                **{"num_hidden_layers": depth, "num_attention_heads": 16},
                "intermediate_size": HIDDEN,
            },
            qformer_config={
                **{"vocab_size": 30523, "hidden_size": TEXT_WIDTH, "num_attention_heads": 12},
                **{"num_hidden_layers": text_depth, "intermediate_size": 4 * TEXT_WIDTH},
                **{"cross_attention_frequency": EVERY, "encoder_hidden_size": WIDTH},
                "use_qformer_text_input": True,
            },
            num_query_tokens=QUERIES,
            image_text_hidden_size=self.dimension,
        )
        self.depth, self.text_depth = depth, text_depth
        self.network = transformers().Blip2ForImageTextRetrieval(config)

    def _former(self, queries: int, tokens: int) -> int:
        """A run of the Q-Former: all see each other, the queries see the image."""
        both = queries + tokens
        crossing = -(-self.text_depth // EVERY) if queries else 0
        cross = count.cross_attention(queries, TEXT_WIDTH, *self.image_kept)
        return self.text_depth * count.layer(both, TEXT_WIDTH) + crossing * cross

    def flops(self) -> Flops:
        """Of ViT and Q-Former per image, of the Q-Former alone per text and per pair."""
        tokens = self.image_kept[0]
        vision = count.patches((SIDE, SIDE), PATCH, WIDTH)
        vision += self.depth * count.layer(tokens, WIDTH, HIDDEN)
        projected = count.linear(QUERIES, TEXT_WIDTH, self.dimension)
        return Flops(
            image=vision + self._former(QUERIES, 0) + projected,
            text=self._former(0, self.n_tokens) + count.linear(1, TEXT_WIDTH, self.dimension),
            pair=self._former(QUERIES, self.n_tokens) + count.linear(QUERIES, TEXT_WIDTH, 2),
        )

    def parts(self, step: Step) -> list[nn.Module]:
        """All but the ViT where no image is encoded."""
        parts = [part for name, part in self.network.named_children() if name != "vision_model"]
        return [self.network.vision_model, *parts] if step == "image" else parts

    def image_inputs(self, count: int) -> torch.Tensor:
        """Pixels (count, 3, 364, 364)."""
        return torch.randn(count, 3, SIDE, SIDE)

    def _queries(self, like: torch.Tensor) -> torch.Tensor:
        """The learned queries; the one weight that belongs to no module of its own."""
        return torch.full((len(like), QUERIES, TEXT_WIDTH), 0.02, dtype=like.dtype).to(like.device)

    def encode_images(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, 3, 364, 364) -> (n, 32 * 256), (n, 677, 1408)."""
        tokens = self.network.vision_model(pixel_values=inputs).last_hidden_state
        seen = self.network.qformer(
            query_embeds=self._queries(tokens), encoder_hidden_states=tokens
        ).last_hidden_state
        return normalize(self.network.vision_projection(seen), dim=2).flatten(1), tokens

    def encode_texts(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, 40) -> (n, 256), (n, 40, 768)."""
        words = self.network.embeddings(input_ids=inputs)
        states = self.network.qformer(query_embeds=words, query_length=0).last_hidden_state
        return normalize(self.network.text_projection(states[:, 0]), dim=1), words

    def score(self, images: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
        """(a, 677, 1408), (b, 40, 768) -> (a, b), the logits of a match, a mean over queries."""
        tokens, words = expand(images, texts)
        states = self.network.qformer(
            query_embeds=torch.cat([self._queries(words), words], 1),
            query_length=QUERIES,
            encoder_hidden_states=tokens,
        ).last_hidden_state
        match = self.network.itm_head(states[:, :QUERIES]).mean(1)[:, 1]
        return match.view(len(images), len(texts))
