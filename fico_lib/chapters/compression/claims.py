"""Claims of this chapter: no paper's, but what the published ladders lead one to expect here.

Each was written down, with its margin, before the chapter was first run on released weights.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product

from fico_lib.chapters.compression.gap import GALLERY, OWN
from fico_lib.chapters.compression.published import figure
from fico_lib.chapters.compression.results import METRICS, Ladder
from fico_lib.evaluation.relevance import DIRECTIONS
from fico_lib.metrics.resampling import Estimate
from fico_lib.report.claims import Case, Claim

STUDY = "this study"
WHERE = "Embeddings in fewer bytes"
NO_PAPER = "no cell of the two papers is about it"
ONE_PER_CENT = (
    "one per cent of float32, what int8 loses in the published ladder once it is rescored"
)
RECALLS = METRICS[:2]
MULTIPLIER = 4
SIGNS = "sign-mean"
AGAIN = {kind: f"{SIGNS}+{kind}x{MULTIPLIER}" for kind in ("code", "int8", "float32")}

Cases = Callable[[Ladder], Iterable[Case]]


def claims() -> list[Claim]:
    """The claims; they are tested on a `Ladder`."""
    signs, again = figure("binary"), figure("binary", rescored=True)
    return [
        _claim(
            name="compress_float16_int8",
            statement="Embeddings as float16, or as int8 with a scale for each dimension, lose "
            "nothing that matters.",
            evidence=f"Published: int8 keeps {figure('int8'):g} % of nDCG@10, "
            f"{figure('int8', rescored=True):g} % rescored; not about images.",
            test="Both keep more than 99 % of R@1, R@10 and mAP@N of float32, in both directions.",
            cases=_kept(["float16", "int8"], METRICS),
            margin=-1.0,
            margin_source=ONE_PER_CENT,
        ),
        _claim(
            name="compress_rabitq4",
            statement="So do four bits a dimension, by RaBitQ.",
            evidence="Published: an error bound that halves with each bit; no figure on a task.",
            test="RaBitQ of 4 bits keeps more than 99 % of R@1, R@10 and mAP@N.",
            cases=_kept(["rabitq4"], METRICS),
            margin=-1.0,
            margin_source=ONE_PER_CENT,
        ),
        _claim(
            name="compress_signs_rescored",
            statement="Signs whose 40 best candidates are rescored by float32 lose nothing that "
            "matters at instance level.",
            evidence=f"Published: binary rescored by the code keeps {again:g} %; by float32 no "
            "figure.",
            test="Signs about the mean, rescored by float32 at multiplier 4, keep more than 99 % "
            "of R@1 and R@10.",
            cases=_kept([AGAIN["float32"]], RECALLS),
            margin=-1.0,
            margin_source=ONE_PER_CENT,
        ),
        _claim(
            name="compress_code_rescored",
            statement="A float query that meets the signs once more wins back half of what signs "
            "lose, without a byte more.",
            evidence=f"Published: binary keeps {signs:g} %, rescored so {again:g} %: "
            f"{100 * (again - signs) / (100 - signs):.0f} % of the loss comes back.",
            test="R@1 and R@10 of signs rescored by the code at multiplier 4 are above the middle "
            "between signs alone and float32.",
            cases=_half_back,
            margin_source="half, the share that comes back in the published ladder",
        ),
        _claim(
            name="compress_centring",
            statement="Where images and texts lie apart, signs are centred on each side's own "
            "mean, not on the gallery's.",
            evidence="By construction: an offset at right angles to the data changes no exact "
            "ranking.",
            test="At the largest offset of the run, R@10 of signs about each side's own mean is "
            "above twice that of signs about the gallery's mean.",
            cases=_own_mean,
            margin_source="twice: an offset as long as the embeddings should ruin a code that does "
            "not take it off, not dent it",
        ),
        _claim(
            name="compress_pca",
            statement="Of the same number of bits, signs of principal components are better than "
            "signs of the first dimensions.",
            evidence="Published: none; models that are not trained for prefixes have no reason to "
            "put what matters first.",
            test="At each length, R@1 and R@10 of signs about the mean after PCA are above those "
            "after a prefix.",
            cases=_pca,
        ),
    ]


def _claim(**parts) -> Claim:
    return Claim(paper=STUDY, section=WHERE, topic="search", not_printed=NO_PAPER, **parts)


def _kept(settings: Sequence[str], metrics: Sequence[str]) -> Cases:
    """What is kept of float32, less 100 %, by every setting of every model."""

    def cases(source: Ladder) -> Iterator[Case]:
        places = product(source.models, settings, DIRECTIONS, metrics)
        for model, setting, direction, metric in places:
            kept = source.retained(model, setting, direction, metric)
            if kept is not None:
                lost = kept - Estimate.exact(100)
                yield Case(f"{model}: {setting} of float32", direction, metric, lost)

    return cases


def _half_back(source: Ladder) -> Iterator[Case]:
    """Twice the rescored signs, minus signs alone, minus float32."""
    for model, direction, metric in product(source.models, DIRECTIONS, RECALLS):
        alone, again, exact = (
            source.estimate(model, setting, direction, metric)
            for setting in (SIGNS, AGAIN["code"], "float32")
        )
        if alone is not None and again is not None and exact is not None:
            what = f"{model}: 2 x {AGAIN['code']} - {SIGNS} - float32"
            yield Case(what, direction, metric, again + again - alone - exact)


def _own_mean(source: Ladder) -> Iterator[Case]:
    """Each side's own mean, minus twice the gallery's."""
    size = source.offsets["offset"].max()
    for direction in DIRECTIONS if size >= 1 else ():
        own, gallery = (source.offset(size, c, direction, "R@10") for c in (OWN, GALLERY))
        if own is not None and gallery is not None:
            what = f"{source.models[0]}, offset {size:g}: own - 2 x gallery's"
            yield Case(what, direction, "R@10", own - gallery - gallery)


def _pca(source: Ladder) -> Iterator[Case]:
    """Signs after PCA minus signs after a prefix, of every length that was run."""
    rows = source.grid[source.grid["quantizer"] == SIGNS]
    lengths = sorted(set(rows.loc[rows["reduction"] != "", "dimensions"]))
    for model, d, direction, metric in product(source.models, lengths, DIRECTIONS, RECALLS):
        after, prefix = (
            source.estimate(model, f"{SIGNS}:{kind}{d}", direction, metric)
            for kind in ("pca", "prefix")
        )
        if after is not None and prefix is not None:
            yield Case(f"{model}, {d} bits: pca - prefix", direction, metric, after - prefix)
