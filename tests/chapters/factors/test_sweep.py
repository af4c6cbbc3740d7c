"""Rows of the detector sweep."""

import json

import numpy as np
import pandas as pd
import pytest

from fico_lib.chapters.factors import figures, sweep, sweep_tables
from fico_lib.chapters.factors.parameters import FactorsChapter
from fico_lib.encodings import Embeddings, Scores
from fico_lib.evaluation import evaluate

N, OF = 30, np.repeat(np.arange(30), 2)
VALUES = {"noises": [2, 0], "boxes": ["all"], "weights": "train", "resamples": 100, "device": "cpu"}
CHAPTER = FactorsChapter.check(VALUES, "test")


def encodings_of(errors: list[float]) -> list[Embeddings | Scores]:
    rng, made = np.random.default_rng(0), []
    for number, error in enumerate(errors):
        images = rng.normal(size=(N, 8))
        texts = images[OF] + error * rng.normal(size=(2 * N, 8))
        made.append(
            Scores(images @ texts.T, None, OF, model="scan")
            if number % 2
            else Embeddings(images, texts, OF, model="vse")
        )
    return made


@pytest.fixture(scope="module")
def made():
    others = encodings_of([0.5])  # of the factorial, which the sweep passes over
    return others + encodings_of([2, 0.4, 2, 0.9])  # noise 2: vse, scan; noise 0: vse, scan


def test_rows_are_the_engines_numbers_and_their_differences(made):
    found = sweep.study(made, CHAPTER)
    rows = found.sweep.set_index(["noise", "model", "direction"])["percent"]
    order = [(2.0, "vse"), (2.0, "scan"), (0.0, "vse"), (0.0, "scan")]
    gaps = found.sweep_gaps.set_index(["noise", "than", "direction"])["gap_percent"]
    for direction in ("i2t", "t2i"):
        for place, one in zip(order, made[1:], strict=True):
            assert rows[*place, direction] == evaluate(one).instance[direction]["R@1"]
        at = {n: rows[n, "scan", direction] - rows[n, "vse", direction] for n in (0.0, 2.0)}
        assert gaps[2.0, "", direction] == pytest.approx(at[2.0])
        assert gaps[2.0, "0", direction] == pytest.approx(at[2.0] - at[0.0])
    assert (found.sweep_gaps["low"] <= found.sweep_gaps["gap_percent"]).all()
    assert "is larger on the noisier detector" in repr(sweep_tables.in_words(found))
    assert len(sweep_tables.table(found).frame) == 2
    assert len(figures.sweep(found.sweep).axes) == 2


def test_a_recorded_sweep_reads_back(made, tmp_path):
    found = sweep.study(made, CHAPTER)
    about = {
        "parameters": CHAPTER.model_dump(mode="json") | {"data": {"name": "another"}},
        "machine": {"processor": "P", "cores": 2},
        "profile": "standard",
        "started": "2026-01-02T03:04",
        "commit": "",
    }
    found.sweep.to_csv(tmp_path / "sweep.csv", index=False)
    found.sweep_gaps.to_csv(tmp_path / "sweep_gaps.csv", index=False)
    (tmp_path / "run.json").write_text(json.dumps(about))
    again, run = sweep.read(tmp_path)
    pd.testing.assert_frame_equal(again.sweep, found.sweep)
    pd.testing.assert_frame_equal(again.sweep_gaps, found.sweep_gaps)
    assert "its data differ from this run's" in repr(sweep_tables.provenance(run, CHAPTER))


def test_nothing_swept_is_no_rows_and_nothing_to_read_back(made, tmp_path):
    found = sweep.study(made, FactorsChapter.check(VALUES | {"noises": []}, "test"))
    assert found.sweep.empty
    assert found.sweep_gaps.empty
    found.sweep.to_csv(tmp_path / "sweep.csv", index=False)
    found.sweep_gaps.to_csv(tmp_path / "sweep_gaps.csv", index=False)
    (tmp_path / "run.json").write_text("{}")
    assert sweep.read(tmp_path) is None
