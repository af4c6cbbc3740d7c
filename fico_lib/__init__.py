"""Fine-grained against coarse-grained image-text retrieval: the library behind the study.

The flow of data, left to right; a module imports only from what stands left of it:

    datasets -> features -> models -> encodings -> similarity | search -> ranking -> metrics
    -> results -> tables, figures -> notebooks -> book
"""

__version__ = "0.1.0"
