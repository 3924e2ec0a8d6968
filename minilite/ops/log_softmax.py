"""LOG_SOFTMAX:  y[..., d] = x[..., d] - ln(sum over d of exp(x[..., d]))

float32: (x - max) - ln(sum of exp(x - max)), the sum from first to last.
int8, uint8, in integers only; y_scale is 1/16 and the largest code stands for 0:
    e = exp(x_scale * (x - max))            fixed point; nothing counts that is below max by 31 or more
    y = highest code + x_scale * (x - max) - ln(sum of e)      in steps of 1/16, the lowest code below -16
optimized: in float32, see softmax_by_floats.py

Follows tflite/kernels/activations.cc, internal/reference/log_softmax.h and integer_ops/log_softmax.h.
Other steps are those of numerics/fixed_point.py and numerics/exponential.py. Rescale rule: double, in a single-rounding
build of TensorFlow Lite Micro single.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.empty import LogSoftmaxOptions
from minilite.numerics import libm
from minilite.numerics.affine import Range, code_range
from minilite.numerics.exponential import exp_of_negative
from minilite.numerics.fixed_point import (
    INT32_MIN,
    rounding_right_shift_away,
    wrap_int32,
)
from minilite.numerics.logarithm import log_of_sum
from minilite.numerics.rescale import RULES, Rescale, make_rescale, quantize_multiplier

from . import softmax_by_floats
from .call import Array, Call
from .op import Op, Staged, Variant, follows, plan_nothing
from .reads import whole_row
from .softmax import DIFFERENCE_BITS, LARGEST_MULTIPLIER, SUM_BITS, require_sums

OUTPUT_BITS = 4  # before the binary point of the result
OUTPUT_SCALE = 2.0**-4


def compute_float(plan: None, x: Array) -> Array:
    rows = x.reshape(-1, x.shape[-1]) if x.size else x.reshape(0, 1)
    largest = np.fmax.reduce(rows, axis=1, keepdims=True, initial=np.finfo(x.dtype).min)  # passes over NaN
    differences = rows - largest
    sums = np.add.accumulate(libm.exp(differences), axis=1)[:, -1:]
    return np.asarray(differences - libm.log(sums)).reshape(x.shape)


class Plan(NamedTuple):
    """The constants of a quantized node."""

    rescale: Rescale  # from differences of codes to fixed point
    back: Rescale  # from fixed point to differences of codes
    lowest_difference: int  # codes further below the maximum count as nothing
    codes: Range
    dtype: np.dtype[Any]
    where: str  # for messages


def require_output(call: Call[LogSoftmaxOptions]) -> Range:
    """The codes of y. Raises ModelError unless the highest stands for 0 and the next for -1/16."""
    y = call["y"]
    codes = code_range(y.dtype)
    found = f"scale {float(y.scale):.9g} and zero point {y.zero_point}"
    fits = float(y.scale) == OUTPUT_SCALE and y.zero_point == codes.high
    call.require(fits, f"y has {found}, expected {OUTPUT_SCALE} and {codes.high}")
    return codes


def plan_by_floats(call: Call[LogSoftmaxOptions]) -> softmax_by_floats.Plan:
    require_output(call)
    return softmax_by_floats.plan(call, np.float32(1))


def plan_quantized(call: Call[LogSoftmaxOptions]) -> Plan:
    x, y = call["x"], call["y"]
    codes = require_output(call)
    steps = float(x.scale) * 2.0 ** (31 - DIFFERENCE_BITS)
    call.require(steps > 1, f"x_scale is {x.scale:.6g}, more than 2**-26 expected")
    multiplier = quantize_multiplier(min(steps, LARGEST_MULTIPLIER))
    exponent, mantissa = int(multiplier.exponent), int(multiplier.mantissa)
    rule = call.rule or "double"
    back = make_rescale(rule, 2.0 ** (31 - exponent) / mantissa)
    call.require(0 < float(back.multiplier.real) < 1, f"x_scale is {x.scale:.6g}, out of range")
    reach = (2**DIFFERENCE_BITS - 1) * 2 ** (31 - DIFFERENCE_BITS) // 2**exponent
    return Plan(Rescale(RULES[rule], multiplier), back, -reach, codes, y.dtype, call.node.label)


def compute_quantized(plan: Plan, x: Array) -> Staged:
    if not x.size:
        return Staged(np.empty(x.shape, plan.dtype), {})
    rows = x.reshape(-1, x.shape[-1]).astype(np.int64)
    differences = rows - rows.max(axis=1, keepdims=True)
    counts = differences >= plan.lowest_difference
    scaled = plan.rescale(np.where(counts, differences, 0))
    exponentials = exp_of_negative(scaled, DIFFERENCE_BITS)
    sums = np.where(counts, rounding_right_shift_away(exponentials, SUM_BITS), 0).sum(axis=1, keepdims=True)
    require_sums(plan.where, sums, 2**31, 2 ** (31 - SUM_BITS))
    logarithms = log_of_sum(sums, SUM_BITS, DIFFERENCE_BITS)
    lowest = np.maximum(plan.lowest_difference - 1, plan.back(wrap_int32(logarithms + INT32_MIN)))
    steps = rounding_right_shift_away(wrap_int32(scaled - logarithms), 31 - DIFFERENCE_BITS - OUTPUT_BITS)
    codes = np.where(differences > lowest, plan.codes.clamp(steps + plan.codes.high), plan.codes.low)
    stages = {
        "x - largest of the row": differences,
        "near enough to count": counts,
        "times x_scale, in 2**-26": scaled,
        "e to that, in 2**-31": exponentials,
        "sum of the row, in 2**-19": sums,
        "its logarithm, in 2**-26": logarithms,
        "difference, in steps of y": steps,
        "lowest difference with a code": lowest,
        "code": codes,
    }
    return Staged(codes.astype(plan.dtype).reshape(x.shape), stages)


BYTES = ("int8", "uint8")
RULES_BY_SET = follows(reference="", tflm="", tflm_single="single")
LOG_SOFTMAX = Op(
    "LOG_SOFTMAX",
    "x[...,d] -> y[...]",
    LogSoftmaxOptions,
    (
        Variant("float", ("float32",), plan_nothing, compute_float),
        Variant("fixed point", BYTES, plan_quantized, compute_quantized, rules=RULES_BY_SET),
        Variant("by floats", BYTES, plan_by_floats, softmax_by_floats.log_softmax, rules=follows(optimized="")),
    ),
    reads=whole_row,
)
OPS = (LOG_SOFTMAX,)
