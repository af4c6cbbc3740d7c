"""Rows of the instance chapter: recall, ranks and gaps of several models and seeds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product

import pandas as pd

from fico_lib.chapters.instance.claims import ONE_CAPTION
from fico_lib.chapters.instance.parameters import InstanceChapter
from fico_lib.chapters.instance.repeats import one_caption
from fico_lib.encodings import Encodings
from fico_lib.evaluation import evaluate
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.models import MODELS, model_card
from fico_lib.report.ranks import ranks
from fico_lib.report.reference_rows import references
from fico_lib.report.runs import Runs, by_model
from fico_lib.report.seeds import over_seeds


@dataclass(frozen=True)
class Comparison:
    """The evaluated models of one run, and the reference rows.

    recall: one row per model, seed, direction and k (none where a reranked list does not reach k);
    means: the same over seeds, with 95 % intervals over images and seeds, and of the rank among the
    models (see `fico_lib.report.ranks`); ranks: of right answers, per model, seed and direction;
    sums: R@sum per model; gaps: per fine-grained model, coarse-grained model,
    direction and k of `headline`; runs: what claims are tested on, with every model
    once more on one caption per image. n_images, n_captions: the
    size of the test split.
    """

    recall: pd.DataFrame
    means: pd.DataFrame
    ranks: pd.DataFrame
    sums: pd.DataFrame = field(metadata={"file": None})
    gaps: pd.DataFrame
    runs: Runs
    headline: list[int]
    n_images: int
    n_captions: int
    seeds: list[int]


def compare(
    encodings: Sequence[Encodings],
    test: FeatureSplit,
    parameters: InstanceChapter,
    closed_form: Sequence[Encodings] = (),
) -> Comparison:
    """Evaluate the encodings of all models and seeds (the seeds of a model in the order given).

    test: the features that the models saw, for the rows of `fico_lib.report.reference_rows`;
    closed_form: those of the baselines, one result each.

    All models get the k of the curve that hash codes need. A k beyond the candidates is left out.
    """
    p, first, seeds = parameters, encodings[0], parameters.seeds
    candidates = min(first.n_images, first.n_captions)
    cuts = [k for k in sorted({*p.recall_at, *p.recall_at_codes}) if k <= candidates]
    judge = partial(evaluate, recall_at=cuts, mode=p.mode, ties=p.ties, device=p.device)
    known = (row for seed in seeds for row in references(test, seed))
    entries = [*encodings, *closed_form, *known]
    results = by_model((entry.model, judge(entry)) for entry in entries)
    runs = Runs(results, first.n_images, p.resamples)
    single = by_model((entry.model + ONE_CAPTION, judge(one_caption(entry))) for entry in encodings)
    trained_as = {name: name.removesuffix(ONE_CAPTION) for name in single}
    tested = Runs(results | single, first.n_images, p.resamples, trained_as=trained_as)
    headline = [k for k in p.recall_at if k in cuts]
    recall = pd.DataFrame(_recall_rows(runs, seeds, cuts))
    return Comparison(
        recall=recall,
        means=_means(recall, runs),
        ranks=pd.DataFrame(_rank_rows(runs, seeds)),
        sums=pd.DataFrame(_sum_rows(runs, cuts)),
        gaps=pd.DataFrame(runs.recall_gaps(headline)),
        runs=tested,
        headline=headline,
        n_images=first.n_images,
        n_captions=first.n_captions,
        seeds=seeds,
    )


def _each(runs: Runs, seeds: Sequence[int]) -> Iterator[tuple]:
    """(model, seed, direction, its result), all of them."""
    for model, results in runs.results.items():
        for seed, result in zip(seeds, results, strict=False):  # a closed form has one result
            for direction in DIRECTIONS:
                yield model, seed, direction, result.instance[direction]


def _recall_rows(runs: Runs, seeds: Sequence[int], cuts: Sequence[int]) -> Iterator[dict]:
    for (model, seed, direction, found), k in product(_each(runs, seeds), cuts):
        name = f"R@{k}"
        if found[name] is None:
            continue
        pessimistic, optimistic = found.tie_interval[name]
        yield {
            "model": model,
            "granularity": model_card(model).granularity if model in MODELS else "",
            "seed": seed,
            "direction": direction,
            "k": k,
            "percent": found[name],
            "pessimistic_percent": pessimistic,
            "optimistic_percent": optimistic,
            "chance_percent": found.chance[name],
            "queries": found.queries,
        }


def _means(recall: pd.DataFrame, runs: Runs) -> pd.DataFrame:
    """`recall` averaged over seeds: `low`, `high`, `seed_deviation` (NaN for one seed), ranks."""
    means = over_seeds(recall, ("model", "granularity", "direction", "k"))
    means[["low", "high"]] = [
        runs.estimate(row.model, row.direction, f"R@{row.k}").interval()
        for row in means.itertuples()
    ]
    places = means[["direction", "k"]].drop_duplicates().itertuples(index=False)
    of = {(d, k): ranks(runs, runs.models(), d, f"R@{k}") for d, k in places}
    known = [of[row.direction, row.k].get(row.model) for row in means.itertuples()]
    means["best_rank"] = [None if rank is None else rank.best for rank in known]
    means["worst_rank"] = [None if rank is None else rank.worst for rank in known]
    return means


def _rank_rows(runs: Runs, seeds: Sequence[int]) -> Iterator[dict]:
    for model, seed, direction, found in _each(runs, seeds):
        yield {
            "model": model,
            "seed": seed,
            "direction": direction,
            "median_rank": found["MedR"],
            "mean_rank": found["MeanR"],
            "chance_mean_rank": found.chance["MeanR"],
            "candidates": found.candidates,
        }


def _sum_rows(runs: Runs, cuts: Sequence[int]) -> Iterator[dict]:
    if not {1, 5, 10} <= set(cuts):
        return
    for model in runs.results:
        yield {"model": model, **runs.recall_sum(model).columns("r_sum_percent")}
