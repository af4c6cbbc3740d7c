"""The paper's models at the paper's sizes, with random weights: for time, memory and storage alone.

None of them is trained or ever will be here; what they output means nothing. Name -> class.
"""

from importlib import import_module

from fico_lib.errors import unknown_name

PAPER_MODELS = {  # in the order of the paper's Table 5
    "blip2": "fico_lib.models.paper.blip2:BLIP2",
    "beit3": "fico_lib.models.paper.beit3:BEiT3",
    "xvlm": "fico_lib.models.paper.xvlm:XVLM",
    "vilt": "fico_lib.models.paper.vilt:ViLT",
    "imram": "fico_lib.models.paper.imram:IMRAM",
    "vsrn": "fico_lib.models.paper.vsrn:VSRN",
    "scan": "fico_lib.models.paper.scan:SCAN",
    "adv2048": "fico_lib.models.paper.adv:ADV2048",
    "adv64": "fico_lib.models.paper.adv:ADV64",
    "ucch": "fico_lib.models.paper.hashing:UCCH",
    "dadh": "fico_lib.models.paper.hashing:DADH",
}


def paper_model_module(name: str) -> str:
    """The dotted name of the module behind a model (nothing is imported)."""
    if name not in PAPER_MODELS:
        raise unknown_name("model at the paper's size", name, PAPER_MODELS)
    return PAPER_MODELS[name].partition(":")[0]


def paper_model(name: str) -> type:
    """The `PaperModel` class of that name; InputError with the nearest name where there is none."""
    return getattr(import_module(paper_model_module(name)), PAPER_MODELS[name].partition(":")[2])
