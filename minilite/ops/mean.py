"""MEAN:  y = sum of x over some axes / count of the elements summed

axes counts from the end where negative; an axis named twice counts once; none at all copies. keep_dims keeps length 1.
float32: summed in row-major order, from 0, then divided.
int32, int64: the sum in 64 bits, divided toward zero.
int8, uint8, int16:
    acc = sum of x - count * x_zero        exact, low 32 bits
    y   = clamp(y_zero + rescale(acc))     m = x_scale / y_scale / count     (eq. 16)
The mean of nothing is NaN for float32 and code 0 otherwise.

Follows tflite/kernels/reduce.cc and internal/reference/reduce.h.
Rescale rule: reference double. The quotient of the scales is formed in float64; its integer form is divided by count.
"""

import numpy as np

from minilite.format.options.arithmetic import ReducerOptions
from minilite.numerics.fixed_point import divide_toward_zero
from minilite.numerics.reduction import gather_axes, mean_multiplier, ordered_sum

from .call import Array, Call
from .op import Op, Variant, follows, on_microcontrollers
from .reducing import Plan, SumPlan, accumulate_sum, finish_sum, plan_plain, plan_sum, reads, shapes


def mean_float(plan: Plan, x: Array) -> Array:
    rows = gather_axes(x, plan.axes)
    if not x.size:
        return np.full(plan.shape, np.nan, x.dtype)
    means: Array = ordered_sum(rows) / x.dtype.type(len(rows))
    return means.reshape(plan.shape)


def mean_integer(plan: Plan, x: Array) -> Array:
    rows = gather_axes(x, plan.axes).astype(np.int64)
    if not x.size:
        return np.zeros(plan.shape, x.dtype)
    means: Array = divide_toward_zero(rows.sum(axis=0), np.int64(len(rows)))
    return means.astype(x.dtype).reshape(plan.shape)


def plan_quantized(call: Call[ReducerOptions]) -> SumPlan:
    if call["x"].dtype == np.int16:
        call.require_symmetric("x", "y")
    return plan_sum(call, mean_multiplier)


FLOAT = Variant("float", ("float32",), plan_plain, mean_float)
INTEGER = Variant("integer", ("int32", "int64"), plan_plain, mean_integer)
QUANTIZED = Variant(
    "quantized",
    ("int8", "uint8", "int16"),
    plan_quantized,
    accumulate=accumulate_sum,
    finish=finish_sum,
    rules=follows(reference="double", **on_microcontrollers("double", has_cmsis_nn=False)),
)

MEAN = Op("MEAN", "x[...] axes=int[...] -> y[...]", ReducerOptions, (FLOAT, INTEGER, QUANTIZED), shapes, reads=reads)
OPS = (MEAN,)
