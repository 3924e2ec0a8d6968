"""SQUARED_DIFFERENCE:  y = (a - b) ** 2, operands stretched to one shape

float32, int32: in the type itself, integers wrapping around.
int8: both operands are brought to a common scale with 7 more bits, as in ADD,
    t   = 2 * max(a_scale, b_scale)
    d   = rescale((a - a_zero) * 2**7) - rescale((b - b_zero) * 2**7)     m = a_scale / t,  b_scale / t
    acc = d * d
    y   = clamp(y_zero + rescale(acc))                                    m = t * t / (2**14 * y_scale)    (eq. 10)
int16, microcontrollers: the same without more bits; all zero points are 0.

Follows tflite/kernels/squared_difference.cc and tensorflow/lite/micro/kernels/squared_difference.cc, which takes
multipliers of 1 and more too.
Rescale rule: reference double, microcontrollers double or single. t and 2**14 * y_scale are formed in float32, the
rest in float64.
"""

from typing import NamedTuple

import numpy as np

from minilite.format.options.empty import SquaredDifferenceOptions
from minilite.numerics.affine import Range, code_range
from minilite.numerics.rescale import Rescale, make_rescale

from .broadcast import broadcast
from .call import Array, Call
from .common_scale import Term, make_term, to_common_scale, twice_the_larger_scale
from .finish import finish
from .op import Op, Variant, follows, on_microcontrollers, plan_nothing

MORE_BITS = 7


class Plan(NamedTuple):
    """The constants of a quantized node."""

    a: Term
    b: Term
    y_zero: int
    rescale: Rescale
    codes: Range
    dtype: np.dtype[np.generic]
    more_bits: int


def plan_quantized(call: Call[SquaredDifferenceOptions]) -> Plan:
    plan, real = _plan(call, MORE_BITS)
    call.require(
        bool(0 < real < 1) and bool(plan.rescale.multiplier.exponent <= 0),
        f"the scale of {call['y'].tensor.label}, {call['y'].scale}, is too small for these inputs: (2 * larger input "
        f"scale)**2 / (2**{2 * MORE_BITS} * output scale) is {real:.9g}, expected more than 0 and less than 1",
    )
    return plan


def _plan(call: Call[SquaredDifferenceOptions], more_bits: int) -> tuple[Plan, float]:
    """The plan, and the real multiplier of the square."""
    y = call["y"]
    common = np.float64(twice_the_larger_scale(call))
    real = common * common / np.float64(np.float32(2 ** (2 * more_bits)) * y.scale)
    a, b = (make_term(call, name, common) for name in "ab")
    return Plan(a, b, y.zero_point, make_rescale(call.rule, real), code_range(y.dtype), y.dtype, more_bits), float(real)


def plan_micro(call: Call[SquaredDifferenceOptions]) -> Plan:
    is_int16 = call["y"].dtype == np.int16
    if is_int16:
        call.require_symmetric("a", "b", "y")
    return _plan(call, 0 if is_int16 else MORE_BITS)[0]


def accumulate(plan: Plan, a: Array, b: Array) -> Array:
    difference = to_common_scale(plan.a, a, plan.more_bits) - to_common_scale(plan.b, b, plan.more_bits)
    return np.asarray(difference * difference)


def compute_plain(plan: None, a: Array, b: Array) -> Array:
    difference = a - b
    return np.asarray(difference * difference)


QUANTIZED = Variant(
    "quantized",
    ("int8",),
    plan_quantized,
    accumulate=accumulate,
    finish=finish,
    rules=follows(reference="double"),
)
MICRO = Variant(
    "quantized",
    ("int8", "int16"),
    plan_micro,
    accumulate=accumulate,
    finish=finish,
    rules=follows(**on_microcontrollers("double", has_cmsis_nn=False)),
)
PLAIN = Variant("plain", ("float32", "int32"), plan_nothing, compute_plain)
OPS = (
    Op(
        "SQUARED_DIFFERENCE",
        "a[...] b[...] -> y[...]",
        SquaredDifferenceOptions,
        (QUANTIZED, MICRO, PLAIN),
        shapes=broadcast,
    ),
)
