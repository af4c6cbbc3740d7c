"""The chapter on coarse to fine: two stages by hand, ceilings, times, claims, bad parameters."""

import numpy as np
import pandas as pd
import pytest

from fico_lib.chapters import chapter
from fico_lib.chapters.coarse_to_fine import claims, figures, results, tables, times
from fico_lib.chapters.coarse_to_fine.results import ATTENTION, CODES, FLOATS, SOME_FLOATS
from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.evaluation import evaluate
from fico_lib.report.claims import FAILS, HOLDS, NOT_RUN
from fico_lib.runtime.errors import InputError

N = 300
RNG = np.random.default_rng(0)
OF = np.repeat(np.arange(N), 2)
LABELS = np.eye(4, dtype=bool)[RNG.integers(0, 4, N)]
IMAGES = RNG.normal(size=(N, 16)).astype(np.float32)
TEXTS = IMAGES[OF] + 0.6 * RNG.normal(size=(2 * N, 16)).astype(np.float32)
STEPS = pd.DataFrame(
    {
        "model": ["scan", "scan"],
        "step": ["pair", "pair, one query"],
        "seconds_per_item": [2e-4, 1e-4],
        "fastest_seconds": [1.9e-4, 0.9e-4],
        "slowest_seconds": [2.1e-4, 1.1e-4],
        "repeats": [5, 5],
    }
)
TINY = {
    "screens": ["adv64", "dadh"],
    "binarisers": ["itq"],
    "bits": [8],
    "candidates": [10, 100],
    "items": 1000,
    "galleries": [1000, 10_000],
    "seconds": 0.001,
    "resamples": 100,
    "device": "cpu",
}


def parameters(**changed):
    return chapter("coarse_to_fine").check(TINY | changed, "test")


def made():
    unit = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in (IMAGES, TEXTS)]
    blind = np.ones((N, 16))  # tells nothing apart
    return [
        Embeddings(IMAGES, TEXTS, OF, model="vse"),
        Scores(unit[0] @ unit[1].T, None, OF, model="scan"),
        Codes.pack(IMAGES > 0, TEXTS > 0, OF, model="adv64"),
        Codes.pack(blind, blind[OF], OF, model="dadh"),
    ]


def pair_rows():
    rows = [(CODES, 8, 0.1), (CODES, 16, 0.2), (FLOATS, 0, 10.0), (SOME_FLOATS, 0, 50.0)]
    rows.append((ATTENTION, 0, 1e6))
    frame = pd.DataFrame(rows, columns=["what", "bits", "nanoseconds"])
    return frame.assign(
        dimension=0,
        fastest_nanoseconds=0.9 * frame["nanoseconds"],
        slowest_nanoseconds=1.1 * frame["nanoseconds"],
        repeats=5,
        source="made up",
    )


@pytest.fixture(scope="module")
def found():
    return results.study(made(), LABELS, pair_rows(), parameters())


def test_two_stages_by_hand():
    """Codes keep images 0 and 1 of three; the finer scores would have put 2 first."""
    images = np.array([[1, 1], [1, 0], [0, 0]])
    codes = Codes.pack(images, images[[0, 0, 2]], np.array([1, 0, 2]))
    fine = Scores(np.array([[0.25, 0, 0], [0.5, 0, 0], [0.75, 1, 1]]), None, np.array([1, 0, 2]))
    both = results.two_stages(codes, fine, 2)
    assert both.t2i[0].tolist() == [0.25, 0.5, -np.inf]
    alone, screened = (evaluate(x, recall_at=(1,), per_query=True) for x in (fine, both))
    assert alone.instance["t2i"].per_query["R@1"][0] == 0
    assert screened.instance["t2i"].per_query["R@1"][0] == 100


def test_exactly_k_candidates_are_passed_on_and_ties_at_random():
    codes = Codes.pack(np.ones((N, 8)), np.ones((2 * N, 8)), OF)  # all equally near
    fine = Scores(np.ones((N, 2 * N)), None, OF)
    both = results.two_stages(codes, fine, 30)
    assert ((both.t2i > -np.inf).sum(1) == 30).all()
    assert ((both.i2t > -np.inf).sum(1) == 30).all()
    kept = (both.t2i[np.arange(2 * N), OF] > -np.inf).mean()
    assert kept == pytest.approx(30 / N, abs=0.12)
    again, other = (results.two_stages(codes, fine, 30, seed) for seed in (0, 1))
    assert np.array_equal(again.t2i, both.t2i)
    assert not np.array_equal(other.t2i, both.t2i)


def test_both_stages_never_find_more_than_the_screen_keeps(found):
    rows = found.found[(found.found["metric"] == "R@10")]
    kept = found.kept.set_index(["screen", "direction", "candidates"])["kept_percent"]
    for row in rows.itertuples():
        assert row.percent <= kept[row.screen, row.direction, row.candidates] + 4  # ties at random


def test_all_candidates_but_one_are_nearly_the_ranking_alone():
    everything = results.study(made(), None, pair_rows(), parameters(candidates=[N - 1]))
    rows = everything.found[everything.found["direction"] == "t2i"]
    assert (rows["gap_percent"].abs() < 2).all()
    assert not rows["metric"].str.startswith("mAP").any()  # there are no labels


def test_candidates_beyond_the_split_are_left_out_and_map_needs_as_many(found):
    assert set(found.kept["candidates"]) == {10, 100}
    few = results.study(made(), LABELS, pair_rows(), parameters(candidates=[5, 500]))
    assert set(few.found["candidates"]) == {5}
    assert set(few.found["metric"]) == {"R@1"}  # R@10 and mAP@10 need ten


def test_codes_are_made_of_the_embeddings(found):
    assert found.bits == {"adv64": 16, "dadh": 16, "vse, 8 bits itq": 8}


def test_times_and_the_gallery_from_which_on_it_pays(found):
    times = found.times.set_index(["ranker", "bits", "candidates", "items"])
    row = times.loc[("vse", 16, 100, 10_000)]
    assert row["alone_milliseconds"] == pytest.approx(10_000 * 10 / 1e6)
    assert row["both_milliseconds"] == pytest.approx((10_000 * 0.2 + 100 * 50) / 1e6)
    even = found.even.set_index(["ranker", "bits", "candidates"])["items"]
    assert even["vse", 16, 100] == pytest.approx(100 * 50 / (10 - 0.2))
    assert even["scan", 16, 100] == pytest.approx(100, rel=1e-3)


def test_it_never_pays_where_codes_are_slower_and_is_left_out_where_not_measured():
    slow = pair_rows()
    slow.loc[slow["what"] == CODES, "nanoseconds"] = 20.0
    slow.loc[slow["what"] == ATTENTION, "nanoseconds"] = np.nan
    found = results.study(made(), None, slow, parameters())
    assert np.isinf(found.even["items"]).all()
    assert set(found.even["ranker"]) == {"vse"}
    assert "never pays" in tables.takeaways(found).markdown
    assert "not measured" in repr(tables.pairs(found))
    assert "never" in repr(tables.even(found))


def test_pairs_are_measured_and_attention_is_read():
    rows = times.pair_rows([8, 64], 16, STEPS, parameters())
    assert list(rows["what"]) == [CODES, CODES, FLOATS, SOME_FLOATS, ATTENTION]
    assert (rows["nanoseconds"] > 0).all()
    assert (rows["repeats"] >= 5).all()
    last = rows.iloc[-1]
    assert last["nanoseconds"] == pytest.approx(1e5)  # of one query, not of blocks
    assert "one query" in last["source"]
    none = times.pair_rows([8], 16, STEPS[STEPS["model"] == "imram"], parameters()).iloc[-1]
    assert np.isnan(none["nanoseconds"])
    assert "not measured" in none["source"]


def test_every_table_and_figure(found):
    for table in (tables.kept, tables.pairs, tables.even):
        assert len(table(found).frame)
    for ranker in ("vse", "scan"):
        assert len(tables.two_stages(found, "R@1", ranker).frame) == 3
    assert len(figures.pareto(found, figures.gallery(found)).axes) == 2
    assert "What a screen drops is lost" in tables.takeaways(found).markdown


def test_claims(found):
    verdicts = claims.judged(found, "test").of("test")
    assert verdicts == {
        "screened_answers_kept": HOLDS,
        "screened_answers_lost": HOLDS,
        "screening_worth_it": NOT_RUN,  # no code here has 64 bits
    }
    wide = pair_rows()
    wide.loc[wide["bits"] == 8, "bits"] = 64
    fast = results.study(made(), None, wide, parameters(bits=[64], binarisers=["hyperplanes"]))
    assert claims.judged(fast, "test").of("test")["screening_worth_it"] == HOLDS
    wide.loc[wide["what"] == CODES, "nanoseconds"] = 100.0
    for end in ("fastest_nanoseconds", "slowest_nanoseconds"):
        wide[end] = wide["nanoseconds"]
    slow = results.study(made(), None, wide, parameters(bits=[64], binarisers=["hyperplanes"]))
    assert claims.judged(slow, "test").of("test")["screening_worth_it"] == FAILS


def test_a_screen_without_codes_is_refused():
    encodings = [*made(), Embeddings(IMAGES, TEXTS, OF, model="beit3")]
    with pytest.raises(InputError, match="screens: 'beit3' has no codes"):
        results.study(encodings, None, pair_rows(), parameters(screens=["beit3"]))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"candidates": [100, 10]}, "expected numbers that grow, each once"),
        ({"items": 1000, "candidates": [2000]}, "expected at least the 2000 of candidates"),
        ({"binarisers": ["itk"]}, "did you mean 'itq'"),
        ({"attention": "scam"}, "did you mean 'scan'"),
    ],
)
def test_bad_parameters(changed, message):
    with pytest.raises(InputError, match=message):
        parameters(**changed)
