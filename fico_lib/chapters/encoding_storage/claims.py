"""What FiCo-ITR says of encoding and storage, as claims (Sections 5.3 and 6, Table 5)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from fico_lib.chapters.encoding_storage.results import EncodingCosts
from fico_lib.costs.analytic import GIB, embedding_bytes, feature_bytes
from fico_lib.metrics.resampling import Estimate
from fico_lib.report import published
from fico_lib.report.claims import Case, Claim, Verdicts, judge
from fico_lib.report.costs.cases import ratio, spread

SETTING = "this machine"
IMAGES, TEXTS = 1_000_000, 5_000_000
HASHING = ("ucch", "dadh")
FG, VLP = ("imram", "vsrn", "scan"), ("blip2", "beit3")  # without the text's exceptions
CODES = ("adv64", *HASHING)  # of 64 bits
COMPACT = "xvlm"  # 256 dimensions, one vector per item
TENFOLD = (10**0.5, 10**1.5)

claim = partial(Claim, section="5.3", topic="encoding and storage", unit="times")


@dataclass(frozen=True)
class Encoding:
    """Costs by model. seconds: by (model, gallery); embeddings, features: GiB at 1M/5M."""

    seconds: Mapping[tuple[str, str], Estimate]
    embeddings: Mapping[str, float]
    features: Mapping[str, float]

    def has(self, *models: str) -> bool:
        """Whether all of these have a time in some gallery."""
        return set(models) <= {model for model, _ in self.seconds}

    def timed(self, models: Sequence[str], gallery: str) -> list[Estimate]:
        """The times in a gallery of those models that have one."""
        return [self.seconds[m, gallery] for m in models if (m, gallery) in self.seconds]

    @property
    def galleries(self) -> list[str]:
        """The galleries in which some model has a time."""
        return list(dict.fromkeys(gallery for _, gallery in self.seconds))


def printed() -> Encoding:
    """Table 5 as printed."""
    cells = published.table(5).dropna(subset="value")
    times = cells[cells["quantity"] == "encoding_time"]
    sizes = cells.set_index(["quantity", "model"])["value"]
    return Encoding(
        {(row.model, row.size): Estimate.exact(row.value) for row in times.itertuples()},
        sizes.loc["embedding_size"].to_dict(),
        sizes.loc["feature_size"].to_dict(),
    )


def measured(costs: EncodingCosts) -> Encoding:
    """This run: times in its smallest gallery, sizes by arithmetic (float32, packed bits)."""
    rows = costs.galleries.dropna(subset="seconds")
    rows = rows[rows["images"] == rows["images"].min()]
    stored = {
        name: embedding_bytes(one, IMAGES, TEXTS, "packed bits" if one.bits else "float32") / GIB
        for name, one in costs.known.items()
        if one.dimension is not None
    }
    kept = {name: feature_bytes(one, IMAGES, TEXTS) / GIB for name, one in costs.known.items()}
    return Encoding(_times(rows), stored, {name: gib for name, gib in kept.items() if gib})


def _times(rows: pd.DataFrame) -> dict[tuple[str, str], Estimate]:
    return {
        (row.model, f"{row.images:,} images"): spread(row.seconds, row.low, row.high)
        for row in rows.itertuples()
    }


def judged(costs: EncodingCosts) -> Verdicts:
    """All claims on the printed cells and on a run."""
    return judge(claims(), {SETTING: measured(costs)}, "encoding_storage")


def claims() -> list[Claim]:
    """The claims, in the order of the paper."""
    cells = {"Table 5, printed": printed()}
    at = published.table(5).set_index("cell")["printed"]
    return [*_sizes(at, cells), *_speeds(at, cells)]


def _sizes(at: Mapping[str, str], cells: Mapping[str, Encoding]) -> list[Claim]:
    least = min(case.estimate.value for source in cells.values() for case in _features(source))
    return [
        claim(
            name="codes_take",
            statement="Codes of 64 bits take 0.36 GiB for 1M images and 5M texts.",
            evidence=f"Table 5: {at['dadh embedding_size 1M/5M']}.",
            test="As packed bits they take between {margin:g} and {upper:g} GiB.",
            cases=lambda source: [
                Case(model, "", "", Estimate.exact(source.embeddings[model])) for model in CODES
            ],
            margin=0.355,
            upper=0.365,
            unit="GiB",
            margin_source="the printed number, rounded to two decimals",
            printed=cells,
        ),
        claim(
            name="codes_smaller",
            section="6",
            statement="They are over 15.8 times smaller than the most compact embeddings.",
            evidence=f"Table 5: {at[f'{COMPACT} embedding_size 1M/5M']} (256 float32) over "
            f"{at['dadh embedding_size 1M/5M']}.",
            test="256 float32 take more than {margin:g} times the bytes of 64 packed bits.",
            cases=_compact_over_codes,
            margin=15.8,
            margin_source="the number of the text",
            printed=cells,
        ),
        claim(
            name="features_dwarf_embeddings",
            statement="What attention has to keep is far larger than the embeddings.",
            evidence=f"Table 5, X-VLM: {at['xvlm feature_size 1M/5M']} and "
            f"{at['xvlm embedding_size 1M/5M']}.",
            test="It takes more than {margin:.0f} times the bytes, for every model that has both.",
            cases=_features,
            margin=least / 2,
            margin_source=f"half of the smallest printed ratio, {least:.0f}",
            printed=cells,
        ),
        claim(
            name="beit3_runs_out",
            statement="Intermediate embeddings keep BEiT-3 from encoding 10K images.",
            evidence="the text: 8.12 GiB per 1K/5K, of 80 GiB.",
            test="none.",
            lacks="the authors' implementation, which holds intermediate embeddings of the whole "
            "gallery; encoded in batches, as here, none of them is held",
            not_printed="no table has the 8.12 GiB of the text; ten times that would be 81.2 GiB",
        ),
    ]


def _speeds(at: Mapping[str, str], cells: Mapping[str, Encoding]) -> list[Claim]:
    def time(model: str, gallery: str) -> str:
        return at[f"{model} encoding_time {gallery}"]

    evidence = (
        f"Table 5, 100K/500K: IMRAM {time('imram', '100K/500K')}, VSRN "
        f"{time('vsrn', '100K/500K')}; UCCH {time('ucch', '100K/500K')}, DADH "
        f"{time('dadh', '100K/500K')}."
    )
    magnitude = {
        "margin": TENFOLD[0],
        "upper": TENFOLD[1],
        "margin_source": "nearer to a factor of 10 than to 1 or 100, on a scale of factors",
        "printed": cells,
    }
    return [
        claim(
            name="hashing_is_fast",
            statement="UCCH and DADH encode rapidly.",
            evidence=evidence,
            test="In the same gallery every other model takes longer than the slower of the two.",
            cases=_others_over_hashing,
            needs=HASHING,
            margin=1.0,
            margin_source="longer is a ratio above 1",
            printed=cells,
        ),
        claim(
            name="tenfold_to_fg",
            statement="Encoding takes ten times as long with fine-grained models as with codes.",
            evidence=evidence,
            test="The geometric mean of IMRAM, VSRN and SCAN is between {margin:.2g} and "
            "{upper:.2g} times that of UCCH and DADH.",
            cases=_means(FG, HASHING),
            needs=(*FG, *HASHING),
            **magnitude,
        ),
        claim(
            name="tenfold_to_vlp",
            statement="And ten times as long again with pre-trained models.",
            evidence=f"Table 5, 1K/5K: BLIP-2 {time('blip2', '1K/5K')}, BEiT-3 "
            f"{time('beit3', '1K/5K')}; IMRAM {time('imram', '1K/5K')}, VSRN "
            f"{time('vsrn', '1K/5K')}.",
            test="The geometric mean of BLIP-2 and BEiT-3 is between {margin:.2g} and {upper:.2g} "
            "times that of IMRAM, VSRN and SCAN.",
            cases=_means(VLP, FG),
            needs=(*VLP, *FG),
            **magnitude,
        ),
    ]


def _compact_over_codes(source: Encoding) -> Iterator[Case]:
    for model in CODES:
        size = source.embeddings[COMPACT] / source.embeddings[model]
        yield Case(f"{COMPACT} / {model}", "", "", Estimate.exact(size))


def _features(source: Encoding) -> Iterator[Case]:
    for model, size in source.features.items():
        if model in source.embeddings:
            yield Case(model, "", "", Estimate.exact(size / source.embeddings[model]))


def _others_over_hashing(source: Encoding) -> Iterator[Case]:
    for gallery in source.galleries:
        slower = max(source.timed(HASHING, gallery), key=lambda time: time.value)
        for (model, of), time in source.seconds.items():
            if of == gallery and model not in HASHING:
                yield Case(f"{model}, {gallery}", "", "", ratio(time, slower))


def _means(larger: Sequence[str], smaller: Sequence[str]) -> Callable[[Encoding], Iterator[Case]]:
    """The cases of the ratio of two groups' geometric means, in each gallery that has both.

    Printed groups lose those models that did not finish at a size.
    """

    def cases(source: Encoding) -> Iterator[Case]:
        for gallery in source.galleries:
            above, below = (source.timed(group, gallery) for group in (larger, smaller))
            if above and below:
                yield Case(gallery, "", "", ratio(_geometric_mean(above), _geometric_mean(below)))

    return cases


def _geometric_mean(times: Sequence[Estimate]) -> Estimate:
    ends = np.array([[time.value, *time.interval()] for time in times])
    return spread(*np.exp(np.log(ends).mean(0)))
