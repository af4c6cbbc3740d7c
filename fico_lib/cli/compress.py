"""`--compress` of `fico evaluate`: a researcher's embeddings in fewer bytes."""

from dataclasses import replace

from fico_lib.encodings import Embeddings, Encodings
from fico_lib.search.compress import Compressed, Compression, compress

HELP = (
    "Evaluate them as int8, rabitq4, sign-mean:pca64+float32x4, ...: stored so, with fewer "
    "dimensions and rescored if you like."
)


def compressed(given: Encodings, setting: Compression, measure: str | None) -> Compressed:
    """The embeddings under a setting; measure: replaces theirs. InputError for codes and scores."""
    if measure is not None and isinstance(given, Embeddings):
        given = replace(given, measure=measure)
    return compress(given, setting)


def sizes(setting: Compression, dimensions: int) -> str:
    """What of an item every query reads, and what is kept of it, in a line.

    >>> sizes(Compression.parse("sign-mean+int8x4"), 256)
    'bytes of an item: 32 searched, 288 kept; 1024 as float32'
    """
    searched, kept = setting.searched_bytes(dimensions), setting.kept_bytes(dimensions)
    return f"bytes of an item: {searched} searched, {kept} kept; {4 * dimensions} as float32"
