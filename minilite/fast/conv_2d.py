"""CONV_2D in compiled loops. The definition is minilite/ops/conv_2d.py."""

import math
from functools import partial
from typing import Any

import numpy as np

from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.geometry import Window
from minilite.numerics.jit import kernel
from minilite.ops.call import Array
from minilite.ops.conv_2d import (
    FLOAT,
    HYBRID,
    HYBRID_CHANNELS,
    INT8,
    INT16_INT32,
    INT16_INT64,
    MATRIX_UNITS,
    UINT8,
)
from minilite.ops.convolution import FloatPlan, Plan
from minilite.ops.hybrid import as_int8
from minilite.ops.prepare import Prepared

from .dynamic import Hybrid
from .float_products import make_convolution
from .hybrid import SCALES_FIRST, SCALES_LAST, HybridProblem
from .hybrid import make_loop as make_hybrid_loop
from .products import Problem, make_loop
from .rescale import clamp_real, rescale_arrays, rescale_one
from .twins import Loop, Twins, looped
from .wide import WideProblem
from .wide import make_loop as make_wide_loop


def codes(prepared: Prepared, x: Array | None, w: Array | None, b: Array | None = None) -> Loop | None:
    """The loop for 8-bit codes: a window of x is a row of a product, in one segment per row where it has no gaps."""
    call, plan = prepared.call, prepared.plan
    if w is None or (b is None) != (call.optional("b") is None):
        return None
    x_shape = call["x"].shape
    if x_shape[3] != w.shape[3]:
        return None  # groups
    zeros, weights = (plan.x_zero, plan.w_zero, plan.y_zero), in_segments(w, plan.columns)
    problem = Problem(x_shape, (plan.rows, plan.columns), weights, b, zeros, plan.rescale, plan.codes)
    return make_loop(problem, (0,), call["y"].shape, plan.dtype)


def wide(prepared: Prepared, x: Array | None, w: Array | None, b: Array | None = None) -> Loop | None:
    """The loop for int16 codes."""
    call, plan = prepared.call, prepared.plan
    if w is None or (b is None) != (call.optional("b") is None) or call["x"].shape[3] != w.shape[3]:
        return None
    if (plan.x_zero, plan.w_zero) != (0, 0) or not w.size:
        return None
    wraps, weights = plan.accumulator != np.int64, in_segments(w, plan.columns)
    problem = WideProblem(
        call["x"].shape, (plan.rows, plan.columns), weights, b, wraps, plan.rescale, plan.y_zero, plan.codes
    )
    return make_wide_loop(problem, call["y"].shape)


def in_segments(w: Array, columns: Window) -> Array:
    """w [u,i,j,d] as [u,segment,k]: a row of the window, or where it has gaps, a tap."""
    units, height, width, _ = w.shape
    segments = height if columns.dilation == 1 else height * width
    return w.reshape(units, segments, math.prod(w.shape[1:]) // segments)


def quantized(plan: Plan, x: Array, w: Array, b: Array | None = None) -> Array:
    """Codes [n,h,w,u] for x [n,h,w,c], w [u,i,j,d], b [u]."""
    units = w.shape[0]
    y = np.empty((x.shape[0], plan.rows.output, plan.columns.output, units), plan.dtype)
    bias = np.zeros(units, plan.accumulator) if b is None else b
    # 8-bit codes less their zero point take 9 bits, int16 codes have no zero point: every factor fits 16 bits.
    images = x.astype(np.int16) - np.int16(plan.x_zero)
    weights = (w.astype(np.int16) - np.int16(plan.w_zero)).reshape(units, -1)
    patch = np.empty(w.shape[1:], np.int16)
    wide = plan.accumulator == np.int64
    limits = (plan.y_zero, plan.codes.low, plan.codes.high)
    scaling = rescale_arrays(plan.rescale, units)
    quantized_loop(images, weights, bias, y, patch, tuple(plan.rows), tuple(plan.columns), wide, limits, *scaling)
    return y


@kernel
def quantized_loop(
    x: Any,
    w: Any,
    b: Any,
    y: Any,
    patch: Any,
    rows: Any,
    columns: Any,
    wide: Any,
    limits: Any,
    rule: Any,
    mantissa: Any,
    exponent: Any,
    real: Any,
) -> None:
    """y[n,p,q,u] from x[n,h,w,c], w[u,i*j*d], b[u].

    patch[i,j,d] is a copy of the window at hand, which serves every unit of its group. rows and columns are Windows;
    limits are the zero point and the lowest and highest code of y.
    """
    depth = patch.shape[2]
    groups = x.shape[3] // depth
    share = w.shape[0] // groups
    taps = patch.reshape(-1)
    for n in range(y.shape[0]):
        for p in range(y.shape[1]):
            for q in range(y.shape[2]):
                for g in range(groups):
                    copy_window(x[n], patch, p, q, g * depth, rows, columns)
                    for u in range(g * share, (g + 1) * share):
                        if wide:
                            total = dot_64(taps, w[u]) + np.int64(b[u])
                        else:
                            total = wrap_int32(np.int64(dot_32(taps, w[u])) + np.int64(b[u]))
                        scaled = rescale_one(rule, total, mantissa[u], exponent[u], real[u])
                        y[n, p, q, u] = min(max(scaled + limits[0], limits[1]), limits[2])


def copy_window(x: Any, patch: Any, p: Any, q: Any, first: Any, rows: Any, columns: Any) -> None:
    """patch[i,j,d] = what position (p, q) reads of x[h,w,c] from channel `first` on, 0 outside the image."""
    for i in range(patch.shape[0]):
        row = p * rows[3] - rows[1] + i * rows[4]
        for j in range(patch.shape[1]):
            column = q * columns[3] - columns[1] + j * columns[4]
            if 0 <= row < x.shape[0] and 0 <= column < x.shape[1]:
                for d in range(patch.shape[2]):
                    patch[i, j, d] = x[row, column, first + d]
            else:
                for d in range(patch.shape[2]):
                    patch[i, j, d] = 0


def dot_32(x: Any, w: Any) -> Any:
    """The low 32 bits of the sum of x[k] * w[k]."""
    total = np.int32(0)
    for k in range(x.shape[0]):
        total = np.int32(total + np.int32(x[k]) * np.int32(w[k]))
    return total


def dot_64(x: Any, w: Any) -> Any:
    """The sum of x[k] * w[k] in 64 bits."""
    total = np.int64(0)
    for k in range(x.shape[0]):
        total += np.int64(x[k]) * np.int64(w[k])
    return total


def reals(prepared: Prepared, x: Array | None, w: Array | None, b: Array | None = None) -> Loop | None:
    """The loop for float32 values, None for groups and weights that are not finite."""
    return make_convolution(prepared, w, b, lambda weights: weights.transpose(1, 2, 3, 0))


def floating(plan: FloatPlan, x: Array, w: Array, b: Array | None = None) -> Array:
    """float32 values [n,h,w,u] for x [n,h,w,c], w [u,i,j,d], b [u]."""
    y = np.zeros((x.shape[0], plan.rows.output, plan.columns.output, w.shape[0]), np.float32)
    weights = np.ascontiguousarray(w.transpose(1, 2, 3, 0))
    bias = np.zeros(w.shape[0], np.float32) if b is None else b
    floating_loop(x, weights, bias, y, tuple(plan.rows), tuple(plan.columns), plan.reals.low, plan.reals.high)
    return y


@kernel
def floating_loop(x: Any, w: Any, b: Any, y: Any, rows: Any, columns: Any, low: Any, high: Any) -> None:
    """y[n,p,q,u], zeros at first, from x[n,h,w,c], w[i,j,d,u], b[u]; all sums over i, j, d grow side by side."""
    for n in range(y.shape[0]):
        for p in range(y.shape[1]):
            for q in range(y.shape[2]):
                add_window(x[n], w, y[n, p, q], p, q, rows, columns)
                for u in range(y.shape[3]):
                    # A sum from 0 is never -0, so a bias of 0 in place of one left out changes nothing.
                    y[n, p, q, u] = clamp_real(y[n, p, q, u] + b[u], low, high)


def add_window(x: Any, w: Any, total: Any, p: Any, q: Any, rows: Any, columns: Any) -> None:
    """total[u] += the window of x[h,w,c] at position (p, q) times w[i,j,d,u], taps outside the image left out."""
    depth = w.shape[2]
    groups = x.shape[2] // depth
    share = total.shape[0] // groups
    for i in range(w.shape[0]):
        row = p * rows[3] - rows[1] + i * rows[4]
        for j in range(w.shape[1]):
            column = q * columns[3] - columns[1] + j * columns[4]
            if 0 <= row < x.shape[0] and 0 <= column < x.shape[1]:
                for g in range(groups):
                    for d in range(depth):
                        value = x[row, column, g * depth + d]
                        for u in range(g * share, (g + 1) * share):
                            total[u] += value * w[i, j, d, u]


def dynamic(
    per_channel: bool, prepared: Prepared, x: Array | None, w: Array | None, b: Array | None = None
) -> Loop | None:
    """The loop for float32 values and 8-bit weights, None for groups and for weights whose sums are not exact."""
    call, plan = prepared.call, prepared.plan
    if w is None or (b is None) != (call.optional("b") is None) or not w.size or call["x"].shape[3] != w.shape[3]:
        return None
    segments = in_segments(as_int8(w), plan.columns)
    is_exact = per_channel or len(w) % MATRIX_UNITS == 0
    if not is_exact and (segments == -128).any():
        return None
    # Upstream's other kernel starts its sums from 0, which takes the sign off a bias of -0.
    bias = np.full(len(w), -0.0, np.float32) if b is None else b
    bias = bias if per_channel else bias + np.float32(0)
    batch, height, width, channels = call["x"].shape
    scale = plan.w_scale if per_channel else plan.w_scale[:1]
    order = SCALES_LAST if per_channel else SCALES_FIRST
    settings = scale, bias, per_channel, order, False, plan.reals
    problem = HybridProblem(batch, (height, width, channels), (plan.rows, plan.columns), segments, *settings)
    return make_hybrid_loop(problem, call["y"].shape)


TWINS: Twins = {
    INT8: looped(codes, otherwise=quantized),
    UINT8: looped(codes, otherwise=quantized),
    INT16_INT64: looped(wide, otherwise=quantized),
    INT16_INT32: looped(wide, otherwise=quantized),
    FLOAT: looped(reals, otherwise=floating),
    HYBRID: looped(partial(dynamic, False), Hybrid),
    HYBRID_CHANNELS: looped(partial(dynamic, True), Hybrid),
}
