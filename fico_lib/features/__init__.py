"""Features: what a model sees of the images and captions of a split."""
