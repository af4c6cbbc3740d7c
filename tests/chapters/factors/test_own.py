"""mAP@10 without own items is that of rankings from which they are taken out."""

import numpy as np
import pytest

from fico_lib.chapters.factors.own import FINE, own_out
from fico_lib.encodings import Codes, Embeddings

RNG = np.random.default_rng(0)
N = 30
OF = RNG.permutation(np.repeat(np.arange(N), 2))
LABELS = np.eye(3, dtype=bool)[RNG.integers(0, 3, N)]


def by_hand(scores: np.ndarray, own: np.ndarray, relevant: np.ndarray) -> float:
    """Mean AP over the first 10 of each row, divided by the hits there; no ties in `scores`."""
    values = []
    for row, mine, right in zip(scores, own, relevant, strict=True):
        order = [c for c in np.argsort(-row) if not mine[c]][:10]
        hits = right[order]
        precision = np.cumsum(hits) / np.arange(1, 11)
        values.append((precision * hits).sum() / max(hits.sum(), 1))
    return 100 * np.mean(values)


def test_own_items_are_taken_out_of_the_ranking():
    images, texts = RNG.normal(size=(N, 6)), RNG.normal(size=(2 * N, 6))
    texts += 2 * images[OF]
    made = {FINE: [Embeddings(images, texts, OF)], "another": []}
    (found,) = own_out(made, LABELS, "expected", "cpu")[FINE]
    scores = images @ texts.T
    scores /= np.linalg.norm(images, axis=1)[:, None] * np.linalg.norm(texts, axis=1)
    own, relevant = np.arange(N)[:, None] == OF, (LABELS @ LABELS[OF].T)
    assert found.category["i2t"]["mAP@10"] == pytest.approx(by_hand(scores, own, relevant))
    assert found.category["t2i"]["mAP@10"] == pytest.approx(by_hand(scores.T, own.T, relevant.T))


def test_codes_lose_their_own_items_too():
    bits = np.concatenate([LABELS, RNG.random((N, 13)) < 0.5], 1)
    codes = Codes.pack(bits, bits[OF], OF)
    (found,) = own_out({FINE: [codes]}, LABELS, "expected", "cpu")[FINE]
    all_equal = Codes.pack(np.ones((N, 8), bool), np.ones((2 * N, 8), bool), OF)
    (chance,) = own_out({FINE: [all_equal]}, LABELS, "expected", "cpu")[FINE]
    for direction in ("i2t", "t2i"):
        assert found.category[direction]["mAP@10"] > chance.category[direction]["mAP@10"]
