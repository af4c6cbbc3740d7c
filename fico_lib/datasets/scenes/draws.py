"""Random numbers that are a function of (seed, stream, image index, name): no state, no order.

Image i of a split is therefore the same whatever the size asked for, blocks may be made in any
order, and adding a new draw changes no other. The mixing function is the finaliser of SplitMix64
(Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), which is a
bijection of 64-bit integers.
"""

import hashlib

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
SERIAL_BITS = 48
STREAM_BITS = 4


def mix(x: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser of a uint64 array (overwritten)."""
    x ^= x >> np.uint64(30)
    x *= _FIRST
    x ^= x >> np.uint64(27)
    x *= _SECOND
    x ^= x >> np.uint64(31)
    return x


def name_key(*parts: object) -> np.uint64:
    """A 64-bit key of what a draw is for."""
    text = "/".join(map(str, parts)).encode()
    return np.uint64(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little"))


def serials(seed: int, stream: int, index: np.ndarray) -> np.ndarray:
    """The serial numbers of images: unique by construction, scattered over 48 bits.

    stream: which split (0-15); index: (n,) image indices below 2**44. Every step (adding a key,
    xor with a right shift, multiplying by an odd number, all modulo 2**48) is invertible, so two
    images of one seed never have the same serial number. Returns (n,) uint64.
    """
    if not 0 <= stream < 2**STREAM_BITS:
        raise ValueError(f"stream {stream}: expected 0 to {2**STREAM_BITS - 1}")
    mask = np.uint64(2**SERIAL_BITS - 1)
    x = np.asarray(index).astype(np.uint64)
    x |= np.uint64(stream) << np.uint64(SERIAL_BITS - STREAM_BITS)
    for turn in range(3):
        x = (x + name_key(seed, "serial", turn)) & mask
        x ^= x >> np.uint64(25)
        x = (x * _FIRST) & mask
        x ^= x >> np.uint64(23)
    return x


class Draws:
    """The random numbers of the images `index` (n,) of one stream.

    Each method takes a name and the shape that one image needs; two calls with the same name give
    the same numbers.
    """

    def __init__(self, seed: int, stream: int, index: np.ndarray):
        index = np.asarray(index).astype(np.uint64)
        self._rows = mix(index * GOLDEN + name_key(seed, stream, "rows"))

    def bits(self, name: str, *shape: int) -> np.ndarray:
        """Uniform 64-bit integers, uint64 (n, *shape)."""
        counter = np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint64) * GOLDEN
        rows = mix(self._rows ^ name_key(name))
        return mix(rows[:, None] + counter).reshape(-1, *shape)

    def uniform(self, name: str, *shape: int) -> np.ndarray:
        """Uniform numbers in [0, 1), float64 (n, *shape)."""
        return (self.bits(name, *shape) >> np.uint64(11)) * 2.0**-53

    def below(self, name: str, high: int, *shape: int) -> np.ndarray:
        """Uniform integers 0 ... high - 1, int64 (n, *shape)."""
        return (self.uniform(name, *shape) * high).astype(np.int64)

    def noise(self, name: str, *shape: int) -> np.ndarray:
        """Noise of nearly normal shape: the sum of four uniform bytes, less its mean.

        int16 (n, *shape), within ±510, standard deviation `NOISE_SD`. Whole numbers, so that the
        same seed gives the same image on every machine.
        """
        size = int(np.prod(shape))
        raw = self.bits(name, -(-size // 2)).view(np.uint8)
        four = raw.reshape(len(raw), 4, -1)[:, :, :size]
        total = four[:, 0].astype(np.int16)
        for part in (1, 2, 3):
            total += four[:, part]
        total -= 510
        return total.reshape(-1, *shape)


NOISE_SD = float(np.sqrt(4 * (256**2 - 1) / 12))
