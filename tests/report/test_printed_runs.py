"""The printed cells in the form of a run."""

import pytest

from fico_lib.report.accuracy_cases import between, gap, gaps
from fico_lib.report.printed_runs import PrintedRuns, printed_runs


@pytest.fixture(scope="module")
def flickr() -> PrintedRuns:
    return printed_runs()["Flickr30K, printed"]


def test_cells_are_those_of_tables_2_3_and_4(flickr):
    for model, direction, metric, printed in (
        ("scan", "i2t", "R@1", 66.7),
        ("adv64", "t2i", "R@100", 90.2),
        ("vilt", "i2t", "mAP@N", 88.7),
    ):
        found = flickr.estimate(model, direction, metric)
        assert (found.interval(), found.trainings) == ((printed, printed), None)


def test_what_is_not_printed_has_no_value(flickr):
    assert flickr.estimate("blip2", "i2t", "mAP@N") is None
    assert not printed_runs("mscoco")["MS-COCO, printed"].has("adv64")
    assert flickr.n_images == 1000


def test_families_are_the_paper_s_groups(flickr):
    assert flickr.models("VLP") == ["blip2", "blip2_nf", "beit3", "xvlm", "xvlm_nf", "vilt"]
    assert flickr.models("CG") == ["adv64", "ucch", "dadh"]
    assert set(flickr.models("FG")) - set(flickr.models("VLP")) == {
        *("imram", "vsrn", "scan", "adv2048")
    }


def test_gaps_are_of_what_both_have(flickr):
    (one,) = gap(flickr, "scan", "vsrn", "i2t")
    assert one.what == "scan - vsrn"
    assert one.estimate.value == pytest.approx(66.7 - 70.4)
    assert gap(flickr, "scan", "vse", "i2t") == []
    assert gap(flickr, "blip2", "scan", "i2t", "mAP@N") == []
    assert len(list(gaps(between("VLP", "other FG"))(flickr))) == 6 * 4 * 2
    assert len(list(gaps([("scan", "vsrn")], ["R@1", "R@5"])(flickr))) == 4
