"""A model in real arithmetic: the float kernels on float64 values of codes, no tensor rounded, no code clamped.

What quantization adds is measured against this. `make_real` turns every tensor that stands for real numbers into
float64; run whole (`RealModel.program`) it is the model that the codes approximate, run one op at a time on the values
that a quantized run really had (`RealModel.outputs`) it shows what this op alone adds. QUANTIZE and DEQUANTIZE change
nothing, hybrid kernels lose their run-time codes, a state is float64 as well.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import MiniliteError, UnsupportedError
from .format.enums import TensorType
from .format.table import Table
from .format.table import replace as replace_fields
from .graph import Graph, Node, Subgraph, Tensor
from .graph.model import Shape
from .interpreter import StepResult
from .numerics.activation import NONE, RELU, RELU6, RELU_N1_TO_1
from .ops import OPS, Op
from .ops.prepare import REAL, input_forms
from .ops.state import State
from .program import Program, Step, bind

Array = NDArray[Any]
CLAMPS = (RELU, RELU_N1_TO_1, RELU6)
ACTIVATION = "fused_activation_function"


@dataclass(frozen=True, eq=False)
class RealModel:
    """A graph and its twin in float64, node by node and tensor by tensor at the same indices."""

    original: Graph
    graph: Graph
    ops: Mapping[str, Op] = field(repr=False)
    steps: dict[tuple[int, int], Step | UnsupportedError] = field(default_factory=dict, repr=False)

    def program(self, shapes: Mapping[int, Shape] | None = None) -> Program:
        """The whole model, for `execute`. Raises UnsupportedError for an op without a float kernel."""
        with _as_unsupported():
            return bind(self.graph, shapes, self.ops, REAL, "numpy")

    def step(self, subgraph: int, node: int) -> Step:
        """One node. Raises UnsupportedError when it has no float kernel, or runs subgraphs."""
        key = subgraph, node
        if key not in self.steps:
            self.steps[key] = self._bind_step(subgraph, node)
        found = self.steps[key]
        if isinstance(found, UnsupportedError):
            raise found
        return found

    def _bind_step(self, subgraph: int, node: int) -> Step | UnsupportedError:
        block = self.graph.subgraphs[subgraph]
        alone = replace(block, nodes=(block.nodes[node],))
        blocks = tuple(alone if one is block else one for one in self.graph.subgraphs)
        try:
            with _as_unsupported():
                step = bind(replace(self.graph, subgraphs=blocks), None, self.ops, REAL, "numpy", subgraph).steps[0]
        except UnsupportedError as error:
            return error
        if step.op.control is not None or step.op.uses_state:
            return UnsupportedError(f"{step.node.label}: has no real arithmetic of its own")
        return step

    def inputs(self, result: StepResult) -> tuple[Array | None, ...]:
        """The real values of what a step of the original read, None for an omitted input."""
        subgraph, indices = result.step.subgraph.index, result.step.node.inputs
        return tuple(
            None if array is None else self.values(subgraph, index, array)
            for index, array in zip(indices, result.inputs, strict=True)
        )

    def values(self, subgraph: int, index: int, array: Array) -> Array:
        """The real values of an array of one tensor, float64; as it is where it does not stand for real numbers."""
        tensor = self.graph.subgraphs[subgraph].tensors[index]
        if tensor.data is not None and tensor.value is not None:
            return tensor.value
        if tensor.type != TensorType.FLOAT64:
            return array
        return to_real(self.original.subgraphs[subgraph].tensors[index], array)

    def outputs(self, result: StepResult) -> tuple[Array, ...]:
        """What one step would have made in real arithmetic of the very values it read.

        Raises UnsupportedError when it has no real arithmetic.
        """
        return self.run(result.step.subgraph.index, result.step.node.index, self.inputs(result))

    def run(self, subgraph: int, node: int, inputs: tuple[Array | None, ...]) -> tuple[Array, ...]:
        """The outputs of one node for real inputs, None for an omitted one. Raises UnsupportedError as `step`."""
        step = self.step(subgraph, node)
        with np.errstate(all="ignore"), _as_unsupported():
            return step.run(inputs, State()).outputs


@contextmanager
def _as_unsupported() -> Iterator[None]:
    """What the codes allowed and their real values do not is a lack of real arithmetic, not of the model."""
    try:
        yield
    except UnsupportedError:
        raise
    except MiniliteError as error:
        raise UnsupportedError(f"no real arithmetic: {error}") from None


def make_real(graph: Graph, activations: bool = True, ops: Mapping[str, Op] = OPS) -> RealModel:
    """The model in real arithmetic. `activations=False` leaves out the fused ones that only clamp (RELU and its kin),
    to show what they are given; those inside a recurrent cell stay.
    """
    blocks = tuple(_real_subgraph(subgraph, activations, ops) for subgraph in graph.subgraphs)
    return RealModel(graph, replace(graph, subgraphs=blocks), ops)


def to_real(tensor: Tensor, array: Array) -> NDArray[np.float64]:
    """The real values of an array of `tensor`: of codes by its scale (eq. 1), of floats as they stand."""
    if array.dtype.kind == "f" or tensor.quantization is None:
        with np.errstate(invalid="ignore"):  # of a signalling NaN
            return array.astype(np.float64)
    return tensor.quantization.to_real(array)


def is_real(tensor: Tensor) -> bool:
    """Whether the tensor stands for real numbers: floats, or integers with a scale."""
    if tensor.dtype.kind == "f":
        return True
    affine = tensor.quantization
    return (
        affine is not None and tensor.dtype.kind in "iu" and bool(np.all((affine.scale > 0) & (affine.scale < np.inf)))
    )


def _real_subgraph(subgraph: Subgraph, activations: bool, ops: Mapping[str, Op]) -> Subgraph:
    read_by_plans, biases = _special_operands(subgraph, ops)
    tensors = []
    for tensor in subgraph.tensors:
        if tensor.index in biases:
            tensor = _real_tensor(tensor, biases[tensor.index])
        elif tensor.index not in read_by_plans and is_real(tensor):
            tensor = _real_tensor(tensor, None if tensor.value is None else to_real(tensor, tensor.value))
        tensors.append(tensor)
    nodes = subgraph.nodes if activations else tuple(_without_clamp(node, ops) for node in subgraph.nodes)
    return replace(subgraph, tensors=tuple(tensors), nodes=nodes)


def _real_tensor(tensor: Tensor, value: Array | None) -> Tensor:
    data = None if value is None else np.ascontiguousarray(value, np.float64).reshape(-1).view(np.uint8)
    return replace(tensor, type=TensorType.FLOAT64, parameters=None, data=data, sparsity=None, block_scales=None)


def _special_operands(subgraph: Subgraph, ops: Mapping[str, Op]) -> tuple[set[int], dict[int, Array]]:
    """The tensors whose numbers plans read, such as axes; and the real values of biases, which have no scale of their
    own: kernels add them to products, so their scale is that of x times that of w.
    """
    read_by_plans: set[int] = set()
    biases: dict[int, Array] = {}
    for node in subgraph.nodes:
        if node.op not in ops:
            continue
        forms = input_forms(ops[node.op].for_node(node), node)
        named = {form.name: index for form, index in zip(forms, node.inputs, strict=True) if index >= 0}
        read_by_plans.update(named[form.name] for form in forms if form.is_value and form.name in named)
        if {"x", "w", "b"} <= named.keys():
            value = _bias(*(subgraph.tensors[named[name]] for name in "xwb"))
            biases.update({} if value is None else {named["b"]: value})
    return read_by_plans, biases


def _bias(x: Tensor, w: Tensor, b: Tensor) -> Array | None:
    if b.value is None or b.dtype.kind not in "iu" or x.quantization is None or w.quantization is None:
        return None
    scale: Array = x.quantization.scale.astype(np.float64) * w.quantization.scale.astype(np.float64)
    return b.value * scale


def _without_clamp(node: Node, ops: Mapping[str, Op]) -> Node:
    recurrent = node.op in ops and any(form.is_state for form in ops[node.op].for_node(node).signature.inputs)
    if recurrent or not isinstance(node.options, Table) or getattr(node.options, ACTIVATION, NONE) not in CLAMPS:
        return node
    return replace(node, options=replace_fields(node.options, **{ACTIVATION: NONE}))
