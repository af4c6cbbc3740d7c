"""The program `fico`, which is the same as `python -m fico_lib`."""

from fico_lib.runtime.machine import choose_numpy_sort


def main() -> None:
    """Run the command line, numpy with its fastest sort; subprocesses and kernels inherit it."""
    choose_numpy_sort()
    from fico_lib.cli import main as command_line  # imports numpy

    command_line()


if __name__ == "__main__":
    main()
