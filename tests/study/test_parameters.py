import pytest

from fico_lib.chapters import CHAPTERS, chapter
from fico_lib.models import ALL, CLOSED_FORM
from fico_lib.runtime.errors import InputError
from fico_lib.study import parameters
from fico_lib.study import repository as repo

ROOT = repo.root()


def check(**values):
    return chapter("instance").check(values, "test")


@pytest.mark.parametrize("profile", repo.profiles(ROOT))
@pytest.mark.parametrize("name", CHAPTERS)
def test_every_profile_has_valid_parameters_for_every_chapter(profile, name):
    parameters.load(ROOT, name, profile)


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(InputError, match=r"'data\.n_trian'.*did you mean 'data\.n_train'"):
        check(data={"name": "scenes", "n_trian": 5})


def test_an_unknown_name_at_the_top():
    with pytest.raises(InputError, match=r"'seed': did you mean 'seeds'"):
        check(seed=[1])


def test_a_wrong_type_says_what_was_found_and_what_is_allowed():
    with pytest.raises(InputError, match=r"'seeds\.1': found 'x'.*integer"):
        check(seeds=[0, "x"])


def test_a_wrong_range_says_the_limit():
    with pytest.raises(InputError, match=r"'data\.n_train': found 0.*greater than or equal to 1"):
        check(data={"name": "scenes", "n_train": 0})


def test_an_unknown_model_suggests_the_nearest():
    with pytest.raises(InputError, match=r"unknown model 'vsee': did you mean 'vse'"):
        check(models=["vsee"])


def test_all_problems_are_told_at_once():
    with pytest.raises(InputError, match=r"(?s)resamples.*device|device.*resamples"):
        check(resamples=3, device="abacus")


def test_the_message_names_its_source():
    sources = r"parameters/ci/_shared\.yaml \+ parameters/ci/category\.yaml \+ -p data\.seed=-1"
    with pytest.raises(InputError, match=sources):
        parameters.load(ROOT, "category", "ci", settings=("data.seed=-1",))


def test_settings_win_over_the_file_and_the_file_over_the_profile(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("resamples: 500\ndata: {seed: 7}\n")
    found = parameters.load(ROOT, "instance", "ci", file, ("data.seed=8",))
    assert (found.resamples, found.data.seed) == (500, 8)
    assert found.data.n_train == parameters.load(ROOT, "instance", "ci").data.n_train


@pytest.fixture
def profile(tmp_path):
    """A function that writes a profile `mine`, file by file, and returns the repository."""

    def write(**files):
        folder = tmp_path / "parameters" / "mine"
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / f"{name}.yaml").write_text(text)
        return tmp_path

    return write


def test_a_profile_without_files_is_the_defaults(profile):
    root = profile()
    for name in CHAPTERS:
        assert parameters.load(root, name, "mine") == chapter(name)()


def test_shared_parameters_reach_the_chapters_that_have_them(profile):
    root = profile(_shared="resamples: 300\ndata: {n_train: 7, name: scenes}\nk: 5\n")
    instance = parameters.load(root, "instance", "mine")
    assert (instance.resamples, instance.data.n_train) == (300, 7)
    assert parameters.load(root, "data", "mine").data.n_train == 7
    assert parameters.load(root, "search", "mine").k == 5
    assert parameters.load(root, "encoding_storage", "mine") == chapter("encoding_storage")()


def test_a_chapters_file_lies_over_what_is_shared(profile, tmp_path):
    root = profile(
        _shared="resamples: 300\ntraining: {max_steps: 3, width: 32}\nseeds: [1]\n",
        instance="resamples: 400\ntraining: {max_steps: 4}\n",
    )
    file = tmp_path / "more.yaml"
    file.write_text("training: {max_steps: 5}\n")
    instance = parameters.load(root, "instance", "mine")
    assert (instance.resamples, instance.seeds) == (400, [1])
    assert (instance.training.max_steps, instance.training.width) == (4, 32)
    assert parameters.load(root, "category", "mine").resamples == 300
    assert parameters.load(root, "instance", "mine", file).training.max_steps == 5
    assert parameters.load(root, "instance", "mine", file, ("seeds=[2]",)).seeds == [2]


def test_the_last_of_equal_settings_wins(profile):
    settings = ("resamples=300", "resamples=400", "resamples=300")
    assert parameters.load(profile(), "instance", "mine", settings=settings).resamples == 300


def test_a_shared_name_that_no_chapter_has_suggests_the_nearest(profile):
    root = profile(_shared="resampels: 300\n")
    with pytest.raises(InputError, match=r"_shared\.yaml.*'resampels': did you mean 'resamples'"):
        parameters.load(root, "data", "mine")


def test_a_file_of_no_chapter_suggests_the_nearest(profile):
    root = profile(instnace="resamples: 300\n")
    with pytest.raises(InputError, match=r"instnace\.yaml: .*did you mean 'instance'"):
        parameters.load(root, "data", "mine")


def test_all_models_are_a_value():
    assert check(models="all").models == ALL
    category = chapter("category").check({"models": "all", "models_again": "all"}, "test")
    assert category.models == category.models_again == ALL
    with pytest.raises(InputError, match="'models': found 'al'"):
        check(models="al")


def test_another_data_set_brings_its_own_parameters():
    merged = parameters.merge(
        {"data": {"name": "scenes", "n_train": 5}}, {"data": {"name": "karpathy", "root": "x"}}
    )
    assert merged == {"data": {"name": "karpathy", "root": "x"}}


@pytest.mark.parametrize("text", ["data.seed", "=1", ""])
def test_a_setting_without_a_name_or_a_value(text):
    with pytest.raises(InputError, match="expected name=value"):
        parameters.read_setting(text)


def test_numbers_of_a_file_written_as_yaml_reads_them(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("training: {learning_rate: 1e-4}\n")  # YAML 1.1 reads this as a text
    found = parameters.load(ROOT, "instance", "ci", file)
    assert found.training.learning_rate == 1e-4


@pytest.mark.parametrize("content", ["[1, 2]", "a: [", "text"])
def test_a_file_that_is_not_a_mapping(tmp_path, content):
    file = tmp_path / "bad.yaml"
    file.write_text(content)
    with pytest.raises(InputError, match=r"bad\.yaml"):
        parameters.read_file(file)


def test_a_missing_file_and_profile():
    with pytest.raises(InputError, match="does not exist"):
        parameters.read_file(ROOT / "nothing.yaml")
    with pytest.raises(InputError, match="unknown profile 'labtop': did you mean 'laptop'"):
        parameters.load(ROOT, "instance", "labtop")


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_parameter_has_a_meaning_and_a_default(name):
    rows = parameters.describe(name)
    assert rows
    assert all(row["meaning"] and row["allowed"] for row in rows)
    chapter(name)()  # all defaults are valid


def test_describe_gives_ranges_of_nested_parameters():
    rows = {row["name"]: row for row in parameters.describe("instance")}
    assert rows["data.noise"]["allowed"] == "float, ≥ 0, ≤ 0.5"
    assert rows["data.n_train"]["allowed"] == "int, ≥ 1, ≤ 10000000"
    assert rows["data.skew"]["allowed"] == "'coco' or 'flickr'"
    assert rows["seeds"]["allowed"] == "list of int, length ≥ 1"
    assert rows["data.root"]["meaning"].startswith("(karpathy)")
    assert not rows["features.threads"]["meaning"].startswith("(")


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_parameters_cell_of_the_notebook_is_the_schema(name):
    import json

    cells = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text())["cells"]
    (tagged,) = [c for c in cells if "parameters" in c["metadata"].get("tags", [])]
    assert "".join(tagged["source"]) == parameters.cell(name), (
        f"paste the output of `fico describe {name} --cell` into notebooks/{name}.ipynb"
    )


def test_skews_belong_to_scenes_and_categories_need_labels():
    real = {"name": "karpathy", "root": "x", "labels": "labels.csv"}
    features = {"name": "grid", "checkpoint": "y"}
    check = chapter("category").check
    with pytest.raises(InputError, match=r"'skews'.*expected \[\] for 'karpathy'"):
        check({"data": real, "features": features}, "test")
    with pytest.raises(InputError, match=r"'skews'.*'coc'; expected some of coco, flickr"):
        check({"skews": ["flickr", "coc"]}, "test")
    with pytest.raises(InputError, match=r"'data'.*labels is null"):
        check({"data": real | {"labels": None}, "features": features, "skews": []}, "test")
    found = check({"data": real, "features": features, "skews": []}, "test")
    assert list(found.datasets()) == ["karpathy"]


def test_each_skew_is_a_data_set_of_its_own():
    found = chapter("category").check({"models": ["vse"], "seeds": [3, 4]}, "test")
    asked = [(r.data.skew, r.model, r.seed) for r in found.requests()]
    own = [*(("vse", seed) for seed in (3, 4)), *((name, 0) for name in CLOSED_FORM)]
    assert asked == [(skew, *entry) for skew in ("coco", "flickr") for entry in own]


def test_outside_the_repository(tmp_path):
    with pytest.raises(InputError, match="not inside the study's repository"):
        repo.root(tmp_path)
