"""What a reader of the chapter on the models sees."""

import pandas as pd

from fico_lib.chapters.models.results import ASPECTS
from fico_lib.models import model_card
from fico_lib.report.table import Table, Text, bullets, written


def models(rows: pd.DataFrame) -> Table:
    """The rows of `fidelity`: a line per model."""
    frame = rows.drop(columns="model").rename(columns={"title": "model"})
    return Table(
        frame,
        "Each model here beside the publication that it follows: what is as published, and what "
        "differs.",
        words=frame.columns,
    )


def budgets(rows: pd.DataFrame) -> Table | Text:
    """Steps, best steps and minutes of the released weights, means over seeds."""
    if rows.empty:
        return Text(NOT_RELEASED)
    lines = []
    for model, own in rows.groupby("model", sort=False):
        mean = own.mean(numeric_only=True)
        lines.append(
            {
                "model": model_card(model).compact_title,
                "seeds": len(own),
                "steps of pre-training": written(round(mean["pretraining_steps"])),
                "steps of training": written(round(mean["training_steps"])),
                "best step": written(round(mean["best_step"])),
                "ended by": "max_steps" if own["at_limit"].any() else "plateau",
                "minutes": f"{mean['minutes']:.1f}",
            }
        )
    processors = ", ".join(rows["processor"].unique())
    caption = (
        "Optimiser steps until the validation score no longer rose, the step whose weights were "
        f"kept, and how long that took on one thread ({processors}); means over seeds."
    )
    return Table(pd.DataFrame(lines), caption, words=("model", "ended by"))


NOT_RELEASED = (
    "No learning curve is shown: this run trained its models itself (`weights: train`), or no "
    "weights are released for its data."
)


def takeaways(fidelity: pd.DataFrame, counts: pd.DataFrame, budgets: pd.DataFrame) -> Text:
    """How much is as published, and whether all models were trained to a plateau."""
    share = counts.set_index("aspect")["as_published"]
    sentences = [
        f"{len(fidelity)} models are described: each is a compact counterpart of a published one, "
        "and none is that model.",
        "As published are: "
        + ", ".join(f"the {aspect} of {share[aspect]}" for aspect in ASPECTS)
        + ".",
    ]
    if not budgets.empty:
        stopped = sorted(set(budgets.loc[budgets["at_limit"], "model"]))
        sentences.append(
            f"All {len(budgets)} trainings ended at a plateau of the validation score."
            if not stopped
            else f"Ended by the limit of steps and not by a plateau: {', '.join(stopped)}."
        )
    return bullets(sentences)


def settings(rows: pd.DataFrame) -> Table | Text:
    """The parameters of every model's training, as the model uses them."""
    same = [name for name in rows.columns[1:] if rows[name].nunique() == 1]
    common = ", ".join(f"{name} {rows[name].iloc[0]}" for name in same)
    if len(same) == len(rows.columns) - 1:
        return Text(f"All models of this run are trained with the same parameters: {common}.")
    frame = rows.drop(columns=same).map(
        lambda value: value if isinstance(value, str) else f"{value:g}"
    )
    frame.columns = [name.replace("_", " ") for name in frame.columns]
    return Table(frame, f"Parameters of training. The same for all: {common}.", words=("model",))
