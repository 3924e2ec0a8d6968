"""MEAN:  y = sum of x over some axes / count of the elements summed

axes counts from the end where negative; an axis named twice counts once; none at all copies. keep_dims keeps length 1.
float32: summed in row-major order, from 0, then divided; optimized: from the first element, and over the last axes
    alone in the order of the Eigen library.
int32, int64: the sum in 64 bits, divided toward zero.
int8, uint8, int16:
    acc = sum of x - count * x_zero        exact, low 32 bits
    y   = clamp(y_zero + rescale(acc))     m = x_scale / y_scale / count     (eq. 16)
The mean of nothing is NaN for float32 and code 0 otherwise.
optimized, int8 and uint8 images [n,h,w,c] reduced over h and w with keep_dims:
    y   = clamp(bias + rescale(sum of x))  m = x_scale / (count * y_scale), bias = y_zero - round(x_zero * m * count)
    with m and the product in float32; whole blocks of 16 channels by the rule named, the rest by double.
xnnpack, int8 and uint8: EvenSum in numerics/reduction.py, with ratio = x_scale / y_scale * (1 / count).

Follows tflite/kernels/reduce.cc, internal/reference/reduce.h, internal/optimized/reduce.h and integer_ops/mean.h;
XNNPACK src/operators/reduce-nd.c.
Rescale rule: reference double, optimized half-up. The quotient of the scales is formed in
float64; its integer form is divided by count.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.arithmetic import ReducerOptions
from minilite.numerics.affine import Range, code_range
from minilite.numerics.eigen import row_sums
from minilite.numerics.fixed_point import divide_toward_zero
from minilite.numerics.reduction import gather_axes, mean_multiplier, ordered_sum, ordered_total
from minilite.numerics.rescale import Rescale, make_rescale
from minilite.numerics.rounding import round_half_added
from minilite.numerics.runs import Blocks

from .call import Array, Call
from .delegate_plain import reduction
from .op import Op, Staged, Variant, follows, on_microcontrollers
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
from .signature import Shape


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


def plan_share(call: Call[ReducerOptions]) -> FloatSumPlan:
    return plan_even_sum(call, np.float32(1) / np.float32(count_reduced(call)))


class TrailingPlan(NamedTuple):
    """The constants of a mean of floats over the last axes alone, each row with this many elements."""

    shape: Shape
    elements: int


def plan_trailing(call: Call[ReducerOptions]) -> TrailingPlan:
    return TrailingPlan(call["y"].shape, count_reduced(call))


def mean_of_rows(plan: TrailingPlan, x: Array) -> Array:
    """In the order of sums of the Eigen library."""
    sums = row_sums(x.reshape(-1, plan.elements))
    return np.asarray(sums / x.dtype.type(plan.elements)).reshape(plan.shape)


def reduces_trailing_axes(call: Call[ReducerOptions]) -> str:
    """What the optimized kernel asks for: of the axes with more than one element, those last in memory."""
    axes = reduced_axes(call)
    reduced = [axis in axes for axis, length in enumerate(call["x"].shape) if length != 1]
    fits = 0 not in call["x"].shape and False in reduced and True in reduced and reduced == sorted(reduced)
    return "" if fits else "not the last axes alone are reduced"


def mean_from_first(plan: Plan, x: Array) -> Array:
    """From the first element, which may be -0."""
    rows = gather_axes(x, plan.axes)
    if not x.size:
        return np.full(plan.shape, np.nan, x.dtype)
    return np.asarray(ordered_total(rows) / x.dtype.type(len(rows))).reshape(plan.shape)


class ImagePlan(NamedTuple):
    """The constants of a mean over rows and columns in vector code."""

    shape: Shape
    y_zero: int  # the zero point of y, less what that of x comes to
    rescale: Rescale
    rescale_behind: Rescale  # of the channels behind whole blocks
    codes: Range
    dtype: np.dtype[Any]


def plan_image(call: Call[ReducerOptions]) -> ImagePlan:
    x, y, count = call["x"], call["y"], np.float32(count_reduced(call))
    real = np.float64(np.float32(x.scale / (count * y.scale)))
    bias = y.zero_point - int(round_half_added(np.float32(x.zero_point) * x.scale / y.scale))
    return ImagePlan(
        y.shape, bias, make_rescale(call.rule, real), make_rescale("double", real), code_range(y.dtype), y.dtype
    )


def accumulate_image(plan: ImagePlan, x: Array) -> Array:
    return np.asarray(x.sum(axis=(1, 2), dtype=np.int64)).reshape(plan.shape)


def finish_image(plan: ImagePlan, accumulators: Array) -> Staged:
    blocks = Blocks(plan.shape[-1], CHANNELS_AT_ONCE)
    of_blocks, of_others = plan.rescale(accumulators), plan.rescale_behind(accumulators)
    steps = blocks.choose(of_blocks, of_others)
    codes = plan.codes.clamp(steps + plan.y_zero)
    stages = {"in a whole block": of_blocks, "left over": of_others, "in steps of y": steps}
    stages |= {"plus the zero point, less that of x": steps + plan.y_zero, "clamp": codes}
    return Staged(np.asarray(codes, plan.dtype), stages)


def is_image_mean(call: Call[ReducerOptions]) -> str:
    """What the optimized kernel asks for."""
    is_image = call.options.keep_dims and len(call["x"].shape) == 4 and reduced_axes(call) == (1, 2)
    return "" if is_image and 0 not in call["x"].shape else "it is no mean of rows and columns with keep_dims"


BYTES, CHANNELS_AT_ONCE = ("int8", "uint8"), 16
IMAGE = Variant(
    "image",
    BYTES,
    plan_image,
    accumulate=accumulate_image,
    finish=finish_image,
    rules=follows(optimized="half-up"),
    gates={"optimized": is_image_mean},
)
OF_ROWS = Variant(
    "rows",
    ("float32",),
    plan_trailing,
    mean_of_rows,
    rules=follows(optimized=""),
    gates={"optimized": reduces_trailing_axes},
)
FROM_FIRST = Variant("float from the first", ("float32",), plan_plain, mean_from_first, rules=follows(optimized=""))
IN_FLOAT32 = Variant(
    "quantized in float32",
    BYTES,
    plan_share,
    compute_float_sum,
    rules=follows(xnnpack=""),
    gates={"xnnpack": reduction},
)

MEAN = Op(
    "MEAN",
    "x[...] axes=int[...] -> y[...]",
    ReducerOptions,
    (FLOAT, OF_ROWS, FROM_FIRST, INTEGER, QUANTIZED, IMAGE, IN_FLOAT32),
    shapes,
    reads=reads,
)
OPS = (MEAN,)
