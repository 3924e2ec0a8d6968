"""DIV:        y = activation(a / b)
FLOOR_DIV:  y = a / b rounded down
FLOOR_MOD:  y = a - b * (a / b rounded down), which has the sign of b

float32; int32, and for the last two also int8, int16, for FLOOR_MOD int64: in the type itself, codes as they stand.
DIV of int32 cuts the fraction off. FLOOR_DIV divides in float64.
DIV of int8, uint8, int16, in integers:
    r   = 1 / (b - b_zero)                                   fixed point, signs turned so that b > b_zero
    acc = (a - a_zero) * r                                   with as many bits as fit 32
    y   = clamp(y_zero + acc * m, shifted right to steps of y)    m = a_scale / (b_scale * y_scale)
A quotient so small that the last shift exceeds 31 bits is garbage: the official build's shift goes round modulo 32.
No divisor may be 0, but in float32 for DIV and FLOOR_MOD. FLOOR_DIV of the lowest integer by -1, whose official result
depends on the place in the tensor, wraps around.

Follows tflite/kernels/div.cc, floor_div.cc, floor_mod.cc, internal/reference/{div,floor_div,floor_mod}.h.
The multiplier is formed in float32; the steps are those of numerics/fixed_point.py, none of RULES.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minilite.errors import InputError
from minilite.format.options.arithmetic import DivOptions
from minilite.format.options.empty import FloorDivOptions, FloorModOptions
from minilite.format.table import Table
from minilite.numerics.activation import activation_codes, activation_limits
from minilite.numerics.affine import Range
from minilite.numerics.exponential import bit_length, reciprocal
from minilite.numerics.fixed_point import (
    INT32_MIN,
    divide_toward_zero,
    doubling_high_multiply,
    rounding_right_shift_up,
    rounding_right_shift_x86,
    shift_left_int32,
    wrap_int32,
)
from minilite.numerics.rescale import Multiplier, quantize_multiplier
from minilite.numerics.rounding import to_int32

from .broadcast import broadcast
from .call import Array, Call
from .delegate_floats import delegated
from .op import Op, Staged, Variant, follows

SIGN_BITS = 31  # of a number in 32 bits, beside the sign itself
LARGEST_SHIFT = 62


class Divisors(NamedTuple):
    """What the check of the divisors needs."""

    zero: int  # the value that stands for 0
    where: str

    def require(self, b: Array) -> None:
        """Raise InputError when a divisor is 0."""
        if (b == self.zero).any():
            raise InputError(f"{self.where}: b has a divisor of 0 at {np.argwhere(b == self.zero)[0].tolist()}")


def divisors(call: Call[Any], zero: int = 0) -> Divisors:
    """The check of b. Raises ModelError when b stands in the file and has a 0."""
    b = call["b"]
    call.require_value("b", b.value is None or not bool((b.value == zero).any()), "b has a divisor of 0")
    return Divisors(zero, call.node.label)


class Plan(NamedTuple):
    """The constants of a quantized DIV."""

    a_zero: int
    b_zero: int
    y_zero: int
    multiplier: Multiplier
    codes: Range
    dtype: np.dtype[Any]
    divisors: Divisors


def plan_quantized(call: Call[DivOptions]) -> Plan:
    a, b, y = call["a"], call["b"], call["y"]
    real = a.scale / (b.scale * y.scale)
    call.require(bool(np.isfinite(real)), f"scales {a.scale} / ({b.scale} * {y.scale}) give no multiplier")
    codes = activation_codes(call.options.fused_activation_function, y.scale, y.zero_point, y.dtype)
    multiplier = quantize_multiplier(np.float64(real))
    return Plan(a.zero_point, b.zero_point, y.zero_point, multiplier, codes, y.dtype, divisors(call, b.zero_point))


def divide_codes(plan: Plan, a: Array, b: Array) -> Staged:
    return _divide_codes(plan, a, b, single=False)


def divide_codes_once(plan: Plan, a: Array, b: Array) -> Staged:
    """The last two steps rounded as one, as a single-rounding build of TensorFlow Lite Micro does."""
    return _divide_codes(plan, a, b, single=True)


def _divide_codes(plan: Plan, a: Array, b: Array, single: bool) -> Staged:
    plan.divisors.require(b)
    above, below = np.broadcast_arrays(a.astype(np.int64) - plan.a_zero, b.astype(np.int64) - plan.b_zero)
    above = np.where(below < 0, -above, above)
    inverse, inverse_bits = reciprocal(np.abs(below), SIGN_BITS)
    headroom = SIGN_BITS - bit_length(np.where(above < 0, ~above, above))
    quotient = doubling_high_multiply(shift_left_int32(above, headroom), inverse)
    shift = inverse_bits + headroom - plan.multiplier.exponent
    scaled = doubling_high_multiply(quotient, plan.multiplier.mantissa)
    steps = rounding_right_shift_x86(scaled, shift)
    if single:
        steps = rounding_right_shift_up(
            quotient * plan.multiplier.mantissa, np.clip(SIGN_BITS + shift, 0, LARGEST_SHIFT)
        )
    codes = plan.codes.clamp(wrap_int32(steps + plan.y_zero))
    stages = {
        "a - a_zero, with the sign of the quotient": above,
        "b - b_zero": below,
        "1 / |b - b_zero|, mantissa": inverse,
        "1 / |b - b_zero|, exponent": -inverse_bits,
        "bits a was shifted left by": headroom,
        "a / b, mantissa": quotient,
        "times the multiplier's mantissa": scaled,
        "in steps of y": steps,
        "clamp": codes,
    }
    return Staged(np.asarray(codes, plan.dtype), stages)


class PlainPlan(NamedTuple):
    """The constants of a DIV of int32."""

    limits: Range
    divisors: Divisors


def plan_int32(call: Call[DivOptions]) -> PlainPlan:
    return PlainPlan(plan_float(call), divisors(call))


def divide_int32(plan: PlainPlan, a: Array, b: Array) -> Array:
    plan.divisors.require(b)
    if ((a == INT32_MIN) & (b == -1)).any():
        raise InputError(f"{plan.divisors.where}: -2**31 / -1 does not fit int32")
    above, below = a.astype(np.int64), b.astype(np.int64)
    return np.asarray(plan.limits.clamp(divide_toward_zero(above * np.sign(below), np.abs(below))), np.int32)


def plan_float(call: Call[DivOptions]) -> Range:
    return activation_limits(call.options.fused_activation_function, call["y"].dtype)


def divide_float(limits: Range, a: Array, b: Array) -> Array:
    return np.asarray(limits.clamp(np.asarray(a / b)))


def floor_divide(plan: Divisors, a: Array, b: Array) -> Array:
    plan.require(b)
    whole = np.floor(a.astype(np.float64) / b.astype(np.float64))
    return np.asarray(whole if a.dtype.kind == "f" else to_int32(whole)).astype(a.dtype)


def floor_remainder(plan: Divisors, a: Array, b: Array) -> Array:
    if b.dtype.kind != "f":
        plan.require(b)
    rest = np.fmod(a, b)
    return np.where((rest != 0) & ((b < 0) != (rest < 0)), rest + b, rest)


def plan_floor_mod(call: Call[FloorModOptions]) -> Divisors:
    return Divisors(0, call.node.label) if call["b"].dtype.kind == "f" else divisors(call)


def _floor_op(
    code: str, options: type[Table], plan: Callable[[Call[Any]], Divisors], kernel: Any, types: tuple[str, ...]
) -> Op:
    return Op(code, "a[...] b[...] -> y[...]", options, (Variant("plain", types, plan, kernel),), shapes=broadcast)


CODES = ("int8", "uint8", "int16")
DIV = Op(
    "DIV",
    "a[...] b[...] -> y[...]",
    DivOptions,
    (
        Variant("quantized", CODES, plan_quantized, divide_codes, rules=follows(reference="", tflm="")),
        Variant("quantized", ("int8",), plan_quantized, divide_codes_once, rules=follows(tflm_single="")),
        Variant("float", ("float32",), plan_float, divide_float),
        delegated(np.divide, "float32"),
        Variant("integer", ("int32",), plan_int32, divide_int32),
    ),
    shapes=broadcast,
)
FLOOR_TYPES = ("float32", "int8", "int16", "int32")
OPS = (
    DIV,
    _floor_op("FLOOR_DIV", FloorDivOptions, divisors, floor_divide, FLOOR_TYPES),
    _floor_op("FLOOR_MOD", FloorModOptions, plan_floor_mod, floor_remainder, (*FLOOR_TYPES, "int64")),
)
