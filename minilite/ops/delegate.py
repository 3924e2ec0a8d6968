"""What the XNNPACK delegate asks of a node before it takes it: gates that give the reason why it does not, or "".

A node that the delegate leaves runs on the optimized kernels. Follows tflite/delegates/xnnpack/xnnpack_delegate.cc, the
functions Visit...Node and Check..., and the checks of XNNPACK's src/subgraph and src/operators when it makes a node.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from minilite.numerics.activation import NONE, RELU, RELU6, RELU_N1_TO_1

from .call import Call, Operand
from .op import Gate

SMALLEST_SCALE = np.finfo(np.float32).tiny  # no subnormal numbers
LARGEST_MULTIPLIER = 256  # of x_scale * w_scale / y_scale, itself excluded
BYTES = ("int8", "uint8")


def all_of(*gates: Gate) -> Gate:
    """The gate that gives the first reason of several."""
    return lambda call: next((reason for gate in gates if (reason := gate(call))), "")


def constant(*names: str) -> Gate:
    """These operands, where given, must be constants."""

    def gate(call: Call[Any]) -> str:
        return next((f"{name} is no constant" for name in names for each in call.every(name) if each.value is None), "")

    return gate


def one_scale(*names: str) -> Gate:
    """These operands, where they have 8 bits, need one scale along dimension 0, neither 0 nor subnormal."""

    def gate(call: Call[Any]) -> str:
        return first(f"{name} needs one scale" for name in names if not _has_one_scale(call[name]))

    return gate


def first(reasons: Iterable[str]) -> str:
    """The first of some reasons, "" when there is none."""
    return next(iter(reasons), "")


def _has_one_scale(operand: Operand) -> bool:
    if type_of(operand) not in BYTES:
        return True
    affine = operand.tensor.quantization
    return affine is not None and affine.scale.size == 1 and declared_axis(operand) == 0 and are_normal(affine.scale)


def type_of(operand: Operand) -> str:
    """The element type."""
    return operand.tensor.type.name.lower()


def declared_axis(operand: Operand) -> int:
    """The dimension that the file names for the scales, also where there is one scale only; 0 is all rank 1 has."""
    parameters = operand.tensor.parameters
    return 0 if parameters is None or len(operand.shape) == 1 else parameters.quantized_dimension


def are_normal(scales: Any) -> bool:
    """Whether scales are positive, finite and not subnormal."""
    return bool((np.isfinite(scales) & (scales >= SMALLEST_SCALE)).all())


# Ops with weights w, and a bias b: convolutions and FULLY_CONNECTED.


def fused_activation(call: Call[Any]) -> str:
    """The activations that XNNPACK fuses."""
    activation = call.options.fused_activation_function
    return "" if activation in (NONE, RELU, RELU_N1_TO_1, RELU6) else f"activation {activation} is not fused"


def weights_scaled(axis: int) -> Gate:
    """8-bit weights need zero points of 0, and one scale or one for each length of `axis`; uint8 weights one scale."""

    def gate(call: Call[Any]) -> str:
        w = call["w"]
        affine = w.tensor.quantization
        if type_of(w) == "uint8":
            return "" if _has_one_scale(w) else "w needs one scale"
        if affine is None or not are_normal(affine.scale):
            return "" if type_of(w) == "float32" else "w needs scales, neither 0 nor subnormal"
        if affine.per_channel and (affine.axis != axis or affine.scale.size != w.shape[axis]):
            return f"w has {affine.scale.size} scales along dimension {affine.axis}"
        return "w has a zero point" if affine.zero_point[0] else ""

    return gate


def bias_scaled(call: Call[Any]) -> str:
    """An int32 bias needs scales, one or one for each element, along dimension 0."""
    b = call.optional("b")
    if b is None or type_of(b) != "int32":
        return ""
    affine = b.tensor.quantization
    if affine is None or declared_axis(b) != 0 or not are_normal(affine.scale):
        return "b needs scales along dimension 0"
    if affine.scale.size not in (1, *b.shape):
        return f"b has {affine.scale.size} scales for {b.shape} elements"
    return "b has a zero point" if affine.zero_point.any() else ""


def bias_scaled_as_weights(call: Call[Any]) -> str:
    """An int32 bias needs as many scales as the weights have."""
    b = call.optional("b")
    if b is None or type_of(b) != "int32" or b.affine.scale.size == call["w"].affine.scale.size:
        return ""
    return f"b has {b.affine.scale.size} scales, w has {call['w'].affine.scale.size}"


def multiplier_fits(call: Call[Any]) -> str:
    """x_scale * w_scale / y_scale of 8-bit operands is below 256."""
    if type_of(call["y"]) not in BYTES:
        return ""
    largest = float((call["x"].scale * call["w"].affine.scale / call["y"].scale).max())
    return "" if largest < LARGEST_MULTIPLIER else f"the multiplier {largest:.4g} is not below {LARGEST_MULTIPLIER}"


def byte_weights(call: Call[Any]) -> str:
    """Weights of 8 bits or floats."""
    return "" if type_of(call["w"]) in (*BYTES, "float32") else f"w is {type_of(call['w'])}"


def has_bias(call: Call[Any]) -> str:
    """A bias is given."""
    return "" if call.optional("b") is not None else "it has no bias"


def not_empty(call: Call[Any]) -> str:
    """The output has elements."""
    return "" if math.prod(call["y"].shape) else "its output is empty"


def convolution(axis: int, *more: Gate) -> Gate:
    """The gate of a convolution."""
    return weighted(axis, byte_weights, bias_scaled_as_weights, not_empty, *more)


def weighted(axis: int, *more: Gate) -> Gate:
    """The gate of an op with constant weights, whose output channels lie along `axis`."""
    return all_of(
        fused_activation,
        constant("w", "b"),
        one_scale("x", "y"),
        weights_scaled(axis),
        bias_scaled,
        multiplier_fits,
        *more,
    )


SMALL_CODES = {"int4": 2, "int2": 4}  # weights of less than 8 bits, and what the depth must be a multiple of


def weights_in_whole_bytes(call: Call[Any]) -> str:
    """Rows of small weights fill their bytes; 2-bit ones have a scale for each unit."""
    w = call["w"]
    (units, depth), step = w.shape, SMALL_CODES.get(type_of(w), 1)
    if depth % step:
        return f"rows of {depth} weights of {type_of(w)} do not fill their bytes"
    return "int2 weights need a scale for each unit" if step == 4 and w.affine.scale.size != units else ""


def is_dense(call: Call[Any]) -> str:
    """Weights stored densely."""
    return "w is sparse" if call["w"].tensor.sparsity is not None else ""


fully_connected = weighted(0, is_dense, weights_in_whole_bytes)

LARGEST_PRODUCT_MULTIPLIER = 255  # of matrix products, itself included


def product_multiplier_fits(call: Call[Any]) -> str:
    """x_scale * w_scale / y_scale of a product of two matrices of codes, checked when w is a constant."""
    real = float(call["x"].scale * call["w"].scale / call["y"].scale)
    return (
        ""
        if call["w"].value is None or 0 < real <= LARGEST_PRODUCT_MULTIPLIER
        else f"the multiplier {real:.4g} is 0 or above 255"
    )


def symmetric_weights(call: Call[Any]) -> str:
    """Matrices w need a zero point of 0."""
    return "w has a zero point" if call["w"].affine.zero_point[0] else ""


matrix_product = all_of(one_scale("x", "w", "y"), symmetric_weights, product_multiplier_fits)


def matrix_scales(call: Call[Any]) -> str:
    """Scales of w, one or one for each column, neither 0 nor subnormal."""
    affine, axis = call["w"].affine, len(call["w"].shape) - (2 if call.options.adj_y else 1)
    if affine.per_channel and affine.axis != axis:
        return f"w has scales along dimension {affine.axis}"
    return "" if are_normal(affine.scale) else "w has a scale that is 0 or subnormal"


hybrid_matrix_product = all_of(matrix_scales, symmetric_weights)
