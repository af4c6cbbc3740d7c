"""What Zhuang et al. 2023 (arXiv 2308.14009) publish on SelfAlign, in the words of their abstract.

The CSV file has a row per printed number: its data set, the `quantity`, the number in `value` with
its `unit`, the exact text in `printed`, and the `place` it is printed at. The abstract does not say
whether a gain is in points of the sum or a share of it.
"""

import pandas as pd

from fico_lib.report.published.tables import FOLDER


def gains() -> pd.DataFrame:
    """SelfAlign's gains in R@sum over its bases; columns as in the module's text."""
    return pd.read_csv(FOLDER / "zhuang_2023.csv")
