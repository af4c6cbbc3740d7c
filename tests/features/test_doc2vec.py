import os
import subprocess
import sys

import numpy as np
import pytest

from fico_lib.features import doc2vec
from fico_lib.features.text import Tokens, Vocabulary

ANIMALS, SHIPS = ["dog", "cat", "horse", "cow"], ["boat", "ferry", "yacht", "canoe"]
VOCABULARY = Vocabulary((*ANIMALS, *SHIPS))


def tokens(*captions):
    return VOCABULARY.encode(captions, 10)


@pytest.fixture(scope="module")
def captions():
    """Captions of three words, either of animals or of ships."""
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(kind, 3)) for kind in [ANIMALS, SHIPS] * 150]


@pytest.fixture(scope="module")
def model(captions):
    return doc2vec.fit(tokens(*captions), 16)


def test_texts_with_like_words_are_near(model):
    # No text shares a word with another.
    vectors = doc2vec.infer(model, tokens("dog cat dog", "horse cow", "boat ferry", "yacht canoe"))
    assert vectors.shape == (4, 16)
    assert vectors.dtype == np.float32
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = vectors @ vectors.T
    assert min(cosine[0, 1], cosine[2, 3]) > max(cosine[0, 2:].max(), cosine[1, 2:].max())


def test_a_vector_depends_on_the_words_of_its_text_alone(model):
    together = doc2vec.infer(model, tokens("dog cat", "boat", "cow horse cow"))
    alone = doc2vec.infer(model, tokens("cow horse cow"))
    assert np.array_equal(together[2:], alone)


def test_unknown_words_do_not_count(model):
    found = doc2vec.infer(model, tokens("dog zebra boat", "dog boat", "zebra"))
    assert np.array_equal(found[0], found[1])
    assert not found[2].any()


def test_captions_count_as_often_as_they_occur():
    one = Tokens(np.array([[2], [6]], np.int32), np.array([1, 1], np.int32), np.array([0, 1, 1, 1]))
    model = doc2vec.fit(one, 4)
    assert model.corpus_count == 4
    assert [model.wv.get_vecattr(word, "count") for word in ("2", "6")] == [1, 3]


PROGRAM = """
import hashlib, numpy as np
from fico_lib.features import doc2vec
from fico_lib.features.text import Vocabulary
words = [f"w{i}" for i in range(40)]
rng = np.random.default_rng(0)
tokens = Vocabulary(tuple(words)).encode([" ".join(rng.choice(words, 5)) for _ in range(200)], 9)
vectors = doc2vec.infer(doc2vec.fit(tokens, 8), tokens)
print(hashlib.sha256(vectors.tobytes()).hexdigest())
"""


def test_two_processes_compute_the_same():
    """Python hashes texts differently in each process; gensim's own inference depends on that."""
    digests = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert len(digests[0].strip()) == 64
    assert digests[0] == digests[1]
