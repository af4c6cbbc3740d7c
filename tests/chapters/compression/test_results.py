"""Rows of the chapter on compression: the engine's numbers, per cent kept, offsets, sentences."""

import numpy as np
import pandas as pd
import pytest
from feature_splits import make_split

from fico_lib.chapters.compression import (
    figures,
    gap,
    published,
    results,
    sentences,
    tables,
    times,
)
from fico_lib.chapters.compression.parameters import CompressionChapter
from fico_lib.encodings import Codes, Embeddings
from fico_lib.evaluation import evaluate
from fico_lib.runtime.errors import InputError
from fico_lib.search.compress import Compression, compress

TEST = make_split("test", 40, 1)
OF = TEST.image_of_caption
PLACES = [(d, m) for d in ("i2t", "t2i") for m in results.METRICS]


def make_chapter(**more) -> CompressionChapter:
    values = {
        "models": ["vse", "beit3", "adv64"],
        "weights": "train",
        "quantizers": ["float32", "int8", "rabitq4", "sign-zero", "sign-mean"],
        "reduced": ["sign-mean"],
        "dimensions": [16],
        "rescored": ["sign-mean"],
        "multipliers": [1, 2],
        "gaps": [0, 2],
        "resamples": 100,
        "timed_gallery": 200,
        "timed_queries": 2,
        "seconds": 0.001,
        "device": "cpu",
    }
    return CompressionChapter.check(values | more, "test")


def make_encodings(p: CompressionChapter) -> list:
    rng, made = np.random.default_rng(0), []
    for request in p.requests():
        images = rng.normal(size=(40, 32)) * np.linspace(3, 0.3, 32)
        texts = images[OF] + rng.normal(size=(len(OF), 32))
        if request.model == "adv64":
            made.append(Codes.pack(images > 0, texts > 0, OF, model="adv64"))
        else:
            sides = (side.astype(np.float32) for side in (images, texts))
            made.append(Embeddings(*sides, OF, model=request.model))
    return made


@pytest.fixture(scope="module")
def chapter():
    return make_chapter()


@pytest.fixture(scope="module")
def made(chapter):
    return make_encodings(chapter)


@pytest.fixture(scope="module")
def found(chapter, made):
    return results.climb(made, TEST, chapter)


@pytest.fixture(scope="module")
def clock(chapter):
    return times.times(chapter.ladder("vse"), 32, chapter)


def test_every_row_is_what_the_engine_says(found, made):
    rows = found.grid.set_index(["model", "setting", "direction", "metric"])
    for setting in ("float32", "sign-mean", "sign-mean:rpca16+codex2"):
        judged = evaluate(
            compress(made[0], setting), TEST.labels, recall_at=(1, 10), map_at="all", empty="skip",
            device="cpu",
        )  # fmt: skip
        for direction, metric in PLACES:
            task = "category" if "mAP" in metric else "instance"
            expected = getattr(judged, task)[direction][metric]
            row = rows.loc[("vse", setting, direction, metric)]
            assert row["percent"] == pytest.approx(expected)
            exact = rows.loc[("vse", "float32", direction, metric), "percent"]
            assert row["retained_percent"] == pytest.approx(100 * expected / exact)
            assert row["retained_low"] <= row["retained_percent"] <= row["retained_high"]


def test_float32_keeps_itself_without_uncertainty(found):
    exact = found.grid[found.grid["setting"] == "float32"]
    assert len(exact) == 2 * len(PLACES)
    for column in ("retained_percent", "retained_low", "retained_high"):
        assert exact[column].to_numpy() == pytest.approx(100)


def test_only_the_first_model_goes_through_fewer_dimensions(found):
    reduced = found.grid[found.grid["reduction"] != ""]
    assert set(reduced["model"]) == {"vse"}
    assert set(reduced["dimensions"]) == {16}
    assert found.models == ["vse", "beit3"]


def test_bytes_are_arithmetic(found):
    sizes = found.grid.drop_duplicates("setting").set_index("setting")
    assert sizes.loc["sign-mean", ["searched_bytes", "kept_bytes"]].tolist() == [4, 4]
    assert sizes.loc["sign-mean:pca16+int8x2", ["searched_bytes", "kept_bytes"]].tolist() == [2, 34]
    assert sizes.loc["float32", "kept_bytes"] == 128
    assert set(found.codes["kept_bytes"]) == {4}


def test_an_offset_changes_nothing_but_signs_that_do_not_take_it_off(found):
    rows = found.offsets.query("metric == 'R@1'")
    at = rows.set_index(["centring", "direction", "offset"])["percent"].sort_index()
    for direction in ("i2t", "t2i"):
        for centring in (gap.EXACTLY, gap.OWN):
            values = at.loc[(centring, direction)]
            assert values[2.0] == pytest.approx(values[0.0], abs=0.1)
        for centring in (gap.GALLERY, gap.ZERO):
            values = at.loc[(centring, direction)]
            assert values[2.0] < values[0.0] - 5


def test_an_offset_is_at_right_angles_and_of_its_size(made):
    moved = gap.with_gap(made[0], 2.0)
    images, texts = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in
                     (made[0].images, made[0].texts))  # fmt: skip
    assert moved.images @ moved.texts.T == pytest.approx(images @ texts.T - 1, abs=1e-5)
    assert np.linalg.norm(moved.images, axis=1) == pytest.approx(np.full(40, np.sqrt(2)))
    own = np.linalg.norm(images.mean(0) - texts.mean(0))
    assert gap.distance(made[0]) == pytest.approx(own, rel=1e-5)
    centres = moved.images.mean(0) - moved.texts.mean(0)
    assert np.linalg.norm(centres) == pytest.approx(np.hypot(2, own), rel=1e-5)


def test_what_is_fitted_to_half_of_the_images_is_set_against_the_whole(found, made):
    one = made[0]
    rows = OF % 2 == 0
    half = Embeddings(one.images[::2], one.texts[rows], OF[rows] // 2)
    at = found.fits.set_index(["setting", "direction", "metric"])["gap_percent"]
    assert len(at) == 2 * 4
    for setting in ("sign-mean", "sign-mean:rpca16"):
        a, b = (
            evaluate(compress(one, setting, fit), recall_at=(1, 10), device="cpu").instance
            for fit in (half, None)
        )
        for direction, metric in [(d, m) for d, m in PLACES if m != "mAP@N"]:
            expected = a[direction][metric] - b[direction][metric]
            assert at[setting, direction, metric] == pytest.approx(expected)
    assert "rotated PCA to 16 by " in repr(sentences.fits_in_words(found))


def test_some_images_ask_in_the_category_task(made):
    few = results.climb(made, TEST, make_chapter(category_queries=12))
    assert few.category == 12
    assert "12 images ask" in repr(tables.facts_of_the_task(few))
    for direction in ("i2t", "t2i"):
        whole = few.runs.results["vse, float32"][0]
        assert whole.category[direction].queries == 12
        assert whole.instance[direction].queries == len(OF if direction == "t2i" else TEST.labels)
    assert few.grid["low"].notna().all()


def test_times_are_of_five_repeats_or_more_and_of_what_stands_for_others(clock, chapter):
    timed = clock.dropna(subset="ms")
    assert (timed["repeats"] >= 5).all()
    assert (timed["ms_fastest"] <= timed["ms"]).all()
    names = list(clock["setting"])
    assert len(set(names)) == len(names)
    assert "sign-mean" in names
    assert "sign-zero" not in names  # a threshold costs nothing
    assert "sign-mean:pca16+codex2" in names
    assert not [name for name in names if "prefix" in name]
    assert times.alike(Compression.parse("sign-median:prefix16")) == Compression.parse(
        "sign-mean:pca16"
    )


def test_what_takes_too_long_is_not_measured(chapter):
    slow = make_chapter(longest=1e-9)
    rows = times.times([Compression("float32")], 32, slow)
    assert rows["ms"].isna().all()
    assert "five repeats take more than" in rows["note"].item()
    assert "not measured" in repr(tables.speeds(rows))


@pytest.mark.parametrize("setting", ["float32", "float16", "int8", "rabitq1", "rabitq8"])
def test_what_is_timed_finds_what_it_should(setting):
    rng = np.random.default_rng(0)
    gallery = rng.normal(size=(300, 24)).astype(np.float32)
    gallery /= np.linalg.norm(gallery, axis=1, keepdims=True)
    one = Compression.parse(setting)
    whole = {"float32": (gallery, np.asarray)}
    search = times.searcher(one, times.FirstStage(one, gallery), whole)
    hits = [search(query)[0] == row for row, query in enumerate(gallery[:20])]
    assert sum(hits) >= 19
    again = Compression.parse("sign-mean+float32x10")
    search = times.searcher(again, times.FirstStage(again, gallery), whole)
    found = search(gallery[5])
    assert found[0] == 5
    products = (gallery @ gallery[5])[found]
    assert (np.diff(products) <= 0).all()
    assert len(found) == 10


def test_tables_show_every_rung_and_every_code(found, clock):
    frame = tables.rungs(found, "vse").frame
    stored = list(frame["", "stored"])
    assert stored[0] == "float32"
    assert "signs about the mean, rotated PCA to 16" in stored
    assert "RaBitQ, 4 bits" in stored
    sizes = dict(zip(stored, frame["", "bytes"], strict=True))
    assert sizes["float32"] == "128"
    assert sizes["signs about the mean, rotated PCA to 16"] == "2"
    assert len(tables.rungs(found, "beit3").frame) < len(frame)
    speeds = tables.speeds(clock).frame
    assert speeds["× float32"].iloc[0] == "1.0"
    assert speeds["ms per query"].str.contains(r"\[").all()
    assert "over 200 vectors, int8 is" in repr(sentences.speeds(clock))
    assert len(tables.offsets(found).frame) == 4
    learnt = tables.learnt(found).frame
    assert learnt["", "model"].iloc[0].startswith("adv64")
    printed = tables.beside(found).frame
    assert len(printed) == 4
    assert printed["printed, text, nDCG@10", published.FIRST].tolist() == [
        "97", "99", "92.53", "96.45"
    ]  # fmt: skip
    assert len(figures.pareto(found, clock, "vse").axes) == 4
    assert len(figures.offsets(found).axes) == 2


def test_a_recommendation_is_the_cheapest_setting_that_keeps_enough(found):
    text = repr(sentences.recommendation(found))
    rows = found.grid[(found.grid["model"] == "vse") & (found.grid["setting"] != "float32")]
    low = rows.groupby("setting")["retained_low"].min()
    for share in sentences.SHARES:
        enough = rows[rows["setting"].isin(low.index[low >= share])]
        line = next(one for one in text.splitlines() if f"vse (FG), {share} %" in one)
        if enough.empty:
            assert "no setting of this run" in line
        else:
            assert f"{enough['kept_bytes'].min():,.0f} bytes an item" in line


def test_a_recommendation_says_so_where_nothing_is_enough(found):
    from dataclasses import replace

    none = replace(found, grid=found.grid.assign(retained_low=50.0))
    assert repr(sentences.recommendation(none)).count("no setting of this run") == 4


def test_takeaways_hold_the_numbers_of_the_rows(found):
    text = repr(sentences.takeaways(found))
    at = found.grid.set_index(["model", "setting", "direction", "metric"])["retained_percent"]
    said = [f"{at['vse', 'int8', d, 'R@1']:.1f}" for d in ("i2t", "t2i")]
    assert f"int8 {' and '.join(said)} %" in text
    assert "learnt codes of that length: adv64 (CG)" in text
    assert "moved apart by 2 (image to text)" in text
    assert "In 16 dimensions, signs keep" in text
    assert "Not run" not in text


def test_a_model_that_was_not_run_is_named(found):
    from dataclasses import replace

    text = repr(sentences.takeaways(replace(found, asked=["vse", "beit3", "vsrn"])))
    assert "**Not run** for want of released weights: vsrn (FG)" in text


def test_several_trainings_are_averaged(chapter):
    several = make_chapter(seeds=[0, 1], models=["vse"], quantizers=["float32", "int8"],
                           rescored=[], reduced=[])  # fmt: skip
    found = results.climb(make_encodings(several), TEST, several)
    kept = found.retained("vse", "int8", "t2i", "R@1")
    assert kept.trainings == 2
    assert found.codes.empty
    assert "No model of learnt codes" in repr(tables.learnt(found))
    assert "No setting was fitted" in repr(sentences.fits_in_words(found))


def test_a_split_too_small_for_ten_is_refused(chapter):
    tiny = make_split("test", 8, 1)
    few = [Embeddings(np.ones((8, 4)), np.ones((len(tiny.image_of_caption), 4)),
                      tiny.image_of_caption)] * len(chapter.requests())  # fmt: skip
    with pytest.raises(InputError, match=r"8 images and .* expected more than 10"):
        results.climb(few, tiny, chapter)


def test_every_published_number_has_its_source_in_the_bibliography():
    rows = published.ladder()
    assert isinstance(rows, pd.DataFrame)
    assert rows["retained_percent"].between(50, 100).all()
    from pathlib import Path

    bibliography = (Path(__file__).parents[3] / "book" / "references.bib").read_text()
    for source in rows["source"].unique():
        assert f"{{{source}," in bibliography
