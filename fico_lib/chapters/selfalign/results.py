"""Rows of the SelfAlign chapter: what its parts add to a base, and what attention would add."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from fico_lib.chapters.selfalign.claims import Variants
from fico_lib.chapters.selfalign.parameters import SelfAlignChapter
from fico_lib.chapters.selfalign.timing import attention_ms, embedding_ms, two_stages
from fico_lib.encodings import Encodings
from fico_lib.evaluation import evaluate
from fico_lib.models.selfalign_parameters import SelfAlignParameters
from fico_lib.report.reference_rows import RANDOM, random_scorer
from fico_lib.report.runs import Runs
from fico_lib.runtime.errors import InputError

SUMMED = (1, 5, 10)  # k of R@sum
PLAIN = {"lca": False, "cra": False}
DEFAULT = {name: SelfAlignParameters.model_fields[name].default for name in ("concepts", "aligned")}


def name_of(one: SelfAlignParameters) -> str:
    """A variant's name.

    >>> name_of(SelfAlignParameters(cra=False, concepts=8))
    'vse+LCA, 8 concepts'
    """
    name = one.base + "+LCA" * one.lca + "+CRA" * one.cra
    if one.concepts != DEFAULT["concepts"]:
        name += f", {one.concepts} concepts"
    return name if one.aligned == DEFAULT["aligned"] else f"{name}, {one.aligned}s"


def base_of(one: SelfAlignParameters) -> str:
    """The name of the variant that `one` is compared with: its base, nothing aligned."""
    return name_of(one.model_copy(update=PLAIN | DEFAULT))


@dataclass(frozen=True)
class Comparison:
    """The evaluated variants of one run, the model with attention, and a random scorer.

    recall: per model, direction and k, the mean over seeds and queries in percent with its 95 %
    interval and the chance level; sums: R@sum per model, with its difference to its base (`than`);
    costs: ms per text query beside R@sum, and the difference to the model with attention;
    variants: what claims are tested on. first: the variant that leads the two stages; attention:
    the model that follows. n_images, n_captions: the size of the test split.
    """

    recall: pd.DataFrame
    sums: pd.DataFrame
    costs: pd.DataFrame
    variants: Variants
    first: str
    attention: str
    n_images: int
    n_captions: int
    seeds: list[int]
    threads: int


def compare(
    encodings: Sequence[Encodings], n_texts: int, parameters: SelfAlignChapter
) -> Comparison:
    """Evaluate all variants, the model with attention, and both one after the other.

    encodings: those of `parameters.requests()`; n_texts: distinct texts of the split, which the
    model with attention scored. Raises InputError where candidates are fewer than R@sum needs.
    """
    if min(encodings[0].n_images, encodings[0].n_captions) < max(SUMMED):
        raise InputError(
            f"the test split has {encodings[0].n_images} images; R@sum needs {max(SUMMED)} or more"
        )
    p, settings, seeds = parameters, parameters.settings(), parameters.seeds
    by_name = _by_name(encodings, settings, len(seeds))
    attention = encodings[-1].model
    both = {"lca": True, "cra": True} | DEFAULT
    base, first = base_of(settings[0]), name_of(settings[0].model_copy(update=both))
    one, threads = encodings[0], p.training.threads
    depths = [k for k in sorted(set(p.rerank_k)) if k < one.n_images]
    cuts = [k for k in sorted({*SUMMED, *p.recall_at}) if k <= min(one.n_images, one.n_captions)]
    judge = partial(evaluate, tasks="instance", recall_at=cuts, ties=p.ties, device=p.device)

    results = {name: list(map(judge, entries)) for name, entries in by_name.items()}
    for k in depths:
        stages = zip(by_name[first], by_name[attention], strict=True)
        results[two_names(first, attention, k)] = [judge(two_stages(a, b, k)) for a, b in stages]
    results[RANDOM] = [
        judge(random_scorer(one.n_images, one.image_of_caption, seed)) for seed in seeds
    ]
    times = {name: embedding_ms(by_name[name][0], threads) for name in (base, first)}
    times[attention] = one.n_images * attention_ms(by_name[attention], n_texts)
    second = {two_names(first, attention, k): attention for k in depths}
    runs = Runs(results, one.n_images, p.resamples, trained_as=second)
    return Comparison(
        recall=pd.DataFrame(runs.recalls(cuts)).drop(columns="queries"),
        sums=pd.DataFrame(_sum_rows(runs, settings, attention)),
        costs=pd.DataFrame(_cost_rows(runs, times, attention, first, depths, one.n_images)),
        variants=_variants(runs, settings, attention, times),
        first=first,
        attention=attention,
        n_images=one.n_images,
        n_captions=one.n_captions,
        seeds=seeds,
        threads=threads,
    )


def _variants(
    runs: Runs,
    settings: Sequence[SelfAlignParameters],
    attention: str,
    times: dict[str, np.ndarray],
) -> Variants:
    alone = [one for one in settings if one.lca and not one.cra and one.base == settings[0].base]
    concepts = {one.concepts: name_of(one) for one in alone if one.aligned == DEFAULT["aligned"]}
    bases = list(dict.fromkeys(s.base for s in settings))
    return Variants(runs, bases, attention, concepts, times)


def two_names(first: str, second: str, k: int) -> str:
    """The name of two stages: `first`, then `second` on its best k."""
    return f"{first}, then {second} on {k}"


def _by_name(encodings, settings, n_seeds: int) -> dict[str, list[Encodings]]:
    """Encodings of all seeds by variant; the last are the model's with attention."""
    names = [*map(name_of, settings), encodings[-1].model]
    if len(encodings) != n_seeds * len(names):
        raise ValueError(f"{len(encodings)} encodings for {len(names)} models, {n_seeds} seeds")
    return {name: list(encodings[i * n_seeds : (i + 1) * n_seeds]) for i, name in enumerate(names)}


def _sum_rows(runs: Runs, settings: Sequence[SelfAlignParameters], attention: str):
    for one in settings:
        about = {name: getattr(one, name) for name in ("base", "lca", "cra", "concepts", "aligned")}
        than = base_of(one)
        total, base = runs.recall_sum(name_of(one)), runs.recall_sum(than)
        row = {"model": name_of(one)} | about | total.columns("r_sum_percent")
        if than != name_of(one):
            gain = (total - base).columns("gain_percent", "gain_low", "gain_high")
            row |= (
                {"than": than} | gain | {"gain_share_percent": 100 * (total.value / base.value - 1)}
            )
        yield row
    for model in (attention, RANDOM):
        yield {"model": model} | runs.recall_sum(model).columns("r_sum_percent")


def _cost_rows(
    runs: Runs,
    times: Mapping[str, np.ndarray],
    attention: str,
    first: str,
    depths: Sequence[int],
    n_images: int,
) -> Iterator[dict]:
    """ms to score all images for one text, with R@sum: embeddings, attention, and the stages."""
    ms = {name: float(np.median(repeats)) for name, repeats in times.items()}
    timed = [(name, 0, one) for name, one in ms.items() if name != attention]
    per_pair = ms[attention] / n_images
    timed += [(two_names(first, attention, k), k, ms[first] + k * per_pair) for k in depths]
    timed.append((attention, n_images, ms[attention]))
    full = runs.recall_sum(attention)
    for model, k, taken in timed:
        total = runs.recall_sum(model)
        row = {"model": model, "attended": k, "ms_per_query": taken}
        row |= total.columns("r_sum_percent")
        if model != attention:
            row |= (total - full).columns("gap_percent", "gap_low", "gap_high")
        yield row
