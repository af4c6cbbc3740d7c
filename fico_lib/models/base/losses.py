"""Training objectives of a batch of b matching image-text pairs."""

from collections.abc import Callable

import torch
from torch.nn import functional

MARGIN = 0.2  # of the hinge, as in VSE++, SCAN, VSRN and IMRAM


def info_nce(similarity: torch.Tensor) -> torch.Tensor:
    """Symmetric InfoNCE: each image must find its text among the batch's, and the reverse.

    similarity: (b, b), rows images, columns texts, matching pairs on the diagonal, already
    divided by the temperature. Returns the mean cross-entropy of both directions, in nats; log b
    when all similarities are equal. Source: van den Oord et al. 2018, "Representation Learning
    with Contrastive Predictive Coding", Eq. 4; symmetric as in Radford et al. 2021 (CLIP).
    """
    match = torch.arange(len(similarity), device=similarity.device)
    i2t = functional.cross_entropy(similarity, match)
    t2i = functional.cross_entropy(similarity.T, match)
    return (i2t + t2i) / 2


def hinge(similarity: torch.Tensor) -> torch.Tensor:
    """The hinge on the hardest negative, in both directions; a scalar, a mean over pairs.

    similarity: (b, b) cosines, matching pairs on the diagonal.

        1/b  sum over i of  [0.2 + max_j S_ij - S_ii]_+ + [0.2 + max_j S_ji - S_ii]_+,   j != i

    Source: Faghri et al. 2018, "VSE++", Eq. 6, who sum; AdamW does not see the factor.
    """
    own = similarity.diagonal()
    eye = torch.eye(len(own), dtype=torch.bool, device=own.device)
    others = similarity.masked_fill(eye, -torch.inf)
    return sum((MARGIN + others.amax(k) - own).clamp(min=0).mean() for k in (0, 1))


def match_loss(
    objective: str, cosines: torch.Tensor, scale: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """The loss of cosines (b, b) of pairs: `hinge`, or "infonce", of what `scale` makes of them."""
    return hinge(cosines) if objective == "hinge" else info_nce(scale(cosines))


def triplet_weights(shared: torch.Tensor) -> torch.Tensor:
    """Weights of the triplets' positives: 2^s_p - 1 over the ideal DCG of the anchor.

    shared: (b, b) float, labels that anchor and candidate share. Returns (b, b) float, 0 where
    none is shared. With s_n = 0 for negatives this is (2^s_p - 2^s_n) / Z of Bai et al. 2020 (DADH)
    with Z = sum over the ranks r = 1..b of (2^s_r - 1) / log2(1 + r), s sorted descending.
    """
    gain = 2**shared - 1
    rank = torch.arange(1, shared.shape[1] + 1, device=shared.device)
    ideal = (gain.sort(1, descending=True).values / torch.log2(rank + 1)).sum(1, keepdim=True)
    return gain / ideal.clamp(min=1e-12)  # an anchor without a positive has only zeros above


def weighted_triplet(
    similarity: torch.Tensor, shared: torch.Tensor, margin: float = 0.4
) -> torch.Tensor:
    """Weighted cosine triplet loss, anchors in rows: those with common labels come nearer.

    similarity: (b, b) cosines of anchors (rows) and candidates (columns); shared: (b, b) float
    labels in common; a candidate is positive when it shares a label, else negative.

        sum over a, p, n of  w_ap [margin + (1 - cos_ap) - (1 - cos_an)]_+

    Source: Bai et al. 2020, "Deep Adversarial Discrete Hashing for Cross-Modal Retrieval" (DADH).
    The sum over b^3 triplets is not differentiated term by term: within it the similarities enter
    linearly, so counting the active triplets of each pair gives the exact value and gradient.
    """
    weight, negative = triplet_weights(shared), shared == 0
    with torch.no_grad():
        difference = similarity[:, None, :] - similarity[:, :, None]  # cos_an - cos_ap
        active = ((difference + margin > 0) & negative[:, None, :]).to(similarity.dtype)
        violations = active.sum(2)  # of each (anchor, positive)
        push = torch.bmm(weight[:, None], active)[:, 0]  # weight on each (anchor, negative)
    pull = weight * violations
    return (pull * (margin - similarity)).sum() + (push * similarity).sum()


def gradient_penalty(
    critic: torch.nn.Module, real: torch.Tensor, fake: torch.Tensor
) -> torch.Tensor:
    """WGAN-GP's penalty: the critic's gradient at random points between real and fake is 1 long.

    real, fake: (b, d). Source: Gulrajani et al. 2017, "Improved Training of Wasserstein GANs",
    Eq. 3, without its factor lambda.
    """
    share = torch.rand(len(real), 1, device=real.device)
    between = (share * real + (1 - share) * fake).detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return ((gradient.norm(dim=1) - 1) ** 2).mean()
