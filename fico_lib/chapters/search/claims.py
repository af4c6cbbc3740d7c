"""What FiCo-ITR says of similarity search, as claims (Sections 5.4 and 6, Table 7)."""

from collections.abc import Iterator
from functools import partial
from itertools import chain, pairwise

from fico_lib.chapters.search.claim_source import FIRST, Searches, measured, printed
from fico_lib.chapters.search.results import Study
from fico_lib.report import published
from fico_lib.report.claims import Case, Claim, Verdicts, half_of_smallest, judge

SETTING = "synthetic vectors"
DEEP = 1000
CUTS = (FIRST, 100, DEEP)
SIMILAR = 2.0  # times that are within this factor of each other

claim = partial(Claim, section="5.4", topic="search", unit="percent")


def judged(study: Study) -> Verdicts:
    """All claims on the printed cells and on a run."""
    return judge(claims(), {SETTING: measured(study)}, "search")


def claims() -> list[Claim]:
    """The claims, in the order of the paper."""
    return [*_recalls(), *_times()]


def _at():
    """A function that returns a printed cell of the largest size: index, quantity -> text."""
    cells = published.table(7).set_index("cell")["printed"]
    return lambda index, quantity, size="1M/5M": cells[f"{index} {size} {quantity}"]


def _recalls() -> list[Claim]:
    at, cells = _at(), {"Table 7, printed": printed()}

    def codes(k: int) -> str:
        return f"CG Flat {at('cg_flat', f'R@{k}')} at R@{k}"

    more = partial(Searches.difference, a=("hnsw", FIRST), b=("code_ivf", FIRST))
    deeper = partial(Searches.difference, a=("code_flat", DEEP), b=("code_flat", FIRST))
    return [
        claim(
            name="hnsw_keeps",
            statement="HNSW over floats keeps 98 % of the nearest neighbours, at every k.",
            evidence=f"Table 7, 1M/5M: {at('fg_hnsw', 'R@1')}, {at('fg_hnsw', 'R@100')}, "
            f"{at('fg_hnsw', 'R@1000')}.",
            test="In the largest gallery it keeps more than {margin:g} % at R@1, R@100 and R@1000.",
            cases=lambda source: source.kept("hnsw", CUTS),
            margin=97.95,
            margin_source="98.0 before it was rounded",
            printed=cells,
        ),
        claim(
            name="binarising_loses",
            statement="64 bits lose most of the nearest neighbours at R@1.",
            evidence=f"Table 7, 1M/5M: {codes(FIRST)}.",
            test="In the largest gallery less than {upper:g} % are kept at R@1.",
            cases=lambda source: source.kept("code_flat", [FIRST]),
            upper=50.0,
            margin_source="most is more than half",
            printed=cells,
        ),
        claim(
            name="codes_recover",
            statement="They recover when more results are asked for.",
            evidence=f"Table 7, 1M/5M: {codes(FIRST)}, {codes(DEEP)}.",
            test="R@1000 is more than {margin:g} points above R@1, in the largest gallery.",
            cases=deeper,
            unit="points",
            printed=cells,
            **half_of_smallest(deeper, cells),
        ),
        claim(
            name="ivf_loses_little",
            statement="An inverted file over the codes loses little more.",
            evidence=f"Table 7, 1M/5M, R@1000: CG Flat {at('cg_flat', 'R@1000')}, CG IVF "
            f"{at('cg_ivf', 'R@1000')}.",
            test="It is less than {margin:g} points below the exhaustive search at R@1 and R@1000, "
            "in the largest gallery.",
            cases=_ivf_against_flat,
            margin=-2.05,
            unit="points",
            margin_source="the text calls 84.3 to 82.3 moderate, which may be 2.05 before rounding",
            printed=cells,
        ),
        claim(
            name="codes_decline",
            statement="Codes lose recall as the gallery grows.",
            evidence=f"Table 7, CG Flat, R@1: {at('cg_flat', 'R@1', '100K/500K')}, "
            f"{at('cg_flat', 'R@1', '500K/2.5M')}, {at('cg_flat', 'R@1')}.",
            test="In every larger gallery R@1 of 64 bits is lower than in the one before.",
            cases=_declines,
            unit="points",
            printed=cells,
        ),
        claim(
            name="floats_keep_more",
            section="6",
            statement="Floats keep considerably more at R@1 than codes, when both are indexed.",
            evidence=f"Table 7, 1M/5M, R@1: HNSW {at('fg_hnsw', 'R@1')}, CG IVF "
            f"{at('cg_ivf', 'R@1')}.",
            test="HNSW is more than {margin:g} points above CG IVF, in the largest gallery.",
            cases=more,
            unit="points",
            printed=cells,
            **half_of_smallest(more, cells),
        ),
    ]


def _times() -> list[Claim]:
    at, cells = _at(), {"Table 7, printed": printed()}
    similar = {
        "margin": 1 / SIMILAR,
        "upper": SIMILAR,
        "margin_source": "within a factor of two; the text gives no number but the pair that it "
        "calls similar",
    }
    indexed = (
        f"Table 7, search: HNSW {at('fg_hnsw', 'search_time', '100K/500K')} and "
        f"{at('fg_hnsw', 'search_time')}, CG IVF {at('cg_ivf', 'search_time', '100K/500K')} and "
        f"{at('cg_ivf', 'search_time')}, at 100K/500K and 1M/5M."
    )
    of_times = partial(claim, unit="times", printed=cells)
    return [
        of_times(
            name="code_search_scales",
            statement="Without an index, codes are searched faster than floats at every size.",
            evidence=f"Table 7, 1M/5M: FG Flat {at('fg_flat', 'search_time')}, CG Flat "
            f"{at('cg_flat', 'search_time')}.",
            test="The exhaustive search of floats takes more than {margin:g} times that of codes.",
            cases=lambda source: source.ratios("flat", "code_flat", source.galleries),
            margin=1.0,
            margin_source="longer is a ratio above 1",
        ),
        of_times(
            name="indexed_times_comparable",
            statement="With an index, their search times overlap across sizes.",
            evidence=indexed,
            test="HNSW takes between {margin:g} and {upper:g} times as long as CG IVF, at every "
            "size.",
            cases=lambda source: source.ratios("hnsw", "code_ivf", source.galleries),
            erratum="an erratum: the printed times differ 4.4 times at the smallest size and cross",
            **similar,
        ),
        of_times(
            name="codes_not_faster",
            section="6",
            statement="In a large gallery, codes with an index are no faster than floats with one.",
            evidence=indexed,
            test="HNSW takes less than {upper:g} times as long as CG IVF, in the largest gallery.",
            cases=lambda source: source.ratios("hnsw", "code_ivf", source.galleries[-1:]),
            upper=1.0,
            margin_source="no faster is a ratio below 1",
        ),
        claim(
            name="only_type_matters",
            statement="Only the type and the dimension of the embeddings decide the search time.",
            evidence="no number.",
            test="none.",
            lacks="the time of each index on several data sets of one size; this chapter compares "
            "their recall, which does depend on the data",
            not_printed="the paper searches synthetic vectors only",
        ),
        claim(
            name="hardware_favours_floats",
            statement="Search times converge because hardware favours floats.",
            evidence="no number.",
            test="none.",
            lacks="the same indexes on hardware without such instructions, or counts of "
            "instructions",
            not_printed="the paper uses one machine",
        ),
    ]


def _ivf_against_flat(source: Searches) -> Iterator[Case]:
    return chain.from_iterable(
        source.difference(("code_ivf", k), ("code_flat", k)) for k in (FIRST, DEEP)
    )


def _declines(source: Searches) -> Iterator[Case]:
    for (small, before), (large, after) in pairwise(source.codes.items()):
        yield Case(f"{small} - {large}", "", f"R@{FIRST}", before - after)
