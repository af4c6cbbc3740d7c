"""The printed cells of the papers' accuracy tables, in the form of a run's results."""

from functools import cache

from fico_lib.metrics.resampling import Estimate
from fico_lib.report import published

NAMES = {"mscoco": "MS-COCO, printed", "flickr30k": "Flickr30K, printed"}
TABLES = (2, 3, 4)
IMAGES = {"mscoco": 5000, "flickr30k": 1000}  # of the Karpathy test splits (Section 4)


class PrintedRuns:
    """FiCo-ITR's Tables 2, 3 and 4 of one data set; what a claim's test takes in place of `Runs`.

    Every printed number is an estimate without uncertainty: the tables give none.
    """

    def __init__(self, dataset: str) -> None:
        """dataset: "mscoco" or "flickr30k"."""
        self.n_images = IMAGES[dataset]
        self._values: dict[tuple[str, str, str], float] = {}
        self._groups: dict[str, str] = {}
        for number in TABLES:
            rows = published.table(number)
            rows = rows[(rows["dataset"] == dataset) & rows["value"].notna()]
            for row in rows.itertuples():
                self._values[row.model, row.direction, row.metric] = row.value
                self._groups[row.model] = row.group

    def models(self, family: str | None = None) -> list[str]:
        """The printed models, or those of a family: "FG", "CG", or "VLP", a part of "FG"."""
        kept = {"VLP": ("VLP FG",), "FG": ("VLP FG", "FG"), "CG": ("CG",)}
        return [
            model
            for model, group in self._groups.items()
            if family is None or group in kept[family]
        ]

    def has(self, *models: str) -> bool:
        """Whether all of these are printed for the data set."""
        return all(model in self._groups for model in models)

    def estimate(self, model: str, direction: str, metric: str) -> Estimate | None:
        """The printed number; None where there is none."""
        value = self._values.get((model, direction, metric))
        return None if value is None else Estimate.exact(value)


@cache
def printed_runs(*datasets: str) -> dict[str, PrintedRuns]:
    """The printed cells by the name of their setting, of both data sets unless some are named."""
    return {NAMES[dataset]: PrintedRuns(dataset) for dataset in datasets or NAMES}
