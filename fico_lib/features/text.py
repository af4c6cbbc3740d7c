"""Captions as word numbers: a vocabulary from the train captions, and each distinct text once."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

PADDING, UNKNOWN = 0, 1
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words(caption: str) -> list[str]:
    """The lower-case words of a caption; punctuation is dropped.

    >>> words("A dog's red ball, on the left.")
    ['a', "dog's", 'red', 'ball', 'on', 'the', 'left']
    """
    return WORD.findall(caption.lower())


@dataclass(frozen=True)
class Tokens:
    """The distinct texts of a split.

    ids: (n_texts, longest) int32 word numbers, padded by 0; lengths: (n_texts,) int32, at least 1;
    text_of_caption: (n_captions,) int64, the row of each caption's text. Texts that a model cannot
    tell apart share a row, so that they get the very same embedding and tie exactly.
    """

    ids: np.ndarray
    lengths: np.ndarray
    text_of_caption: np.ndarray


@dataclass(frozen=True)
class Vocabulary:
    """Known words in a fixed order; word i has number i + 2 (0 pads, 1 is any unknown word)."""

    words: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.words) + 2

    @classmethod
    def fit(cls, captions: Iterable[str], min_count: int = 1) -> "Vocabulary":
        """The words that occur in at least `min_count` captions, the most frequent first."""
        counts = Counter(word for caption in captions for word in set(words(caption)))
        kept = [(-count, word) for word, count in counts.items() if count >= min_count]
        return cls(tuple(word for _, word in sorted(kept)))

    def encode(self, captions: Sequence[str], max_words: int) -> Tokens:
        """Word numbers of the distinct texts; a caption without a word is one unknown word."""
        numbers = {word: i + 2 for i, word in enumerate(self.words)}
        rows: dict[tuple[int, ...], int] = {}
        text_of_caption = np.empty(len(captions), np.int64)
        for i, caption in enumerate(captions):
            text = tuple(numbers.get(w, UNKNOWN) for w in words(caption)[:max_words])
            text_of_caption[i] = rows.setdefault(text or (UNKNOWN,), len(rows))
        lengths = np.array([len(text) for text in rows], np.int32)
        ids = np.full((len(rows), max(lengths, default=1)), PADDING, np.int32)
        for row, text in enumerate(rows):
            ids[row, : len(text)] = text
        return Tokens(ids, lengths, text_of_caption)
