"""Models: name -> the class that trains and encodes (see `fico_lib.models.base.model.Model`)."""

from fico_lib.runtime.registry import load, lookup, module_of

MODELS = {  # in the order of the paper's tables
    "blip2": "fico_lib.models.blip2:BLIP2",
    "blip2_nf": "fico_lib.models.blip2:BLIP2WithoutFusion",
    "beit3": "fico_lib.models.beit3:BEiT3",
    "xvlm": "fico_lib.models.xvlm:XVLM",
    "xvlm_nf": "fico_lib.models.xvlm:XVLMWithoutFusion",
    "vilt": "fico_lib.models.vilt:ViLT",
    "vilt_itc": "fico_lib.models.vilt_itc:ViLTITC",
    "imram": "fico_lib.models.imram:IMRAM",
    "vsrn": "fico_lib.models.vsrn:VSRN",
    "scan": "fico_lib.models.scan:SCAN",
    "vse": "fico_lib.models.vse:VSE",
    "selfalign": "fico_lib.models.selfalign:SelfAlign",
    "adv2048": "fico_lib.models.adv:ADV2048",
    "adv64": "fico_lib.models.adv:ADV64",
    "ucch": "fico_lib.models.ucch:UCCH",
    "dadh": "fico_lib.models.dadh:DADH",
    "factor": "fico_lib.models.factor:Factor",
}
# Models that are not published ones: an experiment asks for them by name, `models: all` does not.
EXPERIMENTS = ("vilt_itc", "factor")
ALL = [name for name in MODELS if name not in EXPERIMENTS]
# Models that use another model's network in another way: trained once, as that one.
VARIANTS = {"xvlm_nf": "xvlm", "blip2_nf": "blip2"}
# Models that learn on the split `extra` first, where the data have one (`card.pretrained`).
PRETRAINED = ("blip2", "blip2_nf", "beit3", "xvlm", "xvlm_nf", "vilt", "vilt_itc")
# Models that compare every pair by a network of both sides: they take the longest to encode.
PAIRWISE = ("blip2", "xvlm", "vilt", "vilt_itc", "imram", "scan")
# Baselines in closed form, by the names that tables give them: encoded and released as models are.
CLOSED_FORM = {
    "pairs_float": "fico_lib.models.closed_form:PairsFloat",
    "pairs_binary": "fico_lib.models.closed_form:PairsBinary",
    "labels_float": "fico_lib.models.closed_form:LabelsFloat",
    "labels_binary": "fico_lib.models.closed_form:LabelsBinary",
}
# What labels images: trained and released as models are, but it encodes nothing.
LABELLERS = {"query2label": "fico_lib.models.query2label:Query2Label"}
# Models with choices of their own: the schema of their training parameters.
TRAINING = {
    "selfalign": "fico_lib.models.selfalign_parameters:SelfAlignParameters",
    "factor": "fico_lib.models.factor_parameters:FactorParameters",
}
# A chapter looks into these networks, or encodes further items by them: their weights are kept too.
KEPT = ("selfalign", "beit3", "vse", "adv2048", "adv64", "ucch", "dadh")


def weights_of(name: str) -> str | None:
    """The model as which `name` is trained, where the weights are kept, else None."""
    return name if name in (*VARIANTS.values(), *KEPT) else VARIANTS.get(name)


def model_module(name: str) -> str:
    """The dotted name of the module behind what encodes (nothing is imported)."""
    return module_of(lookup("model", MODELS | CLOSED_FORM, name))


def learner_module(name: str) -> str:
    """The same of all that has weights: what encodes, and labellers."""
    return module_of(lookup("model", MODELS | CLOSED_FORM | LABELLERS, name))


def training_parameters(name: str, values: dict):
    """`values` as the training parameters of a model, its own choices at their defaults."""
    default = "fico_lib.models.base.parameters:TrainingParameters"
    return load(TRAINING.get(name, default))(**values)


def model_class(name: str) -> type:
    """The class behind a model, a closed form or a labeller."""
    return load(lookup("model", MODELS | CLOSED_FORM | LABELLERS, name))


def model_card(name: str):
    """The `ModelCard` of a model."""
    return model_class(name).card


def build(name: str, parameters, seed: int = 0, device: str = "auto"):
    """An untrained model; parameters: `TrainingParameters`."""
    return model_class(name)(parameters, seed, device)
