import faiss
import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Tests may run beside others: threads that wait for each other would only slow all down."""
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
