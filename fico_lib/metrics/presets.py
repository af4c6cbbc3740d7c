"""The conventions of other tools, each under the tool's name."""

from dataclasses import asdict, dataclass
from typing import Any

from fico_lib.metrics.conventions import Conventions
from fico_lib.runtime.registry import lookup


@dataclass(frozen=True)
class Preset:
    """All conventions of a tool: what it prints is what the evaluation gives under these.

    title: what it computes and under which names, in a line; source: where that is defined.
    """

    title: str
    source: str
    conventions: Conventions

    def settings(self) -> dict[str, Any]:
        """The arguments of `fico_lib.evaluation.evaluate`."""
        return asdict(self.conventions)


def _conventions(metrics: str, mode, ties, denominator, empty) -> Conventions:
    return Conventions(
        mode=mode, ties=ties, denominator=denominator, empty=empty,
        metrics=tuple(metrics.split()),
    )  # fmt: skip


PRESETS = {
    "fico-itr": Preset(
        "the paper's own package; category values are fractions there",
        "fico_itr 1.0.0, instance_retrieval and category_retrieval",
        _conventions("R@1 R@5 R@10 MedR MeanR mAP@10 mAP@100 mAP@N", "any", "index", "hits",
                     "zero"),
    ),
    "mteb": Preset(
        "ndcg_at_k, map_at_k, recall_at_k, precision_at_k, mrr_at_k; ties by document id there",
        "mteb, _evaluators/retrieval_metrics.py, through pytrec_eval",
        _conventions("nDCG@10 mAP@10 R@1 R@5 R@10 P@10 MRR@10", "fraction", "expected", "total",
                     "skip"),
    ),
    "clip-benchmark": Preset(
        "image_retrieval_recall@k and text_retrieval_recall@k",
        "CLIP_benchmark, metrics/zeroshot_retrieval.py: recall above 0",
        _conventions("R@1 R@5 R@10", "any", "index", "hits", "zero"),
    ),
    "torchmetrics": Preset(
        "RetrievalRecall, RetrievalMRR, RetrievalMAP, RetrievalNormalizedDCG, RetrievalPrecision, "
        "RetrievalRPrecision",
        "torchmetrics.retrieval, with empty_target_action='neg'",
        _conventions("R@1 R@5 R@10 MRR@10 mAP@10 mAP@N nDCG@10 P@10 R-Precision", "fraction",
                     "index", "hits", "zero"),
    ),
    "trec-eval": Preset(
        "map, map_cut, recall, P, Rprec, recip_rank, ndcg_cut; ties by document id there",
        "usnistgov/trec_eval, through ir_measures",
        _conventions("mAP@N mAP@10 R@5 R@10 P@10 R-Precision MRR@N nDCG@10", "fraction", "expected",
                     "total", "skip"),
    ),
    "dcmh": Preset(
        "calc_map_k with k = 50 and k = None: over the first k relevant items",
        "DCMH and the hashing code that copies it, calc_map_k",
        _conventions("mAP@50 mAP@N", "any", "index", "relevant", "zero"),
    ),
    "eccv": Preset(
        "eccv_r1, eccv_map_at_r, eccv_rprecision",
        "eccv_caption, compute_eccv_metrics",
        _conventions("R@1 mAP@R R-Precision", "any", "index", "total", "skip"),
    ),
}  # fmt: skip


def preset(name: str) -> Preset:
    """The preset of that name; InputError with the nearest name.

    >>> preset("dcmh").conventions.denominator
    'relevant'
    """
    return lookup("preset", PRESETS, name)
