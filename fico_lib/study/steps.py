"""The steps that the Snakefiles run, each a process of its own that reports to `fico build`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from fico_lib.models import weights_of
from fico_lib.pipeline.checkpoints import SUFFIX
from fico_lib.runtime.errors import InputError
from fico_lib.runtime.progress import report
from fico_lib.study import checkpoints, parameters, plan
from fico_lib.study import repository as repo
from fico_lib.study.foundations import FOUNDATIONS


@contextmanager
def _reported(label: str) -> Iterator[None]:
    """Report the start and the end of a step, with the error when it fails."""
    report(kind="start", label=label)
    try:
        yield
    except BaseException as error:
        report(
            kind="failed",
            label=label,
            error=getattr(error, "error", None) or f"{type(error).__name__}: {error}",
            cell=getattr(error, "cell", ""),
            saved=str(getattr(error, "saved", "")),
        )
        raise
    report(kind="done", label=label)


def features(profile: str, key: str) -> None:
    """Compute and keep the features of that key in the plan of a profile."""
    requests = plan.plan(repo.root(), profile).features[key]
    with _reported(f"features of {requests[0].data.label}"):
        from fico_lib.pipeline.encode import build_features

        build_features(requests[0], Path(repo.CACHE), [request.model for request in requests])


def weights(profile: str, key: str) -> None:
    """Train a model whose weights are shared, those of that key in the plan of a profile."""
    request = plan.plan(repo.root(), profile).weights[key]
    with _reported(f"train {replace(request, model=weights_of(request.model)).label}"):
        from fico_lib.pipeline.encode import trained_model

        trained_model(request, Path(repo.CACHE))


def encodings(profile: str, key: str) -> None:
    """Keep the encodings of that key; their model is trained, unless its weights are there."""
    planned = plan.plan(repo.root(), profile)
    request = planned.encodings[key]
    trained = request.weights == "released" or request.weights_key in planned.weights
    verb = "encode" if trained else "train and encode"
    with _reported(f"{verb} {request.label}"):
        from fico_lib.pipeline.encode import encode

        encode(request, Path(repo.CACHE))


def quick_encodings(profile: str, group: str) -> None:
    """Keep all encodings of that group in the plan of a profile."""
    planned = plan.plan(repo.root(), profile)
    requests = [planned.encodings[key] for key in planned.quick[group]]
    models = "encodings" if len(requests) > 1 else "encoding"
    with _reported(f"{len(requests)} {models} of {requests[0].data.label}"):
        from fico_lib.pipeline.encode import encode

        for request in requests:
            encode(request, Path(repo.CACHE))


def chapter(profile: str, name: str, key: str) -> None:
    """Run a chapter of a profile; InputError where its key is no longer the planned one.

    An edit of the library while a study runs would else leave the edited code's result under the
    name of the planned one. Asked again at the end, since a notebook loads code as it goes.
    """
    from fico_lib.chapters import chapter as schema

    with _reported(f"chapter {schema(name).title}"):
        from fico_lib.study.execute import execute

        root = repo.root()
        _check_key(root, profile, name, key)
        values = parameters.load(root, name, profile)

        def unchanged() -> None:
            _check_key(root, profile, name, key)

        execute(root, name, values, root / "results" / profile / name, profile, check=unchanged)


def foundation(profile: str, name: str) -> None:
    """Run a notebook of the foundations, which has no parameters."""
    with _reported(f"foundation {FOUNDATIONS[name]}"):
        from fico_lib.study.execute import execute_foundation

        root = repo.root()
        execute_foundation(root, name, repo.executed_foundation(root, profile, name))


def _check_key(root: Path, profile: str, name: str, key: str) -> None:
    now = next(step.key for step in plan.plan(root, profile).chapters if step.name == name)
    if now != key:
        raise InputError(
            f"chapter {name}: code, parameters or data changed while the study ran; "
            "the same command makes what is out of date again"
        )


def book(profile: str) -> None:
    """Render the book from the pages and the executed chapters."""
    with _reported("book"):
        from fico_lib.study.book import build

        build(repo.root(), profile)


def released_features(folder: str, data: str) -> None:
    """Fit the features of a data set for checkpoints, write them under `folder`, and use them."""
    root = repo.root()
    requests = checkpoints.wanted(root, Path(folder))
    requests = [request for request in requests if request.weights_path.parent.name == data]
    with _reported(f"features of {requests[0].data.label}"):
        from fico_lib.pipeline.release import extract_features, release_features

        commit, cache = repo.commit(root, checkpoints.FOLDER.name), root / repo.CACHE
        release_features(requests[0], commit, cache)
        extract_features(requests, cache)


def released_weights(folder: str, place: str) -> None:
    """Train a checkpoint and write it; place: under `folder`, without its ending."""
    root = repo.root()
    path = Path(folder) / f"{place}{SUFFIX}"
    requests = checkpoints.wanted(root, Path(folder))
    request = next(r for r in requests if r.weights_path == path)
    with _reported(f"train {request.label}"):
        from fico_lib.pipeline.release import release_weights

        commit = repo.commit(root, checkpoints.FOLDER.name)
        release_weights(request, commit, root / repo.CACHE)
