"""No result is used that an index did not really find."""

import numpy as np


class SearchError(RuntimeError):
    """An index returned what it cannot have found: its settings or its library are at fault."""


def checked(distances: np.ndarray, ids: np.ndarray, n: int, what: str):
    """The results of a search (queries, k), refused where ids are missing or out of range.

    faiss marks missing results by -1, and some settings (`IndexBinaryIVF.use_heap = False` in
    1.15.1) silently return nothing else. So does an index that looks into too few lists to find k.
    Raises SearchError.
    """
    k = ids.shape[1]
    if ids.size and (ids.max() >= n or ids.min() < -1):
        raise SearchError(f"{what}: ids from {ids.min()} to {ids.max()} in a gallery of {n}")
    missing = (ids[:, : min(k, n)] < 0).any(1)
    if missing.any():
        raise SearchError(
            f"{what}: {missing.sum()} of {len(ids)} queries got fewer results (-1) than the "
            f"{n} vectors allow for k={k}; results like these look fast and are empty"
        )
    return distances, ids
