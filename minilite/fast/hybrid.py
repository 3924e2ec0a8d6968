"""Hybrid (dynamic range) products: float32 x becomes codes when it runs, sums of codes become float32 again.

    q, x_scale, x_zero = codes of a row of x, or of an image                     (dynamic.py)
    acc = sum of q * w  -  x_zero * sum of w                                     (products.py)
    y = activation(b + acc * (x_scale * w_scale)), or (acc * w_scale) * x_scale  every step rounded to float32

or each part of acc, and the product in it, is rounded to float32 as well.

The definitions are minilite/ops/fully_connected_hybrid.py, hybrid_convolution.py, and batch_matmul.py.
"""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.affine import Range
from minilite.numerics.geometry import Window
from minilite.numerics.jit import kernel
from minilite.numerics.rescale import make_rescale
from minilite.ops.call import Array
from minilite.ops.signature import Shape

from .arena import ALIGNMENT
from .blocks import CHUNK, as_tuple, round_up, viewed
from .dynamic import quantize_row
from .float_blocks import FLOAT_BYTES
from .images import Image
from .parts import ALL, ranges, share_scaled_images
from .products import NUMBERS, POINT, Problem, make_sums_loop, product
from .rescale import clamp_real
from .twins import Loop, Part, join

TOGETHER = 24  # rows of codes for one product
MOST = 2**17 - 1  # products of two int8 codes that are sure to fit 32 bits
SCALES_FIRST, SCALES_LAST, BY_FLOATS = range(3)  # orders of the steps
FILL = NUMBERS + Image._fields.index("fill")


class Numbers(NamedTuple):
    """What the loop needs to know, before the numbers of the product."""

    rows: int  # of x, each with a scale of its own
    together: int  # so many of them make one product, where they are no images
    row_size: int
    first: int  # the part of a row that windows read
    size: int
    positions: int  # windows of a row
    units: int
    asymmetric: int
    order: int  # one of those below
    raises_nan: int  # the activation makes its lowest number of NaN
    all_numbers: int  # of the product
    zero_points: int  # where sections of the working memory start, see `dynamic.Hybrid`
    numbers: int
    codes: int
    sums: int
    inner: int
    w: int  # where sections of the constants start
    w_scale: int
    bias: int
    of_weights: int
    limits: int


COUNT = len(Numbers._fields)


class HybridProblem(NamedTuple):
    """A hybrid product: x as `rows` images [h,w,c] under windows of w [u,segment,k], see `products.Problem`."""

    rows: int
    image: tuple[int, int, int]
    windows: tuple[Window, Window]
    w: Array
    w_scale: Array  # one, or one per unit
    bias: Array  # of every unit
    asymmetric: bool
    order: int
    raises_nan: bool
    reals: Range
    row_size: int = 0  # of a row of x, when it is more than the image, which starts at `first`
    first: int = 0


def make_loop(problem: HybridProblem, shape: tuple[int, ...]) -> Loop | None:
    """The loop, None for sums that may leave 32 bits."""
    w, (height, width, channels) = problem.w, problem.image
    if not 0 < w[0].size <= MOST:
        return None
    rows, columns = problem.windows
    codes = Range(-128, 127)
    is_point = problem.windows == (POINT, POINT) and (height, width) == (1, 1)
    together = min(problem.rows, TOGETHER) if is_point and problem.row_size in (0, channels) else 1
    images, windows = (1, height, width, channels), problem.windows
    if together > 1:
        images, windows = (1, 1, together, channels), (POINT, POINT._replace(output=together))
    inner = Problem(images, windows, w, None, (0, 0, 0), make_rescale("double", 1), codes)
    loop = make_sums_loop(inner, (0,), (together * rows.output * columns.output, len(w)))
    w_scale = np.broadcast_to(problem.w_scale, (len(w),)).astype(np.float32)
    of_weights, limits = w.sum(axis=(1, 2), dtype=np.int64), np.array(problem.reals, np.float32)
    constants, starts = join(loop.constants, w_scale, problem.bias.astype(np.float32), of_weights, limits)
    size, positions = height * width * channels, rows.output * columns.output
    of_rows, sums = (4 * problem.rows, 8 * problem.rows), 4 * positions * len(w)
    needed = (*of_rows, loop.numbers.nbytes, together * size, together * sums, loop.scratch)
    ends = np.cumsum([round_up(count, ALIGNMENT) for count in needed]).tolist()
    flags = int(problem.asymmetric), problem.order, int(problem.raises_nan), len(loop.numbers)
    reads = problem.row_size or size, problem.first, size
    numbers = Numbers(problem.rows, together, *reads, positions, len(w), *flags, *ends[:-1], *starts)
    every = np.array([*numbers, *loop.numbers], np.int64)
    return Loop(hybrid_product, (0,), constants, every, ends[-1], shape, np.dtype(np.float32), partial(share, problem))


def share(problem: HybridProblem, whole: Loop, count: int) -> list[Part]:
    """The product in parts: by rows of x or of its only image, or where there is but one position, by channels."""
    rows, columns = problem.windows

    def make(**changes: Any) -> Loop:
        loop = make_loop(problem._replace(**changes), whole.shape)
        assert loop is not None  # its sums are some of those of the whole
        return loop

    def of_images(x_shape: Shape, part: Window, first: int) -> Loop:
        row_size = math.prod(problem.image)
        return make(rows=x_shape[0], image=x_shape[1:], windows=(part, columns), row_size=row_size, first=first)

    if problem.rows * rows.output * columns.output > 1:
        return share_scaled_images(whole, (problem.rows, *problem.image), rows, of_images, count)
    parts, w_scale = [], np.broadcast_to(problem.w_scale, (len(problem.w),))
    for first, last in ranges(len(problem.w), count, CHUNK):
        these = slice(first, last)
        loop = make(w=problem.w[these], w_scale=w_scale[these], bias=problem.bias[these])
        parts.append(Part(loop, ALL, ALL, slice(FLOAT_BYTES * first, FLOAT_BYTES * last)))
    return parts


@kernel
def hybrid_product(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[r,m,u] from x[r,...], float32 as bytes."""
    n = Numbers(*as_tuple(numbers, COUNT))
    scales = viewed(scratch[: 4 * n.rows], np.float32)
    zero_points = viewed(scratch[n.zero_points : n.zero_points + 8 * n.rows], np.int64)
    own = viewed(scratch[n.numbers : n.numbers + 8 * n.all_numbers], np.int64)
    codes, sums, step = scratch[n.codes : n.sums], scratch[n.sums : n.inner], 4 * n.positions * n.units
    own[:] = numbers[COUNT:]
    for first in range(0, n.rows, n.together):
        last = min(first + n.together, n.rows)
        for r in range(first, last):
            row = viewed(x[4 * r * n.row_size : 4 * (r + 1) * n.row_size], np.float32)
            place = viewed(codes[(r - first) * n.size : (r - first + 1) * n.size], np.int8)
            scales[r], zero_points[r] = quantize_row(row, n.first, place, n.asymmetric)
        own[FILL] = zero_points[first] & 255
        product(codes, sums, scratch[n.inner :], constants[: n.w_scale], own)
        for r in range(first, last):
            of_row = viewed(sums[(r - first) * step : (r - first + 1) * step], np.int32)
            made = viewed(y[r * step : (r + 1) * step], np.float32)
            finish(of_row, made, scales[r], zero_points[r], constants, n)


def finish(sums: Any, y: Any, x_scale: Any, zero_point: Any, constants: Any, n: Any) -> None:
    """y[m,u] from the sums of codes [m,u]."""
    w_scale = viewed(constants[n.w_scale : n.w_scale + 4 * n.units], np.float32)
    bias = viewed(constants[n.bias : n.bias + 4 * n.units], np.float32)
    of_weights = viewed(constants[n.of_weights : n.of_weights + 8 * n.units], np.int64)
    limits = viewed(constants[n.limits : n.limits + 8], np.float32)
    for m in range(n.positions):
        row, values = sums[m * n.units : (m + 1) * n.units], y[m * n.units : (m + 1) * n.units]
        if n.order == SCALES_LAST:
            narrow = np.int64(np.int32(zero_point))
            for u in range(n.units):
                total = np.float32(np.int64(row[u]) - narrow * of_weights[u])
                values[u] = bias[u] + np.float32(np.float32(total * w_scale[u]) * x_scale)
        elif n.order == BY_FLOATS:
            for u in range(n.units):
                total = np.float32(np.float32(row[u]) - np.float32(np.float32(of_weights[u]) * np.float32(zero_point)))
                values[u] = bias[u] + np.float32(total * np.float32(x_scale * w_scale[u]))
        else:
            for u in range(n.units):
                total = np.float32(np.int64(row[u]) - zero_point * of_weights[u])
                values[u] = bias[u] + np.float32(total * np.float32(x_scale * w_scale[u]))
        if n.raises_nan != 0:
            for u in range(n.units):
                value = limits[1] if values[u] > limits[1] else values[u]
                values[u] = value if value > limits[0] else limits[0]
        else:
            for u in range(n.units):
                values[u] = clamp_real(values[u], limits[0], limits[1])
