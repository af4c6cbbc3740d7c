"""How embeddings are compressed, as a value with a name: 'sign-mean, pca 64, float32 x4'."""

import re
from dataclasses import dataclass
from functools import partial

from fico_lib.runtime.errors import InputError, unknown_name
from fico_lib.runtime.registry import lookup
from fico_lib.search.compress.quantizers import THRESHOLDS, Cast, Int8, Signs
from fico_lib.search.compress.rabitq import FACTOR_BYTES, RaBitQ
from fico_lib.search.compress.reduce import REDUCTIONS

DEPTH = 10  # candidates that a search asks for, before they are multiplied
SIGNS = tuple(f"sign-{threshold}" for threshold in THRESHOLDS)
RABITQ = tuple(f"rabitq{bits}" for bits in range(1, 9))
# Name -> what fits the quantizer to vectors (n, d); in the order of the ladder.
QUANTIZERS = (
    {
        "float32": lambda vectors: Cast("float32"),
        "float16": lambda vectors: Cast("float16"),
        "int8": Int8.fit,
    }
    | {name: partial(RaBitQ.fit, bits=int(name[-1])) for name in RABITQ[::-1]}
    | {name: partial(Signs.fit, threshold=name.removeprefix("sign-")) for name in SIGNS}
)
# What candidates are scored by once more: the float query with what is stored of a candidate.
RESCORINGS = {"": "none", "code": "float query × code", "int8": "int8", "float32": "float32"}
_FORM = re.compile(
    r"(?P<quantizer>[a-z0-9-]+)(?::(?P<reduction>[a-z]+)(?P<dimension>\d+))?"
    r"(?:\+(?P<rescoring>[a-z0-9]+?)x(?P<multiplier>\d+))?"
)


def quantizer(name: str):
    """What fits the quantizer; InputError suggests the nearest name for an unknown one."""
    return lookup("quantizer", QUANTIZERS, name)


@dataclass(frozen=True)
class Compression:
    """A rung of the ladder.

    quantizer: of `QUANTIZERS`; reduction: of `REDUCTIONS`, to `dimension` dimensions first, "" for
    none; rescoring: of `RESCORINGS`; multiplier: `DEPTH` times this many candidates are rescored.
    Written and read as in 'sign-mean:pca64+float32x4'. Raises InputError for names that are not
    known and for parts that do not go together.
    """

    quantizer: str
    reduction: str = ""
    dimension: int = 0
    rescoring: str = ""
    multiplier: int = 0

    def __post_init__(self) -> None:
        quantizer(self.quantizer)
        for name, value, known in (
            ("reduction", self.reduction, REDUCTIONS),
            ("rescoring", self.rescoring, RESCORINGS),
        ):
            if value and value not in known:
                raise unknown_name(name, value, [entry for entry in known if entry])
        if self.rescoring == "code" and self.quantizer not in SIGNS:
            raise InputError(
                f"compression '{self}': {self.quantizer} meets a float query already; expected "
                f"'code' after one of {', '.join(SIGNS)}"
            )
        if bool(self.rescoring) != (self.multiplier > 0):
            raise InputError(f"compression '{self}': expected a multiplier of at least 1")

    @classmethod
    def parse(cls, text: str) -> "Compression":
        """The setting that a text such as 'int8' or 'sign-mean:pca64+float32x4' names.

        >>> Compression.parse("rabitq4:prefix128+int8x2")
        Compression(quantizer='rabitq4', reduction='prefix', dimension=128, rescoring='int8', \
multiplier=2)
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise InputError(
                f"compression: found '{text}'; expected QUANTIZER, then perhaps :prefixD, :pcaD or "
                ":rpcaD, then perhaps +codexM, +int8xM or +float32xM, such as "
                "'sign-mean:pca64+float32x4'"
            )
        parts = {name: value for name, value in found.groupdict().items() if value is not None}
        numbers = {
            name: int(parts.pop(name)) for name in ("dimension", "multiplier") if name in parts
        }
        return cls(**parts, **numbers)

    def __str__(self) -> str:
        reduced = f":{self.reduction}{self.dimension}" if self.reduction else ""
        again = f"+{self.rescoring}x{self.multiplier}" if self.rescoring else ""
        return f"{self.quantizer}{reduced}{again}"

    @property
    def depth(self) -> int:
        """How many candidates of a query are rescored."""
        return DEPTH * self.multiplier

    def searched_bytes(self, d: int) -> float:
        """Bytes of an item that every query reads; d: dimensions of the embeddings.

        What is stored once for all items, such as ranges, thresholds and directions, is left out.

        >>> [Compression(name).searched_bytes(256) for name in ("float32", "int8", "sign-mean")]
        [1024, 256, 32]
        """
        d = self.dimension or d
        if self.quantizer in RABITQ:
            return -(-d * int(self.quantizer[-1]) // 8) + FACTOR_BYTES
        return {"float32": 4 * d, "float16": 2 * d, "int8": d}.get(self.quantizer, -(-d // 8))

    def kept_bytes(self, d: int) -> float:
        """Bytes of an item in all, with what rescoring reads of it: the code itself costs none."""
        again = {"": 0, "code": 0, "int8": d, "float32": 4 * d}[self.rescoring]
        same = self.rescoring == self.quantizer and not self.reduction
        return self.searched_bytes(d) + (0 if same else again)
