"""Which tensor of a float model each tensor of its quantized twin stands for.

Node by node, in the order they run. A node has the float node whose output has the same name, if op and shapes agree.
A converter fuses, renames and inserts nodes, so where no name fits, structure decides: the float node with the same op
and options that reads the pairs of what the quantized node reads; of several the one whose constants are nearest. What
only converts between codes, or codes and reals, stands for the float tensor it reads. The rest is listed with a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minilite.errors import InputError, UnsupportedError
from minilite.format.table import Table, fields
from minilite.graph import Graph, Node, Tensor
from minilite.interpreter import to_input
from minilite.names import input_names
from minilite.ops.prepare import REAL
from minilite.real import RealModel, make_real

Array = NDArray[Any]
IGNORED = ("asymmetric_quantize_inputs", "quantized_bias_type", "pot_scale_int16")  # options of quantized kernels only


class Pair(NamedTuple):
    """A tensor of the float model; `node` makes it, None for an input or where nothing but a conversion is paired."""

    tensor: int
    how: str  # name, structure, conversion or input
    node: int | None = None


@dataclass
class Pairing:
    """The pairs by tensor index of the quantized model, and why its other nodes, by index, have none."""

    tensors: dict[int, Pair] = field(default_factory=dict)
    unpaired: dict[int, str] = field(default_factory=dict)

    def inputs_of(self, graph: Graph, reals: Mapping[int, Array]) -> dict[int, Array]:
        """The inputs of the float model from the real inputs of the quantized one, by tensor index."""
        tensors = graph.main.tensors
        return {
            pair.tensor: to_input(tensors[pair.tensor], reals[index])
            for index, pair in self.tensors.items()
            if index in reals
        }


def pair_models(quantized: Graph, floats: Graph) -> Pairing:
    """Pair the tensors of the main subgraphs. Raises InputError when the inputs of the models do not fit together."""
    pairing = Pairing()
    for index, other in _pair_inputs(quantized, floats).items():
        pairing.tensors[index] = Pair(other, "input")
    search = _Search(make_real(quantized), make_real(floats), pairing)
    for node in quantized.main.nodes:
        if _data(search.quantized, node):
            search.pair(node)
    return pairing


def _pair_inputs(quantized: Graph, floats: Graph) -> dict[int, int]:
    ours, theirs = input_names(quantized), input_names(floats)
    if len(ours) != len(theirs):
        raise InputError(f"the models have {len(ours)} and {len(theirs)} inputs, they are no pair")
    by_name = all(name in theirs for name in ours)
    pairs = {
        index: theirs[name] if by_name else other
        for (name, index), other in zip(ours.items(), theirs.values(), strict=True)
    }
    for index, other in pairs.items():
        one, two = quantized.main.tensors[index], floats.main.tensors[other]
        if one.shape != two.shape:
            shapes = f"{list(one.shape)} and {list(two.shape)}"
            raise InputError(f"input {one.label}: shapes are {shapes} in the two models, they are no pair")
    return pairs


class _Search:
    def __init__(self, quantized: RealModel, floats: RealModel, pairing: Pairing) -> None:
        self.quantized, self.floats, self.pairing = quantized, floats, pairing
        self.free = {node.index: node for node in floats.graph.main.nodes}
        self.by_name = {floats.graph.main.tensors[i].name: n for n in self.free.values() for i in n.outputs}

    def pair(self, node: Node) -> None:
        named = self.by_name.get(self.quantized.graph.main.tensors[node.outputs[0]].name) if node.outputs else None
        if named is not None and named.index in self.free and self._is_alike(node, named):
            self._take(node, named, "name")
        elif _converts(self.quantized, node):
            source = self.pairing.tensors.get(node.inputs[0])
            if source is not None:
                self.pairing.tensors[node.outputs[0]] = Pair(source.tensor, "conversion")
            else:
                self.pairing.unpaired[node.index] = "what it converts has no pair"
        else:
            self._pair_by_structure(node)

    def _pair_by_structure(self, node: Node) -> None:
        read = self._reads(node)
        if None in read.values():
            self.pairing.unpaired[node.index] = "what it reads has no pair"
            return
        candidates = [
            other
            for other in self.free.values()
            if self._is_alike(node, other) and self._float_reads(other) == list(read.values())
        ]
        if not candidates:
            self.pairing.unpaired[node.index] = f"no {node.op} of the float model has its options and reads its pairs"
            return
        distances = [self._distance(node, other) for other in candidates]
        self._take(node, candidates[int(np.argmin(distances))], "structure")

    def _take(self, node: Node, other: Node, how: str) -> None:
        del self.free[other.index]
        for index, found in zip(node.outputs, other.outputs, strict=True):
            self.pairing.tensors[index] = Pair(found, how, other.index)

    def _is_alike(self, node: Node, other: Node) -> bool:
        ours, theirs = self.quantized.graph.main.tensors, self.floats.graph.main.tensors
        same_kind = node.op == other.op and same_options(node.options, other.options)
        same_count = len(node.inputs) == len(other.inputs) and len(node.outputs) == len(other.outputs)
        return same_kind and same_count and _shapes(node, ours) == _shapes(other, theirs)

    def _reads(self, node: Node) -> dict[int, int | None]:
        """The float tensors paired with what a node reads, constants and states left out."""
        pairs = {index: self.pairing.tensors.get(index) for index in _data(self.quantized, node)}
        return {index: None if pair is None else pair.tensor for index, pair in pairs.items()}

    def _float_reads(self, node: Node) -> list[int]:
        return _data(self.floats, node)

    def _distance(self, node: Node, other: Node) -> float:
        """How far apart the real constants of two nodes are."""
        ours, theirs = self.quantized.graph.main.tensors, self.floats.graph.main.tensors
        distance = 0.0
        for index, found in zip(node.inputs, other.inputs, strict=True):
            one, two = (tensors[i].value if i >= 0 else None for tensors, i in ((ours, index), (theirs, found)))
            if one is not None and two is not None and one.shape == two.shape and one.dtype.kind == "f":
                distance += float(np.square(one - two).sum())
        return distance


def same_options(one: Table | None, other: Table | None) -> bool:
    """Whether two nodes have the same options, those left out that matter to codes only."""

    given = one or other
    if given is None:
        return True
    kind = type(given)
    ours, theirs = (kind() if table is None else table for table in (one, other))
    if type(ours) is not type(theirs):
        return False
    names = [field.name for field in fields(kind) if field.name not in IGNORED]
    return all(np.array_equal(getattr(ours, name), getattr(theirs, name)) for name in names)


def _converts(model: RealModel, node: Node) -> bool:
    """Whether a node changes nothing in real arithmetic: it only converts."""
    try:
        step = model.step(0, node.index)
    except UnsupportedError:
        return False
    return step.op.control is None and any(REAL in variant.rules for variant in step.op.variants)


def _data(model: RealModel, node: Node) -> list[int]:
    """The tensors a node reads, each once, neither constants nor states; of what a float model converts, the source."""
    tensors = model.graph.main.tensors
    read = dict.fromkeys(_origin(model, index) for index in node.inputs if index >= 0)
    return [index for index in read if tensors[index].data is None and not tensors[index].is_variable]


def _origin(model: RealModel, index: int) -> int:
    """The tensor that conversions, such as from float16, lead back to."""
    source = next((node for node in model.graph.main.nodes if index in node.outputs), None)
    return _origin(model, source.inputs[0]) if source is not None and _converts(model, source) else index


def _shapes(node: Node, tensors: tuple[Tensor, ...]) -> list[Any]:
    return [None if index < 0 else tensors[index].shape for index in (*node.inputs, *node.outputs)]
