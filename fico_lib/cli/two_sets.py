"""`fico evaluate` with queries and a database that have items and labels of their own."""

from dataclasses import dataclass
from pathlib import Path

from fico_lib.evaluation import EvaluationResult, evaluate_two_sets
from fico_lib.formats import read_array
from fico_lib.runtime.errors import InputError


@dataclass(frozen=True)
class TwoSets:
    """The options of that name: files of codes, or of embeddings, and of labels."""

    query_codes: Path | None
    database_codes: Path | None
    query_embeddings: Path | None
    database_embeddings: Path | None
    query_labels: Path | None
    database_labels: Path | None

    @property
    def given(self) -> Path | None:
        """What stands for the two sets as a source; None where no option of theirs is used."""
        return next((path for path in vars(self).values() if path is not None), None)

    def evaluate(self, bits: int | None, measure: str | None, settings: dict) -> EvaluationResult:
        """The result of what is in the files."""
        codes = self.query_codes, self.database_codes
        embeddings = self.query_embeddings, self.database_embeddings
        pair = codes if any(codes) else embeddings
        if (any(codes) and any(embeddings)) or not all(pair):
            raise InputError(
                "expected both of --query-codes and --database-codes, or both of "
                "--query-embeddings and --database-embeddings"
            )
        if self.query_labels is None or self.database_labels is None:
            raise InputError("--query-labels and --database-labels: expected both")
        if any(codes):
            if measure not in (None, "hamming"):
                raise InputError(f"codes are compared by hamming distance, not by {measure}")
            measure = "hamming"
        elif bits is not None or measure == "hamming":
            raise InputError(
                "embeddings are not codes: --query-codes and --database-codes take them"
            )
        arrays = [read_array(p) for p in (*pair, self.query_labels, self.database_labels) if p]
        return evaluate_two_sets(*arrays, bits=bits, measure=measure or "cosine", **settings)
