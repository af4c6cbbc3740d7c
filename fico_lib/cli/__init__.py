"""The command line: `fico list`, `describe`, `run`, `build`, `evaluate`, `bench-search`, ..."""

import inspect
import sys
from pathlib import Path
from pickle import UnpicklingError
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

import fico_lib
from fico_lib.chapters import CHAPTERS, chapter
from fico_lib.cli.audit import audit_command
from fico_lib.cli.bench_search import bench_search_command
from fico_lib.cli.captions import captions_command
from fico_lib.cli.checkpoints import checkpoints_command
from fico_lib.cli.compare import compare_command
from fico_lib.cli.convert import convert_command
from fico_lib.cli.cost import cost_command
from fico_lib.cli.encode import encode_command
from fico_lib.cli.evaluate import evaluate_command
from fico_lib.cli.run import run_chapter
from fico_lib.cli.terminal import table_console
from fico_lib.datasets import DATASETS
from fico_lib.datasets.parameters import DataParameters
from fico_lib.metrics.registry import METRICS
from fico_lib.models import MODELS, model_card
from fico_lib.runtime.errors import BuildError, ChapterError, InputError
from fico_lib.runtime.extras import named_extras
from fico_lib.search import INDEXES
from fico_lib.study import parameters, repository, steps
from fico_lib.study.build import build as build_study

app = typer.Typer(
    name="fico",
    help="Fine-grained against coarse-grained image-text retrieval: run and read the study.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
run_app = typer.Typer(
    no_args_is_help=True, help="Run one chapter again, with parameters of your own."
)
step_app = typer.Typer(no_args_is_help=True, help="One step of the study; called by Snakemake.")
app.add_typer(run_app, name="run")
app.add_typer(step_app, name="step", hidden=True)
app.command("evaluate")(evaluate_command)
app.command("audit")(audit_command)
app.command("encode")(encode_command)
app.command("convert")(convert_command)
app.command("bench-search")(bench_search_command)
app.command("captions")(captions_command)
app.command("compare")(compare_command)
app.command("cost")(cost_command)
app.command("checkpoints")(checkpoints_command)

Profile = Annotated[str, typer.Option(help="A folder of parameters/.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("-p", "--parameter", metavar="NAME=VALUE", help="Set one parameter; repeatable."),
]
ParameterFile = Annotated[
    Path | None, typer.Option("-f", "--file", help="A YAML file laid over the profile's.")
]


@app.command("list")
def list_everything() -> None:
    """Name the chapters, data sets, models, metrics, indexes and profiles."""
    console = table_console()
    cards = {name: model_card(name) for name in MODELS}
    kinds = {
        schema.model_fields["name"].default: schema.model_fields["name"].description
        for schema in get_args(get_args(DataParameters)[0])
    }
    _print(console, "Chapters", [[name, chapter(name).title] for name in CHAPTERS])
    _print(console, "Data sets", [[name, kinds[name]] for name in DATASETS])
    _print(console, "Models", [[n, c.granularity, c.title, c.note] for n, c in cards.items()])
    _print(console, "Indexes", [[name, entry.title] for name, entry in INDEXES.items()])
    metrics = [[m.spelling, " and ".join(m.tasks), m.title] for m in METRICS.values()]
    _print(console, "Metrics", metrics)
    try:
        profiles = [[name] for name in repository.profiles(repository.root())]
    except InputError as error:
        profiles = [[str(error)]]
    _print(console, "Profiles", profiles)


def _print(console: Console, title: str, rows: list[list[str]]) -> None:
    console.print(f"[bold]{title}[/]")
    table = Table.grid(padding=(0, 2))
    for row in rows:
        table.add_row(" ", *(escape(cell) for cell in row))
    console.print(table, "")


@app.command()
def describe(
    name: Annotated[str, typer.Argument(metavar="CHAPTER", help="A chapter; see `fico list`.")],
    cell: Annotated[
        bool, typer.Option("--cell", help="Print the notebook's parameters cell instead.")
    ] = False,
    profile: Annotated[
        str | None, typer.Option(help="Show the values of this profile; default: the defaults.")
    ] = None,
) -> None:
    """Explain the parameters of a chapter: value, type, range, meaning.

    Values are the defaults, or with --profile those of a profile, as `fico run` would take them.
    """
    if cell:
        print(parameters.cell(name))
        return
    console = Console()
    values = parameters.load(repository.root(), name, profile) if profile else None
    rows = parameters.describe(name) if values is None else parameters.chosen(name, values)
    shown = f"{chapter(name).title}: {'defaults' if values is None else f'profile {profile}'}"
    console.print(shown, style="bold", markup=False)
    for row in rows:
        line = f"[bold]{row['name']}[/] = {escape(row['default'])}"
        console.print(line, f"[dim]{escape(row['allowed'])}[/]", sep="   ", highlight=False)
        console.print(Padding(escape(row["meaning"]), (0, 0, 0, 4)), highlight=False)


def _run_command(name: str):
    def run(
        profile: Profile = "laptop", settings: Settings = None, file: ParameterFile = None
    ) -> None:
        run_chapter(name, profile, tuple(settings or ()), file, Console(stderr=True))

    run.__doc__ = f"{chapter(name).title}: the chapter, in a results folder of its own."
    return run


def _parameter_help(name: str) -> str:
    """The chapter's parameters as the last part of `fico run CHAPTER --help`."""
    lines = [
        f"[bold]{row['name']}[/] ({escape(row['allowed'])}; default {escape(row['default'])}): "
        + escape(row["meaning"])
        for row in parameters.describe(name)
    ]
    return "Parameters, for -p and -f:\n\n" + "\n\n".join(lines)


for _name in CHAPTERS:
    run_app.command(_name, epilog=_parameter_help(_name))(_run_command(_name))


@app.command()
def build(
    profile: Profile = "laptop",
    cores: Annotated[
        int | None, typer.Option(min=1, help="Processor cores to use (default: all).")
    ] = None,
) -> None:
    """Run what is not up to date of the study, and build the book."""
    index = build_study(repository.root(), profile, cores, Console(stderr=True))
    print(index.relative_to(Path.cwd()) if index.is_relative_to(Path.cwd()) else index)


step_app.command("features")(steps.features)
step_app.command("weights")(steps.weights)
step_app.command("encodings")(steps.encodings)
step_app.command("quick-encodings")(steps.quick_encodings)
step_app.command("chapter")(steps.chapter)
step_app.command("foundation")(steps.foundation)
step_app.command("book")(steps.book)
step_app.command("released-features")(steps.released_features)
step_app.command("released-weights")(steps.released_weights)

for _command in app.registered_commands:  # typer keeps the line breaks of all but the first lines
    _paragraphs = (inspect.getdoc(_command.callback) or "").split("\n\n")
    _command.help = "\n\n".join(" ".join(paragraph.split()) for paragraph in _paragraphs)


def main() -> None:
    """The entry point of `fico`: errors that a user can act on are shown without a traceback."""
    try:
        with named_extras():
            app()
    except (InputError, BuildError) as error:
        Console(stderr=True).print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)
    except ChapterError as error:
        lines = [str(error), "", "The cell:", error.cell, "", f"The notebook: {error.saved}"]
        Console(stderr=True).print("[red]error:[/] " + escape("\n".join(lines)), soft_wrap=True)
        sys.exit(1)
    except (OSError, MemoryError, UnpicklingError) as error:
        Console(stderr=True).print(f"[red]error:[/] {escape(_foreign(error))}", soft_wrap=True)
        sys.exit(1)


def _foreign(error: Exception) -> str:
    """What the system says, on one line, with the file that it is about."""
    if isinstance(error, UnpicklingError):  # nothing but numba's cache is ever unpickled
        return (
            f"what numba compiled before is damaged ({error}): delete the *.nbi and *.nbc files in "
            f"{Path(fico_lib.__file__).parent} and in its folders' __pycache__"
        )
    if isinstance(error, MemoryError):
        return f"out of memory ({error or 'no more to be had'}): ask for less with --memory"
    file = f"{error.filename}: " if error.filename else ""
    return f"{file}{error.strerror or error}"
