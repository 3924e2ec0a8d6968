"""Pooling over windows of x [n,h,w,c]:
    AVERAGE_POOL_2D:  y[n,p,q,c] = activation(mean over i, j of x[n, row(p,i), column(q,j), c])
    MAX_POOL_2D:      y[n,p,q,c] = activation(max  over i, j of x[n, row(p,i), column(q,j), c])
    L2_POOL_2D:       y[n,p,q,c] = activation(root of the mean over i, j of x[n, row(p,i), column(q,j), c] ** 2)

row(p,i) = p * stride - before + i, likewise for columns (eq. 9). Taps outside the image are left out, of the mean's
divisor as well.
float32: the mean is summed over i, then j, then divided.
int8, uint8, int16: the sum of codes divided by the number of taps, to nearest, ties away from zero (eq. 15).
Nothing is rescaled, so x and y should have the same scale and zero point.

Follows tflite/kernels/pooling.cc, internal/reference/pooling.h and internal/reference/integer_ops/pooling.h.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.convolution import Pool2DOptions
from minilite.numerics.activation import activation_codes, activation_reals
from minilite.numerics.affine import Range
from minilite.numerics.fixed_point import divide_to_nearest
from minilite.numerics.geometry import Window, slide
from minilite.numerics.windows import inside, taps_inside

from .call import Array, Call
from .op import MICRO_SETS, Op, Staged, Variant, follows
from .reads import whole_window
from .signature import Shape

LARGEST_SCALE_ERROR = 1e-6  # between x and y, on microcontrollers


class Plan(NamedTuple):
    """The constants of a node."""

    rows: Window
    columns: Window
    limits: Range  # the fused activation, in codes or real values


def windows(call: Call[Pool2DOptions]) -> tuple[Window, Window]:
    """The windows over rows and columns. Raises ModelError for one that is empty, stands still or does not fit."""
    _, height, width, _ = call["x"].shape
    options = call.options
    found = []
    for what, length, size, stride in (
        ("rows", height, options.filter_height, options.stride_h),
        ("columns", width, options.filter_width, options.stride_w),
    ):
        call.require(size > 0, f"the window has {size} {what}, expected 1 or more")
        call.require(stride > 0, f"the stride over {what} is {stride}, expected 1 or more")
        window = slide(length, size, stride, 1, options.padding)
        call.require(window.output >= 0, f"the window has {size} {what}, the image {length}")
        found.append(window)
    return found[0], found[1]


def plan_float(call: Call[Pool2DOptions]) -> Plan:
    return Plan(*windows(call), activation_reals(call.options.fused_activation_function))


def plan_codes(call: Call[Pool2DOptions]) -> Plan:
    y = call["y"]
    codes = activation_codes(call.options.fused_activation_function, y.scale, y.zero_point, y.dtype)
    return Plan(*windows(call), codes)


def taps(plan: Plan, x: Array) -> Iterator[tuple[Any, Array]]:
    """For each tap, in order: where in y [n,p,q,c] it counts, and the values of x it has there."""
    _, height, width, _ = x.shape
    for i, j in product(taps_inside(plan.rows, height), taps_inside(plan.columns, width)):
        out_rows, in_rows = inside(plan.rows, i, height)
        out_columns, in_columns = inside(plan.columns, j, width)
        yield np.s_[:, out_rows, out_columns], x[:, in_rows, in_columns]


def output(plan: Plan, x: Array, start: Any, dtype: Any) -> Array:
    return np.full((x.shape[0], plan.rows.output, plan.columns.output, x.shape[3]), start, dtype)


def average(plan: Plan, x: Array, accumulator: Any, divide: Callable[[Array, Array], Array]) -> Staged:
    total = output(plan, x, 0, accumulator)
    count = np.zeros((1, *total.shape[1:3], 1), accumulator)
    for where, values in taps(plan, x):
        total[where] += values
        count[where] += 1
    mean = divide(total, count)
    kept = plan.limits.clamp(mean)
    stages = {"sum": total, "taps inside the image": count, "quotient": mean, "clamp": kept}
    return Staged(kept.astype(x.dtype), stages)


def average_float(plan: Plan, x: Array) -> Staged:
    return average(plan, x, x.dtype, np.divide)


def average_codes(plan: Plan, x: Array) -> Staged:
    return average(plan, x, np.int64, divide_to_nearest)


def root_mean_square(plan: Plan, x: Array) -> Staged:
    return average(plan, x * x, x.dtype, lambda total, count: np.sqrt(total / count))


def root_of_share(plan: Plan, x: Array) -> Staged:
    """The optimized kernel multiplies with the reciprocal of the number of taps."""
    return average(plan, x * x, x.dtype, lambda total, count: np.sqrt(total * (np.float32(1) / count)))


def largest(plan: Plan, x: Array) -> Array:
    lowest = np.finfo(x.dtype).min if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    best = output(plan, x, lowest, x.dtype)
    for where, values in taps(plan, x):
        best[where] = np.where(best[where] < values, values, best[where])  # passes over NaN, keeps the first zero
    return plan.limits.clamp(best).astype(x.dtype)


def shapes(call: Call[Pool2DOptions]) -> Sequence[Shape]:
    batch, _, _, channels = call["x"].shape
    rows, columns = windows(call)
    return [(batch, rows.output, columns.output, channels)]


def rescales(call: Call[Pool2DOptions]) -> str:
    """Why microcontrollers do not take a call."""
    x, y = call["x"], call["y"]
    same = abs(x.scale - y.scale) <= LARGEST_SCALE_ERROR and x.zero_point == y.zero_point
    return "" if same else "x and y of two scales or zero points"


def pool(
    code: str,
    added: bool,
    float_kernel: Callable[..., Any],
    code_kernel: Callable[..., Any] | None,
    *more: Variant,
) -> Op:
    """The op of a kernel of floats and, where there is one, of codes."""
    variants: tuple[Variant, ...] = (Variant("float", ("float32",), plan_float, float_kernel), *more)
    if code_kernel is not None:
        variants += (
            Variant(
                "codes", ("int8", "uint8", "int16"), plan_codes, code_kernel, gates=dict.fromkeys(MICRO_SETS, rescales)
            ),
        )
    return Op(code, "x[n,h,w,c] -> y[n,p,q,c]", Pool2DOptions, variants, shapes, reads=whole_window(windows, added))


AVERAGE_POOL_2D = pool("AVERAGE_POOL_2D", True, average_float, average_codes)
MAX_POOL_2D = pool("MAX_POOL_2D", False, largest, largest)
BY_RECIPROCAL = Variant("reciprocal", ("float32",), plan_float, root_of_share, rules=follows(optimized=""))
L2_POOL_2D = pool("L2_POOL_2D", False, root_mean_square, None, BY_RECIPROCAL)
OPS = (AVERAGE_POOL_2D, MAX_POOL_2D, L2_POOL_2D)
