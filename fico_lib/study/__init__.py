"""The study: parameters, notebooks, the graph of what depends on what, and the book.

Only this package and the command line know of papermill, Snakemake and Jupyter Book.
"""
