"""compare: two sides tensor by tensor, the differences of each, and how much of them each op makes itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minilite import oracle
from minilite.graph import Node, Tensor
from minilite.oracle import Difference
from minilite.real import to_real
from minilite.tracing.sums import Errors

from .parting import Parting, alone, rule_text
from .side import Side

Array = NDArray[Any]


class First(NamedTuple):
    """The first element that differs: in which run, where, and what it is on either side."""

    run: str
    at: tuple[int, ...]
    ours: Any
    theirs: Any


@dataclass
class TensorComparison:
    """One tensor on both sides, summed over runs.

    `differing` and `largest` count codes, or elements of a float tensor; they are None where the two sides have not the
    same type, as in a quantized model and its float twin. `mismatch` says how the shapes differ, or the types of one
    file's tensor. `errors` are in real units, of the first side against the second. `alone` counts what differs when
    the op is given equal inputs, None where it cannot be run alone; `alone_share` is the largest such difference over
    the largest absolute value that the other side has in that run. `amplification` is the relative error of the
    tensor over the largest of those it was made from.
    """

    tensor: Tensor
    other: Tensor
    node: Node
    elements: int = 0
    differing: int | None = 0
    largest: float | None = 0.0
    mismatch: str | None = None
    first: First | None = None
    errors: Errors = field(default_factory=Errors)
    alone: int | None = None
    alone_share: float = 0.0
    amplification: float | None = None

    @property
    def relative(self) -> float:
        """The root of squared error over squared signal; 0 without error."""
        squares = self.errors.expected_squares
        return float(np.sqrt(self.errors.squares / squares)) if squares else float(self.errors.squares > 0)

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        if self.mismatch is not None:
            return False
        return self.differing == 0 if self.differing is not None else self.errors.squares == 0

    def add(self, ours: Array, theirs: Array, run: str) -> None:
        """Count one run."""
        self.elements += int(ours.size)
        same_type = ours.dtype == theirs.dtype
        if ours.shape != theirs.shape or (self.tensor.type == self.other.type and not same_type):
            self.mismatch = f"{ours.dtype} {list(ours.shape)} here, {theirs.dtype} {list(theirs.shape)} there"
            self.differing = (self.differing or 0) + int(ours.size)
            return
        if ours.dtype.kind in "biuf":
            self.errors.add(to_real(self.tensor, ours), to_real(self.other, theirs))
        if not same_type or self.differing is None or self.largest is None:
            self.differing = self.largest = None
            return
        found = oracle.difference(ours, theirs)
        self.differing += found.differing
        self.largest = float(np.fmax(self.largest, found.largest)) if found.differing else self.largest
        if found.first is not None and self.first is None:
            self.first = First(run, found.first, ours[found.first], theirs[found.first])

    def add_alone(self, found: Difference, theirs: Array) -> None:
        """Count what differs given equal inputs."""
        self.alone = (self.alone or 0) + found.differing
        if found.differing:
            sizes = np.abs(theirs[np.isfinite(theirs)]) if theirs.dtype.kind in "fc" else np.zeros(0)
            largest = float(sizes.max(initial=0))
            share = found.largest / largest if largest else found.largest and np.inf
            self.alone_share = float(np.fmax(self.alone_share, np.inf if np.isnan(share) else share))


@dataclass
class Comparison:
    """Two sides compared: a TensorComparison by tensor index of the first, in the order of the nodes.

    `parting` is the first op that differs given equal inputs. `unpaired` says why a tensor has no counterpart.
    """

    labels: tuple[str, str]
    tensors: dict[int, TensorComparison] = field(default_factory=dict)
    unpaired: dict[int, str] = field(default_factory=dict)
    parting: Parting | None = None
    runs: list[str] = field(default_factory=list)

    @property
    def differing(self) -> list[TensorComparison]:
        """The tensors that differ, in the order of the nodes."""
        return [tensor for tensor in self.tensors.values() if not tensor.is_equal]

    def add(self, one: Side, other: Side, pairs: Mapping[int, int] | None = None, run: str = "") -> None:
        """Count one run. `pairs` gives the tensor of `other` for each of `one`; None when both run the same file."""
        self.runs.append(run)
        for node in one.graph.main.nodes:
            found = alone(one, other, node.index) if pairs is None else {}
            for index, counterpart in self._paired(node, other, pairs):
                mine, theirs = one.graph.main.tensors[index], other.graph.main.tensors[counterpart]
                entry = self.tensors.setdefault(index, TensorComparison(mine, theirs, node))
                entry.add(np.asarray(one.values[index]), np.asarray(other.values[counterpart]), run)
                if index in found:
                    entry.add_alone(found[index], np.asarray(other.values[counterpart]))
                entry.amplification = self._amplification(entry)
                if self.parting is None and entry.alone:
                    rules = rule_text(one, node.index), rule_text(other, node.index)
                    self.parting = Parting(node.index, node.op, index, found[index], rules)

    def _paired(self, node: Node, other: Side, pairs: Mapping[int, int] | None) -> Iterator[tuple[int, int]]:
        for index in node.outputs:
            counterpart = index if pairs is None else pairs.get(index)
            if counterpart is None:
                self.unpaired[index] = "the other model has no tensor that stands for it"
            elif counterpart not in other.values:
                self.unpaired[index] = f"{other.label} has no value of it"
            else:
                yield index, counterpart

    def _amplification(self, entry: TensorComparison) -> float | None:
        made_from = [self.tensors[index].relative for index in entry.node.inputs if index in self.tensors]
        largest = max(made_from, default=0.0)
        return entry.relative / largest if largest else None


def compare(one: Side, other: Side, pairs: Mapping[int, int] | None = None) -> Comparison:
    """Two sides of one run; more runs are added with `Comparison.add`. See there for `pairs`."""
    comparison = Comparison((one.label, other.label))
    comparison.add(one, other, pairs)
    return comparison
