"""Products of float32 matrices in the order of summation of the Eigen library, which the optimized kernels call on x86.

    y[n,u] = sum over d of x[n,d] * w[d,u], products and sums rounded separately

Most outputs are summed from the first d to the last. Others have partial sums, which take every 2nd, 4th or 8th d, are
added up, and then get the last few d that fill no vector. Which have them depends on the shape alone: Eigen takes
blocks of 8 units by 4 rows, then 4 units by 4 rows, then single units by 4 rows, then single rows.
A block's d are cut into pieces of which the first-level data cache of the CPU holds 8 units and 4 rows, 680 d with
32 KiB, and their sums are added: the last bits of deeper products depend on the CPU. `first_cache` is that of the one
at hand; the variable MINILITE_L1_CACHE, in KiB, follows another.

Follows Eigen/src/Core/products/GeneralBlockPanelKernel.h, GeneralMatrixVector.h and Eigen/src/Core/InnerProduct.h, and
tflite/kernels/cpu_backend_gemm_eigen.cc.
"""

import os
from contextlib import suppress
from functools import cache, reduce
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite.errors import InputError

from .products import ordered_product

Array = NDArray[Any]
LANES = 4  # numbers in a vector
ROWS, UNITS = 4, 8  # of a block
PEELED = 8  # steps that the loop over d takes at once
SMALL = 20  # units + rows + depth below it are multiplied coefficient by coefficient
FLOAT_BYTES = 4
DEFAULT_CACHE = 32  # KiB, where the system does not tell
CACHES = Path("/sys/devices/system/cpu/cpu0/cache")


@cache
def first_cache() -> int:
    """KiB of the first-level data cache that products are cut for. Raises InputError for a variable that is no size."""
    given = os.environ.get("MINILITE_L1_CACHE")
    if given is not None:
        if not given.isdecimal() or int(given) == 0:
            raise InputError(f"MINILITE_L1_CACHE is {given!r}, expected the size of the cache in KiB, such as 32")
        return int(given)
    with suppress(OSError, ValueError):  # not every system tells everything
        for folder in sorted(CACHES.glob("index*")):
            level, kind, size = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
            if level == "1" and kind in ("Data", "Unified"):
                return int(size.removesuffix("K"))
    return DEFAULT_CACHE


def piece(depth: int, kibibytes: int) -> int:
    """How many d a block sums at once: those that fit the cache, then as evenly as whole eights allow."""
    room = kibibytes * 1024 - ROWS * UNITS * FLOAT_BYTES
    largest = max(room // ((ROWS + UNITS) * FLOAT_BYTES) // PEELED * PEELED, 1)
    if depth <= largest or depth % largest == 0:
        return largest
    return largest - PEELED * ((largest - 1 - depth % largest) // (PEELED * (depth // largest + 1)))


def is_ordered(rows: int, units: int, depth: int) -> bool:
    """Whether every output of a product of this shape is summed from the first d to the last."""
    whole = rows > 1 and units > 1 and units % UNITS == 0 and rows + units + depth >= SMALL
    return whole and depth <= piece(depth, first_cache())


def eigen_product(x: Array, w: Array) -> Array:
    """x @ w for float32 matrices [n,d] and [d,u]."""
    (rows, depth), units = x.shape, w.shape[1]
    if rows == units == 1:
        return _dot(x, w)
    if rows == 1 or units == 1 or rows + units + depth < SMALL:
        return _in_lanes(x, w)
    size = piece(depth, first_cache())
    starts = range(0, max(depth, 1), size)
    pieces = [_in_blocks(x[:, start : start + size], w[start : start + size]) for start in starts]
    return reduce(np.add, pieces)


def _in_blocks(x: Array, w: Array) -> Array:
    rows, units = len(x), w.shape[1]
    y = ordered_product(x, w)
    block, rest = x[: rows // ROWS * ROWS], units // UNITS * UNITS
    half = rest + (units - rest) // LANES * LANES
    y[: len(block), rest:half] = _even_and_odd(block, w[:, rest:half])
    y[: len(block), half:] = _by_fours(block, w[:, half:])
    return y


def _parts(x: Array, w: Array, count: int, step: int) -> tuple[list[Array], int]:
    """`count` partial sums over whole groups of `step` d, and where these end."""
    end = x.shape[1] // step * step
    return [ordered_product(x[:, k:end:count], w[k:end:count]) for k in range(count)], end


def _finish(x: Array, w: Array, sums: Array, first: int) -> Array:
    """The sums with the d from `first` on."""
    return reduce(lambda total, d: total + x[:, d, None] * w[d], range(first, x.shape[1]), sums)


def _in_lanes(x: Array, w: Array) -> Array:
    (a, b, c, d), end = _parts(x, w, LANES, LANES)
    return _finish(x, w, (a + c) + (b + d), end)


def _even_and_odd(x: Array, w: Array) -> Array:
    (even, odd), end = _parts(x, w, 2, PEELED)
    return _finish(x, w, even + odd, end)


def _by_fours(x: Array, w: Array) -> Array:
    (a, b, c, d), end = _parts(x, w, LANES, LANES)
    return _finish(x, w, (a + b) + (c + d), end)


def _dot(x: Array, w: Array) -> Array:
    """One output: four vectors of sums, which take vectors in turn, are added from the last to the first."""
    end = x.shape[1] // LANES * LANES
    vectors = (x[0, :end] * w[:end, 0]).reshape(-1, LANES)
    sums = [reduce(np.add, vectors[first::4]) for first in range(min(4, len(vectors)))]
    a, b, c, d = reduce(np.add, sums[::-1]) if sums else np.zeros(LANES, x.dtype)
    return _finish(x, w, np.array([[(a + c) + (b + d)]]), end)
