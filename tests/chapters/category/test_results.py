"""Rows of the category chapter: they are the engine's numbers, with n/a where there is none."""

import numpy as np
import pytest

from fico_lib.chapters.category import claims, results, tables
from fico_lib.chapters.category.parameters import CategoryChapter
from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.evaluation import evaluate
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.metrics.resampling import Estimate
from fico_lib.models import CLOSED_FORM, build
from fico_lib.runtime.errors import InputError


def check(**values) -> CategoryChapter:
    training = {"dimension": 8, "bits": 8}
    shared = {"training": training, "map_at": [3, 1000], "resamples": 100, "device": "cpu"}
    return CategoryChapter.check(shared | values, "test")


def split(n: int, seed: int, labelled: bool = True) -> FeatureSplit:
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 4, n)
    of = np.repeat(np.arange(n), 2)
    whole = np.eye(4)[kind] + 0.3 * rng.normal(size=(n, 4))
    labels = np.eye(5, dtype=bool)[kind]
    labels[:, 4] = rng.random(n) < 0.2
    return FeatureSplit(
        name="test",
        vocabulary_size=8,
        regions=None,
        boxes=None,
        whole=whole.astype(np.float32),
        tokens=(2 + kind[of])[:, None].astype(np.int32),
        lengths=np.ones(2 * n, np.int32),
        text_of_caption=np.arange(2 * n),
        image_of_caption=of,
        image_ids=np.arange(n).astype(str),
        caption_ids=np.arange(2 * n).astype(str),
        labels=labels if labelled else None,
    )


def closed_forms(train: FeatureSplit, test: FeatureSplit) -> list:
    made = []
    for name in CLOSED_FORM:
        control = build(name, check().training, device="cpu")
        control.fit(train, train)
        made.append(control.encode(test))
    return made


@pytest.fixture(scope="module")
def compared():
    train, test = split(60, 0), split(20, 1)
    rng, of = np.random.default_rng(2), test.image_of_caption
    made = []
    for _ in range(2):  # two data sets, each with two models and two seeds
        for _ in range(2):
            images = test.whole + 0.5 * rng.normal(size=(20, 4))
            made.append(Embeddings(images, test.whole[of], of, model="vse"))
        for _ in range(2):
            bits = rng.random((20, 16)) < 0.5
            made.append(Codes.pack(bits, bits[of] ^ (rng.random((40, 16)) < 0.3), of, model="dadh"))
        made += closed_forms(train, test)
    chapter = check(models=["vse", "dadh"], seeds=[5, 6])
    tasks = results.tasks(made, [test] * 2, chapter)
    return tasks, results.compare(tasks, chapter)


COCO, FLICKR = "scenes, coco-like", "scenes, flickr-like"


def test_accuracy_is_what_the_engine_says(compared):
    tasks, found = compared
    entry = tasks[1].entries[1]
    assert (entry.name, entry.kind, entry.granularity, entry.seed) == ("vse", "model", "FG", 6)
    result = evaluate(entry.encodings, tasks[1].labels, map_at=(3, "all"), recall_at=1)
    rows = found.accuracy.query("data == @FLICKR and model == 'vse' and seed == 6")
    rows = rows.set_index(["direction", "metric"])
    for direction in ("i2t", "t2i"):
        assert rows.loc[(direction, "R@1"), "percent"] == result.instance[direction]["R@1"]
        for metric in ("mAP@3", "mAP@N"):
            one, engine = rows.loc[(direction, metric)], result.category[direction]
            assert one["percent"] == engine[metric]
            assert one["corrected_percent"] == engine.corrected[metric]


def test_intervals_are_of_the_mean_over_seeds(compared):
    _, found = compared
    entry = ["data", "model", "direction", "metric"]
    bounds = found.accuracy.groupby(entry)[["low", "high"]]
    assert (bounds.nunique() == 1).all(axis=None)
    means = results.mean_accuracy(found.accuracy).set_index(entry)
    assert (means["low"] <= means["percent"]).all()
    assert (means["percent"] <= means["high"]).all()
    trained = means[means["kind"] == "model"]
    wide = trained["high"] - trained["low"]
    assert (wide >= trained["seed_deviation"]).all()  # two seeds: their means are drawn as well


def test_a_depth_beyond_the_candidates_is_left_out(compared):
    _, found = compared
    assert found.depths == [3]
    assert set(found.accuracy["metric"]) == {"R@1", "mAP@3", "mAP@N"}


def test_every_line_is_there_for_every_data_set(compared):
    _, found = compared
    lines = found.accuracy.groupby("data", sort=False)["model"].unique()
    controls = ["pairs_float", "pairs_binary", "labels_float", "labels_binary"]
    assert [list(line) for line in lines] == [["vse", "dadh", *controls, "random"]] * 2


def test_the_random_scorer_is_near_chance():
    images = split(400, 3)
    of = images.image_of_caption
    found = evaluate(results.random_scorer(400, of), images.labels, tasks="category").category
    for direction in found.values():
        assert direction["mAP@N"] == pytest.approx(direction.chance["mAP@N"], abs=1.0)


def test_the_denominators_agree_at_the_end_only(compared):
    _, found = compared
    values = found.denominators.pivot_table(
        "percent", ["model", "direction", "metric"], "denominator"
    )
    at_n = values.xs("mAP@N", level="metric")
    assert at_n.max(axis=1).to_numpy() == pytest.approx(at_n.min(axis=1).to_numpy())
    assert (values["hits"] >= values["min"] - 1e-9).all()
    assert (values["min"] >= values["total"] - 1e-9).all()


def test_gaps_are_differences_of_the_means(compared):
    _, found = compared
    means = results.mean_accuracy(found.accuracy)
    means = means.set_index(["data", "model", "direction", "metric"])["percent"]
    assert set(found.gaps["factor"]) == {"labels", "binarisation"}
    for row in found.gaps.itertuples():
        a, b = (means[row.data, m, row.direction, row.metric] for m in (row.model, row.than))
        assert row.gap_percent == pytest.approx(a - b)
        assert row.low <= row.gap_percent <= row.high


def test_curves_have_eleven_points(compared):
    _, found = compared
    sizes = found.curves.groupby(["data", "model", "seed", "direction"]).size()
    assert (sizes == 11).all()
    assert len(results.mean_curves(found.curves)) == 2 * 7 * 2 * 11


def test_a_partial_ranking_has_no_value_at_n():
    images = split(20, 4)
    of = images.image_of_caption
    scores = np.random.default_rng(0).random((20, 40))
    partial = {}
    for name, matrix in (("i2t", scores), ("t2i", scores.T.copy())):
        partial[name] = np.where(matrix >= np.sort(matrix, 1)[:, [-5]], matrix, -100.0)
    model = Scores(partial["i2t"], partial["t2i"], of, model="vse", missing=-100.0)
    chapter = check(models=["vse"], skews=[])
    found = results.compare(
        results.tasks([model, *closed_forms(images, images)], [images], chapter), chapter
    )
    rows = found.accuracy[found.accuracy["model"] == "vse"].set_index("metric")
    assert rows.loc["mAP@N", ["percent", "low", "corrected_percent"]].isna().all(axis=None)
    assert rows.loc["mAP@3", "percent"].notna().all()
    assert "vse" not in set(found.curves["model"])
    assert "n/a" in repr(tables.precision(found, COCO))
    assert "n/a:" in tables.precision(found, COCO).caption
    for table in (tables.takeaways, tables.denominators):
        assert "nan" not in repr(table(found))


def test_data_without_labels_are_refused():
    bare = split(5, 5, labelled=False)
    with pytest.raises(InputError, match="'scenes, coco-like' has no labels"):
        results.tasks([], [bare], check(skews=[]))


def test_what_the_reader_sees(compared):
    _, found = compared
    text = repr(tables.precision(found, COCO))
    assert "control: labels, binary" in text
    assert "random scorer" in text
    assert "n/a" not in text
    assert "32.9" in repr(tables.beside_table_4(found, COCO))  # the paper's ViLT, on MS-COCO
    assert "Supervision by labels" in repr(tables.factors_in_words(found))
    assert len(tables.controls(found, COCO).frame) == 5
    assert len(tables.factors(found).frame) == 8


class Skew:
    """Stands for a run of one model, of one value and one chance level."""

    def __init__(self, value: float, chance: float):
        self.found, self.by_chance = value, chance

    def models(self, family=None):
        return ["vse"]

    def has(self, *models):
        return True

    def estimate(self, model, direction, metric):
        return Estimate.exact(self.found)

    def chance(self, model, direction, metric):
        return self.by_chance


@pytest.mark.parametrize(
    ("coco", "flickr", "explained"),
    [
        ((50, 30), (90, 80), False),  # corrected 28.6 and 50: 21.4 of 40 stays, more than half
        ((50, 30), (86, 80), True),  # corrected 28.6 and 30
        ((50, 30), (80, 80), False),  # corrected 28.6 and 0: as large, the other way round
    ],
)
def test_overlap_explains_what_chance_takes_away(coco, flickr, explained):
    source = {"coco": Skew(*coco), "flickr": Skew(*flickr)}
    claim = next(c for c in claims.claims_across() if c.name == "coco_harder_by_overlap")
    held = set(claim.verdicts(claim.found(source))) == {"holds"}
    assert held == explained
    assert claim.found({"coco": source["coco"]}) == []


def test_claims_are_tested_on_every_data_set_and_across(compared):
    tested = claims.judged(compared[1].runs)
    by_setting = tested.claims.groupby("setting", sort=False).size()
    assert list(by_setting.index) == [COCO, FLICKR, f"{COCO} and {FLICKR}"]
    assert tested.of(f"{COCO} and {FLICKR}")["coco_harder"] != "not run"
    assert tested.of(COCO)["dadh_keeps_precision"] == "not run"  # too few candidates for mAP@10
