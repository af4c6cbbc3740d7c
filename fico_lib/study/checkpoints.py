"""Which checkpoints there should be (parameters/checkpoints.yaml), and which there are."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fico_lib.datasets.parameters import ScenesParameters
from fico_lib.features.parameters import CropParameters
from fico_lib.models import VARIANTS, training_parameters
from fico_lib.pipeline.card import FeaturesCard, WeightsCard, card_path, read_card
from fico_lib.pipeline.checkpoints import EXTRA, FOLDER, PROBE, features_path, released_features
from fico_lib.pipeline.request import Request
from fico_lib.report.accuracy_parameters import Learners, Seed
from fico_lib.report.parameters import explain
from fico_lib.runtime.digests import code_digest, digest
from fico_lib.runtime.errors import InputError

FILE = Path("parameters") / "checkpoints.yaml"
LIMIT = 64 * 10**6  # bytes of all checkpoints, so that a clone of the repository stays small
MARGIN = 1e-3  # percent by which metrics of the same weights may differ

State = Literal["released", "outdated", "missing"]


class Entry(BaseModel):
    """Checkpoints of several models and seeds on one data set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: ScenesParameters = Field(description="the data set and its options")
    features: CropParameters = Field(CropParameters(), description="what models see")
    training: dict[str, Any] = Field({}, description="parameters of training, as in chapters")
    variants: list[dict[str, Any]] = Field(
        [{}], min_length=1, description="each is laid over training and makes its own checkpoints"
    )
    models: Learners = Field(
        min_length=1, description="registered models, closed forms, labellers; all: every model"
    )
    seeds: list[Seed] = Field(min_length=1, description="one training per model and seed")

    def requests(self, where: str, folder: Path) -> Iterator[Request]:
        """One per seed, model and variant, of models that are trained on their own."""
        for seed in self.seeds:
            for model in dict.fromkeys(VARIANTS.get(name, name) for name in self.models):
                for variant in self.variants:
                    training = _training(model, self.training | variant, where)
                    asked = self.data, self.features, training, model, seed, PROBE
                    yield Request(*asked, weights="release", folder=folder)


def _training(model: str, values: dict[str, Any], where: str):
    try:
        return training_parameters(model, values)
    except ValidationError as error:
        schema = type(training_parameters(model, {}))
        lines = [f"{where}: training: {line}" for line in explain(schema, error)]
        raise InputError("\n".join(lines)) from None


def read(repository: Path) -> list[Entry]:
    """The entries of parameters/checkpoints.yaml; InputError that names the entry and its part."""
    path = repository / FILE
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected the list of checkpoints")
    try:
        values = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not valid YAML: {error}") from None
    if not isinstance(values, list):
        raise InputError(f"{path}: found {values!r}; expected a list of entries")
    entries = []
    for number, entry in enumerate(values, 1):
        try:
            entries.append(Entry.model_validate(entry))
        except ValidationError as error:
            lines = [f"{path}: entry {number}: {line}" for line in explain(Entry, error)]
            raise InputError("\n".join(lines)) from None
    return entries


def wanted(repository: Path, folder: Path = FOLDER) -> list[Request]:
    """The trainings whose weights are to lie in `folder`, all of the first seed first.

    Raises InputError where two are to lie in the same place, or a data set's differ in what its
    features are fitted on.
    """
    requests: dict[Path, Request] = {}
    first: dict[Path, Request] = {}
    for number, entry in enumerate(read(repository), 1):
        where = f"{repository / FILE}: entry {number}"
        for request in entry.requests(where, folder):
            path = request.weights_path
            if path in requests:
                raise InputError(f"{where}: {path.name} is in an earlier entry, or twice in this")
            requests[path] = request
            before = first.setdefault(path.parent, request)
            if _fitted_on(request) != _fitted_on(before):
                raise InputError(
                    f"{where}: data and features differ from an earlier entry's for "
                    f"{path.parent.name}; expected the same, but for {EXTRA}"
                )
    return sorted(requests.values(), key=lambda request: request.seed)


def _fitted_on(request: Request) -> tuple:
    return request.data.model_copy(update={EXTRA: 0}), request.features


def state(request: Request) -> State:
    """Whether the weights of a request are there, and are what the request says."""
    try:
        _ = replace(request, weights="released").released_weights
        return "released"
    except InputError:
        there = request.weights_path.is_file() and card_path(request.weights_path).is_file()
        return "outdated" if there else "missing"


def features_state(request: Request) -> State:
    """The same of the features that a request is trained on."""
    try:
        released_features(request.folder, request.data, request.features)
        return "released"
    except InputError:
        there = features_path(request.folder, request.data).is_file()
        return "outdated" if there else "missing"


def targets(requests: list[Request]) -> list[Path]:
    """The files that are to be made, features before weights."""
    files = {
        features_path(request.folder, request.data): None
        for request in requests
        if features_state(request) != "released"
    }
    return [*files, *(r.weights_path for r in requests if state(r) != "released")]


def sizes(folder: Path = FOLDER) -> dict[Path, int]:
    """Bytes of every released file, cards included."""
    files = (path for path in sorted(folder.rglob("*")) if path.suffix in (".safetensors", ".json"))
    return {path: path.stat().st_size for path in files}


def cards(folder: Path = FOLDER) -> dict[Path, WeightsCard]:
    """The cards of all weights in `folder`, by file; InputError where one is not as it should."""
    files = sorted(folder.glob("*/*.safetensors"))
    for path in files:
        if path.stem == "features":
            read_card(path, FeaturesCard)
    return {path: read_card(path, WeightsCard) for path in files if path.stem != "features"}


def request_of(path: Path, card: WeightsCard) -> Request:
    """The request that the weights in the file `path` answer."""
    return Request(
        ScenesParameters(**card.data),
        CropParameters(**card.features),
        training_parameters(card.model, card.training),
        card.model,
        seed=card.seed,
        weights="released",
        folder=path.parents[1],
    )


def again_folder(repository: Path) -> Path:
    """Where the checkpoints are trained again, under the key of all code that trains them."""
    code = code_digest("fico_lib.pipeline.release", "fico_lib.models", *_model_modules())
    return Path("cache") / "again" / digest(code, (repository / FILE).read_text())


def _model_modules() -> list[str]:
    from fico_lib.models import CLOSED_FORM, LABELLERS, MODELS, learner_module

    return sorted({learner_module(name) for name in MODELS | CLOSED_FORM | LABELLERS})


def comparison(requests: list[Request], folder: Path) -> list[dict]:
    """Rows of the metrics of committed weights beside those trained again, in `folder`.

    Columns: name, metric, committed, now, difference (percent; None where either has none), same
    (whether machine and versions are those of the card).
    """
    rows = []
    for request in requests:
        committed = read_card(request.weights_path, WeightsCard)
        now = read_card(replace(request, folder=folder).weights_path, WeightsCard)
        same = (committed.machine, committed.versions) == (now.machine, now.versions)
        for metric, before in committed.metrics.items():
            after = now.metrics.get(metric)
            rows.append(
                {
                    "name": f"{request.weights_path.parent.name}/{request.weights_path.stem}",
                    "metric": metric,
                    "committed": before,
                    "now": after,
                    "difference": None if None in (before, after) else after - before,
                    "same": same,
                }
            )
    return rows
