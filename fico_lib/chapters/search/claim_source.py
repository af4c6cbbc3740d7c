"""What claims about search are tested on: recalls and times, printed or of a run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fico_lib.chapters.search.results import Study
from fico_lib.metrics.resampling import Estimate
from fico_lib.report import published
from fico_lib.report.claims import Case
from fico_lib.report.costs.cases import ratio, share, spread

PRINTED = {"fg_flat": "flat", "fg_hnsw": "hnsw", "cg_flat": "code_flat", "cg_ivf": "code_ivf"}
CODE = "itq"  # the binariser of the paper's indexes here
FIRST = 1


@dataclass(frozen=True)
class Searches:
    """Searches by index and gallery; galleries in growing order.

    recall: percent of the queries whose nearest neighbour is among the first k, by (index, gallery,
    k); seconds: of all queries, by (index, gallery), at one k in a gallery; codes: R@1 of an
    exhaustive search over codes, in galleries that grow.
    """

    galleries: Sequence[str]
    recall: Mapping[tuple[str, str, int], Estimate]
    seconds: Mapping[tuple[str, str], Estimate]
    codes: Mapping[str, Estimate]

    def ratios(self, above: str, below: str, galleries: Sequence[str]) -> Iterator[Case]:
        """The time of one index over that of another, in each of these galleries."""
        for size in galleries:
            if (above, size) in self.seconds and (below, size) in self.seconds:
                both = self.seconds[above, size], self.seconds[below, size]
                yield Case(f"{above} / {below}, {size}", "", "", ratio(*both))

    def kept(self, index: str, cuts: Sequence[int]) -> Iterator[Case]:
        """The recall of an index in the largest gallery, at each of these k."""
        for k in cuts:
            if (found := self.recall.get((index, self.galleries[-1], k))) is not None:
                yield Case(index, "", f"R@{k}", found)

    def difference(self, a: tuple[str, int], b: tuple[str, int]) -> Iterator[Case]:
        """The recall of the first (index, k) minus that of the second, in the largest gallery."""
        (one, j), (other, k), size = a, b, self.galleries[-1]
        first, second = (self.recall.get((i, size, cut)) for i, cut in (a, b))
        if first is not None and second is not None:
            metric = f"R@{j}" if j == k else f"R@{j} - R@{k}"
            yield Case(one if one == other else f"{one} - {other}", "", metric, first - second)


def printed() -> Searches:
    """Table 7 as printed."""
    recall, seconds = {}, {}
    rows = published.table(7)
    for row in rows.itertuples():
        index = PRINTED[row.index]
        if row.quantity.startswith("R@"):
            recall[index, row.size, int(row.quantity[2:])] = Estimate.exact(row.value)
        elif row.quantity == "search_time":
            seconds[index, row.size] = Estimate.exact(row.value)
    galleries = list(rows["size"].unique())
    codes = {size: recall["code_flat", size, FIRST] for size in galleries}
    return Searches(galleries, recall, seconds, codes)


def measured(study: Study) -> Searches:
    """This run: shares of its queries, times from the fastest to the slowest repeat."""
    rows = study.paper[study.paper["refused"] == ""]
    names = rows["vectors"].map("{:,}".format) + " × " + rows["dimension"].astype(str)
    rows = rows.assign(size=names)
    usual = rows.drop_duplicates(["index", "size", "k"])  # the paper's settings come first
    recall = {
        (row.index, row.size, row.k): share(row.one_recall_percent, row.queries, seed=number)
        for number, row in enumerate(usual.itertuples())
    }
    deepest = rows[rows["search_k"] == rows.groupby("size")["search_k"].transform("max")]
    seconds = {
        (row.index, row.size): spread(row.search_seconds, row.fastest_seconds, row.slowest_seconds)
        for row in deepest.itertuples()
    }
    growth = study.growth[(study.growth["binariser"] == CODE) & (study.growth["k"] == FIRST)]
    queries = int(rows["queries"].iloc[-1])
    codes = {
        f"{row.vectors:,}": share(row.expected_percent, queries, seed=len(recall) + number)
        for number, row in enumerate(growth.sort_values("vectors").itertuples())
    }
    return Searches(list(names.unique()), recall, seconds, codes)
