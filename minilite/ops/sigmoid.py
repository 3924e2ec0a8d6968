"""LOGISTIC:  y = 1 / (1 + exp(-x))
TANH:      y = tanh(x)

float32: with the C library's functions; LOGISTIC is 1 above 16.619 and exp(x) below -9. float16: the result rounded.
    optimized: those of the Eigen library.
int8, uint8: a table of all 256 codes:  y = clamp(y_zero + round(f(x_scale * (code - x_zero)) / y_scale))
    xnnpack: ties to the even code, LOGISTIC in float64.
int8 on microcontrollers, in integers only; y_scale is taken to be 1/256 with y_zero -128, for TANH 1/128 with 0:
    y = clamp(y_zero + round(f(rescale(x - x_zero))))     f in 32-bit fixed point, rescaled to 27 fractional bits
    and the rails of y where |x| reaches 15.
int16: y_scale is 2**-15; the code is brought to steps of 1 / (3 * 4096) and interpolated in the sigmoid table:
    value = (x * multiplier) shifted right to nearest, ties up     multiplier / 2**shift = x_scale * 3 * 4096
An x_scale of 2**-12, for TANH of 2**-11 too, within a thousandth of an octave, takes the exact multiplier 3 or 6.
    optimized: with these scales in 16-bit fixed point, x saturated to 12 fractional bits

Follows tflite/kernels/activations.cc, internal/reference/{logistic,tanh}.h, internal/reference/integer_ops/{logistic,
tanh}.h; tensorflow/lite/micro/kernels/logistic_common.cc, tanh.cc.
Rescale rule: microcontrollers double or single.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from minilite.numerics import eigen, exponential, gates, libm
from minilite.numerics.affine import code_range
from minilite.numerics.fixed_point import rounding_right_shift_away, rounding_right_shift_up, saturate_int16, wrap_int32
from minilite.numerics.power_of_two import power_of_two
from minilite.numerics.rescale import Rescale, make_rescale
from minilite.numerics.tables import sigmoid_16bit, table_8bit, tanh_16bit

from .call import Array, Call
from .op import REFERENCE, Op, Staged, Variant, follows, on_microcontrollers, plan_nothing
from .transcendental import by_delegate, look_up_8bit

ONE_ABOVE, EXP_BELOW = np.float32(16.619047164916992), np.float32(-9)
TABLE_STEPS = 3 * 4096.0  # of the sigmoid table's interpolation, per unit of x
LARGEST_MULTIPLIER = 32767.0
LARGEST_SHIFT = 31
BYTES = ("int8", "uint8")
INTEGER_BITS = 4  # of the fixed-point numbers that int8 codes become on microcontrollers
FIXED_INTEGER_BITS = 3  # of those that int16 codes become in the optimized kernels


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)) in the type of x."""
    one = x.dtype.type(1)
    return np.asarray(one / (one + libm.exp(-x)))


def logistic_in_parts(x: Array) -> Array:
    tail = x < EXP_BELOW  # where 1 / (1 + exp(-x)) would lose bits, or overflow on the way
    return np.where(x > ONE_ABOVE, x.dtype.type(1), np.where(tail, libm.exp(x), logistic(x)))


def logistic_wide(x: Array) -> Array:
    """The same by way of float64, for float32."""
    return logistic(x.astype(np.float64)).astype(np.float32)


def in_float32(function: Callable[[Array], Array]) -> Variant:
    """The variant for floats: `function` of float32, rounded to the type of x."""

    def compute(plan: None, x: Array) -> Array:
        return np.asarray(function(x.astype(np.float32)), x.dtype)

    return Variant("float", ("float32", "float16"), plan_nothing, compute)


def logistic_half(plan: None, x: Array) -> Array:
    """exp(x) / (1 + exp(x)) of float16, every step rounded; 1 where exp(x) is infinite."""
    power = libm.exp(x.astype(np.float32)).astype(x.dtype)
    return np.asarray(np.where(np.isinf(power), x.dtype.type(1), power / (x.dtype.type(1) + power)), x.dtype)


def by_eigen(function: Callable[[Array], Array]) -> Variant:
    """The variant of the optimized kernels."""
    return Variant(
        "eigen", ("float32",), plan_nothing, lambda plan, x: np.asarray(function(x)), rules=follows(optimized="")
    )


def plan_logistic_table(call: Call[None]) -> Array:
    y = call["y"]
    call.require(float(y.scale) == 2.0**-8, f"y_scale is {y.scale:.6g}, 8-bit LOGISTIC needs 1/256")
    return plan_table(call, logistic)


def plan_table(call: Call[None], function: Callable[[Array], Array]) -> Array:
    x, y = call["x"], call["y"]
    return table_8bit(function, x.scale, x.zero_point, y.scale, y.zero_point, x.dtype)


class Plan(NamedTuple):
    """The constants of an int16 node."""

    multiplier: int
    shift: int


def plan_int16(call: Call[None], exact: dict[int, int]) -> Plan:
    """`exact` has the multipliers of the powers of two taken as they are."""
    call.require_symmetric("x", "y")
    scale = call["x"].scale
    power = power_of_two(scale)
    if power in exact:
        return Plan(exact[power], 0)
    multiplier, shift = float(scale) * TABLE_STEPS, 0
    while multiplier <= LARGEST_MULTIPLIER / 2 and shift < LARGEST_SHIFT:
        multiplier, shift = 2 * multiplier, shift + 1
    call.require(1 <= multiplier < 2.0**31, f"x_scale {scale:.6g} is out of range")
    return Plan(int(multiplier), shift)


def plan_int16_logistic(call: Call[None]) -> Plan:
    scale = call["y"].scale
    call.require(float(scale) == 2.0**-15, f"y_scale is {scale:.6g}, int16 LOGISTIC needs 1/32768")
    return plan_int16(call, {-12: 3})


def plan_int16_tanh(call: Call[None]) -> Plan:
    scale = call["y"].scale
    call.require(power_of_two(scale) == -15, f"y_scale is {scale:.6g}, int16 TANH needs 1/32768")
    return plan_int16(call, {-12: 3, -11: 6})


class ShortPlan(NamedTuple):
    """The constants of an int16 node in 16-bit fixed point."""

    shift: int  # to the left, to 12 fractional bits


def in_fixed_point(function: Callable[[Array, int], Array], plan: Callable[[Call[None]], Plan]) -> Variant:
    """The int16 variant of the optimized kernels for scales that are powers of two."""

    def plan_short(call: Call[None]) -> ShortPlan:
        return ShortPlan(plan(call).multiplier // 6)

    def gate(call: Call[None]) -> str:
        return "" if plan(call) in (Plan(3, 0), Plan(6, 0)) else f"x_scale is {call['x'].scale:.6g}, no power of two"

    def compute(plan: ShortPlan, x: Array) -> Staged:
        value = saturate_int16(x.astype(np.int64) << plan.shift)
        y = np.asarray(function(value, FIXED_INTEGER_BITS), np.int16)
        return Staged(y, {"x with 12 fractional bits": value, "function, with 15": y})

    return Variant("16 bits", ("int16",), plan_short, compute, rules=follows(optimized=""), gates={"optimized": gate})


def to_table_steps(plan: Plan, x: Array) -> Array:
    product = wrap_int32(x.astype(np.int64) * plan.multiplier)
    steps: Array = rounding_right_shift_up(product, plan.shift)
    return steps


def logistic_int16(plan: Plan, x: Array) -> Staged:
    steps = to_table_steps(plan, x)
    y = np.asarray(sigmoid_16bit(steps), np.int16)
    return Staged(y, {"x in steps of 1 / (3 * 4096)": steps, "sigmoid, in steps of 2**-15": y})


def tanh_int16(plan: Plan, x: Array) -> Staged:
    steps = to_table_steps(plan, x)
    y = np.asarray(tanh_16bit(steps), np.int16)
    return Staged(y, {"x in steps of 1 / (3 * 4096)": steps, "tanh, in steps of 2**-15": y})


class FixedPointPlan(NamedTuple):
    """The constants of an int8 node of a microcontroller."""

    x_zero: int
    rescale: Rescale  # to a number with 4 integer bits
    radius: int  # from this difference of codes on, y is at its rails


def plan_fixed_point(call: Call[None], y_zero: int) -> FixedPointPlan:
    x, y = call["x"], call["y"]
    call.require(y.zero_point == y_zero, f"the zero point of y is {y.zero_point}, expected {y_zero}")
    unit = 2 ** (31 - INTEGER_BITS)
    rescale = make_rescale(call.rule, float(x.scale) * unit)
    largest = (2**INTEGER_BITS - 1) * unit / 2.0 ** int(rescale.multiplier.exponent)
    return FixedPointPlan(x.zero_point, rescale, int(largest))


def on_codes(function: Callable[[Array, int], Array], output_bits: int, y_zero: int) -> Variant:
    """The int8 variant of microcontrollers, y in steps of 2**-output_bits."""
    codes = code_range(np.dtype(np.int8))

    def compute(plan: FixedPointPlan, x: Array) -> Staged:
        value = x.astype(np.int64) - plan.x_zero
        inside = np.abs(value) < plan.radius
        scaled = plan.rescale(np.where(inside, value, 0))
        result = function(scaled, INTEGER_BITS)
        steps = rounding_right_shift_away(result, 31 - output_bits)
        y = np.where(inside, codes.clamp(steps + y_zero), np.where(value < 0, codes.low, codes.high)).astype(np.int8)
        return Staged(
            y, {"x in fixed point": scaled, "function, in fixed point": result, "in steps of y": steps, "y": y}
        )

    rules = follows(**on_microcontrollers("double", has_cmsis_nn=False))
    return Variant("fixed point", ("int8",), lambda call: plan_fixed_point(call, y_zero), compute, rules=rules)


LOGISTIC = Op(
    "LOGISTIC",
    "x[...] -> y[...]",
    None,
    (
        in_float32(logistic_in_parts),
        by_eigen(eigen.logistic),
        Variant("eigen", ("float16",), plan_nothing, logistic_half, rules=follows(optimized="")),
        Variant("table", BYTES, plan_logistic_table, look_up_8bit, rules=REFERENCE),
        by_delegate(logistic_wide, BYTES),
        on_codes(exponential.sigmoid, output_bits=8, y_zero=-128),
        Variant(
            "interpolated",
            ("int16",),
            plan_int16_logistic,
            logistic_int16,
        ),
        in_fixed_point(gates.sigmoid_of_fixed, plan_int16_logistic),
    ),
)
TANH = Op(
    "TANH",
    "x[...] -> y[...]",
    None,
    (
        in_float32(libm.tanh),
        by_eigen(eigen.tanh),
        Variant("table", BYTES, lambda call: plan_table(call, libm.tanh), look_up_8bit, rules=REFERENCE),
        by_delegate(libm.tanh, BYTES),
        on_codes(exponential.tanh, output_bits=7, y_zero=0),
        Variant(
            "interpolated",
            ("int16",),
            plan_int16_tanh,
            tanh_int16,
        ),
        in_fixed_point(gates.tanh_of_fixed, plan_int16_tanh),
    ),
)
OPS = (LOGISTIC, TANH)
