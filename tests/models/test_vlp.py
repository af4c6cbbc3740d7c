"""BEiT-3 and ViLT, and pre-training, which all models of the family share."""

import math

import numpy as np
import pytest
import torch
from feature_splits import make_split, taught_pairs

from fico_lib.encodings import Embeddings, Scores
from fico_lib.models import build
from fico_lib.models.base import trained as base
from fico_lib.models.base.losses import info_nce
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.models.base.training import batches
from fico_lib.models.beit3 import MultiwayEncoder
from fico_lib.models.vilt import GROUP, ViLTNetwork, group_loss
from fico_lib.models.vilt_itc import SHARPNESS, AligningNetwork

SMALL = TrainingParameters(
    max_steps=45, batch_size=32, width=64, dimension=16, learning_rate=1e-2, dropout=0
)
VLP = ["beit3", "vilt", "vilt_itc", "xvlm", "blip2"]


def share_of_kind(scores, split):
    """Share of images whose best caption has their category (chance: about 1 in 8)."""
    kind = split.labels.argmax(1)
    return (kind[split.image_of_caption[scores.argmax(1)]] == kind).mean()


@pytest.mark.parametrize(("name", "max_steps"), [("beit3", 45), ("vilt", 300), ("vilt_itc", 90)])
def test_they_learn_to_match(name, max_steps, splits):
    model = build(name, SMALL.model_copy(update={"max_steps": max_steps}), 0, "cpu")
    model.fit(splits[0], splits[1])
    found = model.encode(splits[2])
    scores = found.images @ found.texts.T if isinstance(found, Embeddings) else found.i2t
    assert share_of_kind(scores, splits[2]) > 0.6


def test_vilt_learns_what_belongs_together():
    network, batch = taught_pairs("vilt", SMALL.model_copy(update={"width": 128}), 4e-3, 300)
    with torch.no_grad():
        scores = network.pairs(network.images(batch.regions, batch.boxes, None),
                               network.texts(batch.tokens, batch.lengths))  # fmt: skip
    assert (scores.argmax(1) == torch.arange(16)).float().mean() > 0.8


@pytest.mark.parametrize("name", VLP)
def test_pre_training_sees_the_extra_split_first(name, splits, monkeypatch):
    seen, real = [], base.train

    def train(name, network, split, loss, score, parameters, *rest):
        seen.append((split.name, parameters.learning_rate))
        return real(name, network, split, loss, score, parameters, *rest)

    monkeypatch.setattr(base, "train", train)
    few = SMALL.model_copy(update={"max_steps": 4, "validation_interval": 2})
    model = build(name, few, 0, "cpu")
    model.fit(splits[0], splits[1], make_split("extra", 64, 9))
    rate = model.parameters.learning_rate
    assert seen == [("extra", rate), ("train", rate / 2)]
    assert [row["stage"] for row in model.curve] == ["pretrain"] * 2 + ["train"] * 2
    assert model.steps == 8
    assert set(model.timings) == {"pretrain", "train"}
    assert model.timings["pretrain"] < model.timings["train"]
    without = build(name, few, 0, "cpu")
    without.fit(splits[0], splits[1])
    assert set(without.timings) == {"train"}


def test_modalities_share_attention_and_nothing_else(splits):
    network = MultiwayEncoder(splits[0], SMALL)
    batch = next(batches(splits[0], 8, np.random.default_rng(0), torch.device("cpu")))
    network.images(batch.regions, batch.boxes, batch.whole).sum().backward()
    used = {name for name, x in network.named_parameters() if x.grad is not None}
    assert "blocks.0.attention.query.weight" in used
    assert "blocks.0.experts.image.1.weight" in used
    assert not any("experts.text" in name or "text_tokens" in name for name in used)


class TestViLT:
    """One transformer for the pair, computed in parts that do not change the result."""

    @pytest.fixture
    def network(self, splits):
        torch.manual_seed(0)
        return ViLTNetwork(splits[0], SMALL).eval()

    def naive(self, network, image, text):
        """A pair's score, its tokens side by side in plain blocks: no parts, no padding."""
        first, words = network.text_tokens(text[None]).split([1, len(text)], 1)
        words = words + network.context(words.transpose(1, 2)).transpose(1, 2)
        regions = network.regions(*(x[None] for x in image)) + network.modality[0]
        tokens = torch.cat([torch.cat([first, words], 1) + network.modality[1], regions], 1)
        return network.head(network.last(network.first(tokens))[:, 0]).item()

    def test_scores_are_those_of_single_pairs(self, network, splits):
        split = splits[2]
        regions, boxes = (torch.from_numpy(x[:3].copy()) for x in (split.regions, split.boxes))
        tokens = torch.tensor([[4, 11, 12], [5, 0, 0], [2, 10, 0], [3, 11, 0]])
        lengths = torch.tensor([3, 1, 2, 2])
        with torch.no_grad():
            found = network.pairs(network.images(regions, boxes, None),
                                  network.texts(tokens, lengths))  # fmt: skip
            for i in range(3):
                for j in range(4):
                    one = self.naive(network, (regions[i], boxes[i]), tokens[j, : lengths[j]])
                    assert found[i, j].item() == pytest.approx(one, abs=1e-5)

    def test_padding_is_no_neighbour(self, network):
        tokens, lengths = torch.tensor([[4, 11, 0, 0]]), torch.tensor([2])
        with torch.no_grad():
            padded, alone = (
                network.texts(tokens, lengths)[0],
                network.texts(tokens[:, :2], lengths)[0],
            )
        assert torch.allclose(padded[:, :3], alone, atol=1e-6)

    def test_the_loss_of_a_group_by_hand(self):
        scores = torch.tensor([[1.0, 0.0], [2.0, -1.0]])
        rank = [math.log(math.e / (math.e + 1)), -math.log(1 + math.exp(3))]
        log_sigmoid = [-math.log(1 + math.exp(-x)) for x in (1.0, -1.0, 0.0, -2.0)]
        matching = -sum(log_sigmoid) / 2  # false ones count by log sigmoid(-s)
        assert group_loss(scores, ranks=True).item() == pytest.approx(-sum(rank) + 0.5 * matching)
        assert group_loss(scores, ranks=False).item() == pytest.approx(matching)

    @pytest.mark.parametrize("name", ["vilt", "vilt_itc"])
    def test_the_loss_is_that_of_groups_and_of_alignments_under_its_own_name(self, splits, name):
        model = build(name, SMALL, 0, "cpu")
        model.network = model.build(splits[0]).eval()
        batch = next(batches(splits[0], 2 * GROUP, np.random.default_rng(0), torch.device("cpu")))
        network = model.network
        images = network.images(batch.regions, batch.boxes, batch.whole)
        texts = network.texts(batch.tokens, batch.lengths)
        scores = network.pairs(images, texts)
        groups = (slice(0, GROUP), slice(GROUP, None))
        expected = sum(group_loss(scores[g, g], ranks=True) for g in groups) / (2 * GROUP)
        if name == "vilt_itc":  # the first inverse temperature is 5
            expected = expected + info_nce(5.0 * network.alignments(images, texts))
        assert model.loss(batch).item() == pytest.approx(expected.item(), abs=1e-5)

    def test_it_hands_over_all_scores_in_one_matrix(self, splits):
        model = build("vilt", SMALL.model_copy(update={"max_steps": 3}), 0, "cpu")
        model.fit(splits[0], splits[1])
        found = model.encode(splits[2])
        assert isinstance(found, Scores)
        assert found.t2i is None
        assert found.missing is None
        assert np.isfinite(found.i2t).all()


def test_alignments_are_means_over_words_of_soft_maxima_over_regions(splits):
    torch.manual_seed(0)
    network = AligningNetwork(splits[0], SMALL).eval()
    split = splits[2]
    regions, boxes = (torch.from_numpy(x[:3].copy()) for x in (split.regions, split.boxes))
    tokens, lengths = torch.tensor([[4, 11, 12], [5, 0, 0]]), torch.tensor([3, 1])
    with torch.no_grad():
        images, texts = network.images(regions, boxes, None), network.texts(tokens, lengths)
        found = network.alignments(images, texts)
    assert found.shape == (3, 2)
    queries, keys = (x.chunk(4, 2)[i].numpy() for x, i in ((texts[0], 1), (images[0], 2)))
    for i in range(3):
        for j in range(2):
            words = []
            for q in queries[j, 1 : 1 + lengths[j]]:  # [CLS] is not a word
                cosines = keys[i] @ q / np.linalg.norm(keys[i], axis=1) / np.linalg.norm(q)
                words.append(np.log(np.exp(SHARPNESS * cosines).sum()) / SHARPNESS)
            assert found[i, j].item() == pytest.approx(np.mean(words), abs=1e-5)
