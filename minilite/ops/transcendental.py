"""Functions of one value that 8-bit and 16-bit codes take through a table:
    EXP   y = e**x              GELU  y = x * (1 + erf(x / sqrt(2))) / 2
    LOG   y = ln(x)             ELU   y = x where x > 0, else e**x - 1

float32: with the C library's functions; GELU and ELU with those of the Eigen library.
float16, GELU only: every step rounded, tanh and erfc of the C library in float32.
int8, uint8: a table of all 256 codes:  y = clamp(y_zero + round(f(x_scale * (code - x_zero)) / y_scale))     (eq. 12)
int16: a table of 513 codes, and between them a straight line; zero points are 0                              (eq. 13)
    ELU of xnnpack takes ties to the even code.
LOG of 0 and below is the lowest code.
GELU with `approximate` is x * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x**3))) / 2.

Follows tflite/kernels/exp.cc, elementwise.cc, activations.cc, internal/reference/gelu.h; ELU that of the optimized set,
and tensorflow/lite/micro/kernels/elu.cc.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from minilite.format.options.activation import GeluOptions
from minilite.format.options.empty import ExpOptions
from minilite.format.table import Table
from minilite.numerics import eigen, libm
from minilite.numerics.affine import code_range
from minilite.numerics.tables import between, interpolate, look_up, table_8bit, table_8bit_even, table_16bit

from .call import Array, Call
from .delegate_plain import unary
from .op import MICROCONTROLLERS, REFERENCE, Op, Staged, Variant, follows, plan_nothing

Function = Callable[[Array], Array]
AnyCall = Call[Any]


def log_of_call(call: AnyCall) -> Function:
    """ln(x), or the real value of the lowest output code where x is not positive."""
    y = call["y"]
    lowest = np.float32(code_range(y.dtype).low - y.zero_point) * y.scale

    def log_or_lowest(x: Array) -> Array:
        return np.where(x <= 0, lowest, libm.log(x))

    return log_or_lowest


def elu(x: Array) -> Array:
    """x where it is not negative, else e**x - 1."""
    return np.where(x < 0, libm.expm1(x), x)


def elu_by_exp(x: Array) -> Array:
    """The same from e**x, one rounding more, as tables of microcontrollers have it."""
    return np.where(x < 0, libm.exp(x) - np.float32(1), x)


ROOT_OF_HALF, ROOT_OF_TWO_OVER_PI, CUBIC = map(np.float32, (np.sqrt(0.5), np.sqrt(2 / np.pi), 0.044715))
HALF, ONE = np.float32(0.5), np.float32(1)


def gelu(x: Array) -> Array:
    return np.asarray(HALF * x * libm.erfc(x * -ROOT_OF_HALF))


def gelu_approximate(x: Array) -> Array:
    inner = ROOT_OF_TWO_OVER_PI * (x + CUBIC * x * x * x)
    return np.asarray(HALF * x * (ONE + libm.tanh(inner)))


def gelu_float(approximate: bool, x: Array) -> Array:
    """GELU of float32, for which the official kernel leaves cube, tanh and erfc to Eigen."""
    if not approximate:
        return np.asarray(HALF * x * eigen.erfc(x * -ROOT_OF_HALF))
    inner = ROOT_OF_TWO_OVER_PI * (x + CUBIC * (x * x * x))
    return np.asarray(HALF * x * (ONE + eigen.tanh(inner)))


def gelu_half(approximate: bool, x: Array) -> Array:
    """GELU of float16."""
    half = x.dtype.type
    if not approximate:
        return np.asarray(half(0.5) * x * _in_float32(libm.erfc, x * -half(ROOT_OF_HALF)))
    inner = half(ROOT_OF_TWO_OVER_PI) * (x + half(CUBIC) * (x * x * x))
    return np.asarray(half(0.5) * x * (half(1) + _in_float32(libm.tanh, inner)))


def _in_float32(function: Function, x: Array) -> Array:
    return function(x.astype(np.float32)).astype(x.dtype)


def plan_8bit(call: AnyCall, function: Function) -> Array:
    x, y = call["x"], call["y"]
    return table_8bit(function, x.scale, x.zero_point, y.scale, y.zero_point, x.dtype)


def plan_8bit_even(call: AnyCall, function: Function) -> Array:
    x, y = call["x"], call["y"]
    return table_8bit_even(function, x.scale, x.zero_point, y.scale, y.zero_point, x.dtype)


def by_delegate(function: Function, types: tuple[str, ...]) -> Variant:
    """The table of XNNPACK."""
    return Variant(
        "table",
        types,
        lambda call: plan_8bit_even(call, function),
        look_up_8bit,
        rules=follows(xnnpack=""),
        gates={"xnnpack": unary()},
    )


def plan_int16(call: AnyCall, function: Function) -> Array:
    call.require_symmetric("x", "y")
    return table_16bit(function, call["x"].scale, 0, call["y"].scale, 0)


def look_up_8bit(table: Array, x: Array) -> Staged:
    y = look_up(table, x)
    return Staged(y, {"entry of the table": y})


def look_up_int16(table: Array, x: Array) -> Staged:
    codes = x.astype(np.int64)
    place, y = between(table, codes), np.asarray(interpolate(table, codes), np.int16)
    stages = {
        "number of the entry before x": place.index,
        "that entry": place.entry,
        "the entry after x": place.following,
        "x past the entry, in 128ths of the way": place.fraction,
        "on the line between them": y,
    }
    return Staged(y, stages)


def make_op(
    code: str,
    options: type[Table] | None,
    floats: tuple[Variant, ...],
    function: Callable[[AnyCall], Function],
    bytes_types: tuple[str, ...] = ("int8",),
    has_int16: bool = True,
) -> Op:
    """`function` gives what the tables of a node hold."""
    table = Variant("table", bytes_types, lambda call: plan_8bit(call, function(call)), look_up_8bit, rules=REFERENCE)
    between = Variant("interpolated", ("int16",), lambda call: plan_int16(call, function(call)), look_up_int16)
    variants = (*floats, table, *([between] if has_int16 else []))
    return Op(code, "x[...] -> y[...]", options, variants)


def _float(function: Function) -> tuple[Variant]:
    return (Variant("float", ("float32",), plan_nothing, lambda plan, x: np.asarray(function(x))),)


def is_approximate(call: Call[GeluOptions]) -> bool:
    return bool(call.options.approximate)


OPS = (
    make_op("EXP", ExpOptions, _float(libm.exp), lambda call: libm.exp),
    make_op("LOG", None, _float(libm.log), log_of_call),
    make_op(
        "GELU",
        GeluOptions,
        (
            Variant("float", ("float32",), is_approximate, gelu_float),
            Variant("half", ("float16",), is_approximate, gelu_half),
        ),
        lambda call: gelu_approximate if call.options.approximate else gelu,
        bytes_types=("int8", "uint8"),
    ),
    make_op(
        "ELU",
        None,
        (
            *_float(elu),
            by_delegate(elu, ("int8",)),
            Variant("table", ("int8",), lambda call: plan_8bit(call, elu_by_exp), look_up_8bit, rules=MICROCONTROLLERS),
        ),
        lambda call: elu,
        has_int16=False,
    ),
)
