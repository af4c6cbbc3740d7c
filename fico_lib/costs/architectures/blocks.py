"""A transformer layer of our own, for the models that transformers does not have."""

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention


class Attention(nn.Module):
    """Multi-head attention of x to y; y may have another width."""

    def __init__(self, width: int, heads: int, key_width: int | None = None):
        super().__init__()
        self.query, self.out = nn.Linear(width, width), nn.Linear(width, width)
        self.key, self.value = (nn.Linear(key_width or width, width) for _ in range(2))
        self.heads = heads

    def _split(self, x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """(b, t, width), (b, s, key_width) -> (b, t, width)."""
        q, k, v = self._split(self.query(x)), self._split(self.key(y)), self._split(self.value(y))
        return self.out(scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class Layer(nn.Module):
    """Self-attention, cross-attention where `key_width` is given, and a feed-forward layer."""

    def __init__(self, width: int, heads: int, key_width: int | None = None, ratio: int = 4):
        super().__init__()
        self.attention, self.norm = Attention(width, heads), nn.LayerNorm(width)
        self.cross = Attention(width, heads, key_width) if key_width else None
        self.cross_norm = nn.LayerNorm(width) if key_width else None
        self.feed_forward = nn.Sequential(
            nn.Linear(width, ratio * width), nn.GELU(), nn.Linear(ratio * width, width)
        )
        self.last_norm = nn.LayerNorm(width)

    def forward(self, x: torch.Tensor, y: torch.Tensor | None = None) -> torch.Tensor:
        """(b, t, width), and (b, s, key_width) to attend to -> (b, t, width)."""
        x = self.norm(x + self.attention(x, x))
        if self.cross is not None:
            x = self.cross_norm(x + self.cross(x, y))
        return self.last_norm(x + self.feed_forward(x))
