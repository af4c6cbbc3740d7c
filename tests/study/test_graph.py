"""What runs again after which edit."""

import pytest

from fico_lib.study import repository as repo
from fico_lib.study.plan import plan

COSTS = ["chapter: attention", "chapter: encoding_storage"]
ALIGNED = "chapter: selfalign"
FINDINGS = "chapter: findings"  # it shows the claims of most others
CHOOSE = "chapter: choose"  # it chooses from the results of five others
BITWISE = "chapter: bitwise_search"
COARSE = "chapter: coarse_to_fine"  # it reads the times of attention
COMPRESSION = "chapter: compression"
FACTORS = "chapter: factors"
GROWING = "chapter: growing_gallery"
HASHTAGS = "chapter: hashtags"
CHAPTERS = [
    *(
        BITWISE,
        "chapter: category",
        CHOOSE,
        COARSE,
        COMPRESSION,
        "chapter: data",
        FACTORS,
        FINDINGS,
        GROWING,
        HASHTAGS,
    ),
    *("chapter: instance", "chapter: search"),
]


def test_nothing_runs_again_when_nothing_changed(study):
    assert study.pending() == []


def test_new_dates_alone_change_nothing(study):
    for path in study.folder.rglob("*.py"):
        path.touch()
    assert study.pending() == []


def test_a_notebook_reruns_itself_and_the_book(study):
    with study.edited("notebooks/data.ipynb", "# The data", "# The data sets"):
        assert study.pending() == ["book", "chapter: data"]


def test_a_page_reruns_the_book_alone(study):
    with study.edited("book/rerun.md", "Profiles", "All profiles"):
        assert study.pending() == ["book"]


def test_a_recorded_result_reruns_the_chapter_that_shows_it(study):
    other = study.folder / "book" / "recorded" / "machine" / "captions_other" / "run.json"
    other.parent.mkdir(parents=True)
    other.write_text("{}")
    try:
        assert study.pending() == ["book", "chapter: category", CHOOSE, FINDINGS]
    finally:
        other.unlink()
        other.parent.rmdir()
        other.parent.parent.rmdir()


def test_a_parameter_of_a_chapter_reruns_it(study):
    with study.added("parameters/ci/instance.yaml", "resamples: 1200"):
        assert study.pending() == ["book", CHOOSE, FINDINGS, "chapter: instance"]


def test_a_parameter_of_training_reruns_the_encodings(study):
    with study.added("parameters/ci/instance.yaml", "training: {max_steps: 90}"):
        chapters = [CHOOSE, FINDINGS, "chapter: instance"]
        assert study.pending() == ["book", *chapters, *2 * ["encodings"], "quick-encodings"]


def test_a_shared_parameter_reruns_every_chapter_that_has_it(study):
    with study.edited("parameters/ci/_shared.yaml", "resamples: ", "resamples: 1"):
        chapters = [
            *("attention", "category", "choose", "coarse_to_fine", "compression", "factors"),
            *("findings", "growing_gallery", "hashtags", "instance", "selfalign"),
        ]
        assert study.pending() == ["book", *(f"chapter: {name}" for name in chapters)]


@pytest.mark.parametrize(
    ("module", "jobs"),
    [
        ("models/dadh.py",
         ["book", BITWISE, "chapter: category", CHOOSE, COARSE, COMPRESSION, FACTORS, FINDINGS,
          GROWING, HASHTAGS, "chapter: instance", "encodings"]),
        ("models/controls.py",
         ["book", "chapter: category", CHOOSE, FACTORS, FINDINGS, HASHTAGS, "chapter: instance",
          "quick-encodings"]),
        ("costs/architectures/hashing.py",
         ["book", COSTS[0], CHOOSE, COARSE, COSTS[1], "chapter: errata", FINDINGS]),
        ("models/scan.py",
         ["book", COSTS[0], CHOOSE, COARSE, COSTS[1], FACTORS, FINDINGS, ALIGNED, "encodings"]),
        ("models/factor.py", ["book", FACTORS, FINDINGS, *8 * ["encodings"]]),
        ("models/selfalign.py", ["book", FINDINGS, ALIGNED, *4 * ["encodings"]]),
        ("chapters/selfalign/tables.py", ["book", FINDINGS, ALIGNED]),
        ("datasets/scenes/captions.py",
         ["book", COSTS[0], *CHAPTERS, ALIGNED, *16 * ["encodings"], "features",
          "quick-encodings"]),
        ("chapters/growing_gallery/tables.py", ["book", GROWING]),
        ("evaluation/growing/counts.py", ["book", GROWING]),
        ("chapters/instance/tables.py", ["book", CHOOSE, FINDINGS, "chapter: instance"]),
        ("study/book.py", ["book"]),
        ("study/questions.py", ["book"]),
        ("datasets/karpathy/__init__.py", []),
        ("cli/evaluate.py", []),
    ],
)  # fmt: skip
def test_an_edit_of_the_library_reruns_what_imports_it(study, module, jobs):
    with study.edited(f"fico_lib/{module}", "\n", "\n# edited\n"):
        assert study.pending() == jobs


def test_what_other_steps_can_run_beside_comes_first():
    planned = plan(repo.root(), "scratch")
    chapters = {step.name: step for step in planned.chapters}
    assert chapters["selfalign"].timed
    assert not chapters["category"].timed
    assert planned.first() >= {*chapters["category"].encodings}
    assert planned.weights.keys() <= planned.first()
    assert not planned.first() & {*chapters["selfalign"].encodings}


def test_wrong_parameters_are_told_before_anything_runs(study):
    with study.edited("parameters/ci/_shared.yaml", "resamples:", "resampels:"):
        done = study.run("fico_lib", "build", "--profile", "ci", check=False)
    assert done.returncode == 1
    assert "'resampels': did you mean 'resamples'" in done.stderr
