"""Rows of the chapter on factors: the engine's numbers, differences between cells, closed forms."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from feature_splits import make_split

from fico_lib.chapters.factors import figures, parameters, results, sweep, tables
from fico_lib.chapters.factors.parameters import FactorsChapter
from fico_lib.encodings import Codes, Embeddings
from fico_lib.evaluation import evaluate
from fico_lib.runtime.errors import InputError

TEST = make_split("test", 40, 1)
GONE = "labels, 64 bits, regions + words"  # the cell that is not released
NOT_SWEPT = sweep.Sweep(*[pd.DataFrame({"than": [], "boxes": []})] * 2)
PLACES = [(d, m) for d in ("i2t", "t2i") for m in ("R@1", "R@10", "mAP@10", "mAP@N")]


@pytest.fixture(scope="module")
def chapter():
    values = {
        "supervisions": ["pairs", "labels"],
        "bits": [0, 64],
        "seeds": [5, 6],
        "resamples": 100,
        "device": "cpu",
        "training": {"dimension": 8},
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(parameters, "has_weights", lambda request: request.training.variant != GONE)
        yield FactorsChapter.check(values, "test")


@pytest.fixture(scope="module")
def made(chapter):
    rng, of, found = np.random.default_rng(0), TEST.image_of_caption, []
    kinds = TEST.labels.astype(float)
    for name, requests in chapter.factorial().items():
        for _ in requests:
            own = rng.normal(size=(40, 64)) if "pairs" in name else np.zeros((40, 64))
            images = np.concatenate([own, 8 * kinds], 1)
            texts = images[of] + rng.normal(size=(len(of), 72))
            if "64 bits" in name:
                signs = [side @ rng.normal(size=(72, 64)) > 0 for side in (images, images[of])]
                flips = rng.random((len(of), 64)) < 0.2
                found.append(Codes.pack(signs[0], signs[1] ^ flips, of, model="factor"))
            else:
                found.append(Embeddings(images, texts, of, model="factor"))
    return found


@pytest.fixture(scope="module")
def compared(made, chapter):
    return results.compare(made, TEST, chapter)


def test_cells_are_what_the_engine_says_on_average_over_seeds(made, chapter, compared):
    name = "pairs, 64 bits, whole image + document"
    each = results.named(made, chapter)[name]
    rows = compared.cells.set_index(["name", "direction", "metric"])
    judged = [
        evaluate(e, TEST.labels, recall_at=(1, 10), map_at=(10, "all"), empty="skip") for e in each
    ]
    for direction, metric in PLACES:
        task = "category" if "mAP" in metric else "instance"
        values = [getattr(one, task)[direction][metric] for one in judged]
        row = rows.loc[(name, direction, metric)]
        assert row["percent"] == pytest.approx(np.mean(values))
        assert row["chance_percent"] == getattr(judged[0], task)[direction].chance[metric]
    facts = rows.loc[(name, "i2t", "R@1"), ["kind", "supervision", "bits", "inputs"]]
    assert list(facts) == ["cell", "pairs", 64, "whole"]


def test_effects_are_differences_of_cells_that_share_the_rest(compared):
    percent = compared.cells.set_index(["name", "direction", "metric"])["percent"]
    single = compared.effects.query("at != 'all'").set_index(
        ["factor", "level", "than", "at", "direction", "metric"]
    )["gap_percent"]
    first, second = "pairs, 64 bits, regions + words", "pairs, 64 bits, whole image + document"
    for place in PLACES:
        expected = percent[first, *place] - percent[second, *place]
        assert single["inputs", "regions", "whole", "pairs, 64 bits", *place] == pytest.approx(
            expected
        )
    # Pairs of cells with the missing one have no difference.
    at = compared.effects.query("factor == 'supervision' and at != 'all'")["at"].unique()
    assert set(at) == {
        "float, regions + words",
        "float, whole image + document",
        "64 bits, whole image + document",
    }


def test_main_effects_are_means_of_them(compared):
    keys = ["factor", "level", "than", "direction", "metric"]
    single = (
        compared.effects.query("at != 'all'").groupby(keys)["gap_percent"].agg(["mean", "size"])
    )
    means = compared.effects.query("at == 'all'").set_index(keys)
    assert len(means) == 3 * len(PLACES)
    for key, row in means.iterrows():
        assert row["gap_percent"] == pytest.approx(single.loc[key, "mean"])
        assert row["cells"] == single.loc[key, "size"]
        assert row["low"] <= row["gap_percent"] <= row["high"]


def test_counterparts_are_models_minus_cells(compared):
    percent = compared.cells.set_index(["name", "direction", "metric"])["percent"]
    assert set(compared.counterparts["model"]) == {"vse", "adv64", "dadh"}  # ucch has no cell here
    for row in compared.counterparts.to_dict("records"):
        place = row["direction"], row["metric"]
        assert row["gap_percent"] == pytest.approx(
            percent[row["model"], *place] - percent[row["cell"], *place]
        )


def test_what_was_not_run_is_said(compared):
    assert compared.missing == [GONE]
    frame = tables.cells(compared).frame
    (line,) = [row for row in frame.to_numpy().tolist() if "not run" in row]
    assert line == ["labels", "regions", "64 bits"] + ["not run"] * len(PLACES)
    for text in (tables.facts_of_the_task(compared), tables.effects_in_words(compared)):
        assert ("Not run" in repr(text)) == (text == tables.facts_of_the_task(compared))


def test_sentences_name_the_factor_that_changes_most(compared):
    text = repr(tables.takeaways(compared, NOT_SWEPT))
    for metric, task in tables.TASKS.items():
        means = compared.effects.query("at == 'all' and metric == @metric")
        largest = means.loc[means["gap_percent"].abs().idxmax()]
        assert f"{task} depends most on the **{tables.FACTOR_NAMES[largest['factor']]}**" in text
        assert f"({metric}) changes by {largest['gap_percent']:+.1f} [" in text
        for gap in means.groupby("factor")["gap_percent"].agg(lambda gaps: max(gaps, key=abs)):
            assert f"by {gap:+.1f} [" in text


def test_the_two_parts_make_up_the_difference(monkeypatch):
    monkeypatch.setattr(parameters, "has_weights", lambda request: True)
    whole = FactorsChapter.check({"bits": [64], "weights": "train", "device": "cpu"}, "test")
    of, rng = TEST.image_of_caption, np.random.default_rng(1)
    encodings = []
    for _ in whole.requests():
        bits = rng.random((40, 16)) < 0.5
        encodings.append(Codes.pack(bits, bits[of] ^ (rng.random((len(of), 16)) < 0.2), of))
    compared = results.compare(encodings, TEST, whole)
    percent = compared.cells.set_index(["name", "direction", "metric"])["percent"]
    rows = compared.parts.set_index(["than", "part", "direction"])
    for other in ("contrastive", "labels"):
        for direction in ("i2t", "t2i"):
            parts = [rows.loc[(other, part, direction)] for part in ("objective", "inputs")]
            names = "pairs, 64 bits, regions + words", f"{other}, 64 bits, whole image + document"
            difference = np.subtract(*(percent[name, direction, "R@1"] for name in names))
            assert sum(part["gap_percent"] for part in parts) == pytest.approx(difference)
            crossed = (
                percent["pairs, 64 bits, whole image + document", direction, "R@1"]
                - percent[f"{other}, 64 bits, regions + words", direction, "R@1"]
            )
            larger = parts[0]["gap_percent"] - parts[1]["gap_percent"]
            assert larger == pytest.approx(crossed)
            assert all(part["low"] <= part["gap_percent"] <= part["high"] for part in parts)
    assert len(tables.parts(compared).frame) == 2


def test_cells_are_compared_with_the_closed_form_of_their_objective(compared):
    percent = compared.cells.set_index(["name", "direction", "metric"])["percent"]
    rows = compared.closed
    assert len(rows) == 2 * 7
    for row in rows.to_dict("records"):
        objective, code, _ = row["cell"].split(", ")
        assert row["than"].startswith({"pairs": "CCA", "labels": "ridge"}[objective])
        assert row["than"].endswith(code)
        assert row["metric"] == {"pairs": "R@1", "labels": "mAP@N"}[objective]
        place = row["direction"], row["metric"]
        assert row["gap_percent"] == pytest.approx(
            percent[row["cell"], *place] - percent[row["than"], *place]
        )
    signs = {True: rows.assign(low=1, high=2), False: rows.assign(low=-2, high=-1)}
    for above, changed in signs.items():
        text = repr(tables.closed_in_words(replace(compared, closed=changed)))
        assert f"{7 * above} are above it" in text
        assert f"{7 * (not above)} are below it" in text


def test_a_sign_that_turns_is_told(compared):
    rows = compared.effects.copy()
    place = (rows["factor"] == "inputs") & (rows["metric"] == "R@1") & (rows["direction"] == "i2t")
    rows.loc[place & (rows["at"] == "pairs, float"), ["low", "gap_percent", "high"]] = 1, 2, 3
    rows.loc[place & (rows["at"] == "pairs, 64 bits"), ["low", "gap_percent", "high"]] = -3, -2, -1
    text = repr(tables.effects_in_words(replace(compared, effects=rows)))
    assert "+2.0 [+1.0, +3.0] at pairs, float but -2.0 [-3.0, -1.0] at pairs, 64 bits" in text


def test_tables_and_figures_show_every_row(compared):
    assert len(tables.cells(compared).frame) == 8 + 4 + 1  # cells, closed forms, chance
    assert len(tables.effects(compared).frame) == 3
    assert len(tables.counterparts(compared).frame) == 3
    assert len(tables.own(compared).frame) == 2
    assert len(figures.factorial(figures.drawn(compared.cells)).axes) == 4
    names = tables.effect_names(compared)
    assert list(names) == [
        ("supervision", "pairs", "labels"), ("bits", 0, 64), ("inputs", "regions", "whole")
    ]  # fmt: skip
    assert len(figures.effects(compared.effects, names, results.EVERYWHERE).axes) == 2


def test_a_split_too_small_for_ten_is_refused(chapter, made):
    few = [
        replace(e, images=e.images[:8], texts=e.texts[:8], image_of_caption=np.arange(8),
                image_ids=np.arange(8).astype(str), caption_ids=np.arange(8).astype(str))
        for e in made
    ]  # fmt: skip
    tiny = make_split("test", 8, 1)
    with pytest.raises(InputError, match="8 images and 8 captions; expected more than 10"):
        results.compare(few, tiny, chapter)


def test_without_any_cell_the_page_says_so(chapter, made, monkeypatch):
    monkeypatch.setattr(parameters, "has_weights", lambda request: False)
    alone = results.compare(made[: 2 * 3], TEST, chapter)  # two seeds of the three counterparts
    assert alone.missing == alone.asked
    assert len(alone.missing) == 8
    assert figures.drawn(alone.cells).empty
    assert "8 of 8 cells" in repr(tables.takeaways(alone, NOT_SWEPT))
    assert "Too few cells" in repr(tables.takeaways(alone, NOT_SWEPT))
    assert "Not run" in repr(tables.effects(alone))
    assert "Not run" in repr(tables.own(alone))
    assert "Not run" in repr(tables.parts(alone))
    assert "None of the cells" in repr(tables.closed_in_words(alone))
    assert (tables.cells(alone).frame == "not run").any(axis=1).sum() == 8
    assert tables.effect_names(alone) == {}
