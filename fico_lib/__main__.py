"""The program `fico`, which is the same as `python -m fico_lib`."""

import sys

from fico_lib.runtime.machine import choose_numpy_sort


def main() -> None:
    """Run the command line, numpy with its fastest sort; subprocesses and kernels inherit it."""
    choose_numpy_sort()
    for stream in (sys.stdout, sys.stderr):  # a terminal without UTF-8 shows ? for what it lacks
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    from fico_lib.cli import main as command_line  # imports numpy

    command_line()


if __name__ == "__main__":
    main()
