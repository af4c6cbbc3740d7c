"""What a profile's study consists of, and the key of each step: read by the Snakefile.

A step's key covers everything that it depends on (parameters, data, code, versions). Features and
encodings are stored under their keys, so an edit makes new ones and leaves the old; chapters and
the book are stored under their names, and Snakemake makes them anew when their key changes.

Light on purpose: no torch, no papermill; the graph is planned in a second.
"""

import json
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from fico_lib.chapters import CHAPTERS
from fico_lib.models import CLOSED_FORM, KEPT, PAIRWISE
from fico_lib.models.base.parameters import TrainingParameters
from fico_lib.pipeline.request import Request
from fico_lib.runtime.digests import code_digest, digest, file_digest, imported_modules
from fico_lib.study import parameters
from fico_lib.study import repository as repo
from fico_lib.study.foundations import FOUNDATIONS

TOOLS = ("papermill", "jupyter-book", "sphinx", "myst-nb", "matplotlib", "pandas")


@dataclass
class ChapterStep:
    """A chapter: its key, whether it runs alone, the encodings (keys) and chapters it waits for."""

    name: str
    title: str
    key: str
    timed: bool
    encodings: list[str]
    reads: tuple[str, ...]


@dataclass
class Plan:
    """The steps of one profile.

    encodings: key -> request; features: key -> the requests that share them; weights: key -> a
    request, for models that share theirs; foundations: name -> key.
    """

    profile: str
    foundations: dict[str, str] = field(default_factory=dict)
    chapters: list[ChapterStep] = field(default_factory=list)
    features: dict[str, list[Request]] = field(default_factory=dict)
    encodings: dict[str, Request] = field(default_factory=dict)
    weights: dict[str, Request] = field(default_factory=dict)
    book_key: str = ""

    @property
    def quick(self) -> dict[str, list[str]]:
        """Encodings that take a second or two, by group: same features and training, one step."""
        groups: dict[str, list[str]] = {}
        for key, request in self.encodings.items():
            if _is_quick(request):
                groups.setdefault(_group(request), []).append(key)
        return groups

    def single(self) -> list[str]:
        """Encodings that are a step each."""
        return sorted(self.encodings.keys() - {key for keys in self.quick.values() for key in keys})

    def first(self) -> set[str]:
        """Encodings and weights needed by chapters that are not timed."""
        needs = {key for step in self.chapters if not step.timed for key in step.encodings}
        return needs | (self.weights.keys() & {self.encodings[key].weights_key for key in needs})


def book_files(repository: Path) -> list[Path]:
    """The files that the book is made of beside the chapters: pages, figures, settings."""
    pages = (repository / "book").rglob("*")
    settings = [repository / name for name in ("_config.yml", "_toc.yml")]
    return sorted(p for p in [*pages, *settings] if p.is_file())


def _recorded(repository: Path, pattern: str) -> dict[str, str]:
    """The content of the recorded results that a chapter shows."""
    files = (file for folder in repo.recorded(repository, pattern) for file in folder.iterdir())
    return {str(file.relative_to(repository)): file_digest(file) for file in files}


def notebook_modules(path: Path) -> list[str]:
    """The `fico_lib` modules that a notebook's code cells import."""
    cells = json.loads(path.read_text())["cells"]
    code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    return sorted(imported_modules(code))


def _book_key(repository: Path, planned: Plan) -> str:
    pages = {str(p.relative_to(repository)): file_digest(p) for p in book_files(repository)}
    executed = [*planned.foundations.values(), *(step.key for step in planned.chapters)]
    return digest(pages, executed, code_digest("fico_lib.study.book"))


def _foundation_key(repository: Path, name: str, tools: dict[str, str]) -> str:
    notebook = repo.foundation(repository, name)
    return digest(file_digest(notebook), code_digest(*notebook_modules(notebook)), tools)


def _is_quick(request: Request) -> bool:
    """Whether nothing is trained for these encodings by gradient, and no pair is scored."""
    trained = request.weights == "train" and request.model not in CLOSED_FORM
    return not trained and request.model not in PAIRWISE


def _group(request: Request) -> str:
    """The key of the group of quick encodings: what a model's own choices do not change."""
    shared = {name: getattr(request.training, name) for name in TrainingParameters.model_fields}
    return digest(request.features_key, shared)


def plan(repository: Path, profile: str) -> Plan:
    """The steps of `profile`, all parameters checked; InputError where one is wrong."""
    result = Plan(profile)
    tools = {tool: version(tool) for tool in TOOLS}
    for name in CHAPTERS:
        values = parameters.load(repository, name, profile)
        requests = values.requests()
        for request in requests:
            result.encodings[request.encodings_key] = request
            result.features.setdefault(request.features_key, []).append(request)
            # One model's own weights are kept in the step that encodes with them.
            if request.model not in KEPT and request.weights_key:
                result.weights[request.weights_key] = request
        needs = [request.encodings_key for request in requests]
        known = {step.name: step.key for step in result.chapters}
        notebook = repository / "notebooks" / f"{name}.ipynb"
        code = code_digest(*notebook_modules(notebook), CHAPTERS[name].split(":")[0])
        key = digest(
            values.model_dump(mode="json"),
            values.data_key(),
            needs,
            [known[read] for read in values.reads],
            file_digest(notebook),
            _recorded(repository, values.recorded),
            code,
            profile,
            tools,
        )
        step = ChapterStep(name, values.title, key, values.timed, needs, values.reads)
        result.chapters.append(step)
    result.foundations = {name: _foundation_key(repository, name, tools) for name in FOUNDATIONS}
    result.book_key = _book_key(repository, result)
    return result
