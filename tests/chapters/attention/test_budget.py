"""Reranking by hand, and what a budget pays for."""

import numpy as np
import pandas as pd
import pytest

from fico_lib.chapters.attention.budget import gain, largest_k
from fico_lib.chapters.attention.parameters import AttentionChapter
from fico_lib.encodings import Embeddings, Scores
from fico_lib.runtime.errors import InputError
from fico_lib.similarity.two_stages import stages


def check(**values) -> AttentionChapter:
    return AttentionChapter.check(values | {"resamples": 100, "device": "cpu"}, "test")


def two_stages():
    """Three images with a caption each. The first stage ranks by angle, the second is right."""
    angles = np.array([0.0, 0.5, 1.0])
    images = np.stack([np.cos(angles), np.sin(angles)], 1)
    turned = np.array([0.4, 0.9, 0.1])  # nearest to images 1, 2 and 0; their own come 2nd, 2nd, 3rd
    texts = np.stack([np.cos(turned), np.sin(turned)], 1)
    first = Embeddings(images, texts, np.arange(3), model="first")
    return first, Scores(np.eye(3, dtype=np.float32), None, np.arange(3), model="second")


def test_gains_by_hand():
    rows = gain(two_stages(), check(gain_k=[1, 2, 3]))
    t2i = rows[(rows["direction"] == "t2i") & (rows["metric"] == "R@1")].set_index("k")
    assert t2i["percent"].tolist() == pytest.approx([0, 200 / 3, 100])
    assert t2i["gain_percent"].tolist() == pytest.approx([0, 200 / 3, 100])
    assert (t2i["low"] <= t2i["gain_percent"]).all()
    assert (t2i["gain_percent"] <= t2i["high"]).all()


def test_gains_of_two_trainings_are_means_over_both():
    first, second = two_stages()
    wrong = Scores(-np.eye(3, dtype=np.float32), None, np.arange(3), model="second")
    rows = gain([first, first, second, wrong], check(gain_k=[1, 3]))
    t2i = rows[(rows["direction"] == "t2i") & (rows["metric"] == "R@1")].set_index("k")
    assert t2i["percent"].tolist() == pytest.approx([0, 50])
    assert t2i.loc[3, "gain_percent"] == 50
    # Two trainings, 100 and 0: Student's t with one degree of freedom, 12.7 standard errors of 50.
    half = t2i.loc[3, "high"] - 50
    assert half == pytest.approx(12.706 * 50, rel=1e-3)
    assert t2i.loc[3, "low"] == pytest.approx(50 - half)
    right = gain([first, first, second, second], check(gain_k=[1, 3]))
    pd.testing.assert_frame_equal(right, gain([first, second], check(gain_k=[1, 3])))


def test_only_the_best_k_are_ranked_again():
    both = stages(*two_stages())["t2i"]
    found = both.reranked(2)
    assert (np.isfinite(found).sum(1) == 2).all()
    kept = np.isfinite(found)
    assert (both.first[kept].reshape(3, 2).min(1) >= np.where(kept, -9, both.first).max(1)).all()
    np.testing.assert_array_equal(found[kept], both.second[kept])


def test_a_k_beyond_the_candidates_is_left_out():
    assert gain(two_stages(), check(gain_k=[2, 50]))["k"].max() == 2


def test_stages_of_different_data():
    first, second = two_stages()
    other = Scores(second.i2t, None, np.arange(3), image_ids=np.array(["a", "b", "c"]))
    with pytest.raises(InputError, match="differ in image_ids"):
        stages(first, other)


def test_stages_of_the_wrong_kind():
    first, second = two_stages()
    with pytest.raises(InputError, match="expected embeddings"):
        stages(first, first)
    partial = Scores(second.i2t, None, np.arange(3), missing=0.0)
    with pytest.raises(InputError, match="scores only some pairs"):
        stages(first, partial)


def test_the_largest_k_by_hand():
    chapter = check(gain_k=[1, 2, 3], latency_ms=[25, 5], queries_per_second=[500])
    gains = gain(two_stages(), chapter)
    seconds = {"m": {"latency": 0.01, "throughput": 0.001}}
    rows = largest_k(seconds, gains, chapter)
    t2i = rows[rows["direction"] == "t2i"].set_index(["budget", "value"])
    assert t2i.loc[("latency", 25.0), "k"] == 2
    assert t2i.loc[("latency", 25.0), "gain_percent"] == pytest.approx(200 / 3)
    assert t2i.loc[("latency", 5.0), "k"] == 0
    assert t2i.loc[("latency", 5.0), "gain_percent"] == 0
    assert t2i.loc[("throughput", 500.0), "k"] == 2
