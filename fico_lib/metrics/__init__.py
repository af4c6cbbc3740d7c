"""Metrics: small pure functions of where the relevant candidates stand, one subject per file.

All of them speak of *tie groups*: candidates with the same score. A group has `above` candidates
ranked before it, `count` members, and `relevant` of those are relevant. What a tie is worth is a
named argument, `ties`:

- `expected`: the mean over all orders of the tied candidates, in closed form;
- `optimistic`, `pessimistic`: relevant candidates first, or last;
- `index`: the candidate that comes first in the data set comes first (decided while ranking: the
  metrics then see groups of one).
"""

TIES = ("expected", "optimistic", "pessimistic", "index")
DENOMINATORS = ("hits", "min", "total")
EMPTY = ("zero", "skip", "error")
MODES = ("any", "fraction")
