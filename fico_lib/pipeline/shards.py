"""Further scenes of a world, made and encoded shard by shard: a gallery that is nowhere kept whole.

What is made of a shard depends on the world and the shard's number alone, so that galleries of all
sizes begin with the same scenes, and a run that was killed goes on where it stopped.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fico_lib.datasets.scenes.load import load_shard
from fico_lib.datasets.scenes.parameters import ScenesParameters
from fico_lib.encodings import Codes, Embeddings
from fico_lib.evaluation.growing.twins import Texts
from fico_lib.features.build import build
from fico_lib.features.feature_split import FeatureSplit
from fico_lib.features.fitted import FILE, Fitted
from fico_lib.pipeline.encode import build_features, trained_model
from fico_lib.pipeline.request import Request
from fico_lib.runtime.devices import resolve
from fico_lib.runtime.errors import InputError

SIZE = 500  # scenes of a shard: of another number, a simulated detector would err otherwise


@dataclass(frozen=True)
class Shard:
    """Scenes `SIZE` × number and on. encodings: by each of the requests, in their order."""

    number: int
    texts: Texts
    encodings: list[Embeddings | Codes]


class Shards:
    """Shards of the world of some requests, whose data and features are the same.

    The features are those of the requests, and so are the models: fitted, trained or released as
    these say.
    """

    def __init__(self, requests: Sequence[Request], cache: Path | str):
        first = requests[0]
        if not isinstance(first.data, ScenesParameters):
            raise InputError(
                f"data.name: found '{first.data.name}'; expected 'scenes', of which there are "
                "always more"
            )
        if any((r.data, r.features) != (first.data, first.features) for r in requests):
            raise ValueError("requests of several data or features; expected one world")
        self.first, self.device = first, resolve(first.device)
        self.fitted = Fitted.load(build_features(first, cache) / FILE)
        self.models = [trained_model(request, cache) for request in requests]

    def __getitem__(self, number: int) -> Shard:
        """The shard of that number; its features are forgotten once it is encoded."""
        data = load_shard(self.first.resolved_data, number * SIZE, SIZE)
        (name,) = data.splits
        with tempfile.TemporaryDirectory(prefix="fico-") as scratch:
            folder = Path(scratch) / "features"
            parameters = self.first.resolved_features
            build(data, parameters, folder, self.device, (name,), self.fitted)
            split = FeatureSplit.load(folder / name)
            encodings = [model.encode(split) for model in self.models]
            return Shard(number, Texts.of(split), encodings)


def further_images(request: Request, cache: Path | str, n: int) -> Iterator[np.ndarray]:
    """The encodings of the first `n` further scenes' images by one model, (a shard, ...) each.

    >>> list(further_images(None, "", 0))
    []
    """
    shards = Shards([request], cache) if n else None
    for start in range(0, n, SIZE):
        yield shards[start // SIZE].encodings[0].images[: n - start]
