"""L2_NORMALIZATION:  y[..., d] = x[..., d] / sqrt(sum over d of x[..., d] ** 2)

float32: the sum from first to last; the root is at least 1e-6.
int8, uint8: y_scale is 1/128, y_zero 0 or 128; the inverse root is an integer multiplier,
    acc = sum over d of (x - x_zero) ** 2
    y   = clamp(y_zero + rescale(x - x_zero))      m = 128 / sqrt(acc)

LOCAL_RESPONSE_NORMALIZATION:  y[..., c] = x[..., c] * (bias + alpha * sum of x[..., k] ** 2) ** -beta

float32, the factor in float64; k from c - radius to c + radius - 1: the reference kernel leaves the last neighbour out.

Follows tflite/kernels/l2norm.cc, internal/reference/l2normalization.h, integer_ops/l2normalization.h;
local_response_norm.cc, internal/reference/reference_ops.h.
Rescale rule: reference double.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.activation import L2NormOptions, LocalResponseNormalizationOptions
from minilite.numerics import libm
from minilite.numerics.activation import NONE
from minilite.numerics.affine import Range, code_range
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.inverse_root import inverse_root
from minilite.numerics.rescale import RULES, Multiplier, Rescale

from .call import Array, Call
from .op import Op, Staged, Variant, follows, on_microcontrollers
from .reads import whole_row

SMALLEST_NORM = np.float32(1e-6)
OUTPUT_BITS = 7  # the result is in steps of 2**-7
OUTPUT_ZERO = {"int8": 0, "uint8": 128}


def plan_float(call: Call[L2NormOptions]) -> None:
    call.require(call.options.fused_activation_function == NONE, "no fused activation is supported")


def normalize_float(plan: None, x: Array) -> Array:
    rows = x.reshape(-1, x.shape[-1]) if x.size else x.reshape(0, 1)
    norms = np.sqrt(np.add.accumulate(rows * rows, axis=1)[:, -1:])
    norms = np.where(norms < SMALLEST_NORM, SMALLEST_NORM, norms)  # NaN stays
    return np.asarray(rows / norms).reshape(x.shape)


class Plan(NamedTuple):
    """The constants of a quantized node."""

    x_zero: int
    y_zero: int
    rule: str
    codes: Range
    dtype: np.dtype[Any]


def plan_quantized(call: Call[L2NormOptions]) -> Plan:
    plan_float(call)
    x, y = call["x"], call["y"]
    expected = 2.0**-OUTPUT_BITS, OUTPUT_ZERO[y.dtype.name]
    found = f"scale {float(y.scale):.9g} and zero point {y.zero_point}"
    call.require((float(y.scale), y.zero_point) == expected, f"y has {found}, expected {expected[0]} and {expected[1]}")
    return Plan(x.zero_point, y.zero_point, call.rule, code_range(y.dtype), y.dtype)


def normalize_codes(plan: Plan, x: Array) -> Staged:
    if not x.size:
        return Staged(np.empty(x.shape, plan.dtype), {})
    values = x.reshape(-1, x.shape[-1]).astype(np.int64) - plan.x_zero
    squares = wrap_int32((values * values).sum(axis=1, keepdims=True))
    mantissa, shift = inverse_root(squares)
    if plan.dtype == np.uint8:  # shifts left before the product, and right after it, whatever the sign of the sum
        values, exponent = values << OUTPUT_BITS, -shift
    else:
        exponent = OUTPUT_BITS - shift
    multiplier = Multiplier(mantissa * 2.0 ** (exponent - 31), mantissa, exponent)
    steps = Rescale(RULES[plan.rule], multiplier)(values)
    codes = plan.codes.clamp(steps + plan.y_zero)
    stages = {
        "sum of the squares of x - x_zero": squares,
        "1 / root of that, mantissa": mantissa,
        "1 / root of that, exponent": -shift,
        "x - x_zero, shifted left for uint8": values,
        "128 * x / root, in steps of y": steps,
        "clamp": codes,
    }
    return Staged(codes.astype(plan.dtype).reshape(x.shape), stages)


def normalize_locally(plan: LocalResponseNormalizationOptions, x: Array) -> Array:
    squares, depth = x * x, x.shape[-1]
    sums = np.zeros_like(x)
    for offset in range(-min(plan.radius, depth), min(plan.radius, depth)):
        to = slice(max(0, -offset), max(0, min(depth, depth - offset)))
        sums[..., to] += squares[..., slice(max(0, offset), max(0, min(depth, depth + offset)))]
    factors = libm.power(plan.bias + plan.alpha * sums.astype(np.float64), np.array(-plan.beta))
    return np.asarray(x * factors.astype(x.dtype))


def normalize_sliding(plan: LocalResponseNormalizationOptions, x: Array) -> Array:
    """As the optimized kernel does: the window has its last neighbour too, and its sum slides along the channels."""
    depth, radius = x.shape[-1], plan.radius
    padded = np.zeros((*x.shape[:-1], depth + 2 * radius), x.dtype)
    padded[..., radius : radius + depth] = x * x * np.float32(plan.alpha)
    total = np.add.accumulate(np.zeros_like(x[..., :1]) if not radius else padded[..., : 2 * radius], axis=-1)[..., -1]
    sums = np.empty_like(x)
    for channel in range(depth):
        total = total + padded[..., channel + 2 * radius]
        sums[..., channel] = np.float32(plan.bias) + total
        total = total - padded[..., channel]
    return np.asarray(x * libm.power(sums, np.array(-plan.beta, np.float32)))


DOUBLE = follows(reference="double", **on_microcontrollers("double", has_cmsis_nn=False))
OPS = (
    Op(
        "L2_NORMALIZATION",
        "x[...,d] -> y[...]",
        L2NormOptions,
        (
            Variant("float", ("float32",), plan_float, normalize_float),
            Variant("quantized", ("int8", "uint8"), plan_quantized, normalize_codes, rules=DOUBLE),
        ),
        reads=whole_row,
    ),
    Op(
        "LOCAL_RESPONSE_NORMALIZATION",
        "x[n,h,w,c] -> y[n,h,w,c]",
        LocalResponseNormalizationOptions,
        (
            Variant("float", ("float32",), lambda call: call.options, normalize_locally),
            Variant("sliding", ("float32",), lambda call: call.options, normalize_sliding, rules=follows(optimized="")),
        ),
    ),
)
