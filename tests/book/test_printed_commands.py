"""Every command that is printed can be typed: README, pages, exercises, help texts, comments.

A `fico` command is parsed by the command line itself, and the parameters that `fico run` is given
are loaded; a target of make must be one. Words in capitals stand for a reader's own.
"""

import inspect
import json
import re
import shlex
from pathlib import Path

import pytest
import typer

from fico_lib import cli
from fico_lib.chapters import CHAPTERS
from fico_lib.report.parameters import fields
from fico_lib.study import parameters
from fico_lib.study import repository as repo

ROOT = Path(__file__).parents[2]
COMMAND = typer.main.get_command(cli.app)
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
PROSE = {"fico", "fico run", "fico step"}  # named, not typed


def texts():
    """(where, text) of everything that a reader sees."""
    for path in [*ROOT.glob("*.md"), *(ROOT / "book").glob("*.md")]:
        if path.name != "CHANGELOG.md":  # it names what was, too
            yield path.name, path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            yield path.name, "".join(cell["source"])
    for path in sorted((ROOT / "parameters").rglob("*.yaml")):
        comments = re.findall(r"#(.*)", path.read_text(encoding="utf-8"))
        yield f"{path.parent.name}/{path.name}", "\n".join(comments)
    for path in sorted((ROOT / "fico_lib").rglob("*.py")):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    for name, command in COMMAND.commands.items():
        options = (getattr(option, "help", None) or "" for option in command.params)
        yield f"help of {name}", "\n".join([inspect.cleandoc(command.help or ""), *options])
    for chapter in CHAPTERS:
        for name, field, _ in fields(parameters.chapter(chapter)):
            yield f"{chapter}: {name}", field.description or ""


def commands():
    """(where, words, whether it stands in a block of commands) of each command, once."""
    found: dict[tuple[str, ...], tuple[str, bool]] = {}
    for where, text in texts():
        inline = [] if where.endswith(".py") else re.findall(r"`([^`]+)`", text)
        blocks = re.findall(r"^```(?:bash|shell|sh|console)?\n(.*?)^```", text, re.S | re.M)
        lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
        quoted = re.findall(r"`((?:\.venv/bin/)?(?:fico|make) [^`{}\n]+)`", text)
        for line in [*lines, *inline, *quoted]:
            whole = line in lines
            line = " ".join(line.split()).removeprefix("$ ")
            if not re.match(r"(?:\.venv/bin/)?(fico|make) [a-zA-Z-]", line) or "..." in line:
                continue
            if "{" in line and "}" not in line:
                continue
            try:
                words = shlex.split(line, comments=True)
            except ValueError:  # a backtick within a command
                continue
            words[0] = words[0].removeprefix(".venv/bin/")
            if " ".join(words) not in PROSE:
                found.setdefault(tuple(words), (where, whole))
    return sorted((where, words, whole) for words, (where, whole) in found.items())


FOUND = commands()


def test_there_are_many():
    assert len(FOUND) > 50
    assert {"bench-search", "encode", "evaluate", "run"} <= {words[1] for _, words, _ in FOUND}
    places = {where for where, *_ in FOUND}
    assert {"README.md", "rerun.md"} <= places
    assert any(where.endswith(".ipynb") for where in places)


@pytest.mark.parametrize(("where", "words", "whole"), FOUND, ids=lambda part: str(part)[:60])
def test_it_can_be_typed(where, words, whole, monkeypatch):
    program, *arguments = words
    if program == "make":
        targets = [word for word in arguments if "=" not in word and not word.startswith("-")]
        assert set(targets) <= TARGETS, where
        return
    monkeypatch.chdir(ROOT)
    command, name = COMMAND, arguments[0]
    while isinstance(command, typer.core.TyperGroup) and arguments:
        name, *arguments = arguments
        if re.fullmatch(r"[A-Z]+", name):
            return  # `fico run CHAPTER`
        assert name in command.commands, f"{where}: fico has no command {name}"
        command = command.commands[name]
    if "--help" in arguments:
        return
    known = {spelling for option in command.params for spelling in option.opts}
    if not whole and all(word in known for word in arguments):
        return  # in a sentence a command may be named with nothing, or with an option alone
    context = command.make_context(name, list(arguments))
    assert not [w for w in context.args if w.startswith("-")], where
    if words[1] == "run" and len(words) > 2 and words[2] in CHAPTERS:
        given = context.params
        profile = given["profile"]
        if profile not in repo.profiles(ROOT):
            assert re.fullmatch(r"[A-Z]+|mine", profile), where
            profile = "laptop"
        parameters.load(ROOT, words[2], profile, None, tuple(given["settings"] or ()))
