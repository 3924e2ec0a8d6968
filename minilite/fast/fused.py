"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED of float32 as XNNPACK sums them: from the bias, each product fused.

The definitions are in minilite/ops, the variants FLOAT_XNNPACK. The blocks of `float_products` do most of them; the
plain loop here takes groups, and channels with several outputs.
"""

import math
from typing import Any

import numpy as np

from minilite.numerics.activation import unbounded
from minilite.numerics.affine import Range
from minilite.numerics.fused import fused_multiply_add
from minilite.numerics.geometry import Window
from minilite.numerics.jit import kernel, lowered_in
from minilite.ops import conv_2d, depthwise_conv_2d, fully_connected
from minilite.ops.call import Array
from minilite.ops.convolution import FloatPlan
from minilite.ops.prepare import Prepared
from minilite.ops.signature import Shape

from .float_products import FloatProblem, make_loop
from .products import POINT
from .rescale import clamp_real
from .twins import Loop, Twins, looped


def windows(prepared: Prepared, x: Array | None, w: Array | None, b: Array | None) -> Loop | None:
    """The loop of a convolution with w [u,i,j,d], None for groups but of one channel each."""
    call, plan = prepared.call, prepared.plan
    x_shape = call["x"].shape
    if w is None or b is None or not w.size:
        return None
    if w.shape[3] == 1 and x_shape[3] == w.shape[0]:
        weights = w[..., 0].transpose(1, 2, 0)
    elif w.shape[3] == x_shape[3]:
        weights = w.transpose(1, 2, 3, 0)
    else:
        return None
    return fused_products(x_shape, (plan.rows, plan.columns), weights, b, plan.reals, call["y"].shape)


def channels(prepared: Prepared, x: Array | None, w: Array | None, b: Array | None) -> Loop | None:
    """The loop of a depthwise convolution, None for channels with several outputs."""
    call, plan = prepared.call, prepared.plan
    if w is None or b is None or not w.size or call["x"].shape[3] != w.shape[3]:
        return None
    return fused_products(call["x"].shape, (plan.rows, plan.columns), w[0], b, plan.reals, call["y"].shape)


def rows(prepared: Prepared, x: Array | None, w: Array | None, b: Array | None = None) -> Loop | None:
    """The loop of a product with w [u,d]."""
    call, plan = prepared.call, prepared.plan
    if w is None or (b is None) != (call.optional("b") is None) or not w.size:
        return None
    count, depth = math.prod(call["x"].shape) // w.shape[1], w.shape[1]
    over = POINT, POINT._replace(output=count)
    loop = fused_products((1, 1, count, depth), over, w.T[None, None], b, plan.reals, plan.shape)
    return loop._replace(parts=None)


def fused_products(
    x_shape: Shape, over: tuple[Window, Window], w: Array, b: Array | None, reals: Range, shape: Shape
) -> Loop:
    """The loop of `float_products`, fused."""
    return make_loop(FloatProblem(x_shape, *over, w, b, unbounded(reals), shape, is_fused=True))


def convolution(plan: FloatPlan, x: Array, w: Array, b: Array) -> Array:
    """float32 values [n,p,q,u] for x [n,h,w,c], w [u,i,j,d], b [u]."""
    by_column = w.shape[3] == 1 and x.shape[3] == w.shape[0]
    return sums(x, w.transpose(1, 2, 3, 0), b, (plan.rows, plan.columns), plan.reals, by_column)


def depthwise(plan: FloatPlan, x: Array, w: Array, b: Array) -> Array:
    """float32 values [n,p,q,u] for x [n,h,w,c], w [1,i,j,u], b [u]."""
    by_column = x.shape[3] == w.shape[3]
    return sums(x, w[0, :, :, None], b, (plan.rows, plan.columns), plan.reals, by_column)


def dense(plan: fully_connected.FloatPlan, x: Array, w: Array, b: Array | None) -> Array:
    """float32 values for x [~d], w [u,d], b [u]."""
    bias = np.zeros(len(w), np.float32) if b is None else b
    rows = x.reshape(-1, 1, 1, w.shape[1])
    return sums(rows, w.T[None, None], bias, (POINT, POINT), plan.reals, False).reshape(plan.shape)


def sums(x: Array, w: Array, b: Array, windows: tuple[Window, Window], reals: Range, by_column: bool) -> Array:
    """float32 values [n,p,q,u] for x [n,h,w,c], w [i,j,d,u], b [u]."""
    rows, columns = windows
    y = np.empty((len(x), rows.output, columns.output, len(b)), np.float32)
    y[...] = b
    limits = unbounded(reals)
    weights = np.ascontiguousarray(w)
    fused_loop(np.ascontiguousarray(x), weights, y, tuple(rows), tuple(columns), by_column, limits.low, limits.high)
    return y


@lowered_in("minilite.fast.lowered.float_intrinsics")
def fuse(a: Any, b: Any, c: Any) -> Any:
    """a * b + c of three float32 numbers, rounded once."""
    return fused_multiply_add(np.asarray(a), np.asarray(b), np.asarray(c))[()]


@kernel
def fused_loop(x: Any, w: Any, y: Any, rows: Any, columns: Any, by_column: Any, low: Any, high: Any) -> None:
    """y[n,p,q,u], the bias at first, from x[n,h,w,c] and w[i,j,d,u], over i, j, d or `by_column` over j, i, d."""
    for n in range(y.shape[0]):
        for p in range(y.shape[1]):
            for q in range(y.shape[2]):
                for tap in range(w.shape[0] * w.shape[1]):
                    if by_column:
                        i, j = tap % w.shape[0], tap // w.shape[0]
                    else:
                        i, j = tap // w.shape[1], tap % w.shape[1]
                    row, column = p * rows[3] - rows[1] + i * rows[4], q * columns[3] - columns[1] + j * columns[4]
                    fuse_tap(x[n], w[i, j], y[n, p, q], row, column)
                for u in range(y.shape[3]):
                    y[n, p, q, u] = clamp_real(y[n, p, q, u], low, high)


def fuse_tap(x: Any, w: Any, total: Any, row: Any, column: Any) -> None:
    """total[u] += the pixel of x[h,w,c] times w[d,u]; a pixel outside the image is 0."""
    depth = w.shape[0]
    groups = x.shape[2] // depth
    share = total.shape[0] // groups
    is_inside = 0 <= row < x.shape[0] and 0 <= column < x.shape[1]
    # The two common cases stand apart, as loops that a compiler turns into vector instructions.
    if groups == 1:
        for d in range(depth):
            value = x[row, column, d] if is_inside else np.float32(0)
            for u in range(total.shape[0]):
                total[u] = fuse(value, w[d, u], total[u])
    elif depth == 1 and share == 1 and is_inside:
        for u in range(total.shape[0]):
            total[u] = fuse(x[row, column, u], w[0, u], total[u])
    else:
        for g in range(groups):
            for d in range(depth):
                value = x[row, column, g * depth + d] if is_inside else np.float32(0)
                for u in range(g * share, (g + 1) * share):
                    total[u] = fuse(value, w[d, u], total[u])


TWINS: Twins = {
    conv_2d.FLOAT_XNNPACK: looped(windows, otherwise=convolution),
    depthwise_conv_2d.FLOAT_XNNPACK: looped(channels, otherwise=depthwise),
    fully_connected.FLOAT_XNNPACK: looped(rows, otherwise=dense),
}
