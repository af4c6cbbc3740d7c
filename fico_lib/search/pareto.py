"""The settings that no other setting beats."""

import pandas as pd


def front(rows: pd.DataFrame, cost: str, gain: str) -> pd.DataFrame:
    """The rows for which no other has at most the cost and more of the gain, cheapest first.

    >>> rows = pd.DataFrame({"ms": [1.0, 2.0, 3.0], "recall": [50, 40, 90]})
    >>> front(rows, "ms", "recall")["recall"].tolist()
    [50, 90]
    """
    best, kept = float("-inf"), []
    for place, row in rows.sort_values([cost, gain], ascending=[True, False]).iterrows():
        if row[gain] > best:
            best = row[gain]
            kept.append(place)
    return rows.loc[kept]
