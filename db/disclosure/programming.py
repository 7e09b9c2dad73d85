"""Linear programming: how far an unknown can go.

A module of its own, as importing SciPy takes longer than most publications, and most need none.
"""

from collections.abc import Hashable, Mapping, Sequence
from math import inf

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

Key = Hashable
Interval = tuple[float, float]


def extremes(
    signs: Sequence[Mapping[Key, float]],
    constants: Sequence[float],
    of: Sequence[Key],
    *,
    enough: float = inf,
) -> dict[Key, Interval]:
    """The least and most of some unknowns, none negative, that fulfil equations together.

    `signs`: the factors of the unknowns in each equation. One without bound is infinite; if the
    equations contradict each other, nothing is known of any. An interval seen to be `enough` wide
    may be told narrower than it is: each solution tells something of every unknown, and few are
    asked about on their own.
    """
    column = {key: n for n, key in enumerate(dict.fromkeys(k for each in signs for k in each))}
    entries = [(row, column[key], f) for row, each in enumerate(signs) for key, f in each.items()]
    rows, columns, factors = (np.array(part) for part in zip(*entries, strict=True))
    matrix = csr_array((factors, (rows, columns)), shape=(len(signs), len(column)))

    low, high = np.full(len(column), inf), np.full(len(column), -inf)

    def look(number: int, direction: int) -> None:
        cost = np.zeros(len(column))
        cost[number] = direction
        answer = linprog(cost, A_eq=matrix, b_eq=np.array(constants), method="highs")
        if answer.status == 0:
            np.minimum(low, answer.x, out=low)
            np.maximum(high, answer.x, out=high)
        else:
            (low if direction > 0 else high)[number] = -direction * inf

    for number in (column[key] for key in of):
        for direction in (1, -1):
            if not high[number] - low[number] >= enough:
                look(number, direction)
    return {key: (max(0.0, float(low[column[key]])), float(high[column[key]])) for key in of}
