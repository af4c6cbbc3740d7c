"""Hamming distance of bit-packed codes, by XOR and population count of 64-bit words."""

import numpy as np

from fico_lib.encodings import pack_bits


def words(packed: np.ndarray) -> np.ndarray:
    """Packed codes (n, bytes) uint8 as 64-bit words (words, n), one row per word."""
    n, width = packed.shape
    padded = np.zeros((n, -(-width // 8) * 8), np.uint8)
    padded[:, :width] = packed
    return np.ascontiguousarray(padded.view(np.uint64).T)


def distances(x: np.ndarray, y: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Differing bits (n, m) of codes given as `words`: uint8 below 256 bits, else int32."""
    if len(x) < 4:
        total = np.bitwise_count(x[0][:, None] ^ y[0])
        for a, b in zip(x[1:], y[1:], strict=True):
            total += np.bitwise_count(a[:, None] ^ b)  # at most 192 bits: fits
        return total
    total = np.zeros((x.shape[1], y.shape[1]), np.int32)
    for a, b in zip(x, y, strict=True):
        total += np.bitwise_count(a[:, None] ^ b)
    return total


def hamming(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Minus the share of differing bits, in [-1, 0]; binary (n, bits), (m, bits) to (n, m)."""
    (x, bits), (y, _) = pack_bits(x, None, "x"), pack_bits(y, None, "y")
    return distances(words(x), words(y)) / -bits


def signs(packed: np.ndarray, bits: int) -> np.ndarray:
    """Packed codes (n, bytes) as ±1 (n, bits) float32, whose products count agreeing bits."""
    return np.unpackbits(packed, axis=1, count=bits).astype(np.float32) * 2 - 1
