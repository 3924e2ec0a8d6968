"""HARD_SWISH:  y = x * min(max(x + 3, 0), 6) / 6

float32: in this order, each step rounded.
int8, uint8: in 16-bit fixed point,
    v = (x - x_zero) * 2**7                                   x in steps of x_scale / 128
    p = v * m_y                                               x in steps near y's, m_y = x_scale / 128 / y_scale
    r = (saturate(v * m_r) + 1) / 2                           min(max(x / 3, -1), 1), moved to [0, 1]
    y = clamp(y_zero + r * p, shifted right to steps of y)    m_r = x_scale / 128 / (3 / 32768)

Follows tflite/kernels/activations.cc and internal/reference/hard_swish.h.
The multipliers are formed in float32 and keep 16 bits; the steps are those of numerics/fixed_point.py, none of RULES.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.empty import HardSwishOptions
from minilite.numerics.affine import Range, code_range
from minilite.numerics.fixed_point import (
    divide_toward_zero,
    doubling_high_multiply_int16,
    reduce_to_int16,
    rounding_right_shift_int16,
    saturate_int16,
)
from minilite.numerics.rescale import quantize_multiplier
from minilite.numerics.runs import Blocks

from .call import Array, Call
from .delegate_floats import flushed
from .delegate_plain import unary
from .op import Op, Staged, Variant, follows, plan_nothing

HIGH_RESOLUTION = 2**7
LARGEST_EXPONENT = 31
FLOATS_AT_ONCE = 4  # of the optimized kernel


def compute_float(plan: None, x: Array) -> Array:
    real = x.dtype.type
    inner = x + real(3)
    inner = np.where(inner > 0, inner, real(0))  # which also stands for NaN
    return np.asarray(x * np.where(inner < 6, inner, real(6)) / real(6))


def compute_in_blocks(plan: None, x: Array) -> Array:
    """Times 1/6 before the other factor in whole blocks, after it in what is left over."""
    sixth = np.float32(1 / 6)
    inner = x + np.float32(3)
    inner = np.where(inner > 0, inner, np.float32(0))
    inner = np.where(inner < 6, inner, np.float32(6))
    return Blocks(x.size, FLOATS_AT_ONCE).choose(x * sixth * inner, x * inner * sixth)


def compute_fused(plan: None, x: Array) -> Array:
    """x * (x / 6 + 1/2, within 0 and 1), the inner sum rounded once."""
    x = flushed(x)
    gate = (x * np.float64(np.float32(1 / 6)) + 0.5).astype(np.float32)
    gate = np.where(gate > 0, gate, np.float32(0))
    return flushed(np.where(gate < 1, gate, np.float32(1)) * x)


class Factor(NamedTuple):
    """A multiplier  mantissa * 2**(exponent - 15)  with a mantissa of 16 bits."""

    mantissa: int
    exponent: int


class Plan(NamedTuple):
    """The constants of a quantized node."""

    x_zero: int
    y_zero: int
    to_output: Factor  # from steps of x_scale / 128 to those of y
    to_thirds: Factor  # from steps of x_scale / 128 to those of 3 / 32768
    codes: Range
    dtype: np.dtype[Any]


def plan_quantized(call: Call[HardSwishOptions]) -> Plan:
    x, y = call["x"], call["y"]
    step = np.float32(1 / HIGH_RESOLUTION) * x.scale
    to_output, to_thirds = factor(call, step / y.scale), factor(call, step / np.float32(3 / 32768))
    call.require(to_output.exponent <= 0, f"x_scale / y_scale is {x.scale / y.scale:.6g}, expected below 128")
    return Plan(x.zero_point, y.zero_point, to_output, to_thirds, code_range(y.dtype), y.dtype)


def factor(call: Call[HardSwishOptions], real: np.float32) -> Factor:
    """`real` with 16 bits. Raises ModelError for one that needs a shift beyond 31."""
    call.require(bool(real < 2.0**LARGEST_EXPONENT), f"a multiplier is {real:.6g}, the scales are too far apart")
    multiplier = quantize_multiplier(np.float64(real))
    return Factor(int(reduce_to_int16(multiplier.mantissa)), int(multiplier.exponent))


def compute_quantized(plan: Plan, x: Array) -> Staged:
    v = (x.astype(np.int64) - plan.x_zero) * HIGH_RESOLUTION
    preshifted = doubling_high_multiply_int16(v, plan.to_output.mantissa)
    gate = (saturating_rescale(v, plan.to_thirds) + 2**15) // 2
    product = divide_toward_zero(gate * preshifted, np.int64(2**15))
    steps = rounding_right_shift_int16(product, -plan.to_output.exponent)
    codes = plan.codes.clamp(steps + plan.y_zero)
    stages = {
        "v = (x - x_zero) * 2**7": v,
        "p = v * m_y": preshifted,
        "r = (v * m_r + 1) / 2, in 2**-15": gate,
        "r * p": product,
        "in steps of y": steps,
        "clamp": codes,
    }
    return Staged(np.asarray(codes, plan.dtype), stages)


def saturating_rescale(value: Array, by: Factor) -> Array:
    """value * by, in 16 bits. The last bit of a shift left comes after the product: no other can saturate for good."""
    if by.exponent > 0:
        value = saturate_int16(value << (by.exponent - 1))
    value = doubling_high_multiply_int16(value, by.mantissa)
    if by.exponent > 0:
        return saturate_int16(value << 1)  # type: ignore[no-any-return]
    return rounding_right_shift_int16(value, -by.exponent)  # type: ignore[no-any-return]


HARD_SWISH = Op(
    "HARD_SWISH",
    "x[...] -> y[...]",
    HardSwishOptions,
    (
        Variant("float", ("float32",), plan_nothing, compute_float),
        Variant("float in blocks", ("float32",), plan_nothing, compute_in_blocks, rules=follows(optimized="")),
        Variant(
            "float, fused",
            ("float32",),
            plan_nothing,
            compute_fused,
            rules=follows(xnnpack=""),
            gates={"xnnpack": unary()},
        ),
        Variant("fixed point", ("int8", "uint8"), plan_quantized, compute_quantized),
    ),
)
OPS = (HARD_SWISH,)
