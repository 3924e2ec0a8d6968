"""BATCH_MATMUL in compiled loops. The definition is minilite/ops/batch_matmul.py.

Constant weights that all matrices share are those of a product like any other. Else w is packed as products take their
weights: once if it is constant, or when the loop runs, matrix by matrix, in its working memory.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.affine import Range, code_range
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.jit import kernel
from minilite.numerics.rescale import make_rescale
from minilite.ops.batch_matmul import FLOAT, FLOAT_XNNPACK, HYBRID, INT8, INT16, SUMS
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared

from .arena import ALIGNMENT
from .blocks import BIAS, SIGN_BIT, START, as_tuple, round_up, viewed
from .dynamic import Hybrid
from .float_products import FloatProblem, fused_product
from .float_products import make_loop as make_float_product
from .float_products import product as float_product
from .hybrid import BY_FLOATS, HybridProblem
from .hybrid import make_loop as make_hybrid_loop
from .matrices import Matrices, matrices_of
from .packing import pack_codes, pack_floats, sum_columns, swap
from .parts import ALL, ranges
from .products import POINT, Problem, make_sums_loop
from .products import Numbers as ProductNumbers
from .products import make_loop as make_code_product
from .products import product as code_product
from .twins import Loop, Part, Twins, join, looped
from .wide_matmul import wide


class Numbers(NamedTuple):
    """What the loop needs to know, before the numbers of the product of one matrix."""

    first: int  # of the matrices of y that the loop makes
    last: int
    rows: int
    depth: int
    columns: int
    swaps_x: int  # stored with its axes swapped
    swaps_w: int
    is_packed: int  # w is
    y_size: int  # bytes of a matrix
    x_zero: int  # shifted
    bias: int  # of all columns
    bias_row: int  # where a packed matrix has its biases, and where these and 2**31
    start_row: int
    section: int  # its bytes
    x_copy: int  # where sections of the working memory start; the first has a packed matrix
    inner: int
    x_starts: int  # where sections of the constants start: of matrices of x in x, and of w in w or among packed ones
    w_starts: int


COUNT = len(Numbers._fields)


def make_loop(
    prepared: Prepared, w: Array | None, make_product: Callable[[Matrices, Array, int], Loop], placeholder: np.generic
) -> Loop | None:
    """The loop, None for empty matrices.

    `make_product` gives the loop of so many rows for the transpose of a matrix of w; `placeholder` is an element that
    stands for those of any w.
    """
    of, (x, y) = matrices_of(prepared), (prepared.call["x"], prepared.call["y"])
    if not math.prod(y.shape) or not of.depth:
        return None
    units = [np.full((of.columns, of.depth), placeholder)]
    if w is not None:
        stacked = w if of.swaps_w else np.swapaxes(w, -1, -2)
        units = list(np.ascontiguousarray(stacked).reshape(-1, of.columns, of.depth))
    count = len(of.x_index)
    if w is not None and len(units) == 1 and not of.swaps_x and np.array_equal(of.x_index, np.arange(count)):
        return make_product(of, units[0], count * of.rows)
    made = [make_product(of, one, of.rows) for one in units]
    pattern = make_product(of, np.full((of.columns, of.depth), placeholder), of.rows)
    section = pattern.constants.size
    x_size, w_size = (of.depth * length * x.dtype.itemsize for length in (of.rows, of.columns))
    w_starts = of.w_index * (w_size if w is None else section)
    packed = np.concatenate([loop.constants for loop in made])
    constants, starts = join(packed, of.x_index * x_size, w_starts.astype(np.int64))
    sizes = 0 if w is not None else section, x_size if of.swaps_x else 0, pattern.scratch
    ends = np.cumsum([round_up(size, ALIGNMENT) for size in sizes]).tolist()
    plan, is_float = prepared.plan, x.dtype == np.float32
    bias_row, start_row = (0, 0) if is_float else bias_rows(pattern)
    x_zero, w_zero = getattr(plan, "x_zero", 0) + SIGN_BIT, getattr(plan, "w_zero", 0)
    numbers = Numbers(
        0,
        count,
        *of[:3],
        int(of.swaps_x),
        int(of.swaps_w),
        int(w is not None),
        y_size=of.rows * of.columns * y.dtype.itemsize,
        x_zero=x_zero,
        bias=of.depth * x_zero * w_zero,
        bias_row=bias_row,
        start_row=start_row,
        section=section,
        x_copy=ends[0],
        inner=ends[1],
        x_starts=starts[1],
        w_starts=starts[2],
    )
    function = float_loop if is_float else codes_loop
    every = np.array([*numbers, *pattern.numbers], np.int64)
    return Loop(function, (0, 1), constants, every, ends[2], y.shape, y.dtype, share)


def bias_rows(loop: Loop) -> tuple[int, int]:
    """Where the packed weights of a product of codes have its biases, and where these and 2**31."""
    table, columns = (int(loop.numbers[ProductNumbers._fields.index(name)]) for name in ("table", "table_columns"))
    return table + 4 * columns * BIAS, table + 4 * columns * START


def share(whole: Loop, count: int) -> list[Part]:
    """The loop in parts, by matrices of y."""
    parts = []
    for first, last in ranges(int(whole.numbers[1]), count):
        numbers = whole.numbers.copy()
        numbers[:2] = first, last
        parts.append(Part(whole._replace(numbers=numbers), ALL, ALL, ALL))
    return parts


def codes(prepared: Prepared, x: Array | None, w: Array | None) -> Loop | None:
    """The loop for 8-bit codes."""
    plan, y = prepared.plan, prepared.call["y"]

    def make(of: Matrices, units: Array, rows: int) -> Loop:
        windows, shape = (POINT, POINT._replace(output=rows)), (1, 1, rows, of.depth)
        if prepared.variant is SUMS:
            anything = make_rescale("double", 1.0), code_range(np.dtype(np.int8))
            return make_sums_loop(Problem(shape, windows, units[:, None], None, (0, 0, 0), *anything), (0,), y.shape)
        zeros = plan.x_zero, plan.w_zero, plan.y_zero
        problem = Problem(shape, windows, units[:, None], None, zeros, plan.rescale, plan.codes)
        return make_code_product(problem, (0,), y.shape, y.dtype)

    return make_loop(prepared, w, make, np.int8(-SIGN_BIT))


def reals(is_fused: bool, prepared: Prepared, x: Array | None, w: Array | None) -> Loop | None:
    """The loop for float32 numbers."""
    shape, everything = prepared.call["y"].shape, Range(np.float32(-np.inf), np.float32(np.inf))

    def make(of: Matrices, units: Array, rows: int) -> Loop:
        weights, windows = np.ascontiguousarray(units.T)[None, None], (POINT, POINT._replace(output=rows))
        problem = FloatProblem((1, 1, rows, of.depth), *windows, weights, None, everything, shape, None, is_fused)
        return make_float_product(problem)._replace(parts=None)

    loop = make_loop(prepared, w, make, np.float32(0))
    is_own = is_fused and loop is not None and loop.function is float_loop
    return loop._replace(function=fused_loop) if loop is not None and is_own else loop


@kernel
def codes_loop(x: Any, w: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[k,m,n] from x[.,m,d] and w[.,d,n], 8-bit codes."""
    n = Numbers(*as_tuple(numbers, COUNT))
    for k in range(n.first, n.last):
        start, section = packed_matrix(k, scratch, constants, n)
        if start >= 0:
            matrix = w[start : start + n.depth * n.columns]
            pack_codes(matrix, section, n.depth, n.columns, n.swaps_w)
            biases = viewed(section[n.bias_row : n.bias_row + 4 * n.columns], np.int32)
            starts = viewed(section[n.start_row : n.start_row + 4 * n.columns], np.int32)
            sum_columns(viewed(matrix, np.int8), biases, n.columns, n.swaps_w)
            for u in range(biases.shape[0]):
                biases[u] = np.int32(wrap_int32(n.bias - n.x_zero * np.int64(biases[u])))
                starts[u] = np.int32(wrap_int32(np.int64(biases[u]) + 2**31))
        source = x[x_start(k, constants, n) :][: n.rows * n.depth]
        if n.swaps_x != 0:
            swap(source, scratch[n.x_copy :], n.rows)
            source = scratch[n.x_copy : n.inner]
        code_product(source, y[k * n.y_size : (k + 1) * n.y_size], scratch[n.inner :], section, numbers[COUNT:])


@kernel
def float_loop(x: Any, w: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[k,m,n] from x[.,m,d] and w[.,d,n], float32 as bytes."""
    n = Numbers(*as_tuple(numbers, COUNT))
    for k in range(n.first, n.last):
        source, section = float_operands(k, x, w, scratch, constants, n)
        float_product(source, y[k * n.y_size : (k + 1) * n.y_size], scratch[n.inner :], section, numbers[COUNT:])


@kernel
def fused_loop(x: Any, w: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """The same with each product fused with its sum."""
    n = Numbers(*as_tuple(numbers, COUNT))
    for k in range(n.first, n.last):
        source, section = float_operands(k, x, w, scratch, constants, n)
        fused_product(source, y[k * n.y_size : (k + 1) * n.y_size], scratch[n.inner :], section, numbers[COUNT:])


def float_operands(k: Any, x: Any, w: Any, scratch: Any, constants: Any, n: Any) -> Any:
    """The matrix of x for y[k], and the packed one of w."""
    start, section = packed_matrix(k, scratch, constants, n)
    if start >= 0:
        matrix = viewed(w[start : start + 4 * n.depth * n.columns], np.float32)
        pack_floats(matrix, viewed(section, np.float32), n.depth, n.columns, n.swaps_w)
    source = x[x_start(k, constants, n) :][: 4 * n.rows * n.depth]
    if n.swaps_x != 0:
        swap(viewed(source, np.float32), viewed(scratch[n.x_copy : n.inner], np.float32), n.rows)
        source = scratch[n.x_copy : n.inner]
    return source, section


def x_start(k: Any, constants: Any, n: Any) -> Any:
    """Where in x the matrix begins that makes y[k]."""
    return viewed(constants[n.x_starts : n.w_starts], np.int64)[k]


def packed_matrix(k: Any, scratch: Any, constants: Any, n: Any) -> Any:
    """Where in w the matrix begins that must be packed first to make y[k], or -1; and the packed one."""
    starts = viewed(constants[n.w_starts :], np.int64)
    if n.is_packed != 0:
        return np.int64(-1), constants[starts[k] : starts[k] + n.section]
    section = scratch[: n.section]
    if k == n.first:
        section[:] = constants[: n.section]
    elif starts[k] == starts[k - 1]:
        return np.int64(-1), section
    return starts[k], section


def dynamic(prepared: Prepared, x: Array | None, w: Array | None) -> Loop | None:
    """The loop for float32 numbers and 8-bit weights: constant ones that all matrices share."""
    of, plan = matrices_of(prepared), prepared.plan
    count = len(of.x_index)
    is_one = not of.swaps_x and not of.w_index.any() and np.array_equal(of.x_index, np.arange(count))
    if w is None or not w.size or not is_one:
        return None
    units = (w if of.swaps_w else np.swapaxes(w, -1, -2)).reshape(of.columns, 1, of.depth)
    bias, everything = np.full(of.columns, -0.0, np.float32), Range(np.float32(-np.inf), np.float32(np.inf))
    settings = plan.w_scale, bias, plan.asymmetric, BY_FLOATS, False, everything
    problem = HybridProblem(count * of.rows, (1, 1, of.depth), (POINT, POINT), units, *settings)
    return make_hybrid_loop(problem, prepared.call["y"].shape)


TWINS: Twins = {
    INT8: looped(codes),
    SUMS: looped(codes),
    INT16: looped(wide),
    FLOAT: looped(partial(reals, False)),
    FLOAT_XNNPACK: looped(partial(reals, True)),
    HYBRID: looped(dynamic, Hybrid),
}
