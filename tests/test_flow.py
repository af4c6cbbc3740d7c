"""The one direction of flow: a module imports only from what stands left of it."""

import ast
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[1] / "fico_lib"

# Left to right. `encodings` is the noun that models hand over, so it stands before them; the step
# that makes encodings is `encode`. What is left of `datasets` serves everyone.
ORDER = [
    *("errors", "files", "progress", "devices", "arrays", "compiled", "encodings"),
    *("datasets", "features", "models", "keys", "encode", "costs"),
    *("similarity", "search", "shared_labels", "tasks"),
    *("ranking", "metrics", "evaluation", "released", "trec"),
    *("published", "results", "tables", "figures", "chapters", "study"),
    *(
        "evaluate_command",
        "captions_command",
        "cost_report",
        "cost_command",
        "bench_search_command",
    ),
    *("cli", "__main__"),
]
ORCHESTRATORS = {"papermill", "nbformat", "nbclient", "IPython", "snakemake", "jupyter_book"}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def place(path: Path) -> str:
    part = path.relative_to(LIBRARY).parts[0]
    return part.removesuffix(".py")


FILES = sorted(p for p in LIBRARY.rglob("*.py") if p != LIBRARY / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(LIBRARY)))
def test_imports_point_to_the_left(path):
    here = ORDER.index(place(path))
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "fico_lib" and len(parts) > 1 and parts[1] in ORDER:
            assert ORDER.index(parts[1]) <= here, f"{path} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(LIBRARY)))
def test_only_the_study_knows_of_notebooks(path):
    used = {name.split(".")[0] for name in imports(path)} & ORCHESTRATORS
    assert not used or place(path) in ("study", "cli")


def test_every_module_has_a_place():
    assert {place(path) for path in FILES} <= set(ORDER)
