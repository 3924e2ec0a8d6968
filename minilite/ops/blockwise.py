"""Blockwise quantization: rows cut into blocks, each with a scale of its own, zero points 0.

The scales, float16, are another constant tensor, which the quantization of the weights names.
Follows TfLiteBlockwiseQuantization as tflite/kernels/fully_connected.cc and embedding_lookup.cc read it.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minilite.format import schema
from minilite.format.enums import TensorType

from .call import Call


class Blocks(NamedTuple):
    """The length of a block, and the scales [rows,blocks]."""

    size: int
    scales: NDArray[np.float32]


def is_blockwise(call: Call[Any], name: str) -> bool:
    """Whether this operand is quantized in blocks."""
    return call[name].tensor.block_scales is not None


def blocks_of(call: Call[Any], name: str) -> Blocks:
    """The blocks of a matrix. Raises ModelError when its parameters do not fit its shape."""
    operand = call[name]
    tensor, parameters = operand.tensor.block_scales, operand.tensor.parameters
    assert tensor is not None
    assert parameters is not None
    assert isinstance(parameters.details, schema.BlockwiseQuantization)
    size = parameters.details.block_size
    call.require(len(operand.shape) == 2, f"{name} is quantized in blocks and needs two dimensions")
    rows, columns = operand.shape
    fits = size > 0 and columns % size == 0
    call.require(fits, f"rows of {columns} elements of {name} cannot be cut into blocks of {size}")
    is_half = tensor.type == TensorType.FLOAT16
    call.require(is_half, f"{tensor.label} has the scales of {name}: {tensor.type.name}, expected FLOAT16")
    value = tensor.value
    if value is None:
        call.fail(f"{tensor.label} has the scales of {name} and must be constant")
    expected = rows * columns // size
    call.require(value.size == expected, f"{tensor.label} has {value.size} scales, {name} has {expected} blocks")
    return Blocks(size, value.astype(np.float32).reshape(rows, columns // size))
