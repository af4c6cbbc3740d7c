"""`fico run`: one chapter again, told step by step, with its takeaways at the end."""

import sys
from pathlib import Path

from rich.console import Console

from fico_lib.runtime.files import new_folder
from fico_lib.study import parameters, repository
from fico_lib.study.repository import CACHE, EXECUTED

PAGE = "page.html"


def run_chapter(
    name: str, profile: str, settings: tuple[str, ...], file: Path | None, out: Console
) -> None:
    """Run a chapter with the parameters of a profile, a file and settings, each over the last.

    Steps, takeaways and the page are told on `out`, which is not the standard output: plain lines,
    and bars below them on a terminal. The standard output has the folder of the results.
    """
    root = repository.root()
    values = parameters.load(root, name, profile, file, settings)
    from fico_lib.pipeline.encode import encode
    from fico_lib.study.execute import execute
    from fico_lib.study.page import page, takeaways

    # Of all, the keys come first: what is wrong with the data shows before any training.
    requests = {request.encodings_key: request for request in values.requests()}
    with new_folder(repository.run_folder(root, name)) as target:
        for number, (key, request) in enumerate(requests.items(), 1):
            kept = " (kept)" if (root / CACHE / "encodings" / key).is_dir() else ""
            tell(out, f"model {number} of {len(requests)}: {request.label}{kept}")
            encode(request, root / CACHE)  # here, not in the notebook: here progress is seen
        tell(out, f"running the notebook of chapter {name}")
        execute(root, name, values, target, profile, progress_bar=sys.stderr.isatty())
        style = root / "book" / "_static" / "fico.css"
        (target / PAGE).write_text(page(target / EXECUTED, style), encoding="utf-8")
        sentences = takeaways(target / EXECUTED)
    place = target.relative_to(root)
    tell(out, "")
    for sentence in sentences:
        out.print(f"- {sentence}", markup=False, highlight=False)
    tell(out, f"\npage: {place / PAGE}")
    print(place)  # alone on the standard output, for scripts


def tell(out: Console, line: str) -> None:
    """One step, as a plain line."""
    out.print(line, markup=False, highlight=False, soft_wrap=True)
