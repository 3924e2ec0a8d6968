"""QUANTIZE:    y = y_zero + round(x / y_scale)                                              (eq. 2)
               y = y_zero + rescale(x - x_zero)            m = x_scale / y_scale             (eq. 6, 7)
DEQUANTIZE:  y = x_scale * (x - x_zero)                                                      (eq. 1)

QUANTIZE takes float32 to codes, per tensor or per channel, or codes to codes of another scale, zero point or type.
    float32: the quotient is float32, ties go away from zero. NaN, infinities and what does not fit into 32 bits become
             -2**31; the sum with y_zero wraps around, so they give the lowest code, or the highest when y_zero < 0.
    codes:   equal scales and zero points 128 apart, int8 <-> uint8, flip the upper bit, which the formula does as well.
DEQUANTIZE takes codes, per tensor or per channel, or float16, to float32: one rounding of the exact product.

Follows tflite/kernels/quantize.cc, dequantize.h and internal/reference/quantize.h, requantize.h, dequantize.h.
Rescale rule: reference double, microcontrollers double or single. The multiplier is formed in float64.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.empty import DequantizeOptions, QuantizeOptions
from minilite.graph.packed import PACKED_BITS
from minilite.numerics.affine import Affine, Range, code_range
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.rescale import Rescale, make_rescale
from minilite.numerics.rounding import to_int32

from .call import Array, Call
from .finish import finish_wrapping
from .op import UNCHANGED, Op, Staged, Variant, follows, on_microcontrollers, plan_nothing


class QuantizePlan(NamedTuple):
    """The constants of a node that takes real values to codes."""

    affine: Affine
    codes: Range
    dtype: np.dtype[np.generic]


def plan_quantize(call: Call[QuantizeOptions]) -> QuantizePlan:
    affine, y = _channels(call, "y"), call["y"]
    is_packed = y.tensor.type in PACKED_BITS
    call.require(not (is_packed and affine.per_channel), f"{y.tensor.type.name.lower()} takes one scale only")
    return QuantizePlan(affine, y.codes, y.dtype)


def _channels(call: Call[Any], name: str) -> Affine:
    """The quantization of an operand, its channels counted."""
    operand = call[name]
    affine, shape = operand.affine, operand.shape
    channels = shape[affine.axis] if 0 <= affine.axis < len(shape) else 1
    if affine.per_channel and affine.scale.size != channels:
        call.fail(f"{operand.tensor.label}: {affine.scale.size} scales for {channels} channels on axis {affine.axis}")
    return affine


def quantize(plan: QuantizePlan, x: Array) -> Staged:
    zero_point = plan.affine.broadcast(plan.affine.zero_point, x.ndim)
    steps = to_int32(plan.affine.steps(x))
    moved = wrap_int32(steps + zero_point)
    y = np.asarray(plan.codes.clamp(moved), plan.dtype)
    return Staged(
        y, {"x / y_scale, nearest, ties away": steps, "plus the zero point": moved, "kept within the type": y}
    )


class RequantizePlan(NamedTuple):
    """The constants of a node that takes codes to codes."""

    x_zero: int
    y_zero: int
    rescale: Rescale
    codes: Range
    dtype: np.dtype[np.generic]


def plan_requantize(call: Call[QuantizeOptions]) -> RequantizePlan:
    x, y = call["x"], call["y"]
    if x.dtype == y.dtype == np.int16:
        call.require_symmetric("x", "y")
    rescale = make_rescale(call.rule, np.float64(x.scale) / np.float64(y.scale))
    return RequantizePlan(x.zero_point, y.zero_point, rescale, code_range(y.dtype), y.dtype)


def accumulate(plan: RequantizePlan, x: Array) -> Array:
    difference: Array = wrap_int32(x.astype(np.int64) - plan.x_zero)
    return difference


def plan_dequantize(call: Call[DequantizeOptions]) -> Affine:
    affine = _channels(call, "x")
    if call["x"].dtype == np.int16:
        call.require(not affine.per_channel, "int16 takes one scale for the whole tensor only")
        call.require_symmetric("x")
    return affine


def dequantize(affine: Affine, x: Array) -> Staged:
    exact = affine.to_real(x)
    y = np.asarray(exact, np.float32)
    return Staged(y, {"x_scale * (x - x_zero), exact": exact, "nearest float32": y})


def widen(plan: None, x: Array) -> Array:
    return x.astype(np.float32)


QUANTIZE_REALS = Variant(
    "quantize",
    tuple(f"float32 -> {y}" for y in ("int8", "uint8", "int16", "int4", "uint4")),
    plan_quantize,
    quantize,
)
REQUANTIZE = Variant(
    "requantize",
    (
        *(f"{x} -> {y}" for x in ("int8", "uint8") for y in ("int8", "uint8", "int16")),
        *(f"int16 -> {y}" for y in ("int8", "int16", "int32")),
        *(f"int32 -> {y}" for y in ("int8", "int16")),
    ),
    plan_requantize,
    accumulate=accumulate,
    finish=finish_wrapping,
    rules=follows(reference="double", **on_microcontrollers("double", has_cmsis_nn=False)),
)
TO_INT32 = Variant(
    "requantize",
    ("int8 -> int32",),
    plan_requantize,
    accumulate=accumulate,
    finish=finish_wrapping,
    rules=follows(**on_microcontrollers("double", has_cmsis_nn=False)),
)
DEQUANTIZE_CODES = Variant(
    "dequantize",
    tuple(f"{x} -> float32" for x in ("int8", "uint8", "int16", "int4", "uint4", "int2")),
    plan_dequantize,
    dequantize,
)
WIDEN = Variant("widen", ("float16 -> float32",), plan_nothing, widen)

QUANTIZE = Op(
    "QUANTIZE", "x[...] -> y[...]", QuantizeOptions, variants=(QUANTIZE_REALS, REQUANTIZE, TO_INT32, UNCHANGED)
)
DEQUANTIZE = Op("DEQUANTIZE", "x[...] -> y[...]", DequantizeOptions, variants=(DEQUANTIZE_CODES, WIDEN, UNCHANGED))
OPS = (QUANTIZE, DEQUANTIZE)
