"""The cases of the book's metric lab: how an address names one, and what fico_lib says of it.

The page computes in the reader's browser, by formulas of its own (book/_static/lab/). Here a grid
of cases is written beside it, with the library's numbers, for the page to compare itself with.

    case=10=1/011           rankings of two queries, best first: 1 relevant, 0 not, = joins a tie
    gallery=100:5           in place of rankings: candidates, and how many of them are relevant
    codes=0110:0111r,0000   in place of rankings: the query's code, then the gallery's, r: relevant
    k=2                     and denominator, ties, mode; what is not named has the default
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fico_lib.metrics import DENOMINATORS, MODES, TIES
from fico_lib.metrics.chance import chance
from fico_lib.metrics.precision_recall import precision_at_recall_levels
from fico_lib.metrics.registry import Metric, metric
from fico_lib.metrics.tie_groups import TieGroups
from fico_lib.runtime.errors import InputError, unknown_name

NAMES = ("R@{k}", "mAP@{k}", "mAP@R", "nDCG@{k}", "P@{k}", "R-Precision", "MRR@{k}")
OPTIONS = {"denominator": DENOMINATORS, "ties": TIES, "mode": MODES}
LIMITS = {"queries": 6, "candidates": 26, "gallery": 100_000, "codes": 12, "bits": 16}
WORDS = {
    "case": "1 and 0 with = between tied places, as 10=1, / between queries, 6 of 26 at most",
    "k": "a whole number of at least 1",
    "gallery": "candidates:relevant, as 100:5, at most 100000",
    "codes": "codes of equally many bits, as 0110:0111r,0000, at most 12 of 16 bits",
}


@dataclass(frozen=True)
class Case:
    """What an address of the lab names; as written there."""

    case: str = ""
    k: int = 1
    denominator: str = DENOMINATORS[0]
    ties: str = TIES[0]
    mode: str = MODES[0]
    gallery: str = ""
    codes: str = ""

    def __str__(self) -> str:
        named = [(name, getattr(self, name)) for name in ("case", "gallery", "codes", "k")]
        named += [(n, getattr(self, n)) for n, o in OPTIONS.items() if getattr(self, n) != o[0]]
        return "&".join(f"{name}={value}" for name, value in named if value)

    @property
    def metrics(self) -> list[Metric]:
        """The metrics that the lab shows, under the conventions of the case."""
        entries = [metric(name.format(k=self.k)) for name in NAMES]
        return [entry.under(self.mode, self.denominator) for entry in entries]


def read_case(text: str) -> Case:
    """The case of an address; InputError that says what is wrong with it.

    >>> read_case("case=10=1&k=2").case
    '10=1'
    """
    named = {}
    for part in text.split("&"):
        name, _, value = part.partition("=")
        if name in OPTIONS:
            if value not in OPTIONS[name]:
                raise unknown_name(name, value, OPTIONS[name])
        elif name not in WORDS:
            raise unknown_name("part of a case", name, [*WORDS, *OPTIONS])
        elif not _is_valid(name, value):
            raise InputError(f"{name}: found {value!r}; expected {WORDS[name]}")
        if name in named:
            raise InputError(f"{name}: found twice in {text!r}; expected once")
        named[name] = int(value) if name == "k" else value
    return Case(**named)


def _is_valid(name: str, value: str) -> bool:
    if name == "k":
        return bool(re.fullmatch(r"[1-9]\d{0,5}", value))
    if name == "gallery":
        found = re.fullmatch(r"([1-9]\d{0,5}):(\d{1,6})", value)
        return bool(found) and int(found[2]) <= int(found[1]) <= LIMITS["gallery"]
    if name == "codes":
        found = re.fullmatch(r"([01]+):([01]+r?(?:,[01]+r?)*)", value)
        codes = found[2].split(",") if found else []
        sizes = {len(code.rstrip("r")) for code in codes}
        fits = bool(found) and sizes == {len(found[1])} and max(sizes) <= LIMITS["bits"]
        return fits and len(codes) <= LIMITS["codes"]
    rankings = value.split("/")
    return len(rankings) <= LIMITS["queries"] and all(
        re.fullmatch("[01](=?[01])*", r) and len(r.replace("=", "")) <= LIMITS["candidates"]
        for r in rankings
    )


def groups_of(ranking: str, ties: str = TIES[0]) -> tuple[list[int], list[int]]:
    """Candidates and relevant ones of each tie group; by index, each place is a group.

    >>> groups_of("10=1")
    ([1, 2], [1, 1])
    """
    if ties == "index":
        ranking = ranking.replace("=", "")
    groups = re.findall("[01](?:=[01])*", ranking)
    return [g.count("0") + g.count("1") for g in groups], [g.count("1") for g in groups]


def ranking_of_codes(text: str) -> str:
    """The gallery by Hamming distance from the query, equally near ones tied.

    >>> ranking_of_codes("0110:0111r,0000,1111")
    '10=0'
    """
    query, _, rest = text.partition(":")
    codes = rest.split(",")
    bits = np.array([[int(bit) for bit in code.rstrip("r")] for code in (query, *codes)])
    distances = (bits[1:] != bits[0]).sum(1)
    order = np.argsort(distances, kind="stable")
    tied = np.diff(distances[order], prepend=-1) == 0
    places = ["01"[codes[i].endswith("r")] for i in order]
    return "".join("=" * int(t) + place for t, place in zip(tied, places, strict=True))


def numbers(cases: Sequence[Case]) -> np.ndarray:
    """What the lab shows of cases, (n, 39) float64 in percent.

    For each metric its mean over the queries, the means under the least and the most favourable
    order of ties, and by chance; then precision at the eleven recall levels.
    """
    found = np.empty((len(cases), 4 * len(NAMES) + 11))
    batches: dict[Case, list[int]] = {}
    for row, case in enumerate(cases):
        batches.setdefault(replace(case, case="", gallery="", codes=""), []).append(row)
    for how, rows in batches.items():
        found[rows] = _of_batch([cases[row] for row in rows], how)
    return found


def _of_batch(cases: Sequence[Case], how: Case) -> np.ndarray:
    """As `numbers`, of cases that have the conventions `how`."""
    queries = [_queries(case) for case in cases]
    case_of_query = np.repeat(np.arange(len(cases)), [len(shown) for shown, _ in queries])
    shown = _tie_groups([query for each, _ in queries for query in each])
    tied = _tie_groups([query for _, each in queries for query in each])
    candidates = tied.count.sum(1)
    rules = ((shown, "expected" if how.ties == "index" else how.ties),)
    rules += ((tied, "pessimistic"), (tied, "optimistic"))
    columns = []
    for entry in how.metrics:
        columns += [entry.of_ranking(groups, int(candidates.max()), ties) for groups, ties in rules]
        columns.append(chance(entry, tied.total, candidates))
    columns += list(100 * precision_at_recall_levels(shown.count, shown.relevant).T)
    sums = [np.bincount(case_of_query, column) for column in columns]
    return np.stack(sums, 1) / np.bincount(case_of_query)[:, None]


def _queries(case: Case) -> tuple[list, list]:
    """The tie groups of each query, by the tie rule and as they are tied.

    The candidates of a gallery are one tie: its worst order, best order, and chance.
    """
    if case.gallery:
        candidates, relevant = map(int, case.gallery.split(":"))
        return ([([candidates], [relevant])],) * 2
    rankings = (ranking_of_codes(case.codes) if case.codes else case.case).split("/")
    return [groups_of(r, case.ties) for r in rankings], [groups_of(r) for r in rankings]


def _tie_groups(queries: list) -> TieGroups:
    """Queries with equally many groups, the last of them empty."""
    groups = np.zeros((2, len(queries), max(len(count) for count, _ in queries)), int)
    for row, (count, relevant) in enumerate(queries):
        groups[:, row, : len(count)] = count, relevant
    return TieGroups(*groups)


def grid(rankings: int = 2000, others: int = 200, seed: int = 0) -> Iterator[Case]:
    """Cases under all conventions: so many of rankings, and of galleries and of codes."""
    random = np.random.default_rng(seed)

    conventions = [
        Case(
            k=int(random.integers(1, 15)),
            **{name: str(random.choice(options)) for name, options in OPTIONS.items()},
        )
        for _ in range(64)
    ]
    for number in range(rankings):
        queries = [_ranking(random) for _ in range(1 if number % 2 else random.integers(2, 5))]
        yield replace(random.choice(conventions), case="/".join(queries))
    for _ in range(others):
        size = int(10 ** random.uniform(0, 4))
        relevant = int(random.integers(0, min(size, random.choice([5, size])) + 1))
        yield replace(random.choice(conventions), gallery=f"{size}:{relevant}")
    for _ in range(others):
        codes = random.integers(0, 2, (random.integers(2, 10), random.integers(1, 10)))
        texts = ["".join(map(str, code)) for code in codes]
        marked = [text + "r" * int(random.integers(2)) for text in texts[1:]]
        yield replace(random.choice(conventions), codes=f"{texts[0]}:{','.join(marked)}")


def _ranking(random: np.random.Generator) -> str:
    """A ranking of 1 to 12 candidates, from without to full of relevant ones and ties."""
    size, share, tied = random.integers(1, 13), random.choice([0.1, 0.4, 0.8]), random.random()
    places = (random.random(size) < share).astype(int)
    joined = random.random(size) < tied
    return "".join("=" * bool(i and joined[i]) + str(p) for i, p in enumerate(places))


def write_grid(path: Path) -> None:
    """Write the grid with the library's numbers as the script that the page loads."""
    cases = list(grid())
    rows = zip(map(str, cases), numbers(cases).round(9).tolist(), strict=True)
    text = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    path.write_text(f"const labGrid = [\n{text}\n];\n")
