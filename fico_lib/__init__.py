"""Fine-grained against coarse-grained image-text retrieval: the library behind the study.

One package per subject, from the ground up; each imports only from those before it:

    runtime  formats  datasets  features  encodings  metrics  similarity  search  models
    evaluation  costs  encoders  pipeline  report  chapters  study  cli

Importing any of them changes nothing of the process but `sys.modules`.
"""

__version__ = "0.2.0"
