"""agree: every kernel set on one model, which of them agree, and where each pair parts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite import oracle
from minilite.errors import UnsupportedError
from minilite.graph import Graph
from minilite.program import KERNEL_SETS

from .parting import Parting, first_parting
from .side import Side, minilite_side

Array = NDArray[Any]
Inputs = Mapping[int, Array]


@dataclass
class Pair:
    """How the outputs of two sides differ, summed over runs.

    `top` counts the rows along the last axis of the first output whose largest element is at another place, of `rows`.
    `parting` is the first op that differs given equal inputs, in the first run in which one does.
    """

    first: str
    second: str
    elements: int = 0
    differing: int = 0
    largest: float = 0.0
    rows: int = 0
    top: int = 0
    parting: Parting | None = None

    def add(self, one: Side, other: Side) -> None:
        """Count one run."""
        for place, index in enumerate(one.graph.main.outputs):
            ours, theirs = one.values[index], other.values[index]
            found = oracle.difference(ours, theirs)
            self.elements += found.elements
            self.differing += found.differing
            self.largest = max(self.largest, found.largest)
            if place == 0 and ours.ndim and ours.size and ours.dtype.kind in "iuf":
                self.rows += ours.size // ours.shape[-1]
                self.top += int(np.count_nonzero(ours.argmax(-1) != theirs.argmax(-1)))
        if self.parting is None:
            self.parting = first_parting(one, other)


@dataclass
class Agreement:
    """`sets` took the model, in this order; `refused` says why others did not. `pairs` are by the names of two sets."""

    sets: tuple[str, ...]
    refused: dict[str, str] = field(default_factory=dict)
    pairs: dict[tuple[str, str], Pair] = field(default_factory=dict)
    runs: int = 0

    def pair(self, one: str, other: str) -> Pair:
        """The pair of two sets, in either order."""
        return self.pairs[(one, other) if (one, other) in self.pairs else (other, one)]


def agree(
    graph: Graph,
    runs: Iterable[Inputs],
    sets: Sequence[str] = KERNEL_SETS,
    engine: str = "auto",
    say: Callable[[str], None] = lambda text: None,
) -> Agreement:
    """Run every kernel set on the inputs of each run, by tensor index, and compare every pair of them.

    `say` is told what is going on. Raises UnsupportedError when no set takes the model.
    """
    found = Agreement(())
    for inputs in runs:
        sides = []
        for name in sets:
            say(f"minilite: runs {name}")
            try:
                sides.append(minilite_side(graph, inputs, name, engine))
            except UnsupportedError as error:
                found.refused[name] = str(error)
        if not sides:
            raise UnsupportedError(f"no kernel set takes the model; {sets[0]}: {found.refused[sets[0]]}")
        found.sets = tuple(side.label for side in sides)
        found.runs += 1
        for one, other in combinations(sides, 2):
            say(f"minilite: compares {one.label} with {other.label}")
            found.pairs.setdefault((one.label, other.label), Pair(one.label, other.label)).add(one, other)
    return found
