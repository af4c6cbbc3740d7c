"""`fico evaluate`: a researcher's own arrays, evaluated without a notebook."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from fico_lib.cli import compress as compression
from fico_lib.cli.evaluate_input import depths, names
from fico_lib.cli.evaluate_output import print_result, write_per_query
from fico_lib.cli.options import (
    FORMATS,
    Bits,
    CaptionsPerImage,
    DatabaseCodes,
    DatabaseEmbeddings,
    DatabaseLabels,
    Device,
    EncodingsFile,
    ImageOfCaption,
    Images,
    Inputs,
    Labels,
    Measure,
    Memory,
    Missing,
    Qrels,
    QrelsT2I,
    QueryCodes,
    QueryEmbeddings,
    QueryLabels,
    ScoresFile,
    ScoresT2I,
    SkipUnknown,
    Texts,
    choice,
    file,
    folder,
    one_source,
    option,
    refuse_beside,
)
from fico_lib.cli.released import evaluate_released
from fico_lib.cli.two_sets import TwoSets
from fico_lib.evaluation import evaluate
from fico_lib.metrics import DENOMINATORS, EMPTY, MODES, TIES, Denominator, Empty, Mode, Ties
from fico_lib.metrics.conventions import Conventions
from fico_lib.metrics.presets import PRESETS, preset
from fico_lib.runtime.files import check_writable
from fico_lib.search.compress.setting import Compression
from fico_lib.similarity.normalised import SHARPNESS

OF_PAIRS = (
    "image_of_caption", "captions_per_image", "labels", "qrels", "qrels_t2i", "skip_unknown",
    "missing",
    "normalise", "hubness", "compress",
)  # fmt: skip
NOT_OF_FOLDERS = (*OF_PAIRS, "bits", "measure", "per_query")


def evaluate_command(
    context: typer.Context,
    images: Images = None,
    texts: Texts = None,
    scores: ScoresFile = None,
    scores_t2i: ScoresT2I = None,
    encodings: EncodingsFile = None,
    released: Annotated[Path | None, folder("The paper's results_data/: all models in it.")] = None,
    image_of_caption: ImageOfCaption = None,
    captions_per_image: CaptionsPerImage = None,
    labels: Labels = None,
    qrels: Qrels = None,
    qrels_t2i: QrelsT2I = None,
    skip_unknown: SkipUnknown = False,
    query_codes: QueryCodes = None,
    database_codes: DatabaseCodes = None,
    query_embeddings: QueryEmbeddings = None,
    database_embeddings: DatabaseEmbeddings = None,
    query_labels: QueryLabels = None,
    database_labels: DatabaseLabels = None,
    bits: Bits = None,
    missing: Missing = None,
    measure: Measure = None,
    compress: Annotated[str | None, typer.Option(help=compression.HELP, metavar="SETTING")] = None,
    as_: Annotated[
        Literal[tuple(PRESETS)] | None,
        typer.Option(
            "--as",
            metavar="WORD",
            help=f"All conventions of a tool, in place of those below: {', '.join(PRESETS)}.",
        ),
    ] = None,
    metrics: Annotated[
        str | None, option("Metrics by name, such as R@1,nDCG@10; see `fico list`.")
    ] = None,
    recall_at: Annotated[str, option("Depths of R@k.")] = "1,5,10",
    map_at: Annotated[str, option("Depths of mAP@k.")] = "10,100,all",
    mode: Annotated[Mode, choice("What R@k asks of positives", MODES)] = Conventions.mode,
    ties: Annotated[Ties, choice("What equal scores are worth", TIES)] = Conventions.ties,
    denominator: Annotated[
        Denominator, choice("AP@k is divided by", DENOMINATORS)
    ] = Conventions.denominator,
    empty: Annotated[Empty, choice("Queries with nothing relevant", EMPTY)] = Conventions.empty,
    normalise: Annotated[
        Literal[tuple(SHARPNESS)] | None,
        choice("Also with scores normalised over all queries, which see each other", SHARPNESS),
    ] = None,
    hubness: Annotated[
        int | None, typer.Option(min=1, help="Skewness of the k-occurrence, for this k.")
    ] = None,
    format: Annotated[Literal[FORMATS], choice("What to print", FORMATS)] = "table",
    per_query: Annotated[Path | None, file("Write per-query values to this CSV.")] = None,
    device: Device = "auto",
    memory: Memory = "2GB",
) -> None:
    """Evaluate embeddings, codes or scores: R@k, ranks, mAP, chance, in both directions.

    Arrays are .npy, .npz, .safetensors, .mat (codes.mat:qB names one of several), .fvecs, .fbin,
    and with an extra .hdf5, .parquet and .arrow; nothing in them is executed.
    """
    if as_ is not None:
        refuse_beside(context, f"--as {as_}", asdict(Conventions()))
        conventions = preset(as_).conventions
    else:
        if metrics is not None:
            refuse_beside(context, "--metrics", ("recall_at", "map_at"))
        conventions = Conventions(  # before anything is read
            depths(recall_at), depths(map_at), mode, ties, denominator, empty, names(metrics)
        )
    settings = asdict(conventions) | {"device": device, "memory": memory}
    setting = None if compress is None else Compression.parse(compress)
    sets = TwoSets(
        query_codes, database_codes, query_embeddings, database_embeddings, query_labels,
        database_labels,
    )  # fmt: skip
    one_source(images or texts, scores or scores_t2i, encodings, released, sets.given)
    if per_query is not None:
        check_writable(per_query, "--per-query")
    if released is not None:
        refuse_beside(context, "--released", NOT_OF_FOLDERS)
        evaluate_released(released, conventions, settings, format)
        return
    normalised = None
    if sets.given is not None:
        refuse_beside(context, "queries and a database", OF_PAIRS)
        given, result = None, sets.evaluate(bits, measure, settings)
    else:
        given, beside = Inputs(
            images, texts, scores, scores_t2i, encodings, image_of_caption, captions_per_image,
            labels, qrels, qrels_t2i, skip_unknown, bits, missing, measure,
        ).read()  # fmt: skip
        beside |= settings | {"hubness": hubness}
        judged = given
        if setting is not None:
            judged = compression.compressed(given, setting, beside.pop("measure", None))
        if normalise is not None:  # first, as it takes less: what it does not take shows at once
            normalised = evaluate(judged, normalise=normalise, **beside)
        result = evaluate(judged, **beside)
    if as_ is not None:
        result.about["as"] = as_
    if per_query is not None:
        write_per_query(per_query, result, given)
    print_result(result, format, normalised)
    if setting is not None and format == "table":
        print(compression.sizes(setting, given.images.shape[1]))
