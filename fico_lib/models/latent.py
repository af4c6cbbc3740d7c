"""Latent semantics: bags of words in the leading singular directions of the fitted texts."""

import numpy as np
from scipy import sparse


class LatentSemantics:
    """Texts as weighted bags of words, in the leading singular directions of the fitted ones.

    A word counts 1 + log(occurrences), times log(texts / texts with it); a text has length 1.
    Source: Deerwester et al. 1990, "Indexing by Latent Semantic Analysis".
    """

    def __init__(self, tokens: np.ndarray, lengths: np.ndarray, words: int, dimension: int):
        """tokens (n, longest), lengths (n,): the texts fitted on; words: the vocabulary's size."""
        counts = _counts(tokens, lengths, words)
        texts_with = np.bincount(counts.indices, minlength=words)
        self.weights = np.log(counts.shape[0] / np.maximum(texts_with, 1)) * (texts_with > 0)
        bags = self._bags(counts)
        self.basis = leading_directions(bags, min(dimension, *bags.shape))

    def _bags(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        bags = counts.copy()
        bags.data = (1 + np.log(bags.data)) * self.weights[bags.indices]
        norms = np.sqrt(np.asarray(bags.multiply(bags).sum(1))[:, 0])
        return sparse.diags(1 / np.where(norms > 0, norms, 1)) @ bags

    def __call__(self, tokens: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """(n, longest), (n,) -> (n, dimension) float64."""
        return self._bags(_counts(tokens, lengths, len(self.weights))) @ self.basis


def _counts(tokens: np.ndarray, lengths: np.ndarray, words: int) -> sparse.csr_matrix:
    """How often each word occurs in each text: (n, words) float64."""
    inside = np.arange(tokens.shape[1]) < lengths[:, None]
    row, _ = np.nonzero(inside)
    ones = np.ones(len(row))
    counts = sparse.csr_matrix((ones, (row, tokens[inside])), (len(tokens), words))
    counts.sum_duplicates()
    return counts


def leading_directions(matrix, count: int, passes: int = 6) -> np.ndarray:
    """The `count` leading right singular vectors of `matrix` (n, d), as columns (d, count).

    By subspace iteration from a fixed random start (Halko, Martinsson and Tropp 2011, "Finding
    Structure with Randomness", Algorithm 4.4), so equal inputs give equal results.
    """
    size = min(count + 32, *matrix.shape)
    subspace = np.random.default_rng(0).standard_normal((matrix.shape[1], size))
    for _ in range(passes):
        subspace = np.linalg.qr(matrix.T @ (matrix @ subspace))[0]
    inside = matrix @ subspace
    directions = np.linalg.eigh(inside.T @ inside)[1][:, ::-1]  # the largest first
    return subspace @ directions[:, :count]
