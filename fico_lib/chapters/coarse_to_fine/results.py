"""Rows of the chapter on coarse to fine: what screens keep, what two stages find and cost."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd

from fico_lib.chapters.coarse_to_fine.parameters import CoarseToFineChapter
from fico_lib.encodings import Codes, Embeddings, Encodings, Scores
from fico_lib.evaluation import EvaluationResult, evaluate
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.metrics.resampling import Estimate
from fico_lib.report.runs import Runs, by_model
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.progress import track
from fico_lib.search import binarise
from fico_lib.search.dataset import unit_rows
from fico_lib.similarity.blocks import source
from fico_lib.similarity.two_stages import ABSENT, Stages

CODES, FLOATS, SOME_FLOATS, ATTENTION = "codes", "floats", "floats of candidates", "attention"


@dataclass(frozen=True)
class CoarseToFine:
    """What was found.

    kept: one row per screen, direction and K: the share of queries that keep a right answer; found:
    one per screen, ranking model, K, direction and metric: the value after both stages, and its
    difference to the ranking model alone; pairs: nanoseconds of one pair, by what is compared;
    times: of a query in galleries that grow, one stage and two; even: the gallery from which on two
    stages are faster. runs: every combination by its name, see `pair_name`.
    """

    kept: pd.DataFrame
    found: pd.DataFrame
    pairs: pd.DataFrame
    times: pd.DataFrame
    even: pd.DataFrame
    runs: Runs
    rankers: Mapping[str, str] = field(metadata={"file": None})
    bits: Mapping[str, int] = field(metadata={"file": None})


def pair_name(screen: str, k: int, ranker: str) -> str:
    """The name of a combination: 'adv64, best 100 by vse'."""
    return f"{screen}, best {k} by {ranker}"


def study(
    encodings: Sequence[Encodings],
    labels: np.ndarray | None,
    pairs: pd.DataFrame,
    parameters: CoarseToFineChapter,
) -> CoarseToFine:
    """Screen and rank the test split by every combination.

    encodings: of every model and seed; labels: (n_images, n_categories) bool; pairs: from
    `fico_lib.chapters.coarse_to_fine.times`. All scores of a split are held at once, float32, for
    two models and both directions: for splits of thousands of images.
    """
    p, made = parameters, by_model((one.model, one) for one in encodings)
    screens = {name: made[name] for name in p.screens}
    for name, seeds in screens.items():
        if not isinstance(seeds[0], Codes):
            raise InputError(f"screens: '{name}' has no codes; expected models of hash codes")
    screens |= _binarised(made[p.embeddings], p)
    first = encodings[0]
    cuts = [k for k in p.candidates if k < min(first.n_images, first.n_captions)]
    rankers = {name: made[name] for name in dict.fromkeys((p.embeddings, p.attention))}
    results = {name: [_judged(e, labels, p) for e in seeds] for name, seeds in rankers.items()}
    for name, seeds in screens.items():
        results[name] = [_judged(e, None, p, cuts) for e in seeds]
    jobs = list(product(screens, cuts, rankers))
    for screen, k, ranker in track(jobs, "screens and rankings"):
        results[pair_name(screen, k, ranker)] = [
            _judged(two_stages(a, b, k, seed), labels, p)
            for seed, (a, b) in enumerate(zip(screens[screen], rankers[ranker], strict=True))
        ]
    trained_as = {pair_name(s, k, r): r for s, k, r in jobs}
    trained_as |= {name: p.embeddings for name in screens if name not in made}
    runs = Runs(results, first.n_images, p.resamples, trained_as=trained_as)
    bits = {name: seeds[0].bits for name, seeds in screens.items()}
    kinds = {name: FLOATS if name == p.embeddings else ATTENTION for name in rankers}
    return CoarseToFine(
        kept=pd.DataFrame(_kept_rows(runs, screens, cuts)),
        found=pd.DataFrame(_found_rows(runs, jobs, labels is not None, p)),
        pairs=pairs,
        times=pd.DataFrame(_time_rows(pairs, sorted(set(bits.values())), kinds, cuts, p.galleries)),
        even=pd.DataFrame(_even_rows(pairs, sorted(set(bits.values())), kinds, cuts)),
        runs=runs,
        rankers=kinds,
        bits=bits,
    )


def _binarised(seeds: Sequence[Embeddings], parameters: CoarseToFineChapter) -> dict:
    """Codes made from embeddings, by their name, fitted to images and captions alike."""
    made: dict[str, list[Codes]] = {}
    for name, bits in product(parameters.binarisers, parameters.bits):
        if name != "hyperplanes" and bits > seeds[0].images.shape[1]:
            continue  # there are no more directions than dimensions
        title = f"{seeds[0].model}, {bits} bits {name}"
        made[title] = []
        for one in seeds:
            sides = [unit_rows(side) for side in (one.images, one.texts)]
            projection = binarise.fit(name, np.concatenate(sides), bits)
            codes = (projection.encode(side) for side in sides)
            made[title].append(Codes(*codes, bits, one.image_of_caption, model=title))
    return made


def two_stages(screen: Codes, ranker: Encodings, k: int, seed: int = 0) -> Scores:
    """The ranker's scores of each query's k nearest codes; the other pairs are missing.

    Codes that are equally near stand in random order, so that exactly k candidates are passed on.
    """
    rng, coarse, fine, sides = np.random.default_rng(seed), source(screen), source(ranker), []
    for direction in DIRECTIONS:
        n = screen.n_images if direction == "i2t" else screen.n_captions
        agreeing = np.asarray(coarse.block(direction, np.arange(n)), np.float32)
        agreeing += rng.random(agreeing.shape, np.float32)  # below 1, a bit: no two change places
        sides.append(Stages(agreeing, fine.block(direction, np.arange(n))).reranked(k))
    return Scores(*sides, screen.image_of_caption, missing=ABSENT)


def _judged(
    encodings: Encodings,
    labels: np.ndarray | None,
    parameters: CoarseToFineChapter,
    cuts: Sequence[int] = (),
) -> EvaluationResult:
    p, how = parameters, {"ties": parameters.ties, "device": parameters.device}
    cuts = cuts or [k for k in p.recall_at if k <= min(encodings.n_images, encodings.n_captions)]
    tasks = ("instance",) if labels is None else ("instance", "category")
    return evaluate(
        encodings, labels, tasks=tasks, recall_at=cuts, map_at=(p.map_at,), empty="skip", **how
    )


def _kept_rows(runs: Runs, screens: Iterable[str], cuts: Sequence[int]) -> Iterator[dict]:
    for screen, direction, k in product(screens, DIRECTIONS, cuts):
        about = {"screen": screen, "direction": direction, "candidates": k}
        yield about | runs.estimate(screen, direction, f"R@{k}").columns("kept_percent")


def _found_rows(
    runs: Runs, jobs: Iterable[tuple], labelled: bool, parameters: CoarseToFineChapter
) -> Iterator[dict]:
    metrics = [f"R@{k}" for k in parameters.recall_at]
    metrics += [f"mAP@{parameters.map_at}"] * labelled
    for (screen, k, ranker), direction, metric in product(jobs, DIRECTIONS, metrics):
        name = pair_name(screen, k, ranker)
        value, gap = (
            runs.estimate(name, direction, metric),
            runs.gap(name, ranker, direction, metric),
        )
        if value is None or gap is None:  # fewer candidates than the metric is deep
            continue
        about = {"screen": screen, "ranker": ranker, "candidates": k, "direction": direction}
        yield (
            about
            | {"metric": metric}
            | value.columns("percent")
            | gap.columns("gap_percent", "gap_low", "gap_high")
        )


def pair_nanoseconds(pairs: pd.DataFrame, what: str, bits: int = 0) -> pd.Series | None:
    """The row of `pairs` of what is compared, codes of so many bits; None where not measured."""
    rows = pairs[(pairs["what"] == what) & (pairs["bits"] == bits)].dropna(subset="nanoseconds")
    return rows.iloc[0] if len(rows) else None


def _costs(pairs: pd.DataFrame, kind: str, bits: int) -> tuple[pd.Series, ...] | None:
    """The rows of a pair of codes, of the ranking model over all, and over candidates alone."""
    some = SOME_FLOATS if kind == FLOATS else ATTENTION
    found = [pair_nanoseconds(pairs, CODES, bits)]
    found += [pair_nanoseconds(pairs, what) for what in (kind, some)]
    return None if any(row is None for row in found) else tuple(found)


def _time_rows(
    pairs: pd.DataFrame,
    lengths: Sequence[int],
    kinds: Mapping[str, str],
    cuts: Sequence[int],
    galleries: Sequence[int],
) -> Iterator[dict]:
    """Milliseconds of a query: pairs times what a pair takes, from the fastest to the slowest."""
    for (ranker, kind), bits, k, n in product(kinds.items(), lengths, cuts, galleries):
        costs = _costs(pairs, kind, bits)
        if costs is None or k >= n:
            continue
        code, whole, some = costs
        row = {"ranker": ranker, "bits": bits, "candidates": k, "items": n}
        for name, place in (
            ("", "nanoseconds"), ("fastest_", "fastest_nanoseconds"),
            ("slowest_", "slowest_nanoseconds"),
        ):  # fmt: skip
            row[f"{name}alone_milliseconds"] = n * whole[place] / 1e6
            row[f"{name}both_milliseconds"] = (n * code[place] + k * some[place]) / 1e6
        yield row


def _even_rows(
    pairs: pd.DataFrame, lengths: Sequence[int], kinds: Mapping[str, str], cuts: Sequence[int]
) -> Iterator[dict]:
    """The gallery from which on two stages are faster: K t_candidate / (t_all - t_code) items."""
    for (ranker, kind), bits, k in product(kinds.items(), lengths, cuts):
        costs = _costs(pairs, kind, bits)
        if costs is None:
            continue
        code, whole, some = (row["nanoseconds"] for row in costs)
        items = k * some / (whole - code) if whole > code else np.inf
        yield {"ranker": ranker, "bits": bits, "candidates": k, "items": max(items, k)}


def gap_of(
    found: CoarseToFine, screen: str, k: int, ranker: str, direction: str
) -> Estimate | None:
    """R@1 of both stages minus that of the ranking model alone; None where they were not run."""
    name = pair_name(screen, k, ranker)
    return found.runs.gap(name, ranker, direction, "R@1") if found.runs.has(name) else None
