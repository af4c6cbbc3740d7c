"""`python -m fico_lib` is the same as `fico`."""

from fico_lib.cli import main

main()
