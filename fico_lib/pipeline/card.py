"""The cards of released files: what they were made from, where, and how well they do.

A card lies beside its file under the same name, as JSON. Nothing heavy is imported here: planning
reads cards.
"""

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from fico_lib.runtime.errors import InputError
from fico_lib.runtime.files import write_whole


class FeaturesCard(BaseModel):
    """The card of fitted features.

    data, features: the parameters that they were fitted with; seconds: what that took; machine,
    versions: as in a chapter's run.json; commit: of the study; bytes: of the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: dict[str, Any]
    features: dict[str, Any]
    seconds: float
    machine: dict[str, Any]
    versions: dict[str, str]
    commit: str
    bytes: int


class WeightsCard(FeaturesCard):
    """The card of a model's weights.

    fitted: the digest of the file of features that it was trained on; training: its parameters as
    asked, before a model adjusts them; variant: see `TrainingParameters.variant`; steps: optimiser
    steps taken; curve: the validation curve, one row per validation; metrics: "t2i R@1" -> percent
    on the probe split, of the weights as stored, None where the model has no such metric.
    """

    fitted: str
    training: dict[str, Any]
    model: str
    variant: str
    seed: int
    steps: int
    curve: list[dict[str, Any]]
    metrics: dict[str, float | None]


Card = TypeVar("Card", bound=FeaturesCard)


def card_path(path: Path) -> Path:
    """Where the card of the file `path` lies."""
    return path.with_suffix(".json")


def read_card(path: Path, schema: type[Card]) -> Card:
    """The card of the file `path`, which must be there; InputError where either is not as it says.

    schema: `FeaturesCard` or `WeightsCard`.
    """
    place = card_path(path)
    for needed in (place, path):
        if not needed.is_file():
            raise InputError(f"{needed}: no such file; expected a released file and its card")
    try:
        card = schema.model_validate(json.loads(place.read_text()))
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        raise InputError(f"{place}: key '{key}': {problem['msg']}") from None
    except ValueError as error:
        raise InputError(f"{place}: not JSON: {error}") from None
    if (size := path.stat().st_size) != card.bytes:
        raise InputError(f"{path}: found {size} bytes; expected {card.bytes}, as its card says")
    return card


def write_card(path: Path, card: FeaturesCard) -> None:
    """Write the card of the file `path`, whole or not at all."""
    with write_whole(card_path(path)) as part:
        part.write_text(json.dumps(card.model_dump(mode="json"), indent=1) + "\n")
