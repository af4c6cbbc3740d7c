"""Costs by arithmetic: weights, floating-point operations, bytes of what is stored. Exact, instant.

A model's facts are those of FiCo-ITR's Table 1 and of `fico_lib.costs.architectures`.
"""

from dataclasses import dataclass

from fico_lib.costs.architectures import paper_model
from fico_lib.costs.architectures.model import Flops, Kept, PaperModel, build
from fico_lib.runtime.errors import unknown_name

GIB = 2**30
FLOAT_BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}
BIT_LAYOUTS = ("byte per bit", "packed bits")  # one byte for each bit, or eight bits in a byte
LAYOUTS = ("float64", "float32", "float16", *BIT_LAYOUTS)
MASK_BYTES = 8  # masks are int64


@dataclass(frozen=True)
class Analytic:
    """The facts of a model that follow from its architecture; fields as in `PaperModel`.

    parameters: how many weights; flops: per image, text and pair.
    """

    name: str
    title: str
    group: str
    attention: str
    parameters: int
    flops: Flops
    dimension: int | None
    bits: bool = False
    image_vectors: int = 1
    image_kept: Kept | None = None
    text_kept: Kept | None = None
    text_mask: bool = False
    n_tokens: int = 0
    note: str = ""


def facts(name: str, model: PaperModel) -> Analytic:
    """The facts of a built model, with or without weights."""
    shared = ("title", "group", "attention", "dimension", "bits", "image_vectors", "image_kept")
    shared += ("text_kept", "text_mask", "n_tokens", "note")
    shared_facts = {field: getattr(model, field) for field in shared}
    return Analytic(name, parameters=model.parameters_count(), flops=model.flops(), **shared_facts)


def analytic_of(name: str, model: PaperModel | None = None) -> tuple[PaperModel, Analytic]:
    """A model and its facts: `model`, or the paper's model of that name, without weights."""
    model = build(paper_model(name)) if model is None else model
    return model, facts(name, model)


def layouts(model: Analytic) -> tuple[str, ...]:
    """The layouts in which the model's embeddings can be stored: bits need a model that has some.

    None where the model has no embeddings.
    """
    if model.dimension is None:
        return ()
    return LAYOUTS if model.bits else tuple(x for x in LAYOUTS if x not in BIT_LAYOUTS)


def vector_bytes(dimension: int, layout: str) -> int:
    """Bytes of one embedding.

    >>> vector_bytes(64, "byte per bit"), vector_bytes(64, "packed bits")
    (64, 8)
    """
    if layout in BIT_LAYOUTS:
        return dimension if layout == "byte per bit" else -(-dimension // 8)
    if layout not in FLOAT_BYTES:
        raise unknown_name("layout", layout, [*FLOAT_BYTES, *BIT_LAYOUTS])
    return dimension * FLOAT_BYTES[layout]


def embedding_bytes(
    model: Analytic, images: int, texts: int, layout: str, image_vectors: int | None = None
) -> int:
    """Bytes of the embeddings of a gallery, headers of files left out; 0 where there are none.

    image_vectors: of an image, those of the model unless given (the paper counts one).
    """
    if model.dimension is None:
        return 0
    vectors = images * (image_vectors or model.image_vectors) + texts
    return vectors * vector_bytes(model.dimension, layout)


def feature_bytes(
    model: Analytic, images: int, texts: int, dtype: str = "float32", mask: bool | None = None
) -> int:
    """Bytes that attention needs at query time: tokens of images, tokens of texts, and masks.

    mask: whether texts have one, as the model has it unless given. 0 where nothing is kept.
    """
    total = 0
    for count, kept in ((images, model.image_kept), (texts, model.text_kept)):
        if kept:
            total += count * kept[0] * kept[1] * FLOAT_BYTES[dtype]
    if model.text_kept and (model.text_mask if mask is None else mask):
        total += texts * model.text_kept[0] * MASK_BYTES
    return total


def weight_bytes(model: Analytic, dtype: str) -> int:
    """Bytes of the weights."""
    return model.parameters * FLOAT_BYTES[dtype]


def needed_bytes(model: Analytic, images: int, texts: int, dtype: str) -> int:
    """Bytes of a run that holds all of its output: weights, embeddings, and what attention needs.

    What the layers need in between comes on top, and depends on the batch.
    """
    kept = feature_bytes(model, images, texts, dtype)
    return weight_bytes(model, dtype) + kept + embedding_bytes(model, images, texts, dtype)


def encoding_flops(model: Analytic, images: int, texts: int) -> int:
    """Floating-point operations of encoding a gallery."""
    return images * (model.flops.image or 0) + texts * (model.flops.text or 0)


def scored_pairs(attention: str, images: int, texts: int, k: int) -> int:
    """Pairs that are scored when every image asks for texts and every text for images.

    All pairs once where one score serves both directions; the k best of each query in reranking.

    >>> scored_pairs("all pairs", 1000, 5000, 128), scored_pairs("rerank", 1000, 5000, 128)
    (5000000, 768000)
    """
    if attention == "none":
        return 0
    if attention == "all pairs":
        return images * texts
    return images * min(k, texts) + texts * min(k, images)
