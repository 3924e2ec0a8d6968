"""FULLY_CONNECTED in compiled loops. The definition is minilite/ops/fully_connected.py."""

import math
from typing import Any

import numpy as np

from minilite.numerics.activation import NONE, RELU, RELU6, RELU_N1_TO_1, activation_reals
from minilite.numerics.affine import Range
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.jit import kernel
from minilite.ops.call import Array
from minilite.ops.fully_connected import (
    FLOAT,
    INT16,
    INT16_WEIGHTS,
    MICRO_INT8,
    MICRO_INT16,
    MICRO_INT16_INT32,
    QUANTIZED,
    FloatPlan,
    Plan,
)
from minilite.ops.fully_connected_hybrid import HYBRID
from minilite.ops.hybrid import VECTOR, as_int8
from minilite.ops.prepare import Prepared

from .dynamic import Hybrid
from .float_products import FloatProblem
from .float_products import make_loop as make_float_loop
from .hybrid import SCALES_FIRST, HybridProblem
from .hybrid import make_loop as make_hybrid_loop
from .products import POINT, Problem, make_loop
from .rescale import clamp_real, rescale_arrays, rescale_one
from .twins import Loop, Twins, looped, unpacked
from .wide import WideProblem
from .wide import make_loop as make_wide_loop


def codes(prepared: Prepared, x: Array | None, w: Array | None, b: Array | None = None) -> Loop | None:
    """The loop for 8-bit codes x [~d] and w [u,d]: every row of x is a window of one code position."""
    call, plan = prepared.call, prepared.plan
    if w is None or (b is None) != (call.optional("b") is None):
        return None
    rows = math.prod(call["x"].shape) // w.shape[1]
    zeros = (plan.x_zero, plan.w_zero, plan.y_zero)
    windows = POINT, POINT._replace(output=rows)
    problem = Problem((1, 1, rows, w.shape[1]), windows, w[:, None], b, zeros, plan.rescale, plan.codes)
    return make_loop(problem, (0,), plan.shape, plan.dtype)


def wide(prepared: Prepared, x: Array | None, w: Array | None, b: Array | None = None) -> Loop | None:
    """The loop for int16 codes x [~d] and int8 w [u,d]."""
    call, plan = prepared.call, prepared.plan
    if w is None or (b is None) != (call.optional("b") is None) or (plan.x_zero, plan.w_zero) != (0, 0) or not w.size:
        return None
    rows = math.prod(call["x"].shape) // w.shape[1]
    windows = POINT, POINT._replace(output=rows)
    problem = WideProblem(
        (1, 1, rows, w.shape[1]), windows, w[:, None], b, plan.wraps, plan.rescale, plan.y_zero, plan.codes
    )
    return make_wide_loop(problem, plan.shape)


def quantized(plan: Plan, x: Array, w: Array, b: Array | None) -> Array:
    """Codes for x [~d] and w [u,d]."""
    units, depth = w.shape
    y = np.empty((x.size // depth, units), plan.dtype)
    bias = np.zeros(units, np.int32) if b is None else b
    scaling = rescale_arrays(plan.rescale, units)
    zeros = (plan.x_zero, plan.w_zero, plan.y_zero)
    codes = (plan.codes.low, plan.codes.high)
    quantized_loop(x.reshape(-1, depth), w, bias, y, zeros, codes, plan.wraps, *scaling)
    return y.reshape(plan.shape)


@kernel
def quantized_loop(
    x: Any,
    w: Any,
    b: Any,
    y: Any,
    zeros: Any,
    codes: Any,
    wraps: Any,
    rule: Any,
    mantissa: Any,
    exponent: Any,
    real: Any,
) -> None:
    """y[n,u] from x[n,d], w[u,d], b[u]; zeros are those of x, w, y."""
    y_zero = np.int64(zeros[2])
    for n in range(x.shape[0]):
        for u in range(w.shape[0]):
            if wraps:
                total = wrap_int32(np.int64(sum_int32(x[n], w[u], zeros[0], zeros[1])) + np.int64(b[u]))
            else:
                total = sum_int64(x[n], w[u]) + np.int64(b[u])
            scaled = rescale_one(rule, total, mantissa[u], exponent[u], real[u])
            y[n, u] = min(max(scaled + y_zero, codes[0]), codes[1])


def sum_int32(x: Any, w: Any, x_zero: Any, w_zero: Any) -> Any:
    """Sum over d of (x - x_zero) * (w - w_zero), in 32 bits that wrap around."""
    total = np.int32(0)
    for d in range(x.shape[0]):
        total += np.int32(np.int32(x[d]) - np.int32(x_zero)) * np.int32(np.int32(w[d]) - np.int32(w_zero))
    return total


def sum_int64(x: Any, w: Any) -> Any:
    """Sum over d of x * w, in 64 bits."""
    total = np.int64(0)
    for d in range(x.shape[0]):
        total += np.int64(x[d]) * np.int64(w[d])
    return total


def reals(prepared: Prepared, x: Array | None, w: Array | None, b: Array | None = None) -> Loop | None:
    """The loop for float32 values."""
    call, plan = prepared.call, prepared.plan
    if w is None or (b is None) != (call.optional("b") is None) or not w.size:
        return None
    rows = math.prod(call["x"].shape) // w.shape[1]
    windows = POINT, POINT._replace(output=rows)
    weights = np.ascontiguousarray(w.T)[None, None]
    problem = FloatProblem((1, 1, rows, w.shape[1]), *windows, weights, b, plan.reals, plan.shape)
    return make_float_loop(problem)._replace(parts=None)


def floating(plan: FloatPlan, x: Array, w: Array, b: Array | None) -> Array:
    """float32 values for x [~d] and w [u,d]."""
    units, depth = w.shape
    y = np.empty((x.size // depth, units), np.float32)
    bias = np.zeros(0, np.float32) if b is None else b
    floating_loop(x.reshape(-1, depth), np.ascontiguousarray(w.T), bias, y, plan.reals.low, plan.reals.high)
    return y.reshape(plan.shape)


@kernel
def floating_loop(x: Any, w: Any, b: Any, y: Any, low: Any, high: Any) -> None:
    """y[n,u] from x[n,d], w[d,u], b[u]; every output is summed over d in order, side by side."""
    for n in range(x.shape[0]):
        y[n] = np.float32(0)
        for d in range(x.shape[1]):
            for u in range(w.shape[1]):
                y[n, u] += x[n, d] * w[d, u]
        for u in range(w.shape[1]):
            total = y[n, u] + b[u] if b.size else y[n, u]
            y[n, u] = clamp_real(total, low, high)


ACTIVATIONS = (NONE, RELU, RELU_N1_TO_1, RELU6)


def dynamic(prepared: Prepared, x: Array | None, w: Array | None, b: Array | None = None) -> Loop | None:
    """The loop for float32 values and 8-bit weights, None for weights whose sums are not exact."""
    call, plan = prepared.call, prepared.plan
    if w is None or (b is None) != (call.optional("b") is None) or plan.activation not in ACTIVATIONS or not w.size:
        return None
    weights, (units, depth) = as_int8(w), w.shape
    if (weights[:, : depth // VECTOR * VECTOR] == -128).any():
        return None
    rows = math.prod(call["x"].shape) // depth
    bias = np.zeros(units, np.float32) + (0 if b is None else b)
    reals, raises_nan = Range(np.float32(-np.inf), np.float32(np.inf)), False
    if plan.activation != NONE:
        low, high = activation_reals(plan.activation)
        reals, raises_nan = Range(low, reals.high if plan.activation == RELU else high), True
    image, windows = (1, 1, depth), (POINT, POINT)
    scales = plan.w_scale, bias, plan.asymmetric, SCALES_FIRST, raises_nan, reals
    return make_hybrid_loop(HybridProblem(rows, image, windows, weights[:, None], *scales), plan.shape)


TWINS: Twins = {
    QUANTIZED: looped(codes),
    INT16: looped(wide, otherwise=quantized),
    INT16_WEIGHTS: unpacked(quantized),
    MICRO_INT8: looped(codes),
    MICRO_INT16: looped(wide, otherwise=quantized),
    MICRO_INT16_INT32: looped(wide, otherwise=quantized),
    FLOAT: looped(reals, otherwise=floating),
    HYBRID: looped(dynamic, Hybrid),
}
