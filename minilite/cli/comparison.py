"""minilite beside LiteRT on one model: every tensor that a node computes, over one run or several."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite import oracle
from minilite.errors import InputError
from minilite.graph import Graph, Node, Tensor
from minilite.graph.repair import repair_dimensions
from minilite.ops import OPS

from .output import Document

Array = NDArray[Any]


@dataclass
class Tally:
    """The differences of one tensor, summed over runs. `mismatch` says how its type or shape differs, if so."""

    tensor: Tensor
    node: Node
    elements: int = 0
    differing: int = 0
    largest: float = 0.0
    mismatch: str | None = None
    first: Document | None = None

    @property
    def is_equal(self) -> bool:
        """Whether no element differs in any run."""
        return self.differing == 0 and self.mismatch is None

    def add(self, ours: Array, theirs: Array, run: str) -> None:
        """Count one run."""
        self.elements += int(ours.size)
        try:
            found = oracle.difference(ours, theirs)
        except InputError:
            self.mismatch = f"{ours.dtype} {list(ours.shape)} here, {theirs.dtype} {list(theirs.shape)} in LiteRT"
            self.differing += int(ours.size)
            return
        self.differing += found.differing
        self.largest = float(np.fmax(self.largest, found.largest)) if found.differing else self.largest
        if found.first is not None and self.first is None:
            self.first = {"run": run, "at": found.first, "here": ours[found.first], "litert": theirs[found.first]}

    def document(self) -> Document:
        """The tensor for JSON."""
        return {
            "index": self.tensor.index,
            "name": self.tensor.name,
            "type": self.tensor.type.name.lower(),
            "node": self.node.index,
            "op": self.node.op,
            "elements": self.elements,
            "differing": self.differing,
            "largest": self.largest,
            "mismatch": self.mismatch,
            "first": self.first,
        }


@dataclass
class Comparison:
    """One model's comparison.

    `runs` names the inputs; `repair` says what LiteRT needed before it took the model; `unseen` are the tensors whose
    values LiteRT does not keep.
    """

    graph: Graph
    runs: list[str] = field(default_factory=list)
    repair: str | None = None
    tallies: dict[int, Tally] = field(default_factory=dict)
    unseen: set[int] = field(default_factory=set)
    _official: Graph | bytes | None = None

    def add(self, ours: Mapping[int, Array], data: bytes, inputs: Mapping[int, Array], kernels: str, run: str) -> None:
        """Run LiteRT on `inputs` and compare it with `ours`, every value by tensor index. Raises InputError."""
        theirs = self._litert(data, inputs, kernels)
        self.runs.append(run)
        main = self.graph.main
        for node in main.nodes:
            for index in node.outputs:
                if index not in theirs or self._is_left_over(node, index):
                    self.unseen.add(index)
                    continue
                tally = self.tallies.setdefault(index, Tally(main.tensors[index], node))
                tally.add(np.asarray(ours[index]), theirs[index], run)

    def _is_left_over(self, node: Node, index: int) -> bool:
        """Whether nobody reads an output of a node that runs subgraphs: LiteRT then leaves its memory as it was."""
        op, main = OPS.get(node.op), self.graph.main
        read = index in main.outputs or any(index in reader.inputs for reader in main.nodes)
        return op is not None and op.control is not None and not read

    def _litert(self, data: bytes, inputs: Mapping[int, Array], kernels: str) -> dict[int, Array]:
        try:
            return oracle.evaluate(self._official or data, inputs, kernels)
        except InputError as error:
            if self._official is not None or "quantized_dimension" not in str(error):
                raise
        repaired = repair_dimensions(self.graph)
        self._official = repaired.graph
        self.repair = (
            f"LiteRT refuses the file as it is; it was given a copy with quantized_dimension 0 "
            f"on {repaired.tensors} tensors of rank 1"
        )
        return oracle.evaluate(repaired.graph, inputs, kernels)

    @property
    def differing(self) -> list[Tally]:
        """The tensors that differ, in the order of the nodes."""
        return [tally for tally in self.tallies.values() if not tally.is_equal]

    def document(self, model: str) -> Document:
        """The model for JSON."""
        differing = self.differing
        return {
            "model": model,
            "error": None,
            "equal": not differing,
            "runs": self.runs,
            "repair": self.repair,
            "elements": sum(tally.elements for tally in self.tallies.values()),
            "differing": sum(tally.differing for tally in self.tallies.values()),
            "first_differing_tensor": differing[0].tensor.index if differing else None,
            "unseen": sorted(self.unseen),
            "tensors": [tally.document() for tally in self.tallies.values()],
        }
