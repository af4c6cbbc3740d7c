"""Help texts on a terminal of 80 columns."""

import pytest
import typer
from typer.testing import CliRunner

from fico_lib.cli import app

COMMANDS = [
    name
    for name, command in typer.main.get_command(app).commands.items()
    if not (command.hidden or hasattr(command, "commands"))
]


@pytest.mark.parametrize("name", COMMANDS)
def test_no_name_is_cut_and_no_line_breaks_twice(name):
    runner = CliRunner(env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"})
    output = runner.invoke(app, [name, "--help"]).output
    assert "…" not in output
    command = typer.main.get_command(app).commands[name]
    assert "\n" not in command.help.replace("\n\n", "")
