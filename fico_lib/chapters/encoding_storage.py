"""Parameters of the chapter on encoding and storage (FiCo-ITR, Section 5.3 and Table 5)."""

from typing import ClassVar

from fico_lib.chapters.costs import CostParameters


class EncodingStorageChapter(CostParameters):
    """Which models are measured, and for which galleries time and storage are told."""

    title: ClassVar[str] = "Encoding and storage"

    def costs(self) -> dict:
        """The arguments of `fico_lib.results.encoding_storage.measure`."""
        names = ("galleries", "texts_per_image", "limit_gib")
        return self.measuring() | {name: getattr(self, name) for name in names}
