"""Rows of the chapter on compression: every setting of every model, judged on both tasks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from fico_lib.chapters.compression.gap import CENTRINGS, EXACTLY, centred_apart, distance, with_gap
from fico_lib.chapters.compression.parameters import EXACT, CompressionChapter
from fico_lib.encodings import Codes, Embeddings, Encodings
from fico_lib.evaluation import EvaluationResult, evaluate
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.metrics.resampling import Estimate
from fico_lib.report.runs import Runs
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.progress import track
from fico_lib.search.compress import Compression, compress
from fico_lib.search.compress.reduce import components
from fico_lib.search.compress.setting import DEPTH

METRICS = ("R@1", "R@10", "mAP@N")
RETAINED = ["retained_percent", "retained_low", "retained_high"]


@dataclass(frozen=True)
class Ladder:
    """The evaluated settings of one run, as tidy tables.

    grid: one row per model, setting, direction and metric: percent and per cent of exact float32,
    each with its 95 % interval over images and seeds (paired in the latter); bytes that every query
    reads of an item, and bytes that are kept of it. codes: the learnt codes that stand beside.
    offsets: R@1 and R@10 of 256-bit signs (as many as dimensions, and one) of the first model, at
    each offset between its sides, by what they are centred on. facts: dimensions of each model, the
    distance between the means of its sides, and how many principal components hold 99 % of the
    variance within the sides.
    fits: R@k of the first model by signs that are fitted to half of the images and their captions,
    minus the same fitted to all.
    runs: what the rows are estimated from; asked: the models, of which some may not have been run;
    sizes: images and captions of the test split; category: images whose queries are asked in the
    category task.
    """

    grid: pd.DataFrame
    codes: pd.DataFrame
    offsets: pd.DataFrame
    facts: pd.DataFrame
    fits: pd.DataFrame
    runs: Runs
    asked: list[str]
    sizes: tuple[int, int]
    category: int
    seeds: int

    @property
    def models(self) -> list[str]:
        """The models that were compressed, in order."""
        return list(self.facts["model"])

    @property
    def missing(self) -> list[str]:
        """The models that were not run, because no weights of theirs are released."""
        return [name for name in self.asked if name not in self.models]

    def dimensions(self, model: str) -> int:
        """Of a model's embeddings."""
        return int(self.facts.set_index("model").loc[model, "dimensions"])

    def estimate(self, model: str, setting: str, direction: str, metric: str) -> Estimate | None:
        """The value of a metric, in percent; None where the setting was not run."""
        name = _name(model, setting)
        return self.runs.estimate(name, direction, metric) if self.runs.has(name) else None

    def retained(self, model: str, setting: str, direction: str, metric: str) -> Estimate | None:
        """The same in per cent of exact float32; None where that is 0."""
        value, exact = (self.estimate(model, s, direction, metric) for s in (setting, EXACT))
        return None if value is None or not exact.value else value.percent_of(exact)

    def offset(self, size: float, centring: str, direction: str, metric: str) -> Estimate | None:
        """R@k of the first model under an offset, in percent; None where it was not run."""
        name = _offset_name(size, centring)
        return self.runs.estimate(name, direction, metric) if self.runs.has(name) else None


def _name(model: str, setting: object) -> str:
    return f"{model}, {setting}"


def _offset_name(size: float, centring: str) -> str:
    return f"offset {size:g}, {centring}"


def by_request(
    encodings: Sequence[Encodings], p: CompressionChapter
) -> dict[str, list[Embeddings | Codes]]:
    """The encodings of each seed by model, in the order of `p.requests()`."""
    made: dict[str, list] = {}
    for request, one in zip(p.requests(), encodings, strict=True):
        made.setdefault(request.model, []).append(one)
    return made


def climb(encodings: Sequence[Encodings], test: FeatureSplit, p: CompressionChapter) -> Ladder:
    """Evaluate every setting of every model.

    encodings: those of `p.requests()`; test: what they encode. Raises InputError where there are
    fewer candidates than a search asks for.
    """
    made, one = by_request(encodings, p), encodings[0]
    if min(one.n_images, one.n_captions) <= DEPTH:
        raise InputError(
            f"the test split has {one.n_images} images and {one.n_captions} captions; expected "
            f"more than {DEPTH} of each"
        )
    judge = Judge(p, np.array(test.labels), one.image_of_caption)
    results: dict[str, list[EvaluationResult]] = {}
    trained: dict[str, str] = {}
    jobs = [(model, setting) for model in p.compressed for setting in p.ladder(model)]
    for model, setting in track(jobs, "compressing embeddings"):
        name = _name(model, setting)
        results[name] = [judge(compress(e, setting)) for e in made[model]]
        trained[name] = model
    results |= {model: [judge(e) for e in made[model]] for model in p.codes}
    for name, each in _halves(made[p.compressed[0]], p, judge):
        results[name], trained[name] = each, p.compressed[0]
    for name, each in _offsets(made[p.compressed[0]], p, judge):
        results[name], trained[name] = each, p.compressed[0]
    runs = Runs(results, one.n_images, p.resamples, trained_as=trained)
    facts = [_facts(model, made[model][0]) for model in p.compressed]
    ladder = Ladder(
        grid=pd.DataFrame(),
        codes=pd.DataFrame(_code_rows(runs, {m: made[m][0] for m in p.codes}), columns=CODE_ROW),
        offsets=pd.DataFrame(_offset_rows(runs, p)),
        facts=pd.DataFrame(facts),
        fits=pd.DataFrame(_fit_rows(runs, p), columns=FIT_ROW),
        runs=runs,
        asked=p.asked,
        sizes=(one.n_images, one.n_captions),
        category=judge.images,
        seeds=len(p.seeds),
    )
    return replace(ladder, grid=pd.DataFrame(_rows(ladder, jobs)))


class Judge:
    """Both tasks; the category task of some images only, each with its first caption."""

    def __init__(self, p: CompressionChapter, labels: np.ndarray, image_of_caption: np.ndarray):
        self.labels, n = labels, len(labels)
        self.how = {"ties": p.ties, "device": p.device, "empty": "skip"}
        self.images = min(p.category_queries or n, n)
        self.queries: dict[str, np.ndarray] | None = None
        if self.images < n:
            chosen = np.sort(np.random.default_rng(0).choice(n, self.images, replace=False))
            first = np.unique(image_of_caption, return_index=True)[1]
            self.queries = {"i2t": chosen, "t2i": first[chosen]}

    def __call__(self, encodings) -> EvaluationResult:
        """R@1 and R@10 of all queries, mAP@N of the chosen ones."""
        found = self.instance(encodings)
        category = evaluate(
            encodings, self.labels, tasks="category", map_at="all", queries=self.queries, **self.how
        )
        return replace(found, category=category.category)

    def instance(self, encodings) -> EvaluationResult:
        """R@1 and R@10 alone."""
        return evaluate(encodings, tasks="instance", recall_at=(1, DEPTH), **self.how)


def _fitted(p: CompressionChapter) -> list[str]:
    """The settings of the first model that are fitted to half of the images as well."""
    shortest = f"sign-mean:rpca{min(p.dimensions, default=0)}"
    wanted = ("sign-mean", shortest)
    return [str(one) for one in p.ladder(p.compressed[0]) if str(one) in wanted]


def _halves(
    made: Sequence[Embeddings], p: CompressionChapter, judge: Judge
) -> Iterator[tuple[str, list[EvaluationResult]]]:
    """R@k of each seed by settings that are fitted to half of the images and their captions."""
    for setting in _fitted(p):
        found = [judge.instance(compress(e, setting, _half(e))) for e in made]
        yield _name(p.compressed[0], f"{setting}, half"), found


def _half(one: Embeddings) -> Embeddings:
    """Every second image, and its captions."""
    rows = one.image_of_caption % 2 == 0
    of = one.image_of_caption[rows] // 2
    return Embeddings(one.images[::2], one.texts[rows], of, measure=one.measure)


def _offsets(
    made: Sequence[Embeddings], p: CompressionChapter, judge: Judge
) -> Iterator[tuple[str, list[EvaluationResult]]]:
    """R@k of each seed at every offset, exactly and by signs of every centring."""
    for size in p.gaps:
        moved = [with_gap(e, size) for e in made]
        yield _offset_name(size, EXACTLY), [judge.instance(e) for e in moved]
        for centring in CENTRINGS:
            yield _offset_name(size, centring), [_by_signs(e, centring, judge) for e in moved]


def _by_signs(moved: Embeddings, centring: str, judge: Judge) -> EvaluationResult:
    """Each direction has codes of its own where the gallery's mean is taken off both sides."""
    sides = {d: judge.instance(centred_apart(moved, centring, d)) for d in DIRECTIONS}
    found = {d: result.instance[d] for d, result in sides.items() if result.instance}
    return replace(sides["i2t"], instance=found)


def _facts(model: str, one: Embeddings) -> dict:
    return {
        "model": model,
        "dimensions": one.images.shape[1],
        "measure": one.measure,
        "distance_of_means": distance(one),
        "components_of_99": components(one, 0.99),
    }


def _rows(ladder: Ladder, jobs: Iterable[tuple[str, Compression]]) -> Iterator[dict]:
    for (model, setting), direction, metric in product(jobs, DIRECTIONS, METRICS):
        retained = ladder.retained(model, str(setting), direction, metric)
        share = dict.fromkeys(RETAINED) if retained is None else retained.columns(*RETAINED)
        d = ladder.dimensions(model)
        yield {
            "model": model,
            "setting": str(setting),
            "quantizer": setting.quantizer,
            "reduction": setting.reduction,
            "dimensions": setting.dimension or d,
            "rescoring": setting.rescoring,
            "multiplier": setting.multiplier,
            "searched_bytes": setting.searched_bytes(d),
            "kept_bytes": setting.kept_bytes(d),
            "direction": direction,
            "metric": metric,
            **ladder.runs.estimate(_name(model, setting), direction, metric).columns("percent"),
            **share,
        }


ENDS = ["low", "high"]
CODE_ROW = ["model", "bits", "kept_bytes", "direction", "metric", "percent", *ENDS]


def _code_rows(runs: Runs, codes: Mapping[str, Codes]) -> Iterator[dict]:
    for (model, one), direction, metric in product(codes.items(), DIRECTIONS, METRICS):
        about = {"model": model, "bits": one.bits, "kept_bytes": -(-one.bits // 8)}
        about |= {"direction": direction, "metric": metric}
        yield about | runs.estimate(model, direction, metric).columns("percent")


def _offset_rows(runs: Runs, p: CompressionChapter) -> Iterator[dict]:
    centrings = (EXACTLY, *CENTRINGS)
    for size, centring, direction, metric in product(p.gaps, centrings, DIRECTIONS, METRICS[:2]):
        about = {"offset": size, "centring": centring, "direction": direction, "metric": metric}
        found = runs.estimate(_offset_name(size, centring), direction, metric)
        yield about | found.columns("percent")


FIT_ROW = ["model", "setting", "direction", "metric", "gap_percent", *ENDS]


def _fit_rows(runs: Runs, p: CompressionChapter) -> Iterator[dict]:
    model = p.compressed[0]
    for setting, direction, metric in product(_fitted(p), DIRECTIONS, METRICS[:2]):
        half, whole = _name(model, f"{setting}, half"), _name(model, setting)
        about = {"model": model, "setting": setting, "direction": direction, "metric": metric}
        yield about | runs.gap(half, whole, direction, metric).columns("gap_percent")
