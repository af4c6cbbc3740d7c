"""Text encoders: a recurrent one that reads the words in order, and a bag of words."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from fico_lib.features.text import PADDING

WORD_DIMENSION = 64


class GRUEncoder(nn.Module):
    """A bidirectional GRU over word embeddings, its directions averaged, as in SCAN.

    Source: Lee et al. 2018, "Stacked Cross Attention for Image-Text Matching", Section 3.2.
    """

    def __init__(self, vocabulary_size: int, width: int, dropout: float = 0.0):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, WORD_DIMENSION, padding_idx=PADDING)
        self.dropout = nn.Dropout(dropout)
        self.gru = nn.GRU(WORD_DIMENSION, width, batch_first=True, bidirectional=True)

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """tokens (b, longest) int64, lengths (b,) int64 -> (b, longest, width) word vectors."""
        words = self.dropout(self.embedding(tokens))
        packed = pack_padded_sequence(words, lengths.cpu(), batch_first=True, enforce_sorted=False)
        both, _ = pad_packed_sequence(
            self.gru(packed)[0], batch_first=True, total_length=tokens.shape[1]
        )
        forwards, backwards = both.chunk(2, 2)
        return (forwards + backwards) / 2


class BagOfWords(nn.Module):
    """The mean of a text's word embeddings: a linear layer over its bag of words."""

    def __init__(self, vocabulary_size: int, width: int):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, width, padding_idx=PADDING)

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """tokens (b, longest) int64, lengths (b,) int64 -> (b, width)."""
        return self.embedding(tokens).sum(1) / lengths[:, None]
