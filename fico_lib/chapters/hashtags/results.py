"""Rows of the chapter on hashtags: every model on each kind of text, and how far orders agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from fico_lib.chapters.hashtags import captioner
from fico_lib.chapters.hashtags.parameters import HashtagsChapter
from fico_lib.chapters.hashtags.tags import Tags, drawn_tags, hashtags, sentence
from fico_lib.datasets import load_dataset
from fico_lib.datasets.dataset import Split
from fico_lib.evaluation import evaluate
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.features.captions import with_captions
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.features.fitted import FILE, Fitted
from fico_lib.features.text import words
from fico_lib.metrics.rank_correlation import kendall_tau
from fico_lib.metrics.resampling import Estimate, Resampling
from fico_lib.models import CLOSED_FORM, model_card
from fico_lib.pipeline.encode import build_features, trained_model
from fico_lib.pipeline.request import Request
from fico_lib.runtime.progress import track

SENTENCES, HASHTAGS, TEMPLATE, LEARNED = "sentences", "hashtags", "template", "captioner"
TEXTS = {  # name -> what it is
    SENTENCES: "a sentence about the image",
    HASHTAGS: "its hashtags",
    TEMPLATE: "the hashtags in a sentence by rule",
    LEARNED: "a sentence that a captioner writes from the hashtags",
}
METRICS = {"R@1": "instance", "R@10": "instance", "mAP@N": "category"}
COLUMNS = {"mAP@N": "AP@N"}  # of single queries
SPLITS = ("train", "val", "test")
SEED = 0  # of tags and captioner


@dataclass(frozen=True)
class Texts:
    """One text of each kind per test image. quality: a row per kind; captioner: one row."""

    texts: dict[str, list[str]]
    labels: np.ndarray
    quality: pd.DataFrame
    captioner: pd.DataFrame


@dataclass(frozen=True)
class Found:
    """What was found, as tidy tables, and what their intervals are of.

    accuracy: a row per model, kind of text, direction and metric; orders: a row per kind of text
    beside sentences, direction and metric; texts, captioner: see `Texts`; examples: the texts of
    some images.
    """

    accuracy: pd.DataFrame
    orders: pd.DataFrame
    texts: pd.DataFrame
    captioner: pd.DataFrame
    examples: pd.DataFrame
    estimates: Mapping[tuple[str, str, str, str], Estimate] = field(metadata={"file": None})

    def has(self, *names: str) -> bool:
        """Whether all of these models were run."""
        return set(names) <= set(self.models)

    @property
    def models(self) -> list[str]:
        """The trained models, in their order."""
        names = dict.fromkeys(self.accuracy["model"])
        return [name for name in names if name not in CLOSED_FORM]

    def family(self, granularity: str) -> list[str]:
        """The trained models of FG or of CG."""
        return [name for name in self.models if model_card(name).granularity == granularity]

    def mean(self, names: Sequence[str], text: str, direction: str, metric: str) -> Estimate:
        """The mean over some models."""
        first, *more = (self.estimates[name, text, direction, metric] for name in names)
        return sum(more, first) * (1 / len(names))

    def gap(self, text: str, direction: str, metric: str) -> Estimate | None:
        """The mean of the fine-grained models minus that of the coarse-grained."""
        families = self.family("FG"), self.family("CG")
        if not all(families):
            return None
        fine, coarse = (self.mean(names, text, direction, metric) for names in families)
        return fine - coarse

    def order(self, text: str, direction: str, metric: str) -> Estimate | None:
        """Kendall's tau between the models' order on sentences and on another kind of text.

        None where there is no order: too few models, or all of them equal.
        """
        pair = []
        for kind in (SENTENCES, text):
            own = [self.estimates[name, kind, direction, metric] for name in self.models]
            values = np.array([e.value for e in own])
            pair.append((values, np.stack([e.draws for e in own], -1)))
        (x, x_draws), (y, y_draws) = pair
        tau = float(kendall_tau(x, y))
        return None if np.isnan(tau) else Estimate(tau, kendall_tau(x_draws, y_draws))


def texts_of(request: Request, parameters: HashtagsChapter) -> Texts:
    """The texts of the test images; the captioner learns on train and stops by val."""
    data = load_dataset(request.resolved_data)
    splits = [data[name] for name in SPLITS]
    train, _, test = splits
    names, popularity = train.category_names, train.labels.sum(0)
    how = parameters.missing, parameters.wrong
    tags = [
        drawn_tags(split.labels, popularity, *how, SEED + number)
        for number, split in enumerate(splits)
    ]
    writer = _train_captioner(splits, tags, parameters)
    first = np.unique(test.image_of_caption, return_index=True)[1]
    made = {
        SENTENCES: [test.captions[row] for row in first],
        HASHTAGS: [hashtags(one, names) for one in tags[2]],
        TEMPLATE: [sentence(one, names) for one in tags[2]],
        LEARNED: writer.write(tags[2], names, parameters.captioner_samples, SEED),
    }
    known = set(w for caption in train.captions for w in words(caption))
    quality = pd.DataFrame(
        [_quality(kind, texts, tags[2], names, known, test) for kind, texts in made.items()]
    )
    about = {"steps": writer.steps, "perplexity": writer.perplexity,
             "words": len(writer.vocabulary), "train_captions": len(train.captions)}  # fmt: skip
    return Texts(made, test.labels, quality, pd.DataFrame([about]))


def _train_captioner(
    splits: Sequence[Split], tags: Sequence[list[Tags]], parameters: HashtagsChapter
) -> captioner.Captioner:
    train, val, _ = splits
    return captioner.train(
        tags[0],
        train.captions,
        train.image_of_caption,
        (tags[1], val.captions, val.image_of_caption),
        len(train.category_names),
        parameters.captioner_width,
        parameters.captioner_steps,
        SEED,
    )


def _quality(kind: str, texts: list[str], tags: list[Tags], names, known: set, test: Split) -> dict:
    """How long, how varied and how telling one kind of text is."""
    said = [words(text) for text in texts]
    one_word = [name.replace(" ", "") for name in names]
    tagged = [
        np.mean([any(w in own for w in (one_word[t], *words(names[t]))) for t in mine])
        for own, mine in zip(said, tags, strict=True)
    ]
    present = [
        np.mean([any(w in own for w in (one_word[c], *words(names[c]))) for c in np.flatnonzero(r)])
        for own, r in zip(said, test.labels, strict=True)
        if r.any()
    ]
    every = [word for own in said for word in own]
    return {
        "text": kind,
        "images": len(texts),
        "distinct_percent": 100 * len(set(texts)) / len(texts),
        "words_mean": len(every) / len(texts),
        "known_percent": 100 * np.mean([word in known for word in every]) if every else np.nan,
        "tags_named_percent": 100 * float(np.mean(tagged)),
        "labels_named_percent": 100 * float(np.mean(present)),
    }


def study(
    requests: Sequence[Request], made: Texts, cache: Path, parameters: HashtagsChapter
) -> Found:
    """Every model on every kind of text of the same images."""
    folder = build_features(requests[0], cache)
    base, fitted = FeatureSplit.load(folder / requests[0].split), Fitted.load(folder / FILE)
    images = np.arange(len(base.image_ids))
    seen = {
        kind: with_captions(base, fitted, texts, images, requests[0].features.max_words)
        for kind, texts in made.texts.items()
    }
    values: dict[tuple[str, str, str, str], list[np.ndarray]] = {}
    chances: dict[tuple[str, str, str], float] = {}
    for request in track(list(requests), "models on all texts"):
        model = trained_model(request, cache)
        for kind, split in seen.items():
            result = evaluate(
                model.encode(split), made.labels, metrics=tuple(METRICS), ties=parameters.ties
            )
            for direction in DIRECTIONS:
                for metric, task in METRICS.items():
                    part = getattr(result, task)[direction]
                    column = COLUMNS.get(metric, metric)
                    key = request.model, kind, direction, metric
                    values.setdefault(key, []).append(part.per_query[column])
                    chances[kind, direction, metric] = part.chance[metric]
    draw = Resampling(len(images), parameters.resamples)
    estimates = {
        key: draw.estimate(runs, images, "" if key[0] in CLOSED_FORM else key[0])
        for key, runs in values.items()
    }
    accuracy = pd.DataFrame(
        [
            {"model": model, "text": kind, "direction": direction, "metric": metric}
            | e.columns("percent")
            | {"chance_percent": chances[kind, direction, metric]}
            for (model, kind, direction, metric), e in estimates.items()
        ]
    )
    about = made.quality, made.captioner, _examples(made)
    found = Found(accuracy, pd.DataFrame(), *about, estimates)
    return Found(accuracy, pd.DataFrame(_order_rows(found)), *about, estimates)


def _examples(made: Texts, n: int = 3) -> pd.DataFrame:
    rows = [{"image": i} | {kind: texts[i] for kind, texts in made.texts.items()} for i in range(n)]
    return pd.DataFrame(rows)


def _order_rows(found: Found) -> list[dict]:
    rows = []
    for text in (kind for kind in TEXTS if kind != SENTENCES):
        for direction in DIRECTIONS:
            for metric in METRICS:
                tau = found.order(text, direction, metric)
                if tau is not None:
                    about = {"text": text, "direction": direction, "metric": metric}
                    rows.append(about | {"models": len(found.models)} | tau.columns("kendall_tau"))
    return rows
