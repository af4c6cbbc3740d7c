"""UCCH and DADH at their sizes: perceptrons over features of whole images and whole texts.

After Hu et al. 2023, "Unsupervised Contrastive Cross-Modal Hashing" (IEEE TPAMI), and Bai et al.
2020, "Deep Adversarial Discrete Hashing for Cross-Modal Retrieval" (ICMR). Images come as 4096
values of VGG-19, texts as 300 values of doc2vec, found beforehand and not counted here.
"""

import torch
from torch import nn

from fico_lib.costs.architectures import arithmetic as count
from fico_lib.costs.architectures.model import Flops, PaperModel, Step

IMAGE_INPUTS, TEXT_INPUTS, BITS = 4096, 300, 64


class Perceptrons(PaperModel):
    """A perceptron for images and one for texts; a subclass names the widths of their layers."""

    group, dimension, bits, n_tokens = "CG", BITS, True, 0
    image_widths: tuple[int, ...]
    text_widths: tuple[int, ...]
    normed = False
    note = "the network behind the image features is not counted"

    def __init__(self):
        super().__init__()
        self.image, self.text = self._mlp(self.image_widths), self._mlp(self.text_widths)

    def _mlp(self, widths: tuple[int, ...]) -> nn.Sequential:
        layers = []
        for number in range(len(widths) - 1):
            layers.append(nn.Linear(*widths[number : number + 2]))
            if number + 2 < len(widths):
                layers += [nn.BatchNorm1d(widths[number + 1])] if self.normed else []
                layers.append(nn.ReLU())
        return nn.Sequential(*layers, nn.Tanh())

    def flops(self) -> Flops:
        """Of one perceptron per image, of the other per text."""
        return Flops(count.mlp(*self.image_widths), count.mlp(*self.text_widths))

    def parts(self, step: Step) -> list[nn.Module]:
        """The perceptron of images, or that of texts."""
        return [self.image if step == "image" else self.text]

    def image_inputs(self, count: int) -> torch.Tensor:
        """Features (count, 4096)."""
        return torch.randn(count, self.image_widths[0])

    def text_inputs(self, count: int) -> torch.Tensor:
        """Features (count, 300) float32."""
        return torch.randn(count, self.text_widths[0])

    def encode_images(self, inputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        """(n, 4096) -> relaxed codes (n, 64), None."""
        return self.image(inputs), None

    def encode_texts(self, inputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        """(n, 300) -> relaxed codes (n, 64), None."""
        return self.text(inputs), None


class UCCH(Perceptrons):
    """The model `ucch`."""

    title, reference = "UCCH", "Hu et al. 2023"
    image_widths, text_widths = (IMAGE_INPUTS, 8192, 8192, BITS), (TEXT_INPUTS, 8192, BITS)


class DADH(Perceptrons):
    """The model `dadh`."""

    title, reference, normed = "DADH", "Bai et al. 2020", True
    image_widths = (IMAGE_INPUTS, 8192, 4096, 2048, BITS)
    text_widths = (TEXT_INPUTS, 8192, 4096, 2048, BITS)
