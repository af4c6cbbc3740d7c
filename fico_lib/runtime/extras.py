"""Which extra of the package a library that is not installed belongs to (see pyproject.toml)."""

from collections.abc import Iterator
from contextlib import contextmanager

from fico_lib.runtime.errors import InputError

BOOK = "study,book"  # `fico build` needs both
EXTRAS = {
    "faiss": "search",
    "matplotlib": "search",
    "PIL": "study",
    "gensim": "study",
    "h5py": "formats",
    "markdown_it": "study",
    "nbformat": "study",
    "papermill": "study",
    "pyarrow": "formats",
    "traitlets": "study",
    "transformers": "study",
    "jupyter-book": BOOK,
    "myst-nb": BOOK,
    "sphinx": BOOK,
}


@contextmanager
def named_extras() -> Iterator[None]:
    """Turn the failed import of a library that an extra brings into an InputError that names it.

    >>> with named_extras():
    ...     raise ModuleNotFoundError(name="faiss")
    Traceback (most recent call last):
    ...
    fico_lib.runtime.errors.InputError: faiss is not installed: pip install 'fico-study[search]'
    """
    try:
        yield
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name not in EXTRAS:
            raise
        raise InputError(
            f"{name} is not installed: pip install 'fico-study[{EXTRAS[name]}]'"
        ) from error
