"""A model as immutable values: what the file says, nothing about how it will be computed.

Graph: the file. Subgraph: one list of nodes. Node: one operator. Tensor: one value passed between nodes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite.errors import ModelError, UnsupportedError
from minilite.format import schema
from minilite.format.enums import TensorType
from minilite.format.table import Table
from minilite.numerics.affine import Affine, Range, code_range

from .packed import PACKED_BITS, unpack
from .sparse import densify
from .strings import decode_strings

Array = NDArray[Any]
Bytes = NDArray[np.uint8]
Shape = tuple[int, ...]

LONGEST_NAME = 60  # characters, in messages
DTYPES: Mapping[TensorType, np.dtype[Any]] = {
    TensorType.FLOAT32: np.dtype("<f4"),
    TensorType.FLOAT16: np.dtype("<f2"),
    TensorType.FLOAT64: np.dtype("<f8"),
    TensorType.BOOL: np.dtype("?"),
    TensorType.COMPLEX64: np.dtype("<c8"),
    TensorType.COMPLEX128: np.dtype("<c16"),
    TensorType.STRING: np.dtype(object),
    TensorType.RESOURCE: np.dtype("<i4"),  # a handle: the number of a resource in the State
    TensorType.VARIANT: np.dtype("<i4"),
    TensorType.INT4: np.dtype("<i1"),  # packed in the file, see packed.py
    TensorType.UINT4: np.dtype("<u1"),
    TensorType.INT2: np.dtype("<i1"),
    **{TensorType[f"INT{bits}"]: np.dtype(f"<i{bits // 8}") for bits in (8, 16, 32, 64)},
    **{TensorType[f"UINT{bits}"]: np.dtype(f"<u{bits // 8}") for bits in (8, 16, 32, 64)},
}


@dataclass(frozen=True, eq=False)
class Tensor:
    """One tensor of a subgraph.

    `shape` is the shape in the file; `shape_signature` marks free dimensions with -1. `data` is the stored constant as
    raw bytes (a view of the file), None for a value computed at run time. `block_scales` is the tensor with the scales
    of a blockwise quantized one.
    """

    index: int
    name: str
    shape: Shape
    type: TensorType
    parameters: schema.QuantizationParameters | None = None
    data: Bytes | None = None
    shape_signature: Shape | None = None
    is_variable: bool = False
    has_rank: bool = False
    sparsity: schema.SparsityParameters | None = None
    variant_tensors: tuple[Any, ...] | None = None
    buffer: int = 0
    block_scales: "Tensor | None" = None

    @property
    def label(self) -> str:
        """The tensor as messages name it: index and printable name, of a long one the beginning."""
        name = self.name if len(self.name) <= LONGEST_NAME else f"{self.name[: LONGEST_NAME - 3]}..."
        return f"tensor {self.index} {printable(name)!r}"

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy type of the tensor's values."""
        if self.type not in DTYPES:
            raise UnsupportedError(
                f"{self.label}: values of type {self.type.name} are not implemented, NumPy has no such type; "
                "convert the model with float32 or float16 values"
            )
        return DTYPES[self.type]

    @property
    def codes(self) -> Range:
        """Every code of the element type, an integer one: of INT4 -8 to 7, though an element takes a byte in memory."""
        codes = code_range(self.dtype)
        steps = 2 ** (8 - PACKED_BITS.get(self.type, 8))
        return Range(codes.low // steps, codes.high // steps)

    @cached_property
    def quantization(self) -> Affine | None:
        """The map from codes to real values, None when the tensor has no scale."""
        table = self.parameters
        if table is None or table.scale is None or not table.scale.size:
            return None
        zero_point = table.zero_point
        if zero_point is None or not zero_point.size:
            zero_point = np.zeros(table.scale.size, np.int64)
        # Some converters write the weights' dimension on rank-1 biases, where only 0 can be meant.
        return Affine(table.scale, zero_point, table.quantized_dimension if len(self.shape) > 1 else 0)

    @cached_property
    def value(self) -> Array | None:
        """The constant as a read-only array of the tensor's type and shape; None when computed at run time.

        A view of the file, unless its elements are packed into parts of bytes, or sparse.
        """
        if self.data is None:
            return None
        if self.type == TensorType.STRING:
            return decode_strings(self.data, self.shape, self.label)
        if self.type in PACKED_BITS:
            return unpack(self.data, self.type, self.shape)
        if self.sparsity is not None:
            return densify(np.frombuffer(self.data, self.dtype), self.sparsity, self.shape, self.label)
        return np.frombuffer(self.data, self.dtype).reshape(self.shape)

    def __repr__(self) -> str:
        affine = self.quantization
        about = [self.type.name.lower() + str(list(self.shape)), *([] if affine is None else [str(affine)])]
        return f"<{self.label}: {', '.join([*about, *(['constant'] if self.data is not None else [])])}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tensor) and _same_fields(self, other, ignore=("buffer",))

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, eq=False)
class Node:
    """One operator: its name, options, and the indices of its tensors (-1 for an input left out)."""

    index: int
    op: str
    inputs: Shape
    outputs: Shape
    options: Table | None = None
    version: int = 1
    is_custom: bool = False
    custom_options: Bytes | None = None
    intermediates: Shape | None = None
    debug_metadata_index: int = -1

    @cached_property
    def label(self) -> str:
        """The node as messages name it."""
        return f"{printable(self.op)} (node {self.index})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and _same_fields(self, other)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Subgraph:
    """Nodes in the order they run, and the tensors they pass on."""

    index: int
    name: str
    tensors: tuple[Tensor, ...]
    nodes: tuple[Node, ...]
    inputs: Shape
    outputs: Shape
    debug_metadata_index: int = -1

    def __repr__(self) -> str:
        name = printable(self.name)
        return f"<Subgraph {self.index} {name!r}: {len(self.nodes)} nodes, {len(self.tensors)} tensors>"


@dataclass(frozen=True)
class Signature:
    """A named entry point: argument names to tensor indices of one subgraph."""

    key: str
    subgraph: int
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Graph:
    """A whole model. `warnings` says what the file breaks without being unreadable."""

    subgraphs: tuple[Subgraph, ...]
    signatures: tuple[Signature, ...] = ()
    metadata: tuple[tuple[str, Bytes], ...] = ()
    description: str | None = None
    version: int = 3
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def main(self) -> Subgraph:
        """The subgraph that runs."""
        return self.subgraphs[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and _same_fields(self, other, ignore=("warnings",))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        main = self.main
        return (
            f"<Graph: {len(main.nodes)} nodes, {len(main.tensors)} tensors, "
            f"inputs {[_brief(main.tensors[i]) for i in main.inputs]}, "
            f"outputs {[_brief(main.tensors[i]) for i in main.outputs]}>"
        )


def _brief(tensor: Tensor) -> str:
    return f"{printable(tensor.name)} {tensor.type.name.lower()}{list(tensor.shape)}"


def printable(name: str) -> str:
    """A name from a file with control characters escaped, safe to print on a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in name)


def _same_fields(one: Any, other: Any, ignore: tuple[str, ...] = ()) -> bool:
    return all(
        _same(getattr(one, name), getattr(other, name)) for name in one.__dataclass_fields__ if name not in ignore
    )


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return one is not None and other is not None and np.array_equal(one, other)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def require_tensor(tensors: tuple[Tensor, ...], index: int, where: str) -> Tensor:
    """The tensor of this index, or a ModelError saying `where` the bad index stands."""
    if not 0 <= index < len(tensors):
        raise ModelError(f"{where}: tensor index {index} is out of range, the subgraph has {len(tensors)} tensors")
    return tensors[index]
