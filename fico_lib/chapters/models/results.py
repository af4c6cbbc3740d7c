"""Rows of the chapter on the models: what each has as published, and how it was trained."""

from collections.abc import Sequence

import pandas as pd

from fico_lib.chapters.models.parameters import ModelsChapter
from fico_lib.models import VARIANTS, model_card, model_class
from fico_lib.models.base.card import AS_PUBLISHED
from fico_lib.pipeline.card import WeightsCard, read_card
from fico_lib.pipeline.checkpoints import FOLDER, released_weights
from fico_lib.runtime.errors import InputError

ASPECTS = ("objective", "architecture", "training", "selection")


def fidelity(models: Sequence[str]) -> pd.DataFrame:
    """One row per model: each aspect "as published", or what differs and why."""
    rows = []
    for name in models:
        card = model_card(name)
        about = {aspect: getattr(card, aspect) for aspect in ASPECTS}
        rows.append({"model": name, "title": card.compact_title, "after": card.reference} | about)
    return pd.DataFrame(rows)


def as_published(rows: pd.DataFrame) -> pd.DataFrame:
    """Per aspect, how many of the models of `fidelity` have it as published, whatever is added."""
    counts = rows[list(ASPECTS)].apply(lambda column: column.str.startswith(AS_PUBLISHED)).sum()
    return pd.DataFrame({"aspect": counts.index, "as_published": counts.to_numpy()})


def released(parameters: ModelsChapter) -> dict[tuple[str, int], WeightsCard]:
    """The cards of the released weights that these parameters ask for, by model and seed.

    A model with no weights of these parameters is left out, and so is one that uses another one's
    network. None where the chapter's models are to be trained.
    """
    cards = {}
    if parameters.weights == "train":
        return cards
    for model in parameters.models:
        if model in VARIANTS:
            continue
        for seed in parameters.seeds:
            asked = parameters.data, parameters.features, parameters.training, model, seed
            try:
                path = released_weights(FOLDER, *asked)
            except InputError:  # what is not released, `fico checkpoints --list` tells
                continue
            cards[model, seed] = read_card(path, WeightsCard)
    return cards


def curves(cards: dict[tuple[str, int], WeightsCard]) -> pd.DataFrame:
    """One row per validation: model, seed, stage, step in its stage, score, loss, learning_rate."""
    rows = [
        {"model": model, "seed": seed} | row
        for (model, seed), card in cards.items()
        for row in card.curve
    ]
    columns = ["model", "seed", "stage", "step", "score", "loss", "learning_rate"]
    return pd.DataFrame(rows, columns=columns)


def budgets(cards: dict[tuple[str, int], WeightsCard], curve: pd.DataFrame) -> pd.DataFrame:
    """One row per model and seed: optimiser steps of each stage, the step of the best weights.

    best_step counts in the last stage; minutes: of the training, on the card's machine; at_limit:
    whether a stage was ended by `max_steps` and not by a plateau.
    """
    rows = []
    for (model, seed), card in cards.items():
        own = curve[(curve["model"] == model) & (curve["seed"] == seed)]
        steps = own.groupby("stage")["step"].max()
        last = own[own["stage"] == "train"]
        rows.append(
            {
                "model": model,
                "seed": seed,
                "pretraining_steps": int(steps.get("pretrain", 0)),
                "training_steps": int(steps.get("train", 0)),
                "best_step": int(last.loc[last["score"].idxmax(), "step"]),
                "best_score": last["score"].max(),
                "at_limit": bool((steps >= card.training["max_steps"]).any()),
                "minutes": card.seconds / 60,
                "processor": card.machine["processor"],
            }
        )
    columns = [
        "model", "seed", "pretraining_steps", "training_steps", "best_step", "best_score",
        "at_limit", "minutes", "processor",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def settings(parameters: ModelsChapter) -> pd.DataFrame:
    """One row per model: the parameters of its training as it uses them."""
    names = [field for field in type(parameters.training).model_fields if field != "threads"]
    rows = []
    for model in parameters.models:
        own = model_class(model).adjusted(parameters.training)
        rows.append({"model": model} | {name: getattr(own, name) for name in names})
    return pd.DataFrame(rows)
