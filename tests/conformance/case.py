"""A conformance case, and the one-op models it draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from minilite.format import schema
from minilite.format.enums import TensorType
from minilite.format.table import Table
from minilite.graph import DTYPES, Graph, Node, Subgraph, Tensor
from minilite.graph.packed import PACKED_BITS, pack
from minilite.graph.strings import encode_strings
from minilite.ops import OPS, Op, Variant


def stored_bytes(array: Any, kind: TensorType) -> Any:
    """The bytes of a constant in the file."""
    if kind == TensorType.STRING:
        return encode_strings(array)
    return pack(array, kind) if kind in PACKED_BITS else array.reshape(-1).view(np.uint8)


class Operand(NamedTuple):
    """A tensor of a one-op model. `data` is its array; `constant` puts it into the file instead of the inputs.

    A `variable` tensor is state: neither a constant nor an input. With `sparsity`, `data` are the stored values.
    """

    type: str
    shape: tuple[int, ...]
    data: Any = None
    scale: Any = None
    zero_point: Any = None
    axis: int = 0
    constant: bool = False
    variable: bool = False
    sparsity: Any = None

    def tensor(self, index: int) -> Tensor:
        kind = TensorType[self.type.upper()]
        parameters = None
        if self.scale is not None:
            scale = np.atleast_1d(np.asarray(self.scale, np.float32))
            zero_point = np.broadcast_to(
                np.asarray(0 if self.zero_point is None else self.zero_point, np.int64), scale.shape
            ).copy()
            parameters = schema.QuantizationParameters(
                scale=scale, zero_point=zero_point, quantized_dimension=self.axis
            )
        array = np.ascontiguousarray(self.data, DTYPES[kind]) if self.constant else None
        data = None if array is None else stored_bytes(array, kind)
        shape, buffer, variable = tuple(self.shape), int(self.constant), self.variable
        return Tensor(
            index,
            f"tensor_{index}",
            shape,
            kind,
            parameters,
            data,
            is_variable=variable,
            sparsity=self.sparsity,
            buffer=buffer,
        )


@dataclass(frozen=True)
class OneOp:
    """A model of one node, and an array for each of its inputs, by tensor index."""

    graph: Graph
    inputs: dict[int, np.ndarray[Any, Any]]


def one_op(
    op: str,
    options: Table | None,
    inputs: Sequence[Operand | None],
    outputs: Sequence[Operand],
    version: int = 1,
    intermediates: Sequence[Operand] = (),
) -> OneOp:
    """The model of one node. An input that is None is left out; the others are constants, variables or graph inputs."""
    given = [operand for operand in inputs if operand is not None]
    tensors = tuple(operand.tensor(index) for index, operand in enumerate([*given, *outputs, *intermediates]))
    positions = iter(range(len(given)))
    node_inputs = tuple(-1 if operand is None else next(positions) for operand in inputs)
    node_outputs = tuple(range(len(given), len(given) + len(outputs)))
    between = tuple(range(len(given) + len(outputs), len(tensors))) or None
    arrays = {
        index: np.array(operand.data, tensors[index].dtype, order="C")
        for index, operand in enumerate(given)
        if not operand.constant and not operand.variable
    }
    node = Node(0, op, node_inputs, node_outputs, options, version, intermediates=between)
    return OneOp(Graph((Subgraph(0, "main", tensors, (node,), tuple(arrays), node_outputs),)), arrays)


EXACT: Mapping[str, float | str | None] = MappingProxyType({"optimized": None, "xnnpack": None})


@dataclass(frozen=True)
class Case:
    """One row of the support table: an op, the element types in the form of `Variant.types`, and what to draw.

    `types` is "any" for an op that only runs subgraphs. `tolerance` is None for equal bits; otherwise the largest
    difference as a share of the largest absolute value. `resolver` names the kernel set of LiteRT to compare with, for
    an op that its reference resolver lacks. `share` of the usual number of examples is drawn: less for kernels that
    only move elements, which have many types and do not look at the values. `deviation` says in a sentence why the
    official reference kernel is not followed; then `resolver` names the kernel set that is. `variant` names the one
    that is drawn, where several take these types.

    `sets` says of each other kernel set of LiteRT how well it is matched: None for equal bits, a tolerance, or a
    sentence why it is not compared.
    """

    op: str
    types: str
    draw: st.SearchStrategy[OneOp]
    tolerance: float | None = None
    resolver: str = "reference"
    share: float = 1.0
    deviation: str = ""
    variant: str = ""
    sets: Mapping[str, float | str | None] = field(default_factory=lambda: EXACT)

    def __str__(self) -> str:
        return f"{self.op}-{self.types.replace(' ', ',')}{self.variant and '-' + self.variant}"


def definitions(code: str) -> tuple[Op, ...]:
    """The op of this code and the others under it."""
    return (OPS[code], *(op for _, op in OPS[code].others))


def variants_of(code: str, types: str) -> list[Variant]:
    """The variants of an op that declare these types."""
    return [variant for op in definitions(code) for variant in op.variants if types in variant.types]


def variant_of(case: Case) -> Variant | None:
    """The variant of the op that declares the case's types, the reference kernels' if there is one.

    None for an op that only runs subgraphs.
    """
    named = [one for one in variants_of(case.op, case.types) if case.variant in ("", one.name)]
    return next((one for one in named if "reference" in one.rules), named[0] if named else None)
