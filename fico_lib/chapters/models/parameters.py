"""Parameters of the chapter on the models: what each is, and how its released weights learned."""

from typing import ClassVar

from fico_lib.pipeline.checkpoints import FOLDER, data_folder
from fico_lib.pipeline.request import Request
from fico_lib.report.accuracy_parameters import AccuracyParameters, Models
from fico_lib.runtime.digests import digest, file_digest


class ModelsChapter(AccuracyParameters):
    """Which models are described, and whose learning curves are shown."""

    title: ClassVar[str] = "The models"

    models: Models = "all"

    def data_key(self) -> str:
        """The key of what the chapter reads: the cards of the released weights."""
        cards = sorted((FOLDER / data_folder(self.data)).glob("*.json"))
        return digest({path.name: file_digest(path) for path in cards})

    def requests(self) -> list[Request]:
        """None: nothing is encoded."""
        return []
