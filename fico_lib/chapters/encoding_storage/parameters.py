"""Parameters of the chapter on encoding and storage (FiCo-ITR, Section 5.3 and Table 5)."""

from typing import ClassVar

from fico_lib.report.costs.parameters import CostParameters


class EncodingStorageChapter(CostParameters):
    """Which models are measured, and for which galleries time and storage are told."""

    title: ClassVar[str] = "Encoding and storage"
