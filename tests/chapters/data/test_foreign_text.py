"""Foreign captions and names are shown as they are, and are never markup."""

import numpy as np

from fico_lib.chapters.data.results import _count_words
from fico_lib.chapters.data.tables import everything_about
from fico_lib.datasets.dataset import Split
from fico_lib.datasets.karpathy.images import AbsentImages


def test_captions_and_names_are_no_markup():
    split = Split(
        name="test", image_ids=np.array(["0"]), images=AbsentImages(1),
        captions=("<script>alert(1)</script>", "[a](javascript:x) *b* $x$"),
        caption_ids=np.array(["0", "1"]), image_of_caption=np.array([0, 0]),
        labels=np.ones((1, 1), bool), category_names=("<img src=x>",), hashtags=("#`<b>",),
    )  # fmt: skip
    text = everything_about(split, 0)._repr_markdown_()
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text
    assert r"\[a\]\(javascript:x\) \*b\* \$x\$" in text


def test_a_full_stop_is_no_word():
    assert _count_words("There is a plane .") == 4
    assert _count_words("a 3-year-old , smiling") == 3
    assert _count_words(" . ") == 0
