"""The tiny splits that all tests of models share."""

import pytest
from feature_splits import make_split


@pytest.fixture(scope="session")
def splits():
    return make_split("train", 96, 1), make_split("val", 24, 2), make_split("test", 32, 3)
