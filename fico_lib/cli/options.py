"""Options that `fico evaluate` and `fico audit` have in common, and what they read with them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from fico_lib.cli.evaluate_input import from_arrays, labels_of, relevance
from fico_lib.encodings import Encodings, load
from fico_lib.runtime.errors import InputError
from fico_lib.similarity import MEASURES

FORMATS = ("table", "json", "csv")


def option(text: str):
    """An option whose default is shown."""
    return typer.Option(help=text, show_default=True)


def file(text: str):
    """An option that takes a file."""
    return typer.Option(help=text, metavar="FILE")


def folder(text: str):
    """An option that takes a folder."""
    return typer.Option(help=text, metavar="FOLDER")


def choice(text: str, values: Iterable[str], default: bool = True):
    """An option that takes one of a few words, which its help names, as it has more room."""
    words = f"{text}: {', '.join(values)}."
    return typer.Option(help=words, metavar="WORD", show_default=default)


Images = Annotated[Path | None, file("Embeddings or codes of the images.")]
Texts = Annotated[Path | None, file("Embeddings or codes of the captions.")]
ScoresFile = Annotated[Path | None, file("Scores, images × captions, in place of both.")]
ScoresT2I = Annotated[Path | None, file("Scores, captions × images, if others.")]
EncodingsFile = Annotated[Path | None, file("Encodings that `Encodings.save` wrote.")]
ImageOfCaption = Annotated[Path | None, file("Image row of each caption.")]
CaptionsPerImage = Annotated[int | None, option("The map, if captions come in order.")]
Labels = Annotated[Path | None, file("Labels of the images, for the category task.")]
Qrels = Annotated[Path | None, file("TREC judgements, image rows by caption rows.")]
QrelsT2I = Annotated[Path | None, file("The same, caption rows by image rows.")]
SkipUnknown = Annotated[
    bool, typer.Option("--skip-unknown", help="Leave out judgements of unknown items.")
]
Bits = Annotated[int | None, option("The arrays are codes of so many bits.")]
Missing = Annotated[float | None, option("The value of pairs that were not scored.")]
Measure = Annotated[
    Literal[tuple(MEASURES)] | None,
    choice("What compares them, by default cosine", MEASURES),
]
QueryCodes = Annotated[Path | None, file("Codes of queries, in place of images and texts.")]
DatabaseCodes = Annotated[Path | None, file("Codes of the database that they search.")]
QueryEmbeddings = Annotated[Path | None, file("Embeddings of queries, in place of codes.")]
DatabaseEmbeddings = Annotated[Path | None, file("Embeddings of the database.")]
QueryLabels = Annotated[Path | None, file("Labels of the queries.")]
DatabaseLabels = Annotated[Path | None, file("Labels of the database, in the same form.")]
Device = Annotated[str, option("auto, cpu, cuda or cuda:N.")]
Memory = Annotated[str, option("What may be used above the inputs.")]


def refuse_beside(context: typer.Context, name: str, others: Iterable[str]) -> None:
    """Raise InputError where an option of `others` was given on the command line beside `name`."""
    for other in others:
        source = context.get_parameter_source(other)
        if source is not None and source.name == "COMMANDLINE":
            raise _no_place(other, name)


def _no_place(option: str, beside: str) -> InputError:
    return InputError(f"--{option.replace('_', '-')}: has no place beside {beside}")


@dataclass(frozen=True)
class Inputs:
    """Where encodings, labels and judgements are read from: the options of that name."""

    images: Path | None
    texts: Path | None
    scores: Path | None
    scores_t2i: Path | None
    encodings: Path | None
    image_of_caption: Path | None
    captions_per_image: int | None
    labels: Path | None
    qrels: Path | None
    qrels_t2i: Path | None
    skip_unknown: bool
    bits: int | None
    missing: float | None
    measure: str | None

    def read(self) -> tuple[Encodings, dict[str, Any]]:
        """The encodings, and what `evaluate` takes beside them."""
        self._check()
        given = self._encodings()
        unknown: Literal["skip", "error"] = "skip" if self.skip_unknown else "error"
        return given, {
            "labels": labels_of(self.labels, given.n_images, self.captions_per_image),
            "relevance": relevance(self.qrels, self.qrels_t2i, given, unknown),
            "measure": self.measure,
        }

    def _check(self) -> None:
        """Raise InputError for an option that the source has no use for."""
        of_arrays = ("image_of_caption", "captions_per_image", "bits", "missing")
        for source, others in (("encodings", of_arrays), ("scores", ("bits", "measure"))):
            if getattr(self, source) is None:
                continue
            for other in others:
                if getattr(self, other) is not None:
                    raise _no_place(other, f"--{source}")
        if self.skip_unknown and self.qrels is None:
            raise InputError("--skip-unknown belongs to --qrels")

    def _encodings(self) -> Encodings:
        if self.encodings is not None:
            return load(self.encodings)
        return from_arrays(
            self.images, self.texts, self.scores, self.scores_t2i, self.image_of_caption,
            self.captions_per_image, self.bits, self.missing, self.measure,
        )  # fmt: skip


def one_source(*sources: object) -> None:
    """Raise InputError unless one of several sources is given."""
    if sum(source is not None for source in sources) != 1:
        raise InputError(
            "expected exactly one of: --images with --texts, --scores, --encodings, --released, "
            "--query-codes with --database-codes, --query-embeddings with --database-embeddings"
        )
