import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fico_lib.features.text import PADDING, UNKNOWN, Vocabulary, words


def test_words_are_lower_case_without_punctuation():
    assert words("A 'red' box; two x-rays, l'été!") == [
        "a", "red", "box", "two", "x", "rays", "l'été",
    ]  # fmt: skip


def test_vocabulary_counts_captions_not_occurrences():
    known = Vocabulary.fit(["dog dog dog", "cat", "cat bird", "bird cat"], min_count=2)
    assert known.words == ("cat", "bird")
    assert len(known) == 4  # and padding, and unknown


def test_encoding_by_hand():
    tokens = Vocabulary(("a", "cat")).encode(["A cat", "a dog!", "a cat.", "a wolf", "?"], 5)
    assert tokens.ids.tolist() == [[2, 3], [2, UNKNOWN], [UNKNOWN, PADDING]]
    assert tokens.lengths.tolist() == [2, 2, 1]
    # The same words, or words that are equally unknown, are one text.
    assert tokens.text_of_caption.tolist() == [0, 1, 0, 1, 2]


def test_long_captions_are_cut():
    tokens = Vocabulary(("a", "b", "c")).encode(["a b c", "a b"], 2)
    assert tokens.ids.tolist() == [[2, 3]]


@given(st.lists(st.text(alphabet="ab c.", max_size=12), min_size=1), st.integers(1, 4))
def test_every_caption_finds_its_words(captions, max_words):
    vocabulary = Vocabulary.fit(captions)
    tokens = vocabulary.encode(captions, max_words)
    names = ("", "?", *vocabulary.words)
    for caption, row in zip(captions, tokens.text_of_caption, strict=True):
        length = tokens.lengths[row]
        assert [names[i] for i in tokens.ids[row, :length]] == (words(caption)[:max_words] or ["?"])
        assert (tokens.ids[row, length:] == PADDING).all()
    assert len(np.unique(tokens.ids, axis=0)) == len(tokens.ids)


def test_order_of_the_vocabulary_does_not_depend_on_the_order_of_captions():
    captions = ["b a", "c b", "a"]
    assert Vocabulary.fit(captions) == Vocabulary.fit(captions[::-1])


@pytest.mark.parametrize("caption", ["", "...", "   "])
def test_a_caption_without_words_is_one_unknown_word(caption):
    assert Vocabulary(()).encode([caption], 3).ids.tolist() == [[UNKNOWN]]
