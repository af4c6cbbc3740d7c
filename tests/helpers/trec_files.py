"""Encodings as TREC run and qrels files, for trec_eval and ir_measures to read.

A run line is `query Q0 document rank score tag`, a qrels line `query 0 document relevance`.
trec_eval ignores the rank, reads scores as float32 and breaks ties by document name.
"""

import numpy as np

from fico_lib.evaluation.relevance import Categories, instance_positives
from fico_lib.similarity.blocks import source


def write_run(path, encodings, direction):
    """Every query's candidates, best first, ties by index."""
    queries, documents = names(encodings, direction)
    scores = source(encodings).block(direction, np.arange(len(queries)))
    orders = np.argsort(-scores.astype(np.float64), axis=1, kind="stable")
    path.write_text(
        "".join(
            f"{query} Q0 {documents[o]} {rank} {row[o].item()!r} fico\n"
            for query, row, order in zip(queries, scores, orders, strict=True)
            for rank, o in enumerate(order, 1)
        )
    )


def write_qrels(path, encodings, direction, labels=None):
    """An image's captions and a caption's image or, with labels, whatever shares one of them."""
    queries, documents = names(encodings, direction)
    rows, of, n = np.arange(len(queries)), encodings.image_of_caption, encodings.n_images
    if labels is None:
        block = instance_positives(of, n)[direction].block(rows, len(documents))
    else:
        block = Categories(labels, of, n).block(direction, rows)
    path.write_text("".join(f"{queries[q]} 0 {documents[d]} 1\n" for q, d in np.argwhere(block)))


def names(encodings, direction):
    """Ids of the queries and of the candidates."""
    images, captions = encodings.image_ids.tolist(), encodings.caption_ids.tolist()
    return (images, captions) if direction == "i2t" else (captions, images)
