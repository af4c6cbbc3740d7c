"""What the models at the paper's sizes share: their facts, and weights that exist only if asked.

A model is built without weights (on torch's meta device), so that counting costs no memory, and
`materialise` gives the parts that a measurement needs weights of the device and dtype it names.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import ClassVar, Literal

import torch
from torch import nn

Kept = tuple[int, int]  # how many vectors of which width
EncodingStep = Literal["image", "text"]
Step = Literal[EncodingStep, "pair"]
STEPS: tuple[Step, ...] = ("image", "text", "pair")
NOISE = 1 << 20  # so many random numbers are drawn, and repeated over the weights
SCALE = 0.02
WORDS = 14  # of a caption, on average, where a model reads words one by one


@dataclass(frozen=True)
class Flops:
    """Floating-point operations per image, per text and per pair; None where there is no such step.

    image and text are what can be done before a query arrives, pair is what cannot.
    """

    image: int | None
    text: int | None
    pair: int | None = None


@dataclass(frozen=True)
class Stage:
    """A part of a step that is timed by itself, since another model has the same part.

    name: what it is; stages of one name are the same computation at the same sizes; modules: what
    it runs through; inputs: of a number of items, (count, ...); run: from these inputs to what the
    next stage takes, or to what the step returns.
    """

    name: str
    modules: list[nn.Module]
    inputs: Callable[[int], torch.Tensor]
    run: Callable[[torch.Tensor], object]


class PaperModel(nn.Module):
    """A model of the paper's Table 1 at its size. The class attributes are its facts.

    title, group (the paper's); attention: what is computed per pair at query time, of all pairs
    or of the best k (rerank), or nothing; dimension: of an embedding, None where the model has
    none; bits: whether it counts bits; image_vectors: how many embeddings an image has;
    image_kept, text_kept: what attention needs at query time; text_mask: whether a mask (int64
    per token) is kept beside it; n_tokens: length of a text when it is encoded, 0
    where texts come as vectors; note: what to know.
    """

    title: ClassVar[str]
    group: ClassVar[str]
    attention: ClassVar[Literal["none", "rerank", "all pairs"]] = "none"
    dimension: ClassVar[int | None]
    bits: ClassVar[bool] = False
    image_vectors: ClassVar[int] = 1
    image_kept: ClassVar[Kept | None] = None
    text_kept: ClassVar[Kept | None] = None
    text_mask: ClassVar[bool] = False
    n_tokens: ClassVar[int] = WORDS
    reference: ClassVar[str]
    note: ClassVar[str] = ""

    def flops(self) -> Flops:
        """The model's floating-point operations, by formula."""
        raise NotImplementedError

    def parts(self, step: Step) -> list[nn.Module]:
        """The modules that a step runs through."""
        raise NotImplementedError

    def stages(self, step: EncodingStep) -> list[Stage]:
        """The encoding step in parts; one part unless other models share some of it."""
        inputs, run = {
            "image": (self.image_inputs, self.encode_images),
            "text": (self.text_inputs, self.encode_texts),
        }[step]
        return [Stage(f"{self.title}, {step}", self.parts(step), inputs, run)]

    def image_inputs(self, count: int) -> torch.Tensor:
        """Random input of the image side, (count, ...) float32."""
        raise NotImplementedError

    def text_inputs(self, count: int) -> torch.Tensor:
        """Random input of the text side: (count, n_tokens) int64 unless a subclass says else."""
        return torch.randint(1, 1000, (count, self.n_tokens))

    def encode_images(self, inputs: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Embeddings (n, image_vectors * dimension), and what is kept (n, *image_kept) or None."""
        raise NotImplementedError

    def encode_texts(self, inputs: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Embeddings (n, dimension), and what is kept (n, *text_kept) or None."""
        raise NotImplementedError

    def score(self, images: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
        """Scores (a, b) of all pairs of what is kept of a images and of b texts."""
        raise NotImplementedError

    def parameters_count(self) -> int:
        """How many weights the model has."""
        return sum(parameter.numel() for parameter in self.parameters())


def expand(images: torch.Tensor, texts: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Every image beside every text: (a, ...), (b, ...) -> (a * b, ...), (a * b, ...)."""
    a, b = len(images), len(texts)
    return (
        images[:, None].expand(-1, b, *images.shape[1:]).flatten(0, 1),
        texts[None].expand(a, *texts.shape).flatten(0, 1),
    )


@contextmanager
def without_weights() -> Iterator[None]:
    """Modules built inside have weights on the meta device, without gradients.

    Buffers (tables of positions) stay real, since nothing could restore what they hold.
    """
    register = nn.Module.register_parameter

    def on_meta(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        if parameter is not None:
            parameter = nn.Parameter(parameter.to("meta"), requires_grad=False)
        register(module, name, parameter)

    nn.Module.register_parameter = on_meta
    try:
        yield
    finally:
        nn.Module.register_parameter = register


def materialise(modules: list[nn.Module], device: torch.device, dtype: torch.dtype) -> None:
    """Give `modules` random weights of `dtype` on `device`, in place; what has some keeps them."""
    noise = SCALE * torch.randn(NOISE, generator=torch.Generator().manual_seed(0))
    noise = noise.to(device, dtype)
    for module in (module for top in modules for module in top.modules()):
        for name, weight in list(module._parameters.items()):
            if weight is not None and weight.is_meta:
                setattr(module, name, nn.Parameter(_filled(noise, weight.shape), False))
        for name, values in list(module._buffers.items()):
            kind = dtype if values is not None and values.is_floating_point() else None
            module._buffers[name] = values if values is None else values.to(device, kind)
        module.eval()


def _filled(noise: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    values = torch.empty(shape, dtype=noise.dtype, device=noise.device)
    flat = values.view(-1)
    whole = len(flat) // len(noise) * len(noise)
    flat[:whole].view(-1, len(noise))[:] = noise
    flat[whole:] = noise[: len(flat) - whole]
    return values


def transformers():
    """The transformers library, without what its progress bars say on import in a notebook."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module("transformers")


def build(kind: Callable[[], PaperModel]) -> PaperModel:
    """The model without weights: instant, and of no size."""
    with without_weights():
        return kind().eval().requires_grad_(False)
