"""Exercises that answer back: right answers are the solutions', wrong ones are told apart."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from chromium import document_of

from fico_lib.study.question import Choice, Number, Words
from fico_lib.study.questions import QUESTIONS, write_questions

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "book" / "_static" / "questions"
ASKED = {label: make() for label, make in QUESTIONS.items()}
ALL = [(label, question) for label, questions in ASKED.items() for question in questions]
NAMES = [f"{label}-{question.ask}" for label, question in ALL]
# What the solutions in the chapters say, in the order of the questions.
SOLVED = {
    "exercise-recall-by-hand": [1 / 2, 5 / 6],
    "exercise-ap-by-hand": [0.75, 0.5, 0.5, 2 / 3],
    "exercise-search-ties": [1 / 3, "1 or 0"],
    "exercise-chance": [4 / 12, 1 / 3, ("tree",)],
    "exercise-compression-bytes": [384, 48, 16, 400, 100],
    "exercise-compression-int8": ["the first", "the second"],
    "exercise-first-ranks": [2, 2],
    "exercise-two-tasks": [2, 4],
    "exercise-directions": ["image to text"],
    "exercise-three-measures": ["a", "c"],
    "exercise-cosine-value": [0.96],
    "exercise-hamming-product": [12],
    "exercise-recall-table": [2 / 3, 2 / 3],
    "exercise-recall-ceiling": [1 / 5],
    "exercise-recall-chance": [0.1, 0.1],
    "exercise-ap-four": [1 / 2, 1 / 4, 7 / 12],
    "exercise-ap-random": [3 / 4],
    "exercise-ap-papers": ["paper A"],
    "exercise-ties-pair": [2 / 5, 1],
    "exercise-ties-constant": [1 / 50, 1],
    "exercise-ties-bits": [17],
    "exercise-encoders-passes": [2000, 21],
    "exercise-encoders-ceiling": [0.87],
    "exercise-encoders-even": [100],
    "exercise-ivf-line": [11, 4],
    "exercise-ivf-share": [9000],
    "exercise-two-recalls": [0.45],
}
each = pytest.mark.parametrize(("label", "question"), ALL, ids=NAMES)


def test_the_answers_are_those_of_the_solutions():
    assert SOLVED.keys() == ASKED.keys()
    for label, questions in ASKED.items():
        expected = [q if isinstance(q, (str, tuple)) else pytest.approx(q) for q in SOLVED[label]]
        assert [question.right for question in questions] == expected, label


def test_every_exercise_is_in_a_chapter():
    pages = "".join(path.read_text() for path in (ROOT / "notebooks").rglob("*.ipynb"))
    for label in QUESTIONS:
        assert f":label: {label}\\n" in pages


@each
def test_wrong_answers_differ_from_the_right_one_and_from_each_other(label, question):
    if isinstance(question, Number):
        values = [question.right, *(value for value, _ in question.wrong)]
        for i, one in enumerate(values):
            for other in values[i + 1 :]:
                assert abs(one - other) > 0.02 * max(abs(one), abs(other)), (one, other)
    elif isinstance(question, Choice):
        options = [option for option, _ in question.options]
        assert question.right in options
        assert len(set(options)) == len(options) > 1
    else:
        assert question.right
        assert not set(question.right) & {word for word, _ in question.wrong}
        assert all(word == word.lower() and " " not in word for word in question.right)


@each
def test_what_is_said_is_a_sentence(label, question):
    said = [words for _, words in getattr(question, "wrong", getattr(question, "options", ()))]
    assert all(re.fullmatch(r"[A-Z].*\.", words) for words in said)


def test_the_script_of_the_questions_is_plain_json(tmp_path):
    write_questions(tmp_path / "questions.js")
    text = (tmp_path / "questions.js").read_text()
    asked = json.loads(text.removeprefix("const ficoQuestions = ").rstrip().removesuffix(";"))
    assert [len(questions) for questions in asked.values()] == [*map(len, ASKED.values())]


def test_every_page_loads_the_scripts():
    config = (ROOT / "_config.yml").read_text()
    for name in ("questions.js", "check.js", "page.js", "questions.css"):
        assert f"questions/{name}" in config
        assert name == "questions.js" or (SCRIPTS / name).is_file()


# --- Where there is a JavaScript engine ---


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What the page says of answers: (label, number of the question, text) -> found."""
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None:
        pytest.skip("needs Node.js (node), which is not installed")
    folder = tmp_path_factory.mktemp("questions")
    write_questions(folder / "questions.js")
    loaded = "\n".join(p.read_text() for p in (folder / "questions.js", SCRIPTS / "check.js"))

    def run(answers):
        call = "(([label, i, text]) => ficoCheck(ficoQuestions[label][i], text))"
        script = folder / "run.js"
        script.write_text(
            f"{loaded}\nconsole.log(JSON.stringify({json.dumps(answers)}.map({call})))"
        )
        done = subprocess.run([node, script], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    return run


@each
def test_right_and_wrong_answers_are_told(said, label, question):
    i = ASKED[label].index(question)
    if isinstance(question, Number):
        right = [f"{question.right:.4g}", f"{question.right:.3f}"]
        if question.share:
            right += [f"{100 * question.right:.1f} %", f"{100 * question.right:.1f}"]
        wrong = [(f"{value:.4g}", words) for value, words in question.wrong]
        wrong += [("nothing", "Write a number"), ("", "Write a number"), ("-7", "usual mistakes")]
    elif isinstance(question, Choice):
        right = [question.right]
        wrong = [pair for pair in question.options if pair[0] != question.right]
        wrong += [("", "Choose one")]
    else:
        assert isinstance(question, Words)
        right = [", ".join(question.right), "{" + " ".join(question.right).upper() + "}"]
        wrong = [*question.wrong, ("cow", "“cow” is not one"), (" ", "Write words")]
    answers = [(label, i, text) for text in right] + [(label, i, text) for text, _ in wrong]
    found = said(answers)
    assert all(each["right"] for each in found[: len(right)]), found
    for each_found, (text, words) in zip(found[len(right) :], wrong, strict=True):
        assert not each_found["right"], text
        assert words in each_found["said"], text


@pytest.mark.parametrize("text", ["5/6", "0.833", "83.3 %", "83.3%", "83.33", " 5 / 6 ", "10/12"])
def test_a_share_may_be_written_in_many_ways(said, text):
    assert said([("exercise-recall-by-hand", 1, text)])[0]["right"]


@pytest.mark.parametrize("text", ["5/0", "five", "1..2", "5/6/7", "0,833"])
def test_what_is_no_number_is_told(said, text):
    found = said([("exercise-recall-by-hand", 1, text)])[0]
    assert not found["right"]


def test_a_comma_may_part_thousands(said):
    found = said([("exercise-compression-bytes", 0, "1,536")])[0]
    assert "float32" in found["said"]


FILL = """
addEventListener("load", () => {
  const [form] = document.querySelectorAll("#exercise-ap-by-hand form");
  const answer = (i) => document.getElementById(`exercise-ap-by-hand-answer-${i}`);
  [answer(0).value, answer(1).value, answer(3).value] = ["0.75", "3/4", "?"];
  form.requestSubmit();
  document.body.dataset.said = [...form.querySelectorAll("output")].map((o) => o.value).join("|");
});
"""


def test_the_built_page_answers_back(study):
    page = study.folder / "_build" / "html" / "notebooks" / "category.html"
    said = re.search(r'data-said="(.*?)"', document_of(page, script=FILL))[1]
    assert said == (
        "✓ Right.|✗ This divides by the hits in the first four.||✗ Write a number, as 1.5."
    )


def test_the_built_pages_have_the_exercises_that_are_asked_about(study):
    html = "".join(p.read_text() for p in (study.folder / "_build/html/notebooks").rglob("*.html"))
    for label in QUESTIONS:
        assert f'id="{label}"' in html, label
