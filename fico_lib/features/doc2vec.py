"""Texts as single vectors by Doc2Vec: the text features of the coarse-grained models.

After Le and Mikolov 2014, "Distributed Representations of Sentences and Documents", by gensim; with
300 dimensions and rare words left out as in FiCo-ITR, Section 3. Two things differ on purpose:
- FiCo-ITR learns from the captions of train and test together, which lets test captions into the
  features; here the train captions alone are learned from, and every vector is inferred;
- the paper does not name the variant, and the authors' toolkit leaves it at gensim's default, the
  distributed memory (PV-DM); here it is the bag of words (PV-DBOW), which reads short texts better.
"""

import numpy as np
from gensim.models.doc2vec import Doc2Vec, TaggedDocument, train_document_dbow

from fico_lib.features.text import UNKNOWN, Tokens
from fico_lib.runtime.progress import track

EPOCHS = 20
RATE, LAST_RATE = 0.025, 1e-4  # gensim's own
SEED = 0


def _known_words(tokens: Tokens) -> list[list[str]]:
    """The words of each text that are in the vocabulary, by their numbers: rare ones are out."""
    return [
        [str(number) for number in row[:length] if number != UNKNOWN]
        for row, length in zip(tokens.ids.tolist(), tokens.lengths.tolist(), strict=True)
    ]


def fit(train: Tokens, dimension: int) -> Doc2Vec:
    """Doc2Vec learned from the captions of the train split: one document per caption.

    One worker: with more, what comes out depends on their timing.
    """
    texts = _known_words(train)
    captions = [TaggedDocument(texts[text], [text]) for text in train.text_of_caption.tolist()]
    model = Doc2Vec(vector_size=dimension, dm=0, min_count=1, workers=1, seed=SEED, epochs=EPOCHS)
    model.build_vocab(captions)
    rates = np.linspace(RATE, LAST_RATE, EPOCHS + 1).tolist()
    for epoch in track(range(EPOCHS), "training Doc2Vec"):
        model.train(
            captions,
            total_examples=len(captions),
            epochs=1,
            start_alpha=rates[epoch],
            end_alpha=rates[epoch + 1],
        )
    return model


def arrays_of(model: Doc2Vec) -> dict[str, np.ndarray]:
    """What `load` makes a model from that infers the same: words, their counts, and the weights."""
    words = [int(word) for word in model.wv.index_to_key]
    counts = [model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key]
    return {
        "words": np.array(words, np.int64),
        "counts": np.array(counts, np.int64),
        "hidden": model.syn1neg,
    }


def load(arrays: dict[str, np.ndarray]) -> Doc2Vec:
    """The model whose `arrays_of` these are, for `infer` alone."""
    hidden = np.array(arrays["hidden"], np.float32)
    model = Doc2Vec(
        vector_size=hidden.shape[1], dm=0, min_count=1, workers=1, seed=SEED, sorted_vocab=0
    )
    words = [str(word) for word in arrays["words"].tolist()]
    model.build_vocab_from_freq(dict(zip(words, arrays["counts"].tolist(), strict=True)))
    model.syn1neg = hidden
    return model


def infer(model: Doc2Vec, tokens: Tokens, what: str = "texts") -> np.ndarray:
    """The vectors of texts, (n_texts, dimension) float32; a text's depends on its words alone.

    As gensim's `infer_vector`, but from 0 and with the same random numbers for each text: gensim
    starts from Python's hash of the words, which differs from process to process. A text without a
    known word stays at 0.
    """
    vectors = np.zeros((len(tokens.ids), model.vector_size), np.float32)
    work, unlocked = np.zeros(model.layer1_size, np.float32), np.ones(1, np.float32)
    rates = np.linspace(RATE, LAST_RATE, EPOCHS).tolist()
    for row, text in enumerate(track(_known_words(tokens), f"Doc2Vec of {what}")):
        model.random.seed(SEED)
        for rate in rates:
            train_document_dbow(
                model,
                text,
                [0],
                rate,
                work,
                learn_words=False,
                learn_hidden=False,
                doctag_vectors=vectors[row : row + 1],
                doctags_lockf=unlocked,
            )
    return vectors
