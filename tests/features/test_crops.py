from dataclasses import replace

import numpy as np
import pytest
import torch

from fico_lib.datasets import load_dataset
from fico_lib.datasets.dataset import Dataset
from fico_lib.datasets.parameters import ScenesParameters
from fico_lib.features.boxes import NOTHING, WHOLE, Boxes
from fico_lib.features.crop_cnn import IGNORE, CropCNN, loss_of
from fico_lib.features.crops import CropFeatures, _regions, attributes, targets_of
from fico_lib.features.image_cnn import pairs_shown
from fico_lib.features.parameters import CropParameters
from fico_lib.features.training import to_input
from fico_lib.runtime.errors import InputError

CPU = torch.device("cpu")
DATA = ScenesParameters(n_train=40, n_val=10, n_test=30, n_detector=60)
SMALL = CropParameters(detector_epochs=2, dimension=16)


@pytest.fixture(scope="module")
def dataset():
    return load_dataset(DATA)


@pytest.fixture(scope="module")
def extractor(dataset):
    return CropFeatures.fit(dataset, SMALL, CPU)


def gather(extractor, split):
    return [np.concatenate(arrays) for arrays in zip(*extractor.blocks(split), strict=True)]


def test_shapes_and_ranges(extractor, dataset):
    features, boxes, whole = gather(extractor, dataset["test"])
    assert features.shape == (30, 10, 16)
    assert features.dtype == boxes.dtype == np.float32
    assert boxes.shape == (30, 10, 4)
    assert (boxes[:, -1] == [0.5, 0.5, 1, 1]).all()
    assert (whole.shape, whole.dtype) == ((30, 32), np.float32)
    assert features.std() > 0
    assert whole.std() > 0


def test_the_same_seed_gives_the_same_features(extractor, dataset):
    again = CropFeatures.fit(dataset, SMALL, CPU)
    for one, other in zip(
        gather(extractor, dataset["val"]), gather(again, dataset["val"]), strict=True
    ):
        assert (one == other).all()


def test_another_seed_gives_other_boxes_and_another_network(extractor, dataset):
    other = CropFeatures.fit(dataset, SMALL.model_copy(update={"seed": 1}), CPU)
    one, two = gather(extractor, dataset["val"]), gather(other, dataset["val"])
    assert (one[1] != two[1]).any()
    assert (one[0] != two[0]).any()


def test_the_random_state_outside_is_untouched(dataset):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    CropFeatures.fit(dataset, SMALL.model_copy(update={"detector_epochs": 0}), CPU)
    assert torch.equal(torch.rand(3), expected)


def test_what_regions_show(dataset):
    split = dataset["train"]
    found = Boxes(np.zeros((1, 4, 4)), np.array([[1, NOTHING, 0, WHOLE]]))
    things = split.objects[:1]
    targets = targets_of(things, found)[0]
    names = attributes(things)
    assert names[:2] == ["colour", "size"]
    assert "kind" not in names
    assert targets[0].tolist() == [1, *(things[0, 1][name] for name in names)]
    assert targets[1].tolist() == [0, *[IGNORE] * len(names)]
    assert targets[3].tolist() == [IGNORE] * (1 + len(names))


def test_the_detector_does_not_depend_on_the_categories(dataset):
    """Other labels, the same features: what models are judged by is not among what it learns."""
    detector = dataset["detector"]
    shuffled = replace(detector, labels=~detector.labels)
    other = CropFeatures.fit(Dataset("other", "", {"detector": shuffled}), SMALL, CPU)
    same = CropFeatures.fit(dataset, SMALL, CPU)
    for one, two in zip(gather(other, dataset["val"]), gather(same, dataset["val"]), strict=True):
        assert (one == two).all()


def test_what_was_learned_can_be_loaded(extractor, dataset):
    again = CropFeatures.load(extractor.arrays(), SMALL, CPU)
    for one, other in zip(
        gather(extractor, dataset["val"]), gather(again, dataset["val"]), strict=True
    ):
        assert (one == other).all()
    wrong = SMALL.model_copy(update={"dimension": 24})
    with pytest.raises(InputError, match="not weights of crop features of these sizes"):
        CropFeatures.load(extractor.arrays(), wrong, CPU)


def test_pairs_of_attributes_that_an_image_shows():
    values = np.array([[[0, 1], [1, 0], [1, 1]]])  # three objects, two attributes of two values
    present = np.array([[True, True, False]])
    assert pairs_shown(values, present, (2, 2)).tolist() == [[0, 1, 1, 0]]


def test_the_network_learns_what_crops_show(dataset):
    """After a little training colours are told better than by chance (1 in 10) on other scenes."""
    trained = CropFeatures.fit(
        load_dataset(DATA.model_copy(update={"n_detector": 300})),
        CropParameters(detector_epochs=3, detector_noise=0, dimension=32),
        CPU,
    )
    hits = total = 0
    for rows, _, crops, found in _regions(dataset["test"], trained.parameters, 250):
        colours = targets_of(dataset["test"].objects[rows], found)[..., 1]
        with torch.inference_mode():
            told = trained.crops.heads[1](trained.crops(to_input(crops, CPU))).argmax(1)
        known = colours.ravel() != IGNORE
        hits += (told.numpy() == colours.ravel())[known].sum()
        total += known.sum()
    assert hits / total > 0.3


def test_loss_ignores_what_is_not_known():
    network = CropCNN(8, (3, 2)).eval()
    crops = torch.rand(2, 3, 16, 16)
    nothing = torch.full((2, 2), IGNORE)
    assert loss_of(network, crops, nothing).item() == 0
    known = torch.tensor([[1, IGNORE], [IGNORE, IGNORE]])
    logits = network.heads[0](network(crops[:1]))
    expected = torch.nn.functional.cross_entropy(logits, known[:1, 0])
    assert torch.allclose(loss_of(network, crops, known), expected)


def test_data_without_a_detector_split_is_refused(dataset):
    bare = Dataset("bare", "", {"train": dataset["train"]})
    with pytest.raises(InputError, match=r"'bare' has no split 'detector'.*grid"):
        CropFeatures.fit(bare, SMALL, CPU)


def test_data_without_objects_is_refused(dataset):
    bare = Dataset("bare", "", {"detector": replace(dataset["detector"], objects=None)})
    with pytest.raises(InputError, match="split 'detector' says nothing about objects"):
        CropFeatures.fit(bare, SMALL, CPU)
