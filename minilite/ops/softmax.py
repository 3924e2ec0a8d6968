"""SOFTMAX:  y[..., d] = exp(beta * x[..., d]) / sum over d of exp(beta * x[..., d])

float32: e = exp((x - max) * beta), summed over d from first to last, then e / sum. float16: in float32 but for the
    result and, before the division only, e.
int8, uint8, to the same type or int16: in integers only,
    e = exp(beta * x_scale * (x - max))     fixed point; nothing counts that is below max by 31 or more
    y = lowest code + e / sum               in steps of 2**-8, to int16 of 2**-16
int16: exp and 1/(1 + x) from tables, interpolated,
    e = exp_table(rescale(x - max))         rescaled so that -10 becomes -65535     m = x_scale * beta / (10 / 65535)
    y = e * reciprocal_table(sum)           in steps of 2**-15
optimized, int8 and uint8: in float32, see softmax_by_floats.py

Follows tflite/kernels/activations.cc and internal/reference/softmax.h.
Rescale rule: int16 reference double, microcontrollers double or single. Its multiplier is x_scale * beta in float32,
then divided in float64, the tables are made in float64; on microcontrollers the product is float64 and the tables
float32 (tensorflow/lite/micro/kernels/softmax_common.cc).
"""

from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minilite.errors import InputError
from minilite.format.options.activation import SoftmaxOptions
from minilite.numerics import libm
from minilite.numerics.affine import Range, code_range
from minilite.numerics.exponential import exp_of_negative, normalize, reciprocal
from minilite.numerics.fixed_point import (
    doubling_high_multiply,
    rounding_right_shift_away,
    rounding_right_shift_up,
    shift_left_int32,
)
from minilite.numerics.rescale import Multiplier, Rescale, make_rescale, quantize_multiplier
from minilite.numerics.tables import interpolate, table_16bit

from . import softmax_by_floats
from .call import Array, Call
from .op import Op, Staged, Variant, follows, on_microcontrollers
from .reads import whole_row

DIFFERENCE_BITS = 5  # before the binary point of beta * x_scale * (x - max)
SUM_BITS = 12  # before the binary point of the sum of exponentials
LARGEST_MULTIPLIER = 2.0**31 - 1
SCALE_TOLERANCE = 0.001  # of an output scale, relative


def compute_float(beta: np.float32, x: Array) -> Array:
    rows = (x.reshape(-1, x.shape[-1]) if x.size else x.reshape(0, 1)).astype(np.float32)
    largest = np.fmax.reduce(rows, axis=1, keepdims=True, initial=np.finfo(x.dtype).min)  # passes over NaN
    exponentials = libm.exp((rows - largest) * beta)
    sums = np.add.accumulate(exponentials, axis=1)[:, -1:]
    shares: Array = exponentials.astype(x.dtype) / sums
    return shares.astype(x.dtype).reshape(x.shape)


class Plan(NamedTuple):
    """The constants of an 8-bit node."""

    multiplier: Multiplier  # from differences of codes to fixed point
    lowest_difference: int  # codes further below the maximum count as nothing
    bits: int  # of the output type
    codes: Range
    dtype: np.dtype[Any]
    where: str  # for messages


def plan_8bit(call: Call[SoftmaxOptions]) -> Plan:
    x, y = call["x"], call["y"]
    if x.dtype == y.dtype == np.int8:
        require_output(call, 2.0**-8, -128)
    steps = float(np.float32(call.options.beta)) * float(x.scale) * 2.0 ** (31 - DIFFERENCE_BITS)
    call.require(steps > 1, f"beta * x_scale is {steps / 2**26:.6g}, too small: more than 2**-26 expected")
    multiplier = quantize_multiplier(min(steps, LARGEST_MULTIPLIER))
    reach = (2**DIFFERENCE_BITS - 1) * 2 ** (31 - DIFFERENCE_BITS) // 2 ** int(multiplier.exponent)
    return Plan(multiplier, -reach, 8 * y.dtype.itemsize, code_range(y.dtype), y.dtype, call.node.label)


def compute_8bit(plan: Plan, x: Array) -> Staged:
    if not x.size:
        return Staged(np.empty(x.shape, plan.dtype), {})
    rows = x.reshape(-1, x.shape[-1]).astype(np.int64)
    differences = rows - rows.max(axis=1, keepdims=True)
    counts = differences >= plan.lowest_difference
    scaled = doubling_high_multiply(
        shift_left_int32(np.where(counts, differences, 0), plan.multiplier.exponent), plan.multiplier.mantissa
    )
    exponentials = exp_of_negative(scaled, DIFFERENCE_BITS)
    sums = np.where(counts, rounding_right_shift_away(exponentials, SUM_BITS), 0).sum(axis=1, keepdims=True)
    require_sums(plan.where, sums, 2 ** min(plan.bits + 31 - SUM_BITS + 1, 32), 2 ** (31 - SUM_BITS))
    inverse, bits = reciprocal(sums, SUM_BITS)
    shares = rounding_right_shift_away(doubling_high_multiply(inverse, exponentials), bits + 31 - plan.bits)
    codes = np.where(counts, plan.codes.clamp(shares + plan.codes.low), plan.codes.low)
    stages = {
        "x - largest of the row": differences,
        "near enough to count": counts,
        "times beta * x_scale, in 2**-26": scaled,
        "e to that, in 2**-31": exponentials,
        "sum of the row, in 2**-19": sums,
        "1 / sum, mantissa": inverse,
        "1 / sum, exponent": bits,
        "share, in steps of y": shares,
        "code": codes,
    }
    return Staged(codes.astype(plan.dtype).reshape(x.shape), stages)


def plan_by_floats(call: Call[SoftmaxOptions]) -> softmax_by_floats.Plan:
    if call["x"].dtype == call["y"].dtype == np.int8:
        require_output(call, 2.0**-8, -128)
    return softmax_by_floats.plan(call, np.float32(call.options.beta))


class TablePlan(NamedTuple):
    """The constants of an int16 node."""

    rescale: Rescale
    real: str  # the type the tables are made in
    where: str


def plan_int16(call: Call[SoftmaxOptions], on_micro: bool = False) -> TablePlan:
    x = call["x"]
    call.require_symmetric("x")
    require_output(call, 2.0**-15, 0)
    wide = np.float64 if on_micro else np.float32
    real = float(wide(x.scale) * wide(np.float32(call.options.beta))) / (10.0 / 65535.0)
    call.require(0 <= real < 2.0**31, f"beta * x_scale is {real * 10 / 65535:.6g}, expected 0 or more")
    return TablePlan(make_rescale(call.rule, real), "float32" if on_micro else "float64", call.node.label)


@cache
def exp_table(name: str) -> NDArray[np.int64]:
    """e**x over [-10, 0] in steps of 2**-15, made in the float type of this name."""
    real = np.dtype(name).type
    return table_16bit(libm.exp, real(10) / real(65535), 32767, real(2) / real(65535), 0)


@cache
def reciprocal_table(name: str) -> NDArray[np.int64]:
    """1 / (1 + x) over [0, 1] in steps of 2**-15, made in the float type of this name."""
    real = np.dtype(name).type
    one = real(1)
    return table_16bit(lambda x: one / (one + x), one / real(65535), -32768, real(2) / real(65535), 0)


def compute_int16(plan: TablePlan, x: Array) -> Staged:
    if not x.size:
        return Staged(np.empty(x.shape, np.int16), {})
    codes = code_range(np.dtype(np.int16))
    rows = x.reshape(-1, x.shape[-1]).astype(np.int64)
    differences = rows - rows.max(axis=1, keepdims=True)
    scaled = plan.rescale(differences)
    exponentials = interpolate(exp_table(plan.real), codes.clamp(scaled + 32767))
    sums = exponentials.sum(axis=1, keepdims=True)
    require_sums(plan.where, sums, 2**31, 2**15)
    sums, headroom = normalize(sums)
    fraction = rounding_right_shift_up(sums, 14) - 2**16  # 65536 times the sum, brought to [1, 2), less 1
    inverse = interpolate(reciprocal_table(plan.real), codes.clamp(fraction - 2**15))
    shares: Array = rounding_right_shift_up(exponentials * inverse, 30 - headroom)
    made = Range(0, codes.high).clamp(shares)
    stages = {
        "x - largest of the row": differences,
        "in steps of the table": scaled,
        "e to that, in 2**-15": exponentials,
        "sum of the row, in 2**-30 times": sums,
        "bits it was shifted by": headroom,
        "1 / sum, in 2**-15": inverse,
        "share, in steps of y": shares,
        "code": made,
    }
    return Staged(made.astype(np.int16).reshape(x.shape), stages)


def require_sums(where: str, sums: Array, limit: int, one: int) -> None:
    """Raise InputError unless all sums of exponentials, in steps of 1 / `one`, are below `limit`.

    The official interpreter ends the process, or overflows, where they are not.
    """
    if sums.max() >= limit:
        raise InputError(
            f"{where}: the exponentials of a row add up to {sums.max() / one:.6g} times that of its largest element, "
            f"the integer kernel allows less than {limit // one}; its inputs are too many or too much alike"
        )


def require_output(call: Call[SoftmaxOptions], scale: float, zero_point: int) -> None:
    """Raise ModelError unless the output has this quantization; the scale may be off by a thousandth."""
    y = call["y"]
    fits = abs(float(y.scale) - scale) <= SCALE_TOLERANCE * scale and y.zero_point == zero_point
    found = f"scale {float(y.scale):.9g} and zero point {y.zero_point}"
    call.require(fits, f"y has {found}, expected {scale:.9g} and {zero_point}")


FLOAT = Variant("float", ("float32", "float16"), lambda call: np.float32(call.options.beta), compute_float)
BYTES = ("int8 -> int8", "uint8 -> uint8", "int8 -> int16", "uint8 -> int16")
FIXED_POINT = Variant("fixed point", BYTES, plan_8bit, compute_8bit)
BY_FLOATS = Variant("by floats", BYTES, plan_by_floats, softmax_by_floats.softmax, rules=follows(optimized=""))
TABLES = Variant(
    "tables",
    ("int16 -> int16",),
    plan_int16,
    compute_int16,
    rules=follows(reference="double"),
)
ON_MICRO = Variant(
    "tables",
    ("int16 -> int16",),
    partial(plan_int16, on_micro=True),
    compute_int16,
    rules=follows(**on_microcontrollers("double")),
)

SOFTMAX = Op(
    "SOFTMAX",
    "x[...,d] -> y[...]",
    SoftmaxOptions,
    variants=(FLOAT, FIXED_POINT, BY_FLOATS, TABLES, ON_MICRO),
    reads=whole_row,
)
OPS = (SOFTMAX,)
