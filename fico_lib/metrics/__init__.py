"""Metrics: small pure functions of where the relevant candidates stand, one subject per file.

`fico_lib.metrics.registry` names them. All of them speak of *tie groups*: candidates with the same
score. A group has `above` candidates ranked before it, `count` members, and `relevant` of those are
relevant. What a tie is worth is a named argument, `ties`:

- `expected`: the mean over all orders of the tied candidates, in closed form;
- `optimistic`, `pessimistic`: relevant candidates first, or last;
- `index`: the candidate that comes first in the data set comes first (decided while ranking: the
  metrics then see groups of one).
"""

from typing import Literal, get_args

Ties = Literal["expected", "optimistic", "pessimistic", "index"]
Denominator = Literal["hits", "min", "total", "relevant"]
Empty = Literal["zero", "skip", "error"]
Mode = Literal["any", "fraction"]

TASKS = ("instance", "category")

# The first of each is the default.
TIES: tuple[Ties, ...] = get_args(Ties)
DENOMINATORS: tuple[Denominator, ...] = get_args(Denominator)
TOP_K_DENOMINATORS = DENOMINATORS[:3]  # of one sum, over the first k; `relevant` has another
EMPTY: tuple[Empty, ...] = get_args(Empty)
MODES: tuple[Mode, ...] = get_args(Mode)
