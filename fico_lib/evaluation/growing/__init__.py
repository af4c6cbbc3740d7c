"""Ranks in a gallery that is never held whole: shards are counted, one after the other."""
