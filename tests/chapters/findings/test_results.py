"""Findings from small claims of two chapters, and from a recorded one."""

from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

from fico_lib.chapters import CHAPTERS
from fico_lib.chapters.findings import reasons, results, tables
from fico_lib.chapters.findings.parameters import FindingsChapter
from fico_lib.metrics.resampling import Estimate
from fico_lib.report.claims import FAILS, HOLDS, NOT_RUN, TOPICS, Case, Claim, judge
from fico_lib.report.results_folder import Results
from fico_lib.runtime.errors import InputError


def claim(name, topic, printed=1.0, lacks="", **more):
    """A claim whose estimate is its source, printed as `printed`."""

    def tested(source):
        return [Case("a - b", "i2t", "R@1", Estimate.exact(source))]

    given = {"printed": {"a table": printed}} if printed is not None else {"not_printed": "none"}
    return Claim(
        name=name, statement=f"Statement of {name}.", section="5.1", topic=topic, evidence="e.",
        test="t.", cases=None if lacks else tested, lacks=lacks, **given, **more,
    )  # fmt: skip


def kept(folder: Path, claims, sources, chapter) -> Path:
    """A results folder that holds the verdicts on these claims."""
    here = Results(folder)
    here.keep(judge(claims, sources, chapter))
    return here.finish({})


@pytest.fixture
def folders(tmp_path):
    instance = [
        claim("fg_above_cg", "instance retrieval"),
        claim("turned", "instance retrieval"),
        claim("wrong_in_both", "instance retrieval", printed=-1.0, erratum="an erratum: so"),
        claim("open", "screening", printed=None, lacks="a second experiment"),
    ]
    here = {"coco-like": 1.0, "flickr-like": 2.0}
    first = judge(instance[:1], here, "instance")
    second = judge(instance[1:], {"coco-like": -1.0}, "instance")
    one = Results(tmp_path / "instance")
    one.keep(first + second)
    search = kept(
        tmp_path / "search",
        [claim("floats_keep_more", "search", margin=0.5, unit="times")],
        {"synthetic vectors": 1.25},
        "search",
    )
    return {"instance": one.finish({}), "search": search}


@pytest.fixture
def rows(folders):
    return results.claims(folders, [], TOPICS)


def test_claims_come_by_topic_with_one_row_per_setting(rows):
    topics = ["instance retrieval"] * 4 + ["screening", "search"]
    assert rows["topic"].tolist() == topics
    assert rows["setting"].tolist()[:2] == ["coco-like", "flickr-like"]
    assert rows["verdict"].tolist() == [HOLDS, HOLDS, FAILS, FAILS, NOT_RUN, HOLDS]


def test_topics_choose_and_order(folders):
    rows = results.claims(folders, [], ["search", "screening"])
    assert rows["claim"].tolist() == ["floats_keep_more", "open"]


def test_recorded_claims_are_settings_of_their_own(folders, tmp_path):
    edition = tmp_path / "a-machine" / "instance_ucm"
    kept(edition, [claim("fg_above_cg", "instance retrieval")], {"UCM": -1.0}, "instance")
    without = tmp_path / "a-machine" / "captions"
    Results(without).finish({})
    rows = results.claims(folders, [edition, without], TOPICS)
    recorded = rows[rows["setting"] == "UCM (instance_ucm, a-machine)"]
    assert recorded["verdict"].tolist() == [FAILS]
    assert "UCM (instance_ucm, a-machine)" in tables.of_topic(rows, "instance retrieval").frame


def test_results_without_claims_are_an_error(tmp_path):
    folder = Results(tmp_path / "search").finish({})
    with pytest.raises(InputError, match=r"claims\.csv: not found; expected .* 'search'"):
        results.claims({"search": folder}, [], TOPICS)


def test_a_topic_is_a_table_with_signs_that_leads_to_chapters(rows):
    table = tables.of_topic(rows, "instance retrieval")
    assert list(table.frame) == ["claim", "the paper's table", "coco-like", "flickr-like"]
    first = table.frame.iloc[0]
    assert first["claim"].address == "instance.html"
    assert (first["the paper's table"], first["coco-like"]) == ("✓", "✓\n+1 points")
    assert table.frame["coco-like"].str[0].tolist() == ["✓", "✗", "✗"]
    assert table.frame["flickr-like"].tolist()[1:] == ["", ""]
    assert table.frame["the paper's table"].tolist() == ["✓", "✓", "✗"]
    assert "not among" in repr(tables.of_topic(rows, "encoding and storage"))


def test_a_verdict_of_one_training_says_so(rows):
    assert tables.of_topic(rows.assign(seeds=1), "search").frame.iloc[0, -1] == (
        "✓\n1.25 times\none training"
    )


def test_parted_claims_have_their_likeliest_reason(rows):
    table = tables.differences(rows).frame
    shown = dict(zip(table["claim"].map(str), table["likeliest reason"], strict=True))
    assert shown == {
        "Statement of turned.": reasons.REASONS["instance retrieval"],
        "Statement of wrong_in_both.": "an erratum: so",
    }
    none = rows[rows["claim"] == "fg_above_cg"]
    assert "No claim was decided otherwise" in repr(tables.differences(none))


def test_what_holds_here_and_not_in_the_paper_is_a_difference(rows):
    turned = rows.assign(in_paper=FAILS, in_paper_note="why")
    assert len(results.parted(turned)) == (rows["verdict"] != NOT_RUN).sum()


def test_what_is_open_says_what_it_would_take(rows):
    table = tables.left_open(rows).frame
    assert table["what it would take"].tolist() == ["a second experiment"]
    tested = rows[rows["verdict"] != NOT_RUN]
    assert "Every claim was tested" in repr(tables.left_open(tested))


def test_counts_by_topic(rows):
    frame = tables.counts(rows).frame.set_index("topic")
    assert frame.loc["instance retrieval"].tolist() == [2, 2, 0, 0]
    assert frame.to_numpy().sum() == len(rows)


def test_every_topic_has_a_reason():
    assert set(reasons.REASONS) == set(TOPICS) > set(reasons.OF_SCENES)


def test_drawn_scenes_are_a_reason_where_the_data_are_drawn():
    assert "scenes are drawn" in reasons.reason("instance retrieval", "scenes, coco-like")
    assert "drawn" not in reasons.reason("instance retrieval", "karpathy")
    assert reasons.reason("search", "scenes, coco-like") == reasons.REASONS["search"]


def test_it_reads_every_chapter_that_has_claims_of_the_papers():
    having = set()
    for name in CHAPTERS:
        if (Path(results.__file__).parents[1] / name / "claims.py").is_file():
            module = import_module(f"fico_lib.chapters.{name}.claims")
            if getattr(module, "STUDY", "") != "this study":  # no paper makes those claims
                having.add(name)
    assert set(FindingsChapter.reads) == having


def test_an_unknown_topic_suggests_the_nearest():
    with pytest.raises(InputError, match="unknown topic 'serach': did you mean 'search'"):
        FindingsChapter.check({"topics": ["serach"]}, "test")


def test_a_verdict_under_a_closed_form_bears_its_sign(rows):
    marked = rows.assign(closed_form="pairs_float 23.8 (R@1, i2t)", closed_form_cases=1)
    table = tables.of_topic(marked, "search")
    assert table.frame.iloc[0, -1] == (
        "✓ ▲\n+1.25 times\n▲ pairs_float 23.8 (R@1, i2t), in 1 of 1 cases".replace("+", "")
    )
    assert "▲: in some case" in table.caption
    assert "▲" not in repr(tables.of_topic(rows, "search"))
    assert "▲ does not hold" in tables.differences(marked).frame["here"][0]


def test_recorded_claims_that_no_chapter_here_has_are_left_out(folders, tmp_path):
    own = [claim("fg_above_cg", "instance retrieval"), claim("of_this_study", "search")]
    other = kept(tmp_path / "machine" / "more", own, {"UCM": 1.0}, "instance")
    rows = results.claims(folders, [other], TOPICS)
    assert rows.loc[rows["setting"].str.startswith("UCM"), "claim"].tolist() == ["fg_above_cg"]


def test_claims_recorded_before_there_were_closed_forms_are_read(folders):
    path = folders["search"] / "claims.csv"
    pd.read_csv(path).drop(columns=["closed_form", "closed_form_cases"]).to_csv(path, index=False)
    assert results.claims(folders, [], ["search"])["closed_form"].tolist() == [""]


def test_rows_survive_a_round_through_their_file(rows, tmp_path):
    rows.to_csv(tmp_path / "claims.csv", index=False)
    again = pd.read_csv(tmp_path / "claims.csv")
    assert again["claim"].tolist() == rows["claim"].tolist()
