"""REDUCE_PROD:  y = product of x over some axes

axes counts from the end where negative; an axis named twice counts once; none at all copies. keep_dims keeps length 1.
float32: multiplied in row-major order. Integers without a scale: the low bits. bool: whether all elements are true.
int8, int16 with a scale, for n elements x[0], x[1], ... in row-major order:
    acc = x[0] - x_zero,  then for each next one  acc = rescale(acc * (x[k] - x_zero))
    y   = clamp(y_zero + rescale(acc))     m = x_scale / y_scale**(1/n)
    optimized: where one element is left of one, it is copied, whatever the scales
The product of nothing is 1; with a scale it is refused, since the official kernel leaves it undefined.

Follows tflite/kernels/reduce.cc, internal/reference/reduce.h and internal/optimized/reduce.h.
Rescale rule: reference int16-multiplier. The multiplier is formed in float64.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.arithmetic import ReducerOptions
from minilite.numerics.affine import Range, code_range
from minilite.numerics.reduction import gather_axes, ordered_product
from minilite.numerics.rescale import Rescale, make_rescale

from .call import Array, Call
from .finish import finish
from .op import Op, Variant, follows
from .reduce_extremes import all_true
from .reducing import Plan, count_reduced, plan_plain, reads_unsummed, reduced_axes, shapes
from .signature import Shape

MAX_EXPONENT = 15  # of the multiplier; from there on the official kernel shifts by a negative count


def plan_unscaled(call: Call[ReducerOptions]) -> Plan:
    call.require(not _has_scale(call) or call["x"].dtype != np.uint8, "uint8 with a scale is not possible here")
    return plan_plain(call)


def multiply(plan: Plan, x: Array) -> Array:
    if not x.size:
        return np.ones(plan.shape, x.dtype)
    return ordered_product(gather_axes(x, plan.axes)).reshape(plan.shape)


class QuantizedPlan(NamedTuple):
    """The constants of a quantized node."""

    axes: tuple[int, ...]
    shape: Shape
    x_zero: int
    y_zero: int
    rescale: Rescale
    codes: Range
    dtype: np.dtype[Any]


def plan_quantized(call: Call[ReducerOptions]) -> QuantizedPlan:
    x, y = call["x"], call["y"]
    if x.dtype == np.int16:
        call.require_symmetric("x", "y")
    count = count_reduced(call)
    call.require(count > 0 or not math.prod(y.shape), "the product of no elements is not defined for quantized tensors")
    real = float(x.scale) / math.pow(float(y.scale), 1 / max(count, 1)) if y.scale > 0 else math.inf
    call.require(
        0 <= real < 2.0 ** (MAX_EXPONENT - 1), f"the multiplier {real:g} is not below {2 ** (MAX_EXPONENT - 1)}"
    )
    rescale = make_rescale(call.rule, np.float64(real))
    return QuantizedPlan(reduced_axes(call), y.shape, x.zero_point, y.zero_point, rescale, code_range(y.dtype), y.dtype)


def accumulate(plan: QuantizedPlan, x: Array) -> Array:
    if not x.size:
        return np.zeros(plan.shape, np.int64)
    rows = gather_axes(x, plan.axes).astype(np.int64) - plan.x_zero
    accumulators: Array = rows[0]
    for row in rows[1:]:
        accumulators = plan.rescale(accumulators * row)
    return accumulators.reshape(plan.shape)


def copy(plan: Plan, x: Array) -> Array:
    return x.reshape(plan.shape)


def reduces_nothing(call: Call[ReducerOptions]) -> str:
    """The optimized kernel copies where no axis of more than one element is reduced."""
    return "" if count_reduced(call) == 1 else "several elements are multiplied"


def _has_scale(call: Call[ReducerOptions]) -> bool:
    return call["x"].tensor.quantization is not None


VARIANTS = (
    Variant(
        "quantized",
        ("int8", "int16"),
        plan_quantized,
        accumulate=accumulate,
        finish=finish,
        rules=follows(reference="int16-multiplier"),
        when=_has_scale,
    ),
    Variant(
        "copied",
        ("int8", "int16"),
        plan_plain,
        copy,
        rules=follows(optimized=""),
        when=_has_scale,
        gates={"optimized": reduces_nothing},
    ),
    Variant("plain", ("float32", "int32", "int64", "int8", "int16", "uint8"), plan_unscaled, multiply),
    Variant("all", ("bool",), plan_plain, all_true),
)
OPS = (Op("REDUCE_PROD", "x[...] axes=int[...] -> y[...]", ReducerOptions, VARIANTS, shapes, reads=reads_unsummed),)
