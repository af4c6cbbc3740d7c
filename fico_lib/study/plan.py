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
from fico_lib.models import KEPT
from fico_lib.pipeline import request as keys
from fico_lib.runtime.digests import code_digest, digest, file_digest, imported_modules
from fico_lib.study import parameters
from fico_lib.study import repository as repo

TOOLS = ("papermill", "jupyter-book", "sphinx", "myst-nb", "matplotlib", "pandas")


@dataclass
class ChapterStep:
    """A chapter: its key, whether it runs alone, the encodings (keys) it waits for."""

    name: str
    title: str
    key: str
    timed: bool
    encodings: list[str]


@dataclass
class Plan:
    """The steps of one profile.

    encodings: key -> the arguments of `pipeline.encode.encode`; features: key -> those of the
    encodings that share them; features_of: key of encodings or weights -> key of their features;
    weights and weights_of: the same of trained weights, for models that share theirs.
    """

    profile: str
    chapters: list[ChapterStep] = field(default_factory=list)
    features: dict[str, list[dict]] = field(default_factory=dict)
    encodings: dict[str, dict] = field(default_factory=dict)
    features_of: dict[str, str] = field(default_factory=dict)
    weights: dict[str, dict] = field(default_factory=dict)
    weights_of: dict[str, str] = field(default_factory=dict)
    book_key: str = ""

    def first(self) -> set[str]:
        """Encodings and weights that chapters wait for which other steps can run beside."""
        needs = {key for step in self.chapters if not step.timed for key in step.encodings}
        return needs | {self.weights_of[key] for key in needs & self.weights_of.keys()}


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


def _book_key(repository: Path, chapters: list[ChapterStep]) -> str:
    pages = {str(p.relative_to(repository)): file_digest(p) for p in book_files(repository)}
    return digest(pages, [c.key for c in chapters], code_digest("fico_lib.study.book"))


def plan(repository: Path, profile: str) -> Plan:
    """The steps of `profile`, all parameters checked; InputError where one is wrong."""
    result = Plan(profile)
    tools = {tool: version(tool) for tool in TOOLS}
    for name in CHAPTERS:
        values = parameters.load(repository, name, profile)
        needs = []
        for request in values.encodings():
            key, features = keys.encodings_key(**request), keys.features_key(**request)
            result.encodings[key] = request
            result.features.setdefault(features, []).append(request)
            result.features_of[key] = features
            # One model's own weights are kept in the step that encodes with them.
            if request["model"] not in KEPT and (weights := keys.weights_key(**request)):
                result.weights[weights] = request
                result.weights_of[key] = weights
                result.features_of[weights] = features
            needs.append(key)
        notebook = repository / "notebooks" / f"{name}.ipynb"
        code = code_digest(*notebook_modules(notebook), CHAPTERS[name].split(":")[0])
        key = digest(
            values.model_dump(mode="json"),
            values.data_key(),
            needs,
            file_digest(notebook),
            _recorded(repository, values.recorded),
            code,
            profile,
            tools,
        )
        result.chapters.append(ChapterStep(name, values.title, key, values.timed, needs))
    result.book_key = _book_key(repository, result.chapters)
    return result


def label(request: dict) -> str:
    """Encodings in a person's words: 'vse on scenes (coco), seed 0'."""
    variant = getattr(request["training"], "variant", "")
    model = f"{request['model']} ({variant})" if variant else request["model"]
    return f"{model} on {data_label(request)}, seed {request['seed']}"


def data_label(request: dict) -> str:
    """The data set of a request, with its label skew or fold where it has one."""
    data = request["data"]
    about = getattr(data, "skew", None)
    if getattr(data, "fold", None) is not None:
        about = f"fold {data.fold}"
    return data.name + (f" ({about})" if about else "")
