"""Figures, one module per chapter: a tidy table in, a matplotlib figure out."""
