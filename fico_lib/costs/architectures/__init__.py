"""The paper's models at the paper's sizes, with random weights: for time, memory and storage alone.

None of them is trained or ever will be here; what they output means nothing. Name -> class.
"""

from fico_lib.runtime.registry import load, lookup, module_of

KIND = "model at the paper's size"

PAPER_MODELS = {  # in the order of the paper's Table 5
    "blip2": "fico_lib.costs.architectures.blip2:BLIP2",
    "beit3": "fico_lib.costs.architectures.beit3:BEiT3",
    "xvlm": "fico_lib.costs.architectures.xvlm:XVLM",
    "vilt": "fico_lib.costs.architectures.vilt:ViLT",
    "imram": "fico_lib.costs.architectures.imram:IMRAM",
    "vsrn": "fico_lib.costs.architectures.vsrn:VSRN",
    "scan": "fico_lib.costs.architectures.scan:SCAN",
    "adv2048": "fico_lib.costs.architectures.adv:ADV2048",
    "adv64": "fico_lib.costs.architectures.adv:ADV64",
    "ucch": "fico_lib.costs.architectures.hashing:UCCH",
    "dadh": "fico_lib.costs.architectures.hashing:DADH",
}


def paper_model_module(name: str) -> str:
    """The dotted name of the module behind a model (nothing is imported)."""
    return module_of(lookup(KIND, PAPER_MODELS, name))


def paper_model(name: str) -> type:
    """The `PaperModel` class of that name; InputError with the nearest name where there is none."""
    return load(lookup(KIND, PAPER_MODELS, name))
