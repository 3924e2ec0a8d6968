"""What hybrid (dynamic range) kernels share: float inputs, int8 weights, an integer product, float results.

    q, x_scale, x_zero = codes of each row of x, found when it runs                    (numerics/dynamic.py)
    acc[n,u] = sum over d of (q[n,d] - x_zero[n]) * w[u,d]      exact integer
    y[n,u]   = start[n,u] + acc[n,u] * (x_scale[n] * w_scale)   every step rounded to float32

Follows tflite/kernels/internal/optimized/sse_tensor_utils.cc (MatrixBatchVectorMultiplyAccumulate).
"""

from typing import Any

import numpy as np

from minilite.numerics.dynamic import DynamicRows
from minilite.numerics.products import exact_product

from .call import Array, Operand
from .op import Codes

VECTOR = 16  # columns that the vector code multiplies with a saturating trick


def weight_scales(w: Operand) -> Array:
    """The scales of int8 weights, float32 (1,) or (units,). The zero points are not used: hybrid weights have none."""
    return w.affine.scale


def as_int8(w: Array) -> Array:
    """The bytes of the weights read as int8, as hybrid kernels read those of uint8 weights too."""
    return w.view(np.int8)


def hybrid_sums(rows: DynamicRows, w: Array, exact: bool = False) -> Array:
    """Sums over d of (q - zero_point) * w, int64 [n,u], for rows [n,d] and int8 weights [u,d].

    One code is not exact unless `exact`: the vector code negates a weight where q is negative, and -(-128) is -128 in
    eight bits.
    """
    codes, weights = rows.codes.astype(np.int32), w.astype(np.int32)
    sums = exact_product(codes, weights.T)
    body = w.shape[1] // VECTOR * VECTOR
    lowest = w[:, :body] == -128
    if lowest.any() and not exact:
        sums += 256 * exact_product(np.minimum(codes[:, :body], 0), lowest.T.astype(np.int32))
    offsets: Array = rows.zero_point[:, None] * weights.sum(axis=1, dtype=np.int64)
    return sums - offsets


def row_scales(rows: DynamicRows, w_scale: Array) -> Array:
    """What a step of the sums of each row and unit stands for, float32 [n,1] or [n,units]."""
    return rows.scale[:, None] * w_scale


def add_scaled(start: Array, sums: Array, scale: Array) -> Array:
    """start + sums * scale, float32 [n,u], both steps rounded."""
    products: Array = sums.astype(np.float32) * scale
    return start + products


def codes_read(rows: DynamicRows, x: Array, w: Array) -> dict[str, Codes]:
    """The codes of x, which falls into `rows`, and those of the weights, as hybrid kernels read them."""
    return {**codes_of_x(rows, x), "w": Codes(as_int8(w), np.zeros(1, np.int64))}


def codes_of_x(rows: DynamicRows, x: Array) -> dict[str, Codes]:
    """The codes of x, which falls into `rows`."""
    zero_points = np.repeat(rows.zero_point, x.size // max(len(rows.codes), 1)).reshape(x.shape)
    return {"x": Codes(rows.codes.reshape(x.shape), zero_points)}


def notes(rows: DynamicRows) -> dict[str, Any]:
    """The scale and zero point that each row got."""
    return {"x_scale": rows.scale, "x_zero_point": rows.zero_point}
