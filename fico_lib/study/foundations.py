"""The foundations: short notebooks in front of the study, without parameters or results."""

# Name -> title, in the order of reading.
FOUNDATIONS = {
    "retrieval": "What image-text retrieval is",
    "similarity": "Measures of similarity",
    "recall": "Recall at k",
    "average_precision": "Average precision",
    "ties": "Ties and hash codes",
    "encoders": "Dual, fusion and hybrid encoders",
    "approximate_search": "Exact and approximate search",
}
