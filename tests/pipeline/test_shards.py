"""Further scenes in shards: apart from every split, the same each time, encoded as a split is."""

from dataclasses import replace

import numpy as np
import pytest

from fico_lib.datasets.karpathy.parameters import KarpathyParameters
from fico_lib.datasets.scenes.draws import serials
from fico_lib.datasets.scenes.load import STREAMS, load_shard, load_split
from fico_lib.datasets.scenes.parameters import ScenesParameters
from fico_lib.features.parameters import CropParameters
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.pipeline import shards
from fico_lib.pipeline.request import Request
from fico_lib.runtime.errors import InputError

REQUEST = Request(
    ScenesParameters(n_train=64, n_val=16, n_test=24, n_detector=30),
    CropParameters(detector_epochs=1, dimension=16, documents=8),
    TrainingParameters(max_steps=4, batch_size=32, width=16, dimension=16, bits=16),
    "vse",
)
CODES = replace(REQUEST, model="adv64")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shards, "SIZE", 12)
        cache = tmp_path_factory.mktemp("cache")
        yield cache, shards.Shards([REQUEST, CODES], cache)


def test_a_shard_is_a_part_of_one_stream():
    whole = load_split(REQUEST.data, "gallery", 20)
    (part,) = load_shard(REQUEST.data, 8, 12).splits.values()
    assert part.name == "gallery-8"
    assert part.image_ids.tolist() == whole.image_ids[8:].tolist()
    assert part.captions == whole.captions[8 * 5 :]
    assert (part.labels == whole.labels[8:]).all()
    assert (part.images.read(np.arange(12)) == whole.images.read(np.arange(8, 20))).all()


def test_no_further_scene_is_one_of_a_split():
    rows = np.arange(5000)
    found = np.concatenate([serials(0, stream, rows) for stream in STREAMS.values()])
    assert len(np.unique(found)) == len(found)
    assert len(set(STREAMS.values())) == len(STREAMS)


def test_a_shard_is_encoded_by_every_model_and_comes_out_the_same(world):
    cache, one = world
    shard, again = one[1], shards.Shards([REQUEST, CODES], cache)[1]
    assert [type(e).__name__ for e in shard.encodings] == ["Embeddings", "Codes"]
    for first, second in zip(shard.encodings, again.encodings, strict=True):
        assert (len(first.images), len(first.texts)) == (12, 60)
        assert (first.images == second.images).all()
        assert (first.texts == second.texts).all()
    assert shard.texts.image_of_caption.tolist() == np.repeat(np.arange(12), 5).tolist()
    assert not (shard.encodings[0].images == one[0].encodings[0].images).all()


def test_images_are_handed_over_up_to_a_number(world):
    cache, one = world
    images = np.concatenate(list(shards.further_images(REQUEST, cache, 20)))
    expected = np.concatenate([one[number].encodings[0].images for number in (0, 1)])[:20]
    assert (images == expected).all()


def test_nothing_of_a_shard_stays_on_the_disk(world, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    _ = world[1][3]
    assert not list(tmp_path.iterdir())


def test_data_of_which_there_are_no_more_are_refused(tmp_path):
    data = KarpathyParameters(root="nowhere", annotations="none.json")
    with pytest.raises(InputError, match=r"data.name: found 'karpathy'; expected 'scenes'"):
        shards.Shards([replace(REQUEST, data=data)], tmp_path)


def test_requests_of_two_worlds_are_refused(tmp_path):
    other = replace(REQUEST, data=REQUEST.data.model_copy(update={"seed": 1}))
    with pytest.raises(ValueError, match="one world"):
        shards.Shards([REQUEST, other], tmp_path)
