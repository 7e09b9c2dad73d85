"""Linear programming: how far an unknown can go.

A module of its own, as importing SciPy takes longer than most publications, and most need none.
"""

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

Key = Hashable
Interval = tuple[float, float]


def extremes(
    signs: Sequence[Mapping[Key, float]], constants: Sequence[float], of: Sequence[Key]
) -> dict[Key, Interval]:
    """The least and most of some unknowns, none negative, that fulfil equations together.

    `signs`: the factors of the unknowns in each equation. One without bound is infinite; if the
    equations contradict each other, nothing is known of any.
    """
    column = {key: n for n, key in enumerate(dict.fromkeys(k for each in signs for k in each))}
    entries = [(row, column[key], f) for row, each in enumerate(signs) for key, f in each.items()]
    rows, columns, factors = (np.array(part) for part in zip(*entries, strict=True))
    matrix = csr_array((factors, (rows, columns)), shape=(len(signs), len(column)))

    def furthest(number: int, direction: int) -> float:
        cost = np.zeros(len(column))
        cost[number] = direction
        answer = linprog(cost, A_eq=matrix, b_eq=np.array(constants), method="highs")
        return float(direction * answer.fun) if answer.status == 0 else float("inf") * -direction

    return {key: (max(0.0, furthest(column[key], 1)), furthest(column[key], -1)) for key in of}
