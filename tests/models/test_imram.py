import pytest
import torch
from torch.nn.functional import cosine_similarity, leaky_relu, normalize

from fico_lib.models import imram
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.imram import MemoryEncoder
from fico_lib.models.layers.padding import inside


def padded(lengths, d=8, seed=0):
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.tensor(lengths)
    vectors = torch.randn(len(lengths), int(lengths.max()), d, generator=generator)
    return normalize(vectors, dim=2) * inside(vectors.shape[1], lengths)[..., None], lengths


def asked(queries, contexts, memory, steps):
    """The paper's formulas for one item of each: vectors (q, d) ask (c, d) several times."""
    question, total = queries, 0.0
    maps = torch.cat([memory.question.weight, memory.seen.weight], 1)
    for _ in range(steps):
        similarity = leaky_relu(contexts @ question.T, 0.1)
        similarity = similarity / similarity.norm(dim=1, keepdim=True)
        seen = (9 * similarity).softmax(0).T @ contexts
        total = total + cosine_similarity(queries, seen, dim=1).mean()
        both = torch.cat([question, seen], 1) @ maps.T + memory.question.bias
        gate, update = both.chunk(2, 1)
        question = gate.sigmoid() * question + (1 - gate.sigmoid()) * update.tanh()
        question = normalize(question, dim=1)
    return total / steps


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_scores_are_the_direct_formula(splits, monkeypatch, steps):
    monkeypatch.setattr(imram, "STEPS", steps)
    torch.manual_seed(steps)
    images, texts = padded([4, 4, 4]), padded([1, 5, 3], seed=1)
    network = MemoryEncoder(splits[0], TrainingParameters(width=8))
    found = network.pairs(images, texts)
    for i, (v, r) in enumerate(zip(*images, strict=True)):
        for j, (w, words) in enumerate(zip(*texts, strict=True)):
            t2i = asked(w[:words], v[:r], network.words_ask, steps)
            i2t = asked(v[:r], w[:words], network.regions_ask, steps)
            assert found[i, j].item() == pytest.approx(((t2i + i2t) / 2).item(), abs=1e-6)


def test_there_are_three_steps_as_in_the_paper():
    assert imram.STEPS == 3
