"""Sums of int8 codes of one scale, as microcontrollers form them for ADD_N and CUMSUM.

    acc = -x_zero + sum of (x - x_zero)                                            (eq. 5)
    y   = clamp(y_zero + rescale(acc * 2**19))     m = 2 * x_scale / (2**20 * y_scale)    (eq. 7)

The kernels start from the code 0 instead of the real value 0, hence the first -x_zero; it is followed here.

Follows AddN and CumSum in tensorflow/lite/kernels/internal/reference of TensorFlow Lite Micro. Rescale rule:
microcontrollers double or single. The multiplier is formed in float64.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.affine import Range
from minilite.numerics.fixed_point import shift_left_int32
from minilite.numerics.rescale import Rescale, make_rescale

from .call import Array, Call, Operand
from .finish import finish as codes_of

MORE_BITS = 20  # of a code, before it is halved


class SumPlan(NamedTuple):
    """The constants of a node."""

    x_zero: int
    y_zero: int
    rescale: Rescale
    codes: Range
    dtype: np.dtype[np.generic]


def plan_sum(call: Call[Any], x: Operand) -> SumPlan:
    """The plan for terms quantized as `x` is. Raises ModelError when the sum does not fit y at all."""
    y = call["y"]
    real = 2 * np.float64(x.scale) / (2**MORE_BITS * np.float64(y.scale))
    call.require(bool(0 < real < 1), f"the scale of {y.tensor.label}, {y.scale}, is too small for sums of the inputs")
    return SumPlan(x.zero_point, y.zero_point, make_rescale(call.rule, real), y.codes, y.dtype)


def steps(plan: SumPlan, x: Array) -> Array:
    """Codes less the zero point, int64."""
    return np.asarray(x.astype(np.int64) - plan.x_zero)


def finish(plan: SumPlan, accumulators: Array) -> Array:
    """Codes of sums."""
    return codes_of(plan, shift_left_int32(accumulators, MORE_BITS - 1))
