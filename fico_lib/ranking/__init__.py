"""Ranking: from blocks of scores to what the metrics need, without an order where none is needed.

Instance: count what beats the positive (`counts`). Category from scores: sort keys that carry the
relevance in their lowest bit (`keys`). Category from codes: a histogram over the
distances (`histogram`).
"""
