"""Slow, obviously correct definitions: every metric from explicit orders of the candidates."""

import itertools

import numpy as np


def all_orders(scores):
    """Every order consistent with the scores; random tie-breaking is uniform over these."""
    groups = [[i for i in range(len(scores)) if scores[i] == v] for v in sorted(set(scores))[::-1]]
    for parts in itertools.product(*(itertools.permutations(group) for group in groups)):
        yield [i for part in parts for i in part]


def orders(scores, relevant, ties):
    """The orders that a tie rule averages over."""
    if ties == "expected":
        return list(all_orders(scores))
    last = {
        "optimistic": lambda i: (not relevant[i], i),
        "pessimistic": lambda i: (relevant[i], i),
        "index": lambda i: i,
    }[ties]
    return [sorted(range(len(scores)), key=lambda i: (-scores[i], last(i)))]


def mean_over_orders(scores, relevant, ties, metric):
    return float(
        np.mean([metric([relevant[i] for i in o]) for o in orders(scores, relevant, ties)])
    )


def hit(ranked, k):
    return float(any(ranked[:k]))


def fraction(ranked, k):
    return sum(ranked[:k]) / sum(ranked) if any(ranked) else 0.0


def rank(ranked):
    return ranked.index(True) + 1


def average_precision(ranked, k, denominator):
    hits, total = 0, 0.0
    for place, relevant in enumerate(ranked[:k], 1):
        if relevant:
            hits += 1
            total += hits / place
    below = {"hits": hits, "min": min(k, sum(ranked)), "total": sum(ranked)}[denominator]
    return total / below if below else 0.0


def precision_of_first_relevant(ranked, k):
    """DCMH's AP: over the first min(k, R) relevant candidates, wherever they rank."""
    places = [place for place, relevant in enumerate(ranked, 1) if relevant][:k]
    return sum(i / place for i, place in enumerate(places, 1)) / len(places) if places else 0.0


def average_precision_at_r(ranked):
    r = sum(ranked)
    return average_precision(ranked, r, "total") if r else 0.0


def precision(ranked, k):
    return sum(ranked[:k]) / k


def r_precision(ranked):
    return precision(ranked, sum(ranked)) if any(ranked) else 0.0


def reciprocal_rank(ranked, k):
    return 1 / rank(ranked) if any(ranked[:k]) else 0.0


def dcg(ranked, k):
    return sum(1 / np.log2(place + 1) for place, good in enumerate(ranked[:k], 1) if good)


def ndcg(ranked, k):
    return dcg(ranked, k) / dcg(sorted(ranked, reverse=True), k) if any(ranked) else 0.0


def precision_at_levels(scores, relevant):
    total = sum(relevant)
    if not total:
        return [0.0] * 11
    points = []
    for threshold in sorted(set(scores), reverse=True):
        taken = [r for s, r in zip(scores, relevant, strict=True) if s >= threshold]
        points.append((sum(taken), len(taken)))
    return [max(h / n for h, n in points if 10 * h >= level * total) for level in range(11)]
