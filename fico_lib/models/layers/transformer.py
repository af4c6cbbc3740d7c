"""The transformer parts that the VLP models share: tokens, attention, blocks.

Pre-norm blocks (Xiong et al. 2020, "On Layer Normalization in the Transformer Architecture"),
multi-head attention as in Vaswani et al. 2017, "Attention Is All You Need", Section 3.2.
"""

import math
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from fico_lib.features.text import PADDING
from fico_lib.models.layers.padding import inside
from fico_lib.models.layers.regions import described

EXPANSION = 2  # hidden units of a feed-forward layer per unit of width
GROUP = 32  # texts padded to the longest of them
FIRST_SPREAD = 0.1  # standard deviation of word, position and [CLS] embeddings at first


def embedding(count: int, width: int, **rest) -> nn.Embedding:
    """A table of `count` vectors, small at first, so that training soon outweighs the draw."""
    table = nn.Embedding(count, width, **rest)
    with torch.no_grad():
        table.weight.mul_(FIRST_SPREAD)
    return table


def feed_forward(width: int, expansion: int = EXPANSION) -> nn.Sequential:
    """Norm, then two layers with a GELU between them."""
    return nn.Sequential(
        nn.LayerNorm(width),
        nn.Linear(width, expansion * width),
        nn.GELU(),
        nn.Linear(expansion * width, width),
    )


class Attention(nn.Module):
    """Multi-head attention: softmax(q k^T / sqrt(width / heads)) v, heads side by side."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def split(self, vectors: torch.Tensor) -> torch.Tensor:
        """(b, t, width) -> (b, heads, t, width / heads)."""
        return vectors.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def mix(self, query, key, value, mask: torch.Tensor | None = None) -> torch.Tensor:
        """What queries (b, t, width) read, given keys and values (b, s, width); (b, t, width).

        mask: (b, s) bool, True at what can be read, at least one in each row.
        """
        query, key, value = self.split(query), self.split(key), self.split(value)
        logits = query @ key.transpose(2, 3) / math.sqrt(query.shape[3])
        if mask is not None:
            logits = logits.masked_fill(~mask[:, None, None], -torch.inf)
        return self.out((logits.softmax(3) @ value).transpose(1, 2).flatten(2))

    def read_once(self, token, source, mask: torch.Tensor | None = None) -> torch.Tensor:
        """`forward` for one token each, (b, width), without keys and values of the source.

        A query q reads softmax(q (W x + c)^T) V = (softmax((q W) x^T) x) V: the bias c adds the
        same to every logit, and the weights sum to 1. Far cheaper where s is above `heads`.
        """
        query = self.query(token).unflatten(1, (self.heads, -1)) / math.sqrt(
            token.shape[1] // self.heads
        )
        key, value = (w.unflatten(0, (self.heads, -1)) for w in self.key_value.weight.chunk(2))
        logits = torch.einsum("bhd,hdw->bhw", query, key) @ source.transpose(1, 2)
        if mask is not None:
            logits = logits.masked_fill(~mask[:, None], -torch.inf)
        read = torch.einsum("bhw,hdw->bhd", logits.softmax(2) @ source, value).flatten(1)
        return self.out(read + self.key_value.bias.chunk(2)[1])

    def forward(self, tokens, source, mask: torch.Tensor | None = None) -> torch.Tensor:
        """What tokens (b, t, width) read from source (b, s, width); mask as in `mix`."""
        return self.mix(self.query(tokens), *self.key_value(source).chunk(2, 2), mask)


class Block(nn.Module):
    """Self-attention, cross-attention if asked for, feed-forward; each added to its input."""

    def __init__(self, width: int, heads: int, cross: bool = False, expansion: int = EXPANSION):
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(width), Attention(width, heads)
        self.cross_norm = nn.LayerNorm(width) if cross else None
        self.cross = Attention(width, heads) if cross else None
        self.feed_forward = feed_forward(width, expansion)

    def forward(self, tokens, mask=None, source: torch.Tensor | None = None) -> torch.Tensor:
        """tokens (b, t, width), mask (b, t) bool, source (b, s, width) read in cross-attention."""
        normed = self.norm(tokens)
        return self.rest(tokens + self.attention(normed, normed, mask), source)

    def first(self, tokens, mask=None, source: torch.Tensor | None = None) -> torch.Tensor:
        """The first token of `forward` alone, (b, 1, width), for much less work."""
        normed = self.norm(tokens)
        first = tokens[:, 0] + self.attention.read_once(normed[:, 0], normed, mask)
        return self.rest(first[:, None], source)

    def rest(self, tokens, source: torch.Tensor | None = None) -> torch.Tensor:
        """What follows self-attention: cross-attention, if there is a source, and feed-forward."""
        if self.cross is not None:
            tokens = tokens + self.cross(self.cross_norm(tokens), source)
        return tokens + self.feed_forward(tokens)


class ImageTokens(nn.Module):
    """One token per region from its feature, and box where there is one, after a [CLS] token."""

    def __init__(self, inputs: int, width: int, dropout: float):
        """inputs: `region_size`."""
        super().__init__()
        self.layers = nn.Sequential(nn.Dropout(dropout), nn.Linear(inputs, width))
        self.first = nn.Parameter(FIRST_SPREAD * torch.randn(width))

    def forward(self, regions: torch.Tensor, boxes: torch.Tensor | None) -> torch.Tensor:
        """regions (b, r, d), boxes (b, r, 4) or None -> (b, 1 + r, width)."""
        tokens = self.layers(described(regions, boxes))
        return torch.cat([self.first.expand(len(tokens), 1, -1), tokens], 1)


class TextTokens(nn.Module):
    """One token per word, by the word and its place, after a [CLS] token.

    The places beyond `longest`, the longest text of the train split, share the last place's vector.
    """

    def __init__(self, vocabulary_size: int, longest: int, width: int, dropout: float):
        super().__init__()
        self.words = embedding(vocabulary_size, width, padding_idx=PADDING)
        self.places = embedding(longest, width)
        self.first = nn.Parameter(FIRST_SPREAD * torch.randn(width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """tokens (b, l) int64 -> (b, 1 + l, width)."""
        place = torch.arange(tokens.shape[1], device=tokens.device)
        place = place.clamp(max=self.places.num_embeddings - 1)
        vectors = self.dropout(self.words(tokens) + self.places(place))
        return torch.cat([self.first.expand(len(tokens), 1, -1), vectors], 1)


def by_length(lengths: torch.Tensor, size: int = GROUP) -> tuple[torch.Tensor, ...]:
    """Rows (b,) in groups of `size` of similar length: padded together, they waste little."""
    return lengths.argsort(stable=True).split(size)


def grouped(network: Callable, vectors: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """network(vectors, mask) applied to groups of similar length; (b, t, width), 0 beyond lengths.

    vectors: (b, t, d), padded; lengths: (b,).
    """
    groups, parts = by_length(lengths), []
    for rows in groups:
        short = vectors[rows, : int(lengths[rows].max())]
        found = network(short, inside(short.shape[1], lengths[rows]))
        parts.append(functional.pad(found, (0, 0, 0, vectors.shape[1] - found.shape[1])))
    return torch.cat(parts)[torch.cat(groups).argsort()]


def summary(tokens: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
    """The [CLS] token beside the mean of the others: (b, t, width) -> (b, 2 * width).

    lengths: (b,) how many tokens count, [CLS] included, at least 2; None: all.
    """
    if lengths is None:
        return torch.cat([tokens[:, 0], tokens[:, 1:].mean(1)], 1)
    words = inside(tokens.shape[1], lengths)[:, 1:, None]
    return torch.cat([tokens[:, 0], (tokens[:, 1:] * words).sum(1) / words.sum(1)], 1)
