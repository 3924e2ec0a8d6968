"""The dictionaries that describe tensors and nodes, with the official keys and values."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite.errors import InputError
from minilite.format import schema
from minilite.format.enums import DimensionType, TensorType
from minilite.graph import DTYPES, Node, Subgraph, Tensor
from minilite.graph.model import Shape

Details = dict[str, Any]

# The array types that the official interpreter names for elements that are no numbers of NumPy. bfloat16 has none.
STAND_INS: Mapping[TensorType, type] = MappingProxyType(
    {
        TensorType.STRING: np.bytes_,
        TensorType.RESOURCE: np.object_,
        TensorType.VARIANT: np.object_,
        TensorType.INT4: np.int8,
        TensorType.INT2: np.int8,
        TensorType.UINT4: np.uint8,
        TensorType.FLOAT8_E4M3FN: np.int8,
        TensorType.FLOAT8_E5M2: np.int8,
    }
)


def tensor_details(tensor: Tensor, shape: Shape, merge_zero_points: bool = False) -> Details:
    """What `get_tensor_details` says of one tensor, whose shape is now `shape`.

    `merge_zero_points` gives one zero point where all channels have the same. Raises InputError for an element type
    that has no NumPy type.
    """
    scales, zero_points, axis = _affine(tensor)
    sparsity = tensor.sparsity if tensor.data is not None else None  # only stored values can be sparse
    single = scales.size == 1
    if merge_zero_points and zero_points.size and (zero_points == zero_points[0]).all():
        zero_points = zero_points[:1]
    return {
        "name": tensor.name,
        "index": tensor.index,
        "shape": _int32(shape),
        "shape_signature": _int32(tensor.shape_signature or shape),
        "dtype": element_type(tensor),
        "quantization": (float(scales[0]), int(zero_points[0])) if single else (0.0, 0),
        "quantization_parameters": {
            "scales": scales,
            "zero_points": zero_points,
            "quantized_dimension": axis,
            "block_size": 0,
        },
        "sparsity_parameters": {} if sparsity is None else _sparsity(sparsity),
    }


def node_details(node: Node, subgraph: Subgraph) -> Details:
    """What `_get_ops_details` says of one node."""

    def types(indices: Shape) -> list[type]:
        return [element_type(subgraph.tensors[index]) for index in indices if index >= 0]

    return {
        "index": node.index,
        "op_name": node.op,
        "inputs": _int32(node.inputs),
        "outputs": _int32(node.outputs),
        "operand_types": types(node.inputs),
        "result_types": types(node.outputs),
    }


def element_type(tensor: Tensor) -> type:
    """The NumPy class of a tensor's elements. Raises InputError where there is none."""
    if tensor.type in STAND_INS:
        return STAND_INS[tensor.type]
    if tensor.type not in DTYPES:
        raise InputError(f"{tensor.label}: no NumPy type stands for {tensor.type.name}")
    return DTYPES[tensor.type].type


def _affine(tensor: Tensor) -> tuple[NDArray[np.float32], NDArray[np.int32], int]:
    affine = tensor.quantization
    if affine is None or tensor.parameters is None:
        return np.empty(0, np.float32), np.empty(0, np.int32), 0
    return affine.scale.astype(np.float32), affine.zero_point.astype(np.int32), tensor.parameters.quantized_dimension


def _sparsity(table: schema.SparsityParameters) -> Details:
    details: Details = {"traversal_order": _int32(table.traversal_order)}
    if table.block_map is not None:
        details["block_map"] = _int32(table.block_map)
    details["dim_metadata"] = [_dimension(dimension) for dimension in table.dim_metadata or ()]
    return details


def _dimension(table: schema.DimensionMetadata) -> Details:
    if table.format == DimensionType.DENSE:
        return {"format": 0, "dense_size": table.dense_size}
    return {
        "format": 1,
        "array_segments": _int32(getattr(table.array_segments, "values", None)),
        "array_indices": _int32(getattr(table.array_indices, "values", None)),
    }


def _int32(numbers: Any) -> NDArray[np.int32]:
    return np.array(() if numbers is None else numbers, np.int32)
