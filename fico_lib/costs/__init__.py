"""What a model costs: by arithmetic (`analytic`), by the clock (`measured`, `batches`, `steps`,
`scaling`), and beyond what was measured (`extrapolated`). `checkpoint` does it for any model of
transformers.
"""
