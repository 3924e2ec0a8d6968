"""Float matrix products of the recurrent kernels, in the official order of summation, the same in every kernel set.

RNN and SVDF sum in four lanes (`add_vector_product`, `vector_dot`): the sum over d is split among accumulators that
grow side by side, every step rounded, without fused multiply-add. LSTM uses the Eigen library, see eigen_product.py.
The orders were found by probing the official build with sums that show where large terms cancel.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .eigen_product import eigen_product

Array = NDArray[Any]
LANES = 4


def add_vector_product(total: Array, x: Array, w: Array) -> Array:
    """total + x @ w.T, float32 [n,u]: four lanes, added one after the other and to the total, then the rest to that."""
    body = x.shape[1] // LANES * LANES
    lanes = np.zeros((len(x), len(w), LANES), np.result_type(x, w))
    for start in range(0, body, LANES):
        part = slice(start, start + LANES)
        lanes += x[:, None, part] * w[None, :, part]
    total = total + _one_by_one(lanes)
    for column in range(body, x.shape[1]):
        total = total + x[:, None, column] * w[None, :, column]
    return total


def add_eigen_product(total: Array, x: Array, w: Array) -> Array:
    """total + x @ w.T, float32 [n,u]: the whole product first."""
    return total + eigen_product(x, w.T)


def vector_dot(x: Array, w: Array) -> Array:
    """Sums over the last axis of x * w, float32: four lanes, added one after the other, then the rest in order."""
    products = x * w
    body = products.shape[-1] // LANES * LANES
    lanes = np.zeros((*products.shape[:-1], LANES), products.dtype)
    for start in range(0, body, LANES):
        lanes += products[..., start : start + LANES]
    total = _one_by_one(lanes)
    for column in range(body, products.shape[-1]):
        total = total + products[..., column]
    return total


def _one_by_one(lanes: Array) -> Array:
    total = lanes[..., 0]
    for lane in range(1, LANES):
        total = total + lanes[..., lane]
    return total
