"""Models: name -> the class that trains and encodes (see `fico_lib.models.model.Model`)."""

from importlib import import_module

from fico_lib.errors import unknown_name

MODELS = {
    "vse": "fico_lib.models.vse:VSE",
    "vsrn": "fico_lib.models.vsrn:VSRN",
    "selfalign": "fico_lib.models.selfalign:SelfAlign",
    "imram": "fico_lib.models.imram:IMRAM",
    "scan": "fico_lib.models.scan:SCAN",
    "dadh": "fico_lib.models.dadh:DADH",
    "ucch": "fico_lib.models.ucch:UCCH",
    "adv64": "fico_lib.models.adv:ADV64",
    "adv2048": "fico_lib.models.adv:ADV2048",
}


def model_module(name: str) -> str:
    """The dotted name of the module behind a model (nothing is imported)."""
    if name not in MODELS:
        raise unknown_name("model", name, MODELS)
    return MODELS[name].partition(":")[0]


def model_class(name: str) -> type:
    """The class behind a model."""
    return getattr(import_module(model_module(name)), MODELS[name].partition(":")[2])


def model_card(name: str):
    """The `ModelCard` of a model."""
    return model_class(name).card


def build(name: str, parameters, seed: int = 0, device: str = "auto"):
    """An untrained model; parameters: `TrainingParameters`."""
    return model_class(name)(parameters, seed, device)
