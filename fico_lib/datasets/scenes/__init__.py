"""The embedded data set: procedural images of simple shapes, with captions and categories."""
