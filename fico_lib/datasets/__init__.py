"""Data sets: name -> the function that loads it.

To add one: its parameters (a model with a literal `name`, joined in `parameters.py`), a function
that makes a `Dataset` from them, and its entry here.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from fico_lib.runtime.digests import code_digest, digest
from fico_lib.runtime.errors import unknown_name

if TYPE_CHECKING:
    from fico_lib.datasets.dataset import Dataset
    from fico_lib.datasets.parameters import DataParameters

DATASETS = {
    "scenes": "fico_lib.datasets.scenes.load:load_scenes",
    "karpathy": "fico_lib.datasets.karpathy.load:load_karpathy",
}
# For data sets that read files: name -> a function of the parameters that tells their content.
FINGERPRINTS = {
    "karpathy": "fico_lib.datasets.karpathy.fingerprint:fingerprint",
}
NOT_CONTENT = {"root", "verify_images"}  # parameters that do not change the data


def _resolve(entry: str):
    module, function = entry.split(":")
    return getattr(import_module(module), function)


def _entry(name: str) -> str:
    if name not in DATASETS:
        raise unknown_name("data set", name, DATASETS)
    return DATASETS[name]


def load_dataset(parameters: "DataParameters") -> "Dataset":
    """The data set that `parameters` describe; its images are read lazily."""
    return _resolve(_entry(parameters.name))(parameters)


def dataset_key(parameters: "DataParameters") -> str:
    """The key of everything that the data depend on: parameters, the files read, and the code.

    Where the files lie and whether they are verified do not matter: their content does.
    """
    module = _entry(parameters.name).split(":")[0]
    files = FINGERPRINTS.get(parameters.name)
    content = _resolve(files)(parameters) if files else None
    values = parameters.model_dump(mode="json", exclude=NOT_CONTENT)
    return digest(values, content, code_digest(module))
