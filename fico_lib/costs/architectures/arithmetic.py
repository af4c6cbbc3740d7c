"""Floating-point operations of layers: two per multiplication and addition, as torch counts them.

Only matrix products and convolutions count; norms, activations and softmax are left out, as in
`torch.utils.flop_counter`. Everything is per item, so a batch of n costs n times as much.
"""

from itertools import pairwise

WINDOW, RATIO = 12, 4  # of Swin; the width of a feed-forward layer over that of its input


def linear(tokens: int, inputs: int, outputs: int) -> int:
    """A linear layer, or a convolution whose patches are `tokens` of `inputs` values.

    >>> linear(1, 2, 3)
    12
    """
    return 2 * tokens * inputs * outputs


def products(queries: int, keys: int, width: int) -> int:
    """Attention itself: queries by keys, and weights by values; width: of all heads together."""
    return 4 * queries * keys * width


def self_attention(tokens: int, width: int) -> int:
    """Four projections and the attention of `tokens` to each other."""
    return 4 * linear(tokens, width, width) + products(tokens, tokens, width)


def cross_attention(queries: int, width: int, keys: int, key_width: int) -> int:
    """`queries` of `width` attend to `keys` of `key_width`, projections included."""
    projections = 2 * linear(queries, width, width) + 2 * linear(keys, key_width, width)
    return projections + products(queries, keys, width)


def feed_forward(tokens: int, width: int, hidden: int | None = None) -> int:
    """Two linear layers, `hidden` (four times `width` unless given) in between."""
    return 2 * linear(tokens, width, hidden or RATIO * width)


def layer(tokens: int, width: int, hidden: int | None = None) -> int:
    """A transformer layer: self-attention and feed-forward."""
    return self_attention(tokens, width) + feed_forward(tokens, width, hidden)


def patches(image: tuple[int, int], patch: int, width: int) -> int:
    """The first convolution of a vision transformer, for RGB images of (height, width) pixels."""
    count = (image[0] // patch) * (image[1] // patch)
    return linear(count, 3 * patch * patch, width)


def gru(steps: int, inputs: int, hidden: int, directions: int = 1) -> int:
    """A gated recurrent unit: three gates of the input and of the state at each step."""
    return directions * linear(steps, inputs + hidden, 3 * hidden)


def mlp(*widths: int) -> int:
    """Linear layers in a row.

    >>> mlp(2, 3, 4)
    36
    """
    return sum(linear(1, a, b) for a, b in pairwise(widths))


def swin(side: int, width: int, depths: tuple[int, ...], window: int = WINDOW, patch: int = 4):
    """A Swin transformer on square images of `side` pixels: its stages and what merges patches."""
    tokens = (side // patch) ** 2
    total = linear(tokens, 3 * patch * patch, width)
    for number, depth in enumerate(depths):
        projections = 4 * linear(tokens, width, width)
        block = projections + products(tokens, window * window, width) + feed_forward(tokens, width)
        total += depth * block
        if number + 1 < len(depths):
            tokens, width = tokens // 4, 2 * width
            total += linear(tokens, 2 * width, width)  # four neighbours of half the width
    return total
