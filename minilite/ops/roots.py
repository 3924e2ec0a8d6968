"""ABS:    y = |x|
SQRT:   y = sqrt(x)
RSQRT:  y = 1 / sqrt(x)

float32; ABS of int32 and of int16 without scales: in the type itself, the lowest integer staying as it is.
ABS of int8, int16:
    acc = |x - x_zero|
    y   = clamp(y_zero + rescale(acc))                     m = x_scale / y_scale; equal scales: y_zero + acc
SQRT of int8, int16, in float32, the quotient cut off:
    y   = clamp(y_zero + trunc(sqrt(x_scale * (x - x_zero)) / y_scale))
RSQRT of int8, in integers:
    acc = 2**20 / sqrt(x - x_zero)                         the largest code where x is 0
    y   = clamp(y_zero + rescale(acc))                     m = 1 / (sqrt(x_scale) * y_scale) / 2**20
RSQRT of int16: a table of 513 codes, and between them a straight line (eq. 13).

Follows tflite/kernels/elementwise.cc.
Rescale rule: reference double. ABS forms its multiplier in float32; RSQRT sqrt(x_scale) * y_scale, the rest in float64.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.errors import InputError
from minilite.format.options.empty import AbsOptions
from minilite.numerics.affine import Range, code_range
from minilite.numerics.fixed_point import doubling_high_multiply, shift_left_int32, wrap_int32
from minilite.numerics.frozen import frozen
from minilite.numerics.inverse_root import inverse_root
from minilite.numerics.rescale import RULES, Multiplier, Rescale, make_rescale, quantize_multiplier
from minilite.numerics.rounding import to_int32
from minilite.numerics.tables import table_16bit

from .call import Array, Call
from .op import Op, Staged, Variant, follows, on_microcontrollers, plan_nothing
from .rectifiers import ratio, zero_points
from .transcendental import look_up_int16

MORE_BITS = 20  # of the integer inverse root
LARGEST_SHIFT = 31


class AbsPlan(NamedTuple):
    """The constants of an ABS of codes. `rescale` is None where the scales are equal."""

    x_zero: int
    y_zero: int
    rescale: Rescale | None
    codes: Range
    dtype: np.dtype[Any]


def plan_abs(call: Call[None]) -> AbsPlan:
    dtype = call["y"].dtype
    rescale = None if has_equal_scales(call) else make_rescale(call.rule, ratio(call, np.float32(1)))
    return AbsPlan(*zero_points(call), rescale, code_range(dtype), dtype)


def has_equal_scales(call: Call[None]) -> bool:
    return bool(call["x"].scale == call["y"].scale)


def accumulate_abs(plan: AbsPlan, x: Array) -> Array:
    return np.asarray(np.abs(x.astype(np.int64) - plan.x_zero))


def finish_abs(plan: AbsPlan, accumulators: Array) -> Array:
    steps = accumulators if plan.rescale is None else plan.rescale(accumulators)
    return np.asarray(plan.codes.clamp(wrap_int32(steps + plan.y_zero)), plan.dtype)


def is_quantized(call: Call[None]) -> bool:
    return call["x"].dtype != np.int16 or call["x"].tensor.quantization is not None


class RootPlan(NamedTuple):
    """The constants of a SQRT of codes."""

    x_scale: np.float32
    x_zero: int
    y_scale: np.float32
    y_zero: int
    codes: Range
    dtype: np.dtype[Any]
    where: str  # for messages


def plan_root(call: Call[None]) -> RootPlan:
    x, y = call["x"], call["y"]
    x_zero, y_zero = zero_points(call)
    return RootPlan(x.scale, x_zero, y.scale, y_zero, code_range(y.dtype), y.dtype, call.node.label)


def root_of_codes(plan: RootPlan, x: Array) -> Staged:
    reals = plan.x_scale * require_not_negative(plan.where, x, plan.x_zero).astype(np.float32)
    root = np.sqrt(reals)
    steps = to_int32(root / plan.y_scale)
    codes = plan.codes.clamp(wrap_int32(steps + plan.y_zero))
    stages = {"x_scale * (x - x_zero)": reals, "its root": root, "in steps of y, cut off": steps, "clamp": codes}
    return Staged(np.asarray(codes, plan.dtype), stages)


def require_not_negative(where: str, x: Array, x_zero: int) -> Array:
    """x - x_zero, int64. Raises InputError where it is negative."""
    above = x.astype(np.int64) - x_zero
    if (above < 0).any():
        raise InputError(f"{where}: x has the code {x.min()}, a negative number: expected {x_zero} or more")
    return np.asarray(above)


class InversePlan(NamedTuple):
    """The constants of an RSQRT of int8."""

    x_zero: int
    y_zero: int
    rescale: Rescale  # of 2**20 / sqrt(x)
    codes: Range
    where: str


def plan_inverse(call: Call[None]) -> InversePlan:
    x, y = call["x"], call["y"]
    with np.errstate(all="ignore"):
        real = 1 / np.float64(np.sqrt(x.scale) * y.scale)
    call.require(bool(np.isfinite(real)), f"sqrt(x_scale) * y_scale is too small, with {x.scale:.6g} and {y.scale:.6g}")
    whole = quantize_multiplier(real)
    exponent = whole.exponent - MORE_BITS
    call.require(bool(exponent >= -LARGEST_SHIFT), f"1 / (sqrt(x_scale) * y_scale) is {real:.6g}, too small")
    multiplier = Multiplier(frozen(whole.real / 2**MORE_BITS), whole.mantissa, frozen(exponent))
    rescale = Rescale(RULES[call.rule], multiplier)
    return InversePlan(x.zero_point, y.zero_point, rescale, code_range(y.dtype), call.node.label)


def inverse_root_of_codes(plan: InversePlan, x: Array) -> Staged:
    above = require_not_negative(plan.where, x, plan.x_zero)
    mantissa, shift = inverse_root(above)
    inverse = doubling_high_multiply(shift_left_int32(np.int64(1), MORE_BITS - shift), mantissa)
    steps = plan.rescale(inverse)
    codes = plan.codes.clamp(wrap_int32(steps + plan.y_zero))
    made = np.where(above == 0, plan.codes.high, codes)
    stages = {
        "x - x_zero": above,
        "1 / root of that, mantissa": mantissa,
        "1 / root of that, exponent": -shift,
        "2**20 / root": inverse,
        "in steps of y": steps,
        "clamp": codes,
        "the largest code where x is 0": made,
    }
    return Staged(made.astype(np.int8), stages)


class TablePlan(NamedTuple):
    """The constants of an RSQRT of int16."""

    table: Array
    where: str


def plan_inverse_int16(call: Call[None]) -> TablePlan:
    x, y = call["x"], call["y"]
    zero_points(call)
    largest = np.float32(code_range(y.dtype).high) * y.scale

    def inverse(reals: Array) -> Array:
        return np.where(reals <= 0, largest, np.float32(1) / np.sqrt(reals))

    with np.errstate(all="ignore"):
        return TablePlan(table_16bit(inverse, x.scale, 0, y.scale, 0), call.node.label)


def inverse_root_int16(plan: TablePlan, x: Array) -> Staged:
    require_not_negative(plan.where, x, 0)
    return look_up_int16(plan.table, x)


def inverse_root_float(plan: None, x: Array) -> Array:
    return np.asarray(x.dtype.type(1) / np.sqrt(x))


FLOAT = ("float32",)
DOUBLE = follows(reference="double", **on_microcontrollers("double", has_cmsis_nn=False))
CODES = ("int8", "int16")
OPS = (
    Op(
        "ABS",
        "x[...] -> y[...]",
        AbsOptions,
        (
            Variant("quantized", CODES, plan_abs, None, accumulate_abs, finish_abs, DOUBLE, is_quantized),
            Variant("plain", ("float32", "int16", "int32"), plan_nothing, lambda plan, x: np.asarray(np.abs(x))),
        ),
    ),
    Op(
        "SQRT",
        "x[...] -> y[...]",
        None,
        (
            Variant("float", FLOAT, plan_nothing, lambda plan, x: np.asarray(np.sqrt(x))),
            Variant("codes", CODES, plan_root, root_of_codes),
        ),
    ),
    Op(
        "RSQRT",
        "x[...] -> y[...]",
        None,
        (
            Variant("float", FLOAT, plan_nothing, inverse_root_float),
            Variant("quantized", ("int8",), plan_inverse, inverse_root_of_codes, rules=DOUBLE),
            Variant("interpolated", ("int16",), plan_inverse_int16, inverse_root_int16),
        ),
    ),
)
