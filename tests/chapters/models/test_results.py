"""What the chapter on the models says of cards, budgets and curves."""

import pytest

from fico_lib.chapters.models import figures, results, tables
from fico_lib.chapters.models.parameters import ModelsChapter
from fico_lib.models import ALL, model_card
from fico_lib.pipeline.card import WeightsCard
from fico_lib.runtime.errors import InputError


def card(steps=1000, limit=5000, pretrained=False):
    rows = [
        {"step": step, "score": score, "loss": 1.0, "learning_rate": 0.1, "stage": "train"}
        for step, score in ((250, 1.0), (500, 3.0), (steps, 2.0))
    ]
    if pretrained:
        rows.insert(0, rows[0] | {"step": 4000, "stage": "pretrain", "score": 9.0})
    return WeightsCard(
        data={}, features={}, seconds=120, machine={"processor": "a processor"}, versions={},
        commit="", bytes=1, fitted="", training={"max_steps": limit}, model="vse", variant="",
        seed=0, steps=steps, curve=rows, metrics={},
    )  # fmt: skip


def test_every_model_is_described_in_all_four_aspects():
    rows = results.fidelity(ALL)
    assert rows["model"].tolist() == ALL
    assert (rows[list(results.ASPECTS)].map(len) > 0).all().all()
    assert rows["title"].str.endswith("(compact)").all()
    counts = results.as_published(rows).set_index("aspect")["as_published"]
    by_hand = sum(model_card(name).selection.startswith("as published") for name in ALL)
    assert counts["selection"] == by_hand


def test_budgets_of_cards():
    cards = {("vse", 0): card(), ("xvlm", 1): card(pretrained=True, limit=1000)}
    rows = results.budgets(cards, results.curves(cards)).set_index("model")
    assert rows.loc["vse", ["pretraining_steps", "training_steps", "best_step"]].tolist() == [
        0, 1000, 500,
    ]  # fmt: skip
    assert rows.loc["vse", "minutes"] == 2
    assert not rows.loc["vse", "at_limit"]
    assert rows.loc["xvlm", "pretraining_steps"] == 4000
    assert rows.loc["xvlm", "best_score"] == 3  # of the last stage
    assert rows.loc["xvlm", "at_limit"]


@pytest.mark.parametrize("limit", [5000, 1000])
def test_the_takeaway_says_whether_all_reached_a_plateau(limit):
    cards = {("vse", 0): card(limit=limit)}
    budgets = results.budgets(cards, results.curves(cards))
    rows = results.fidelity(["vse", "scan"])
    text = tables.takeaways(rows, results.as_published(rows), budgets).markdown
    assert ("ended at a plateau" in text) == (limit == 5000)
    assert ("by the limit of steps and not by a plateau: vse" in text) == (limit == 1000)


def test_without_released_weights_nothing_is_drawn():
    parameters = ModelsChapter(weights="train")
    cards = results.released(parameters)
    rows = results.curves(cards)
    assert cards == {}
    assert figures.learning_curves(rows) is None
    assert tables.budgets(results.budgets(cards, rows)).markdown == tables.NOT_RELEASED
    drawn = results.curves({("vse", 0): card(), ("xvlm", 0): card(pretrained=True)})
    figure = figures.learning_curves(drawn)
    assert sum(panel.has_data() for panel in figure.axes) == 2


def test_settings_are_those_that_a_model_uses():
    rows = results.settings(ModelsChapter()).set_index("model")
    assert set(rows.index) == set(ALL)
    assert rows["max_steps"].nunique() == 1
    assert rows["batch_size"].nunique() > 1
    table = tables.settings(rows.reset_index())
    assert "max_steps" in table.caption
    assert "batch size" in table.frame.columns
    alone = results.settings(ModelsChapter(models=["vse", "dadh"]))
    assert "with the same parameters: max_steps" in tables.settings(alone).markdown


def test_a_card_that_changes_changes_the_key(tmp_path, monkeypatch):
    from fico_lib.chapters.models import parameters as module

    monkeypatch.setattr(module, "FOLDER", tmp_path)
    folder = tmp_path / "scenes-coco"
    folder.mkdir()
    before = ModelsChapter().data_key()
    (folder / "vse-0.json").write_text("{}")
    assert ModelsChapter().data_key() != before


def test_weights_of_other_parameters_are_not_shown(monkeypatch):
    """Whether a checkpoint is as asked is told in one place; this chapter asks there."""
    asked = []

    def released_weights(folder, *parameters):
        asked.append(parameters)
        raise InputError("other parameters")

    monkeypatch.setattr(results, "released_weights", released_weights)
    parameters = ModelsChapter(models=["vse", "xvlm", "xvlm_nf"], training={"bits": 256})
    assert results.released(parameters) == {}
    assert [p[3] for p in asked] == ["vse", "xvlm"]
    assert {p[2].bits for p in asked} == {256}
