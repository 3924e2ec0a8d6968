"""Float matrix products of the recurrent kernels, in the official order of summation, the same in every kernel set.

RNN and SVDF sum in four lanes (`add_vector_product`, `vector_dot`). LSTM uses the Eigen library (`eigen_product`): the
sum over d is split among accumulators that grow side by side, every step rounded, without fused multiply-add; how many
there are and in which order they are added depends on the sizes:
    one row and one unit        four accumulators of four lanes each
    one row, or one unit, or    one accumulator of four lanes
      rows + units + d < 20
    otherwise, in blocks of four rows (rows left over: every sum from first to last)
      of eight units            every sum from first to last
      of four units             even and odd d apart, in whole eights
      of one unit               four accumulators
In the last case a d of more than 680 is summed in blocks that fit the first-level cache, so the official sums depend
on the machine; here on one with 32 KiB.
The orders were found by probing the official build with sums that show where large terms cancel.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Combine = Callable[[Array], Array]
SMALL = 20  # sizes that add up to less are computed one output at a time
LARGEST_BLOCK = (32 * 1024 - 8 * 4 * 4) // ((8 + 4) * 4) // 8 * 8  # 8 units and 4 rows of floats share the cache


def eigen_product(x: Array, w: Array) -> Array:
    """x @ w.T, float32 [n,u], for x [n,d] and w [u,d]."""
    rows, units, depth = len(x), len(w), x.shape[1]
    if rows == 1 and units == 1:
        return _dot(x, w)
    if rows == 1 or units == 1 or rows + units + depth < SMALL:
        return summed_by_lanes(x, w, 4, 4, _across)
    size = _block(depth)
    total = _blocked_product(x[:, :size], w[:, :size])
    for start in range(size, depth, size):
        part = slice(start, start + size)
        total = total + _blocked_product(x[:, part], w[:, part])
    return total


def _block(depth: int) -> int:
    """How much of d is summed at once: what fits the cache, then as evenly as whole eights allow."""
    if depth <= LARGEST_BLOCK:
        return depth
    rest = depth % LARGEST_BLOCK
    spared = (LARGEST_BLOCK - 1 - rest) // (8 * (depth // LARGEST_BLOCK + 1))
    return LARGEST_BLOCK if rest == 0 else LARGEST_BLOCK - 8 * spared


def _blocked_product(x: Array, w: Array) -> Array:
    rows, units = len(x), len(w)
    result = np.empty((rows, units), np.result_type(x, w))
    blocked, eights = rows // 4 * 4, units // 8 * 8
    fours = eights + (units - eights) // 4 * 4
    result[blocked:] = _in_order(x[blocked:], w)
    block = x[:blocked]
    result[:blocked, :eights] = _in_order(block, w[:eights])
    result[:blocked, eights:fours] = summed_by_lanes(block, w[eights:fours], 2, 8, _neighbours)
    result[:blocked, fours:] = summed_by_lanes(block, w[fours:], 4, 4, _neighbours)
    return result


def add_vector_product(total: Array, x: Array, w: Array) -> Array:
    """total + x @ w.T, float32 [n,u]: four lanes, added one after the other and to the total, then the rest to that."""
    body = x.shape[1] // 4 * 4
    total = total + summed_by_lanes(x[:, :body], w[:, :body], 4, 4, _one_by_one)
    for column in range(body, x.shape[1]):
        total = total + x[:, None, column] * w[None, :, column]
    return total


def add_eigen_product(total: Array, x: Array, w: Array) -> Array:
    """total + x @ w.T, float32 [n,u]: the whole product first."""
    return total + eigen_product(x, w)


def vector_dot(x: Array, w: Array) -> Array:
    """Sums over the last axis of x * w, float32: four lanes, added one after the other, then the rest in order."""
    products = x * w
    body = products.shape[-1] // 4 * 4
    lanes = np.zeros((*products.shape[:-1], 4), products.dtype)
    for start in range(0, body, 4):
        lanes += products[..., start : start + 4]
    total = _one_by_one(lanes)
    for column in range(body, products.shape[-1]):
        total = total + products[..., column]
    return total


def summed_by_lanes(x: Array, w: Array, lanes: int, block: int, combine: Combine) -> Array:
    """x @ w.T with d dealt out to `lanes` accumulators over whole blocks of d, combined, then the rest in order."""
    body = x.shape[1] // block * block
    sums = np.zeros((len(x), len(w), lanes), np.result_type(x, w))
    for start in range(0, body, lanes):
        part = slice(start, start + lanes)
        sums += x[:, None, part] * w[None, :, part]
    total = combine(sums)
    for column in range(body, x.shape[1]):
        total = total + x[:, None, column] * w[None, :, column]
    return total


def _in_order(x: Array, w: Array) -> Array:
    return summed_by_lanes(x, w, 1, 1, lambda lanes: lanes[..., 0])


def _across(lanes: Array) -> Array:
    """(first + third) + (second + fourth) of four lanes."""
    half: Array = lanes[..., :2] + lanes[..., 2:]
    return half[..., 0] + half[..., 1]


def _neighbours(lanes: Array) -> Array:
    """Lanes added in pairs of neighbours, until one is left."""
    while lanes.shape[-1] > 1:
        lanes = lanes[..., 0::2] + lanes[..., 1::2]
    return lanes[..., 0]


def _one_by_one(lanes: Array) -> Array:
    total = lanes[..., 0]
    for lane in range(1, lanes.shape[-1]):
        total = total + lanes[..., lane]
    return total


def _dot(x: Array, w: Array) -> Array:
    """One output: packets of four go to four accumulators in turn; the leftover packets to the first ones."""
    packets = x.shape[1] // 4
    used = min(packets, 4)
    products = (x * w)[0, : packets * 4].reshape(packets, 4)
    sums = np.zeros((4, 4), products.dtype)
    for index, packet in enumerate(products):
        sums[index % 4] += packet
    total = sums[used - 1] if used else sums[0]
    for accumulator in sums[: max(used - 1, 0)][::-1]:
        total = accumulator + total
    result = _across(total[None, None])
    for column in range(packets * 4, x.shape[1]):
        result = result + x[:, None, column] * w[None, :, column]
    return result
