"""SUM:  y = sum of x over some axes

axes counts from the end where negative; an axis named twice counts once; none at all copies. keep_dims keeps length 1.
float32: summed in row-major order, from 0, or from the first element when nothing but one number is left; on
    microcontrollers from 0.
int32, int64: the low bits of the sum. bool: whether any element is true.
uint8, on microcontrollers int8 and int16:
    acc = sum of x - count * x_zero        exact, low 32 bits
    y   = clamp(y_zero + rescale(acc))     m = x_scale / y_scale              (eq. 6)
int8, int16: in float32, with ratio = x_scale / y_scale:
    y   = clamp(y_zero + round(sum of x * ratio - x_zero * ratio * count))
The sum of nothing is 0; of uint8, code 0.

Follows tflite/kernels/reduce.cc and internal/reference/reduce.h. The official reference kernel takes the bytes of int8
and int16 tensors for uint8 codes; there the optimized kernel is followed, internal/optimized/reduce.h, also
with uint8 in that set; its float sums start from the first element. XNNPACK: int8 and uint8 as EvenSum in
numerics/reduction.py says.
Rescale rule: uint8 reference double, microcontrollers double or single. The quotient of the scales is formed in
float64.
"""

import numpy as np

from minilite.format.options.arithmetic import ReducerOptions
from minilite.numerics.affine import code_range
from minilite.numerics.reduction import gather_axes, make_float_sum, ordered_sum, ordered_total
from minilite.numerics.rescale import quantize_multiplier

from .call import Array, Call
from .delegate_plain import reduction
from .op import MICROCONTROLLERS, REFERENCE, Op, Variant, follows, on_microcontrollers
from .reducing import (
    FloatSumPlan,
    Plan,
    SumPlan,
    accumulate_sum,
    compute_float_sum,
    count_reduced,
    finish_sum,
    plan_even_sum,
    plan_plain,
    plan_sum,
    reads,
    reduced_axes,
    shapes,
)


def sum_float(plan: Plan, x: Array) -> Array:
    if not x.size:
        return np.zeros(plan.shape, x.dtype)
    rows = gather_axes(x, plan.axes)
    sums = ordered_total(rows) if len(plan.axes) == x.ndim else ordered_sum(rows)
    return sums.reshape(plan.shape)


def sum_from_zero(plan: Plan, x: Array) -> Array:
    return ordered_sum(gather_axes(x, plan.axes)).reshape(plan.shape) if x.size else np.zeros(plan.shape, x.dtype)


def sum_from_first(plan: Plan, x: Array) -> Array:
    return ordered_total(gather_axes(x, plan.axes)).reshape(plan.shape) if x.size else np.zeros(plan.shape, x.dtype)


def sum_integer(plan: Plan, x: Array) -> Array:
    sums: Array = gather_axes(x, plan.axes).sum(axis=0, dtype=x.dtype)
    return sums.reshape(plan.shape)


def plan_quantized(call: Call[ReducerOptions]) -> SumPlan:
    return plan_sum(call, lambda real, count: quantize_multiplier(real))


def plan_signed(call: Call[ReducerOptions]) -> FloatSumPlan:
    x, y = call["x"], call["y"]
    if x.dtype == np.int16:
        call.require_symmetric("x", "y")
    call.require(bool(np.isfinite(x.scale / y.scale)), "the multiplier x_scale / y_scale is not a finite number")
    to_codes = make_float_sum(x.scale, x.zero_point, y.scale, y.zero_point, count_reduced(call))
    return FloatSumPlan(reduced_axes(call), y.shape, to_codes, code_range(y.dtype))


VARIANTS = (
    Variant("float", ("float32",), plan_plain, sum_float, rules=REFERENCE),
    Variant("float", ("float32",), plan_plain, sum_from_first, rules=follows(optimized="")),
    Variant("float", ("float32",), plan_plain, sum_from_zero, rules=MICROCONTROLLERS),
    Variant("integer", ("int32", "int64", "bool"), plan_plain, sum_integer),
    Variant(
        "quantized",
        ("uint8",),
        plan_quantized,
        accumulate=accumulate_sum,
        finish=finish_sum,
        rules=follows(reference="double"),
    ),
    Variant("quantized in float32", ("int8", "int16"), plan_signed, compute_float_sum, rules=REFERENCE),
    Variant("quantized in float32", ("uint8",), plan_signed, compute_float_sum, rules=follows(optimized="")),
    Variant(
        "quantized in float32",
        ("int8", "uint8"),
        lambda call: plan_even_sum(call, np.float32(1)),
        compute_float_sum,
        rules=follows(xnnpack=""),
        gates={"xnnpack": reduction},
    ),
    Variant(
        "quantized",
        ("int8", "int16"),
        plan_quantized,
        accumulate=accumulate_sum,
        finish=finish_sum,
        rules=follows(**on_microcontrollers("double", has_cmsis_nn=False)),
    ),
)
SUM = Op("SUM", "x[...] axes=int[...] -> y[...]", ReducerOptions, VARIANTS, shapes, reads=reads)
OPS = (SUM,)
