import pytest
import torch

from fico_lib.runtime.devices import threads


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Small networks are slower on several threads, most of all where cores are busy."""
    with threads(1):
        yield torch.get_num_threads()
