"""What a valid graph keeps, checked once on reading: sizes, types, order, quantization."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from minilite.errors import ModelError, UnsupportedError
from minilite.format import schema
from minilite.format.enums import TensorType, enum_names
from minilite.format.kinds import Scalar
from minilite.format.table import Table, fields
from minilite.numerics.affine import Affine, code_range

from .model import DTYPES, Graph, Node, Subgraph, Tensor, require_tensor
from .packed import PACKED_BITS, packed_size
from .sparse import check_sparsity
from .strings import decode_strings


def checked(graph: Graph) -> Graph:
    """`graph` with its warnings. Raises ModelError for what makes it unusable."""
    if not graph.subgraphs:
        raise ModelError("the model has no subgraph, nothing to run")
    warnings: list[str] = []
    for subgraph in graph.subgraphs:
        for tensor in subgraph.tensors:
            _check_size(tensor)
            warnings.extend(_check_quantization(tensor))
        _check_order(subgraph)
    return replace(graph, warnings=tuple(warnings))


def _check_size(tensor: Tensor) -> None:
    if any(length < 0 for length in tensor.shape):
        raise ModelError(f"{tensor.label}: negative dimension in shape {list(tensor.shape)}")
    if tensor.data is None or tensor.type not in DTYPES:
        return
    if tensor.sparsity is not None:
        _check_sparse(tensor, tensor.data.size, tensor.sparsity)
        return
    if tensor.type == TensorType.STRING:
        decode_strings(tensor.data, tensor.shape, tensor.label)
        return
    count = math.prod(tensor.shape)
    is_packed = tensor.type in PACKED_BITS
    expected = packed_size(tensor.type, count) if is_packed else count * DTYPES[tensor.type].itemsize
    if tensor.data.size != expected:
        raise ModelError(
            f"{tensor.label}: {tensor.type.name} {list(tensor.shape)} takes {expected} bytes, "
            f"its buffer {tensor.buffer} has {tensor.data.size}"
        )


def _check_sparse(tensor: Tensor, size: int, sparsity: schema.SparsityParameters) -> None:
    itemsize = tensor.dtype.itemsize
    if tensor.type in (TensorType.STRING, *PACKED_BITS):
        raise UnsupportedError(f"{tensor.label}: sparse values of type {tensor.type.name} are not implemented")
    if size % itemsize:
        raise ModelError(f"{tensor.label}: {size} bytes are no whole number of {tensor.type.name} values")
    check_sparsity(sparsity, tensor.shape, size // itemsize, tensor.label)


def _check_quantization(tensor: Tensor) -> Iterator[str]:
    affine = tensor.quantization
    if affine is None:
        return
    if affine.zero_point.size != affine.scale.size:
        raise ModelError(
            f"{tensor.label}: {affine.scale.size} scales but {affine.zero_point.size} zero points, expected as many"
        )
    assert tensor.parameters is not None
    axis, rank = tensor.parameters.quantized_dimension, len(tensor.shape)
    if not 0 <= axis < max(rank, 1):
        message = f"{tensor.label}: quantized_dimension {axis} is out of range, rank is {rank}"
        if rank != 1:
            raise ModelError(message)
        yield message + "; taken as 0"
    if affine.per_channel and rank and affine.scale.size != tensor.shape[affine.axis]:
        raise ModelError(
            f"{tensor.label}: {affine.scale.size} scales for {tensor.shape[affine.axis]} channels on axis {affine.axis}"
        )
    unusable = affine.scale[~(np.isfinite(affine.scale) & (affine.scale > 0))]
    if unusable.size:
        yield f"{tensor.label}: scale {unusable[0]} is not a positive number"
    _check_zero_points(tensor, affine)


def _check_zero_points(tensor: Tensor, affine: Affine) -> None:
    if tensor.type not in DTYPES or tensor.dtype.kind not in "iu":
        return
    low, high = code_range(tensor.dtype)
    if ((affine.zero_point < low) | (affine.zero_point > high)).any():
        raise ModelError(f"{tensor.label}: a zero point is outside the codes of {tensor.type.name}, {low} to {high}")


def _check_order(subgraph: Subgraph) -> None:
    where = f"subgraph {subgraph.index}"
    known = {tensor.index for tensor in subgraph.tensors if tensor.data is not None or tensor.is_variable}
    for index in subgraph.inputs:
        require_tensor(subgraph.tensors, index, f"{where}, inputs")
    known.update(subgraph.inputs)
    for node in subgraph.nodes:
        _check_node(node, subgraph, known, f"{where}, {node.label}")
        known.update(node.outputs)
    for index in subgraph.outputs:
        tensor = require_tensor(subgraph.tensors, index, f"{where}, outputs")
        if index not in known:
            raise ModelError(f"{where}: output {tensor.label} is never computed")


def _check_node(node: Node, subgraph: Subgraph, known: set[int], where: str) -> None:
    for index in node.inputs:
        if index == -1:
            continue
        tensor = require_tensor(subgraph.tensors, index, f"{where}, inputs")
        if index not in known:
            raise ModelError(f"{where}: reads {tensor.label} before anything computes it")
    for index in node.outputs:
        tensor = require_tensor(subgraph.tensors, index, f"{where}, outputs")
        if index in known:
            raise ModelError(f"{where}: writes {tensor.label}, which already has a value")
    for index in node.intermediates or ():
        if index != -1:
            require_tensor(subgraph.tensors, index, f"{where}, intermediates")
    if node.options is not None:
        _check_enums(node.options, where)


def _check_enums(options: Table, where: str) -> None:
    for field in fields(type(options)):
        if isinstance(field.kind, Scalar) and field.kind.enum:
            number, names = getattr(options, field.name), enum_names(field.kind.enum)
            if number not in names:
                raise ModelError(
                    f"{where}: option {field.name} is {number}, expected one of {', '.join(names.values())}"
                )
