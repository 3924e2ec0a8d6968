"""From a Graph back to `.tflite` bytes: whatever was read can be written, and reads back equal."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from minilite.errors import ModelError
from minilite.format import encode, schema
from minilite.format.enums import enum_names
from minilite.format.options import BUILTIN_OPTIONS

from .model import Bytes, Graph, Node, Signature, Subgraph, Tensor

_DEPRECATED_CODES = 127  # codes from here on do not fit the old 8-bit field, which then holds this number


class _Buffers:
    """The buffers of a model being written; constants that are the same memory share one."""

    def __init__(self) -> None:
        self.tables: list[schema.Buffer] = [schema.Buffer()]
        self._known: dict[tuple[Any, ...], int] = {}
        self._alive: list[Bytes] = []

    def add(self, data: Bytes | None) -> int:
        """The index of the buffer with this data."""
        if data is None:
            return 0
        key = (data.__array_interface__["data"][0], data.size)
        if key not in self._known or not data.size:
            self._known[key] = len(self.tables)
            self._alive.append(data)
            self.tables.append(schema.Buffer(data=data))
        return self._known[key]


def write(graph: Graph) -> bytes:
    """The bytes of a `.tflite` file for `graph`."""
    buffers = _Buffers()
    codes: dict[tuple[str, int, bool], int] = {}
    subgraphs = tuple(_subgraph(subgraph, codes, buffers) for subgraph in graph.subgraphs)
    model = schema.Model(
        version=graph.version,
        operator_codes=tuple(map(_operator_code, codes)),
        subgraphs=subgraphs,
        description=graph.description,
        metadata=tuple(schema.Metadata(name=name, buffer=buffers.add(data)) for name, data in graph.metadata) or None,
        signature_defs=tuple(map(_signature, graph.signatures)) or None,
        buffers=tuple(buffers.tables),
    )
    return encode(model)


def save(graph: Graph, path: str | PathLike[str]) -> None:
    """Write `graph` to a file."""
    Path(path).write_bytes(write(graph))


def _vector(numbers: Sequence[int]) -> Any:
    return np.array(numbers, "<i4")


def _operator_code(key: tuple[str, int, bool]) -> schema.OperatorCode:
    name, version, is_custom = key
    numbers = {text: number for number, text in enum_names("BuiltinOperator").items()}
    builtin = "CUSTOM" if is_custom else name
    if builtin not in numbers:
        raise ModelError(f"{name!r} is no builtin operator; a custom one needs is_custom=True")
    return schema.OperatorCode(
        deprecated_builtin_code=min(numbers[builtin], _DEPRECATED_CODES),
        custom_code=name if is_custom else None,
        version=version,
        builtin_code=numbers[builtin],
    )


def _subgraph(subgraph: Subgraph, codes: dict[tuple[str, int, bool], int], buffers: _Buffers) -> schema.SubGraph:
    return schema.SubGraph(
        tensors=tuple(_tensor(tensor, buffers) for tensor in subgraph.tensors),
        inputs=_vector(subgraph.inputs),
        outputs=_vector(subgraph.outputs),
        operators=tuple(_node(node, codes) for node in subgraph.nodes),
        name=subgraph.name,
        debug_metadata_index=subgraph.debug_metadata_index,
    )


def _tensor(tensor: Tensor, buffers: _Buffers) -> schema.Tensor:
    return schema.Tensor(
        shape=_vector(tensor.shape),
        type=int(tensor.type),
        buffer=buffers.add(tensor.data),
        name=tensor.name,
        quantization=tensor.parameters,
        is_variable=tensor.is_variable,
        sparsity=tensor.sparsity,
        shape_signature=None if tensor.shape_signature is None else _vector(tensor.shape_signature),
        has_rank=tensor.has_rank,
        variant_tensors=tensor.variant_tensors,
    )


def _node(node: Node, codes: dict[tuple[str, int, bool], int]) -> schema.Operator:
    key = (node.op, node.version, node.is_custom)
    first = node.options is None or type(node.options) in BUILTIN_OPTIONS.members
    return schema.Operator(
        opcode_index=codes.setdefault(key, len(codes)),
        inputs=_vector(node.inputs),
        outputs=_vector(node.outputs),
        builtin_options=node.options if first else None,
        custom_options=node.custom_options,
        intermediates=None if node.intermediates is None else _vector(node.intermediates),
        builtin_options_2=None if first else node.options,
        debug_metadata_index=node.debug_metadata_index,
    )


def _signature(signature: Signature) -> schema.SignatureDef:
    def entries(named: Any) -> tuple[schema.TensorMap, ...]:
        return tuple(schema.TensorMap(name=name, tensor_index=index) for name, index in named.items())

    return schema.SignatureDef(
        inputs=entries(signature.inputs),
        outputs=entries(signature.outputs),
        signature_key=signature.key,
        subgraph_index=signature.subgraph,
    )
