"""Amounts of memory as people write them."""

import re

from fico_lib.runtime.errors import InputError

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def parse_bytes(amount: int | str) -> int:
    """Bytes of `2GB`, `400 MB`, `1.5G` or a plain number.

    >>> parse_bytes("1.5GB")
    1500000000
    """
    if isinstance(amount, bool) or not isinstance(amount, (int, str)):
        raise InputError(f"memory: found {amount!r}; expected an amount such as 400MB or 2GB")
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)B?\s*", str(amount), re.IGNORECASE)
    if not match or float(match[1]) <= 0:
        raise InputError(f"memory: found '{amount}'; expected an amount such as 400MB or 2GB")
    return int(float(match[1]) * UNITS[match[2].upper()])
