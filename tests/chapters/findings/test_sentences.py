"""The three sentences follow the verdicts, whatever these are, and stay short."""

from itertools import combinations

import pandas as pd
import pytest

from fico_lib.chapters.findings import figures, sentences
from fico_lib.report.claims import FAILS, HOLDS, NOT_RUN, UNDECIDED

MIXTURES = [m for n in (1, 2, 3) for m in combinations((HOLDS, FAILS, UNDECIDED, NOT_RUN), n)]
QUESTION = "One match, or a category"


def verdicts(claim: str, found, **more) -> pd.DataFrame:
    """A row for each setting of a claim."""
    row = {
        **{"claim": claim, "topic": "search", "in_paper": HOLDS, "case": "vse - dadh"},
        **{"metric": "R@1", "direction": "i2t", "estimate": 1.0, "low": 0.5, "high": 1.5},
        **{"unit": "points", "closed_form": "", "cases": 4, "closed_form_cases": 0},
    }
    rows = [
        row | {"verdict": verdict, "setting": f"set {number}"} | more
        for number, verdict in enumerate(found)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([HOLDS], "so"),
        ([FAILS], "not so"),
        ([UNDECIDED], "whether so is undecided"),
        ([NOT_RUN], "whether so was not tested"),
        ([HOLDS, NOT_RUN], "so"),
        ([HOLDS, HOLDS], "so"),
        ([HOLDS, FAILS, UNDECIDED], "whether so depends on the setting"),
        ([HOLDS, UNDECIDED], "so in some settings"),
        ([UNDECIDED, FAILS], "not so in some settings"),
    ],
)
def test_a_clause_says_what_the_verdicts_say(found, said):
    assert sentences.clause(verdicts("x", found), "so", "not so") == said


@pytest.mark.parametrize("parts", sentences.HEADLINES.values(), ids=sentences.HEADLINES)
@pytest.mark.parametrize("first", MIXTURES)
def test_a_sentence_has_at_most_25_words(parts, first):
    names = list(parts)
    for second in MIXTURES:
        rows = pd.concat([verdicts(names[0], first), verdicts(names[1], second)])
        sentence = sentences.three(rows).markdown.split("** ")[1].split(".")[0]
        assert len(sentence.split()) <= 25, sentence


def test_numbers_follow_the_plain_sentence():
    rows = pd.concat([verdicts("fg_above_cg", [HOLDS]), verdicts("cg_competitive", [NOT_RUN])])
    assert sentences.three(rows).markdown == (
        "- **One match, or a category.** Every fine-grained model finds more single matches than "
        "every code; whether codes keep up for categories was not tested. "
        "(vse - dadh, R@1, i2t: +1.0 [+0.5, +1.5], set 0)"
    )


def test_a_closed_form_above_the_models_is_told():
    form = {"closed_form": "pairs_float 23.8 (R@1, i2t)", "closed_form_cases": 2}
    said = sentences.takeaways(verdicts("fg_above_cg", [HOLDS, HOLDS], **form)).markdown
    assert "▲ A closed form is above models that are compared: pairs_float 23.8 (R@1, i2t)." in said
    assert "2 of the 2 verdicts bear the sign ▲" in said
    assert "▲" not in sentences.takeaways(verdicts("fg_above_cg", [HOLDS])).markdown


def test_the_last_sentence_counts():
    rows = pd.concat([verdicts("a", [HOLDS, FAILS], in_paper=FAILS), verdicts("b", [UNDECIDED])])
    said = sentences.takeaways(rows).markdown.splitlines()
    assert said[-1] == (
        "- Of 2 claims of two papers, tested in 2 settings, 1 holds, 1 does not hold, 1 is "
        "undecided. In the papers' own tables 1 does not hold."
    )
    assert said[0].startswith("- The claims that answer most readers' questions are not shown")


def test_every_headline_is_a_claim_of_some_chapter():
    from fico_lib.chapters.attention import claims as attention
    from fico_lib.chapters.category import claims as category
    from fico_lib.chapters.encoding_storage import claims as encoding
    from fico_lib.chapters.instance import claims as instance
    from fico_lib.chapters.search import claims as search

    chapters = (attention, category, encoding, instance, search)
    known = {one.name for chapter in chapters for one in chapter.claims()}
    assert {name for parts in sentences.HEADLINES.values() for name in parts} <= known


def test_the_figure_has_a_bar_for_every_verdict():
    rows = pd.concat([
        verdicts("a", [HOLDS, FAILS, UNDECIDED, NOT_RUN]),
        verdicts("b", [HOLDS], topic="screening"),
        verdicts("c", [HOLDS], closed_form="pairs_float 23.8 (R@1, i2t)"),
    ])  # fmt: skip
    panel = figures.verdicts(rows).axes[0]
    drawn = [bar for bar in panel.patches if bar.get_width()]
    assert sum(bar.get_width() for bar in drawn) == len(rows)
    assert sum(bool(bar.get_hatch()) for bar in drawn) == 1
    assert [text.get_text() for text in panel.get_yticklabels()] == ["search", "screening"]
