"""From tables to a checked Graph: every index, size, type and order that can be checked without running."""

import io
import mmap
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from minilite.errors import InputError, ModelError
from minilite.format import decode, schema
from minilite.format.enums import TensorType, enum_names

from . import check
from .model import DTYPES, Bytes, Graph, Node, Shape, Signature, Subgraph, Tensor, printable, require_tensor

Source = str | PathLike[str] | bytes | bytearray | memoryview | BinaryIO
_MAPPED_BYTES = 1 << 20  # files from this size on are mapped into memory instead of read


def load(source: Source) -> Graph:
    """Read a model from a path, bytes, or a binary file object.

    Large files are mapped into memory, and constants are views of the file, not copies.
    Raises InputError for anything else and when the file cannot be opened, ModelError when it is not a valid model.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return read(source)
    if hasattr(source, "read"):
        return read(source.read())
    if not isinstance(source, (str, PathLike)):
        raise InputError(f"a model is a path, bytes or a binary file, not {type(source).__name__}")
    path = Path(fspath(source))
    try:
        with path.open("rb") as file:
            return read(_contents(file))
    except OSError as error:
        raise InputError(f"{path}: cannot read the model: {error.strerror or error}") from None
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def _contents(file: io.BufferedReader) -> bytes | mmap.mmap:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size >= _MAPPED_BYTES else file.read()


def read(data: Any) -> Graph:
    """The checked graph of a model in memory. Raises ModelError saying what is wrong, and where."""
    model = decode(data)
    codes = [_operator_name(i, code) for i, code in enumerate(model.operator_codes or ())]
    buffers = [buffer.data for buffer in model.buffers or ()]
    subgraphs = tuple(_subgraph(i, table, codes, model, buffers) for i, table in enumerate(model.subgraphs or ()))
    graph = Graph(
        subgraphs,
        tuple(_signature(i, table, subgraphs) for i, table in enumerate(model.signature_defs or ())),
        tuple((entry.name or "", _buffer(buffers, entry.buffer, "metadata")) for entry in model.metadata or ()),
        model.description,
        model.version,
    )
    return check.checked(graph)


def _operator_name(index: int, code: schema.OperatorCode) -> tuple[str, int, bool]:
    number = max(code.builtin_code, code.deprecated_builtin_code)
    name = enum_names("BuiltinOperator").get(number)
    if name is None:
        raise ModelError(f"operator code {index}: builtin operator {number} does not exist")
    if name != "CUSTOM":
        return name, code.version, False
    if not code.custom_code:
        raise ModelError(f"operator code {index}: a custom operator needs a name")
    return code.custom_code, code.version, True


def _buffer(buffers: list[Bytes | None], index: int, where: str) -> Bytes:
    if not 0 <= index < len(buffers):
        raise ModelError(f"{where}: buffer index {index} is out of range, the model has {len(buffers)} buffers")
    data = buffers[index]
    return np.empty(0, np.uint8) if data is None else data


def _subgraph(
    index: int,
    table: schema.SubGraph,
    codes: list[tuple[str, int, bool]],
    model: schema.Model,
    buffers: list[Bytes | None],
) -> Subgraph:
    nodes = tuple(_node(i, operator, codes) for i, operator in enumerate(table.operators or ()))
    computed = set(indices(table.inputs)).union(*(node.outputs for node in nodes))
    tensors = tuple(_tensor(i, tensor, buffers, i in computed) for i, tensor in enumerate(table.tensors or ()))
    return Subgraph(
        index,
        table.name or "",
        tuple(_with_block_scales(tensor, tensors) for tensor in tensors),
        nodes,
        indices(table.inputs),
        indices(table.outputs),
        table.debug_metadata_index,
    )


def _with_block_scales(tensor: Tensor, tensors: tuple[Tensor, ...]) -> Tensor:
    """A blockwise quantized tensor with the tensor its parameters name; any other as it is."""
    details = tensor.parameters.details if tensor.parameters is not None else None
    if not isinstance(details, schema.BlockwiseQuantization):
        return tensor
    return replace(tensor, block_scales=require_tensor(tensors, details.scales, f"{tensor.label}, blockwise scales"))


def indices(vector: Sequence[int] | Any | None) -> Shape:
    """A vector of integers as a tuple; an absent one is empty."""
    return () if vector is None else tuple(int(number) for number in vector)


def _tensor(index: int, table: schema.Tensor, buffers: list[Bytes | None], is_computed: bool) -> Tensor:
    where = f"tensor {index} {printable(table.name or '')!r}"
    try:
        kind = TensorType(table.type)
    except ValueError:
        raise ModelError(f"{where}: element type {table.type} does not exist") from None
    data = _buffer(buffers, table.buffer, where)
    stored = data if table.buffer and data.size else None
    if stored is None and 0 in indices(table.shape) and kind in DTYPES and not (is_computed or table.is_variable):
        stored = np.empty(0, np.uint8)  # a constant without elements, such as the shape of a scalar
    return Tensor(
        index,
        table.name or "",
        indices(table.shape),
        kind,
        table.quantization,
        stored,
        None if table.shape_signature is None else indices(table.shape_signature),
        table.is_variable,
        table.has_rank,
        table.sparsity,
        table.variant_tensors,
        table.buffer,
    )


def _node(index: int, table: schema.Operator, codes: list[tuple[str, int, bool]]) -> Node:
    if not 0 <= table.opcode_index < len(codes):
        raise ModelError(
            f"node {index}: operator code {table.opcode_index} is out of range, the model has {len(codes)}"
        )
    name, version, is_custom = codes[table.opcode_index]
    return Node(
        index,
        name,
        indices(table.inputs),
        indices(table.outputs),
        table.builtin_options if table.builtin_options is not None else table.builtin_options_2,
        version,
        is_custom,
        table.custom_options,
        None if table.intermediates is None else indices(table.intermediates),
        table.debug_metadata_index,
    )


def _signature(index: int, table: schema.SignatureDef, subgraphs: tuple[Subgraph, ...]) -> Signature:
    where = f"signature {index} {printable(table.signature_key or '')!r}"
    if not 0 <= table.subgraph_index < len(subgraphs):
        raise ModelError(f"{where}: subgraph {table.subgraph_index} is out of range, the model has {len(subgraphs)}")
    count = len(subgraphs[table.subgraph_index].tensors)

    def named(entries: Sequence[schema.TensorMap] | None) -> dict[str, int]:
        for entry in entries or ():
            if not 0 <= entry.tensor_index < count:
                raise ModelError(f"{where}: tensor index {entry.tensor_index} is out of range, there are {count}")
        return {entry.name or "": entry.tensor_index for entry in entries or ()}

    return Signature(table.signature_key or "", table.subgraph_index, named(table.inputs), named(table.outputs))
