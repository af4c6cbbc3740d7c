"""The parameters of every data set; which set they belong to is told by `name`."""

from typing import Annotated

from pydantic import Field

from fico_lib.datasets.karpathy.parameters import KarpathyParameters
from fico_lib.datasets.scenes.parameters import ScenesParameters

DataParameters = Annotated[ScenesParameters | KarpathyParameters, Field(discriminator="name")]

__all__ = ["DataParameters", "KarpathyParameters", "ScenesParameters"]
