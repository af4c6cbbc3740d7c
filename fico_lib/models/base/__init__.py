"""What models share: the interface, training, losses, selection, weights."""
