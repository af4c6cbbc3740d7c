"""The published ladder, as others printed it: text embeddings, on data that are not this study's.

Shakir et al. 2024, "Binary and Scalar Embedding Quantization for Significantly Faster & Cheaper
Retrieval" (sections "Quantization Experiments" and "Influence of Rescoring"): nDCG@10 on the 15
retrieval sets of MTEB, in per cent of float32, with the 100 best results and, where candidates were
rescored, 100 times the multiplier of them.
"""

from functools import cache
from pathlib import Path

import pandas as pd

FILE = Path(__file__).with_name("published.csv")
# How many times faster than float32 an exhaustive search on a processor is, on average (section
# "Retrieval Speed": int8 by another library than the rest).
SPEEDS = {"int8": 3.66, "binary": 24.76}
FIRST = "mxbai-embed-large-v1"  # the one model whose rungs are printed with and without rescoring


@cache
def ladder() -> pd.DataFrame:
    """One row per printed number: source, model, stored, rescoring ("" for none), per cent kept."""
    return pd.read_csv(FILE, keep_default_na=False, dtype={"retained_percent": float})


def figure(stored: str, *, rescored: bool = False) -> float:
    """The per cent that mxbai-embed-large-v1 keeps, as int8 or binary.

    >>> figure("binary"), figure("binary", rescored=True)
    (92.53, 96.45)
    """
    rows = ladder()
    rows = rows[(rows["model"] == FIRST) & (rows["stored"] == stored)]
    return float(rows.loc[(rows["rescoring"] != "") == rescored, "retained_percent"].item())
