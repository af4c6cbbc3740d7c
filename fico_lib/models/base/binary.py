"""What models of binary codes share: the sign, packing, and their recall on the validation split.

Their networks give relaxed codes, real numbers of any size, of which only the signs are kept.
"""

import numpy as np
import torch

from fico_lib.encodings import Codes
from fico_lib.models.base.selection import recall_sum

TIE_BREAK = 0.4  # inner products of codes of -1 and 1 differ by 2 or more, so these never overtake


def sign(values: torch.Tensor) -> torch.Tensor:
    """-1 or 1; 0 counts as 1."""
    return torch.where(values >= 0, 1.0, -1.0)


def pack_signs(images: np.ndarray, texts: np.ndarray, **about) -> Codes:
    """Codes of one bit per dimension: set where the relaxed code is not negative.

    images: (n_images, bits), texts: (n_captions, bits); about: the other fields of `Codes`.
    """
    bits = images.shape[1]
    return Codes(np.packbits(images >= 0, 1), np.packbits(texts >= 0, 1), bits, **about)


def code_recall_sum(
    images: torch.Tensor, texts: torch.Tensor, image_of_caption: np.ndarray
) -> float:
    """`recall_sum` of the signs of relaxed codes, compared by Hamming distance; 6 at best.

    images: (n_images, bits), texts: (n_captions, bits). Short codes often tie, and a code that is
    the same for everything ties with all: each candidate has a fixed random place among its equals,
    so that such a code is as good as chance and not perfect.
    """
    generator = torch.Generator().manual_seed(0)
    # Two more dimensions, so that the inner product of each pair gains its two places.
    places = [
        torch.rand(len(codes), 1, generator=generator).to(codes.device) * TIE_BREAK
        for codes in (images, texts)
    ]
    one = [torch.ones_like(place) for place in places]
    return recall_sum(
        torch.cat([sign(images), places[0], one[0]], 1),
        torch.cat([sign(texts), one[1], places[1]], 1),
        torch.from_numpy(np.array(image_of_caption)).to(images.device),
    )
