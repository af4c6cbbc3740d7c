"""What a model hands over: embeddings, codes or scores, checked, saved and loaded."""

from fico_lib.encodings.checks import caption_map, captions_per_image, pack_bits, unrepeated
from fico_lib.encodings.kinds import MEASURES, Codes, Embeddings, Encodings, Scores, load

__all__ = [
    "MEASURES",
    "Codes",
    "Embeddings",
    "Encodings",
    "Scores",
    "caption_map",
    "captions_per_image",
    "load",
    "pack_bits",
    "unrepeated",
]
