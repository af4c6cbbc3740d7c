"""Where tables are printed: as wide as the terminal, or whole where there is none."""

import os
import sys

from rich.console import Console

WHOLE = 10_000  # columns: no table is as wide, so nothing is cut


def table_console() -> Console:
    """A console on standard output that cuts no cell in a pipe or a file.

    COLUMNS sets the width, there too.
    """
    cut = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    return Console() if cut else Console(width=WHOLE)
