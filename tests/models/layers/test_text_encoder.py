import torch

from fico_lib.models.layers.padding import pool
from fico_lib.models.layers.text_encoder import BagOfWords, GRUEncoder


def test_padding_does_not_change_a_text():
    torch.manual_seed(0)
    gru, bag = GRUEncoder(9, 6).eval(), BagOfWords(9, 6).eval()
    short, lengths = torch.tensor([[3, 4]]), torch.tensor([2])
    padded = torch.tensor([[3, 4, 0, 0]])
    assert torch.equal(bag(short, lengths), bag(padded, lengths))
    assert torch.allclose(
        pool(gru(short, lengths), lengths), pool(gru(padded, lengths), lengths), atol=1e-6
    )


def test_the_gru_reads_in_order_and_the_bag_does_not():
    torch.manual_seed(0)
    gru, bag = GRUEncoder(9, 6).eval(), BagOfWords(9, 6).eval()
    one, other, lengths = torch.tensor([[3, 4, 5]]), torch.tensor([[5, 4, 3]]), torch.tensor([3])
    assert torch.allclose(bag(one, lengths), bag(other, lengths))
    assert not torch.allclose(pool(gru(one, lengths), lengths), pool(gru(other, lengths), lengths))
