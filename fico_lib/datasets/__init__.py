"""Data sets: name -> the function that loads it.

To add one: its parameters (a model with a literal `name`, joined in `parameters.py`), a function
that makes a `Dataset` from them, and its entry here.
"""

from typing import TYPE_CHECKING

from fico_lib.runtime.digests import code_digest, digest
from fico_lib.runtime.registry import load, lookup, module_of

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


def load_dataset(parameters: "DataParameters") -> "Dataset":
    """The data set that `parameters` describe; its images are read lazily."""
    return load(lookup("data set", DATASETS, parameters.name))(parameters)


def dataset_key(parameters: "DataParameters") -> str:
    """The key of everything that the data depend on: parameters, the files read, and the code.

    Where the files lie and whether they are verified do not matter: their content does.
    """
    module = module_of(lookup("data set", DATASETS, parameters.name))
    files = FINGERPRINTS.get(parameters.name)
    content = load(files)(parameters) if files else None
    values = parameters.model_dump(mode="json", exclude=NOT_CONTENT)
    return digest(values, content, code_digest(module))
