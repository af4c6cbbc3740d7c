"""`fico evaluate --released`."""

import json

import numpy as np
import pytest
from scipy.io import savemat

from fico_lib.encodings import Codes, Embeddings, Scores
from fico_lib.evaluation import evaluate
from fico_lib.runtime.errors import InputError

from .conftest import run


@pytest.fixture
def released(tmp_path):
    rng = np.random.default_rng(3)
    folder, n, m = tmp_path / "results_data", 8, 40
    folder.mkdir()
    of = np.arange(m) // 5
    x, y = rng.standard_normal((n, 12)), rng.standard_normal((m, 12))
    sim = rng.random((n, m))
    partial_i2t, partial_t2i = sim.copy(), sim.T.copy()
    partial_i2t[:, ::3] = -100
    partial_t2i[:, 0] = -100
    np.save(folder / "beit3_f30k_img.npy", x)
    np.save(folder / "beit3_f30k_txt.npy", y)
    np.save(folder / "vsrn_f30k_sim.npy", np.repeat(sim, 5, axis=0))
    np.save(folder / "ucch_f30k_img.npy", np.repeat(np.sign(x), 5, axis=0))
    np.save(folder / "ucch_f30k_txt.npy", np.sign(y))
    np.save(folder / "adv(64bit)_f30k_img.npy", (x > 0).astype(float))
    np.save(folder / "adv(64bit)_f30k_txt.npy", (y > 0).astype(float))
    np.save(folder / "blip2_f30k_sim_i2t.npy", partial_i2t)
    np.save(folder / "blip2_f30k_sim_t2i.npy", partial_t2i)
    np.save(folder / "scan_coco_sim.npy", sim[:, :-1])
    np.save(folder / "mscoco_test_indices.npy", of[:-1])
    labels = (rng.random((n, 5)) < 0.5).astype(np.uint8)
    labels[:, 0] = 1
    savemat(folder / "flickr30k-karpathy-test-lall.mat", {"LAll": labels})
    savemat(folder / "coco-karpathy-testall-lall.mat", {"LAll": labels})
    return folder, x, y, sim, labels


def test_the_released_folder(released):
    folder, x, y, sim, labels = released
    found = json.loads(run("--released", folder, "--format", "json", "--map-at", "3,all"))
    of = np.arange(40) // 5
    assert sorted(found) == [
        "adv(64bit)_f30k", "beit3_f30k", "blip2_f30k", "scan_coco", "ucch_f30k", "vsrn_f30k",
    ]  # fmt: skip
    how = {"map_at": (3, "all")}
    codes = {"recall_at": (1, 5, 10, 50, 100, 200), **how}
    expected = {
        "beit3_f30k": evaluate(Embeddings(x, y, of), labels, **how),
        "vsrn_f30k": evaluate(Scores(sim, None, of), labels, **how),
        "scan_coco": evaluate(Scores(sim[:, :-1], None, of[:-1]), labels, **how),
        "ucch_f30k": evaluate(Codes.pack(x > 0, y > 0, of), labels, **codes),
        "adv(64bit)_f30k": evaluate(Codes.pack(x > 0, y > 0, of), labels, **codes),
    }
    for name, result in expected.items():
        for task in ("instance", "category"):
            assert found[name][task] == result.to_dict()[task], name
    blip2 = found["blip2_f30k"]
    assert blip2["instance"]["i2t"]["R@10"] is not None
    assert blip2["category"]["i2t"]["mAP@3"] is not None
    assert blip2["category"]["i2t"]["mAP@N"] is None
    assert blip2["category"]["t2i"]["pr"] is None


def test_the_released_folder_as_the_papers_tables(released):
    output = run("--released", released[0])
    assert all(f"Table {number}" in output for number in (2, 3, 4))
    assert "n/a" in output


@pytest.mark.parametrize("option", ["labels", "per-query", "normalise", "bits", "hubness"])
def test_what_a_released_folder_does_not_take_is_refused(folder, option):
    value = {"normalise": "qb-norm", "bits": "8", "hubness": "3"}.get(option, "x.npy")
    with pytest.raises(InputError, match=f"--{option}: has no place beside --released"):
        run("--released", folder, f"--{option}", value)


def test_the_files_of_macos_are_no_models(released):
    folder = released[0]
    expected = run("--released", folder, "--format", "json")
    for place in (folder / "__MACOSX", folder):
        place.mkdir(exist_ok=True)
        (place / "._beit3_f30k_img.npy").write_bytes(b"Mac OS X")
        (place / "._flickr30k-karpathy-test-lall.mat").write_bytes(b"Mac OS X")
    assert run("--released", folder, "--format", "json") == expected


def test_a_zero_among_released_signs_is_said(released):
    folder, _, y, *_ = released
    np.save(folder / "ucch_f30k_txt.npy", np.where(np.arange(12) == 3, 0, np.sign(y)))
    with pytest.raises(InputError, match=r"ucch on f30k.*row 0, column 3 is 0 beside -1 and 1"):
        run("--released", folder)


@pytest.mark.parametrize("array", [np.ones(3), np.ones((2, 2, 2)), np.ones((0, 4)), np.array("x")])
def test_released_arrays_of_other_shapes_are_named(released, array):
    folder = released[0]
    np.save(folder / "beit3_f30k_img.npy", array)
    with pytest.raises(InputError, match=r"beit3_f30k_img.npy: found"):
        run("--released", folder)


def test_the_same_model_twice_is_said(released):
    folder = released[0]
    (folder / "copy").mkdir()
    np.save(folder / "copy" / "scan_coco_sim.npy", np.ones((8, 39)))
    with pytest.raises(InputError, match=r"scan_coco_sim.npy is there twice"):
        run("--released", folder)
