"""From a request to encodings: features, training and encoding, each kept under its key."""
