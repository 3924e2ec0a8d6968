"""Products of int16 codes with 8-bit weights, int16x8: those of the upper bytes and of the lower ones, put together.

    x = 256 * upper + lower + 128,  both int8      sum of x * w = 256 * (upper * w) + lower * w + 128 * (sum of w)

So the products of `products` serve here as well. Zero points are 0, as upstream wants them.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.affine import Range
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.geometry import Window
from minilite.numerics.jit import kernel
from minilite.numerics.rescale import Rescale
from minilite.ops.call import Array

from .arena import ALIGNMENT
from .blocks import SIGN_BIT, as_tuple, round_up, viewed
from .hybrid import FILL, MOST
from .places import Places, in_order
from .products import Problem, make_sums_loop, product
from .rescale import RULE_CODES, rescale_arrays, rescale_one
from .twins import Loop, join

INT16_MULTIPLIER = RULE_CODES["int16-multiplier"]
TOGETHER = 128  # codes that loops make at least, where y is in order


class Numbers(NamedTuple):
    """What the loop needs to know, before the numbers of the products of upper bytes, and of lower ones."""

    size: int  # codes of x
    batch: int
    rows: int  # positions of the window
    columns: int
    units: int
    y_first: int  # see `places.Places`
    y_image: int
    y_row: int
    y_column: int
    wraps: int  # sums have 32 bits
    rule: int
    zero: int
    low: int
    high: int
    upper: int  # where sections of the working memory start; the first has the lower bytes
    upper_sums: int
    lower_sums: int
    inner: int
    period: int  # elements of y for which bias and multipliers are laid out; more than `units` where y is in order
    bias: int  # where sections of the constants start
    scaling: int


COUNT = len(Numbers._fields)


class WideProblem(NamedTuple):
    """A product of int16 codes x [n,h,w,c] under windows of int8 w [u,segment,k], see `products.Problem`."""

    x_shape: tuple[int, ...]
    windows: tuple[Window, Window]
    w: Array
    b: Array | None
    wraps: bool
    rescale: Rescale
    zero: int
    codes: Range
    places: Places | None = None  # of y in y, if not one behind the other


def make_loop(problem: WideProblem, shape: tuple[int, ...]) -> Loop | None:
    """The loop, None for sums of bytes that may leave 32 bits."""
    w, units, (rows, columns) = problem.w, len(problem.w), problem.windows
    if w.dtype != np.int8 or not units or not 0 < w[0].size <= MOST:
        return None
    bytes_of_x = Problem(problem.x_shape, problem.windows, w, None, (0, 0, 0), problem.rescale, problem.codes)
    loop = make_sums_loop(bytes_of_x, (0,), shape)
    lower = loop.numbers.copy()
    lower[FILL] = SIGN_BIT
    bias = SIGN_BIT * w.sum(axis=(1, 2), dtype=np.int64) + (0 if problem.b is None else problem.b)
    scaling = rescale_arrays(problem.rescale, units)
    repeats = -(-TOGETHER // units) if problem.places is None else 1
    constants, starts = join(loop.constants, np.tile(bias, repeats), np.tile(scaling.in_rows(), repeats))
    size, outputs = math.prod(problem.x_shape), (problem.x_shape[0], rows.output, columns.output, units)
    count = math.prod(outputs)
    ends = np.cumsum([round_up(n, ALIGNMENT) for n in (size, size, 4 * count, 4 * count, loop.scratch)]).tolist()
    places = problem.places or in_order(rows, columns, units)
    settings = int(problem.wraps), scaling.rule, problem.zero, *problem.codes
    numbers = Numbers(size, *outputs, *places, *settings, *[*ends[:-1], units * repeats, *starts[1:]])
    every = np.array([*numbers, *loop.numbers, *lower], np.int64)
    return Loop(wide_product, (0,), constants, every, ends[-1], shape, np.dtype(np.int16))


@kernel
def wide_product(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[m,u] from x, int16 as bytes."""
    n = Numbers(*as_tuple(numbers, COUNT))
    half = (numbers.shape[0] - COUNT) // 2
    lower, upper = scratch[: n.size], scratch[n.upper : n.upper + n.size]
    split(viewed(x, np.int16), upper, lower)
    outputs = n.batch * n.rows * n.columns * n.units
    of_upper = scratch[n.upper_sums : n.upper_sums + 4 * outputs]
    of_lower = scratch[n.lower_sums : n.lower_sums + 4 * outputs]
    product(upper, of_upper, scratch[n.inner :], constants, numbers[COUNT : COUNT + half])
    product(lower, of_lower, scratch[n.inner :], constants, numbers[COUNT + half :])
    finish_all(viewed(of_upper, np.int32), viewed(of_lower, np.int32), viewed(y, np.int16), constants, n)


def split(x: Any, upper: Any, lower: Any) -> None:
    """The bytes of int16 codes, the lower ones less 128."""
    for k in range(x.shape[0]):
        upper[k] = np.uint8((x[k] >> 8) & 255)
        lower[k] = np.uint8((x[k] & 255) ^ SIGN_BIT)


def finish_all(upper: Any, lower: Any, y: Any, constants: Any, n: Any) -> None:
    """Codes from the sums of both bytes [m,u]."""
    bias = viewed(constants[n.bias : n.bias + 8 * n.period], np.int64)
    scaling = constants[n.scaling : n.scaling + 24 * n.period]
    if n.period > n.units:
        for start in range(0, upper.shape[0], n.period):
            finish(upper, lower, start, y, start, min(n.period, upper.shape[0] - start), bias, scaling, n)
        return
    start = 0
    for k in range(n.batch):
        for p in range(n.rows):
            for q in range(n.columns):
                place = n.y_first + k * n.y_image + p * n.y_row + q * n.y_column
                finish(upper, lower, start, y, place, n.units, bias, scaling, n)
                start += n.units


def finish(
    upper: Any, lower: Any, start: Any, y: Any, y_start: Any, count: Any, bias: Any, scaling: Any, n: Any
) -> None:
    """Some codes, from y[y_start] on, from the sums of both bytes from `start` on, where the channels begin."""
    integers, reals = viewed(scaling, np.int64), viewed(scaling, np.float64)
    if n.rule == INT16_MULTIPLIER:  # stands apart, as a loop that a compiler turns into vector instructions
        for u in range(count):
            k = np.uint64(u)
            place = np.uint64(start) + k  # unsigned, for which no one has to ask whether it counts from the end
            total = 256 * np.int64(upper[place]) + np.int64(lower[place]) + bias[k]
            total = wrap_int32(total) if n.wraps != 0 else total
            scaled = rescale_one(INT16_MULTIPLIER, total, integers[k], integers[np.uint64(n.period) + k], 0.0)
            y[np.uint64(y_start) + k] = min(max(scaled + n.zero, n.low), n.high)
    else:
        for u in range(count):
            total = 256 * np.int64(upper[start + u]) + np.int64(lower[start + u]) + bias[u]
            total = wrap_int32(total) if n.wraps != 0 else total
            scaled = rescale_one(n.rule, total, integers[u], integers[n.period + u], reals[2 * n.period + u])
            y[y_start + u] = min(max(scaled + n.zero, n.low), n.high)
