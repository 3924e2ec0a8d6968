"""One gate of an LSTM:  gate = activation(w @ x + aux_w @ aux + r @ h + peephole * c + b)

With layer normalization the sum without b is normalized over the cells, times the norm's weights, plus b.

float32: sums in the order of numerics/eigen_product.py, sigmoid and tanh as numerics/eigen.py computes them.
hybrid:  x, aux and h are quantized for each step (ops/hybrid.py); one that is all zero is left out.
int8:    a = clamp(rescale(sum of (x - x_zero) * w + b)), then a = clamp(a + rescale(sum of (h - h_zero) * r)), 16 bits
         with gate_scale 2**-12, or that of an intermediate tensor before layer normalization; sigmoid and tanh of
         numerics/gates.py.

Follows CalculateLstmGate* in tflite/kernels/lstm_eval.cc.
"""

from typing import NamedTuple

import numpy as np

from minilite.numerics.activation import TANH
from minilite.numerics.affine import code_range
from minilite.numerics.eigen import activate
from minilite.numerics.fixed_point import (
    divide_toward_zero,
    doubling_high_multiply,
    rounding_right_shift_away,
    wrap_int32,
)
from minilite.numerics.gates import sigmoid_of_fixed, tanh_of_fixed
from minilite.numerics.inverse_root import inverse_root
from minilite.numerics.lanes import add_eigen_product
from minilite.numerics.products import exact_product
from minilite.numerics.rescale import Rescale
from minilite.ops.call import Array
from minilite.ops.vectors import Matrix, Vector, add_product, hybrid_steps

INT16 = code_range(np.dtype(np.int16))
INTEGER_BITS = 3  # of a gate's 16-bit codes before the activation


class FloatGate(NamedTuple):
    """The weights of a float or hybrid gate: `matrices` of x, aux and h."""

    matrices: tuple[Matrix | None, ...]
    peephole: Array | None
    bias: Array
    norm: Array | None
    activation: int


def float_gate(gate: FloatGate, vectors: tuple[Vector | None, ...], c: Array, start: int) -> list[Array]:
    """The gate's steps [n,c], the last of which are its values; `hybrid_names` calls those of a hybrid gate by name.

    `start` is its place in memory, see numerics/eigen.py.
    """
    total: Array = np.zeros(c.shape, c.dtype)
    if gate.norm is None:
        total = total + gate.bias
    steps = [total]
    for vector, matrix in zip(vectors, gate.matrices, strict=True):
        if vector is None or matrix is None:
            continue
        if matrix.scale is not None:
            steps += hybrid_steps(total, vector, matrix)
        else:
            steps.append(add_product(total, vector, matrix, add_eigen_product))
        total = steps[-1]
    if gate.peephole is not None:
        total = total + gate.peephole * c
    if gate.norm is not None:
        total = _normalized(total) * gate.norm + gate.bias
    return [*steps, total, activate(gate.activation, total, start)]


def hybrid_names(gate: FloatGate) -> list[str]:
    """What the steps of a hybrid gate are called."""
    products = []
    for name, matrix in zip(("x", "aux", "h"), gate.matrices, strict=True):
        if matrix is not None:
            products += [f"sum of {name}", f"scale of {name}"] if matrix.scale is not None else []
            products.append(f"with {name}")
    return ["before", *products, "total", "value"]


def _normalized(x: Array) -> Array:
    """Rows of mean 0 and deviation 1; sums from first to last."""
    cells = x.dtype.type(x.shape[1])
    centred = x - (np.add.accumulate(x, axis=1)[:, -1] / cells)[:, None]
    variance = np.add.accumulate(centred * centred, axis=1)[:, -1] / cells
    inverse = np.float32(1) / np.sqrt(variance + np.float32(1e-8))
    normalized: Array = centred * inverse[:, None]
    return normalized


class IntegerGate(NamedTuple):
    """The constants of an int8 gate."""

    w: Rescale
    r: Rescale
    peephole: Rescale | None
    norm: Rescale | None
    variance_guard: int
    activation: int


class GateWeights(NamedTuple):
    """The arrays of an int8 gate."""

    w: Array
    r: Array
    peephole: Array | None
    bias: Array
    norm: Array | None


class GateSteps(NamedTuple):
    """What an int8 gate finds on the way to its codes `value`, [n,c] each: sums and what they are rescaled to."""

    sum_of_x: Array
    from_x: Array
    sum_of_h: Array
    from_h: Array
    total: Array
    value: Array


def integer_gate(plan: IntegerGate, weights: GateWeights, x: Array, h: Array, c: Array) -> GateSteps:
    """The gate's steps, int64, for x and h without their zero points and the cell state's codes."""
    sums = exact_product(x, weights.w.T.astype(np.int64))
    sum_of_x = sums if weights.norm is not None else sums + weights.bias
    sum_of_h = exact_product(h, weights.r.T.astype(np.int64))
    from_x, from_h = plan.w(sum_of_x), plan.r(sum_of_h)
    total = INT16.clamp(INT16.clamp(from_x) + from_h)
    if plan.peephole is not None and weights.peephole is not None:
        total = _with_peephole(total, plan.peephole, weights.peephole.astype(np.int64), c, h.shape[1])
    if plan.norm is not None and weights.norm is not None:
        total = _normalized_codes(total, plan.norm, weights.norm, weights.bias, plan.variance_guard)
    activate_codes = tanh_of_fixed if plan.activation == TANH else sigmoid_of_fixed
    return GateSteps(sum_of_x, from_x, sum_of_h, from_h, total, activate_codes(total, INTEGER_BITS))


def _with_peephole(total: Array, rescale: Rescale, peephole: Array, c: Array, outputs: int) -> Array:
    """The official loop counts outputs where it means cells: with a projection it runs askew and ends early."""
    rows, count = len(total), len(total) * outputs
    flat = total.reshape(-1).copy()
    products = np.tile(peephole[:outputs], rows) * c.reshape(-1)[:count]
    flat[:count] = INT16.clamp(flat[:count] + rescale(products))
    return flat.reshape(total.shape)


def _normalized_codes(x: Array, rescale: Rescale, weights: Array, bias: Array, variance_guard: int) -> Array:
    """Layer normalization in integers, with ten more bits for the mean and the normalized values."""
    cells = x.shape[1]
    mean = divide_toward_zero(x.sum(axis=1) * 1024, cells)
    variance = divide_toward_zero((x * x).sum(axis=1) * (2**20 // cells) - mean * mean, 2**20)
    mantissa, shift = inverse_root(np.where(variance < 1, variance_guard, variance))
    centred = 1024 * x - mean[:, None]
    scaled = rounding_right_shift_away(doubling_high_multiply(centred, mantissa[:, None]), shift[:, None])
    weighted = wrap_int32(scaled * weights.astype(np.int64) + bias)
    back = divide_toward_zero(weighted + np.where(weighted > 0, 512, -512), 1024)
    return INT16.clamp(rescale(back))
