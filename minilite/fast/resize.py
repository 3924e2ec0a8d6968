"""RESIZE_BILINEAR in a compiled loop. The definition is minilite/ops/resize.py, which says where samples lie."""

from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.jit import kernel
from minilite.numerics.sampling import half_added, without_fraction, without_fraction_up, without_weights
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared
from minilite.ops.resize import RESIZE_BILINEAR, bilinear_single

from .blocks import as_tuple, viewed
from .boxes import whole
from .float_blocks import FLOAT_BYTES
from .twins import Loop, Twins, join, looped

BY_ROWS, BY_PRODUCTS, IN_STEPS, DOUBLED, FIXED, FIXED_UP, ELEVEN_BITS = range(7)
WAYS = {
    "float": BY_ROWS,
    "uint8 in float32": BY_ROWS,
    "doubled": DOUBLED,
    "float, products of weights": BY_PRODUCTS,
    "uint8, products of weights": BY_PRODUCTS,
    "float in steps": IN_STEPS,
    "11 bits": ELEVEN_BITS,
    "fixed point": FIXED,
}
FLOAT32, UINT8, INT8, INT16 = range(4)
KINDS = {np.dtype(kind): number for number, kind in enumerate((np.float32, np.uint8, np.int8, np.int16))}
HALF = np.float32(0.5)


class Numbers(NamedTuple):
    """What the loop needs to know: x is [images, height, width, channels], y [images, rows, columns, channels]."""

    way: int
    kind: int  # of element
    images: int
    height: int
    width: int
    rows: int
    columns: int
    channels: int
    places: int  # where the sections of the constants start: int64 [2, rows] above and below, [2, columns] left, right
    weights: int  # float32 or int32, as many


NUMBERS = len(Numbers._fields)


class Four(NamedTuple):
    """Where the four pixels around a position start, and the weights of the two rows and the two columns."""

    left: Any
    right: Any
    below_left: Any
    below_right: Any
    above: Any
    below: Any
    before: Any
    behind: Any


def resized(prepared: Prepared, x: Array | None) -> Loop:
    """The loop for x [n,h,w,c]."""
    call, (rows, columns), variant = prepared.call, prepared.plan, prepared.variant
    way = FIXED_UP if variant.kernel is bilinear_single else WAYS[variant.name]
    real = np.float32 if way < FIXED else np.int32
    places = np.concatenate([rows.lower, rows.upper, columns.lower, columns.upper]).astype(np.int64)
    weights = [rows.lower_weight, rows.upper_weight, columns.lower_weight, columns.upper_weight]
    constants, starts = join(places, np.concatenate(weights).astype(real))
    shape = call["y"].shape
    numbers = Numbers(way, KINDS[call["x"].dtype], *call["x"].shape[:3], *shape[1:], *starts)
    return Loop(
        resize_loop, (0,), constants, np.array(numbers, np.int64), FLOAT_BYTES * shape[3], shape, call["x"].dtype
    )


@kernel
def resize_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n,i,j,c] from four pixels of x[n,h,w,c], bytes."""
    n = Numbers(*as_tuple(numbers, NUMBERS))
    places = viewed(constants[n.places : n.weights], np.int64)
    weights = constants[n.weights : n.weights + 8 * (n.rows + n.columns)]
    reals, wholes = viewed(weights, np.float32), viewed(weights, np.int32)
    made = viewed(scratch[: FLOAT_BYTES * n.channels], np.float32)
    values, results = viewed(whole(x, 4), np.float32), viewed(whole(y, 4), np.float32)
    bytes_in, bytes_out = viewed(x, np.int8), viewed(y, np.int8)
    long_in, long_out = viewed(whole(x, 2), np.int16), viewed(whole(y, 2), np.int16)
    for image in range(n.images):
        for i in range(n.rows):
            for j in range(n.columns):
                start = ((image * n.rows + i) * n.columns + j) * n.channels
                if n.way < FIXED:
                    four = four_of(image, i, j, places, reals, n)
                    is_odd = (i & 1) + 2 * (j & 1)
                    if n.kind == FLOAT32:
                        mix(n.way, values, four, is_odd, results[start : start + n.channels])
                    else:
                        mix(n.way, x, four, is_odd, made)
                        for c in range(n.channels):
                            y[start + c] = np.uint8(half_added(made[c]))
                else:
                    at = four_of(image, i, j, places, wholes, n)
                    if n.kind == UINT8:
                        mix_codes(n.way, x, at, y[start : start + n.channels])
                    elif n.kind == INT8:
                        mix_codes(n.way, bytes_in, at, bytes_out[start : start + n.channels])
                    else:
                        mix_long_codes(long_in, at, long_out[start : start + n.channels])


def four_of(image: Any, i: Any, j: Any, places: Any, weights: Any, n: Any) -> Four:
    """The pixels around position i, j."""
    above, below = image * n.height + places[i], image * n.height + places[n.rows + i]
    before, behind = 2 * n.rows + j, 2 * n.rows + n.columns + j
    left, right, step = places[before] * n.channels, places[behind] * n.channels, n.width * n.channels
    pixels = above * step + left, above * step + right, below * step + left, below * step + right
    return Four(*pixels, weights[i], weights[n.rows + i], weights[before], weights[behind])


def mix(way: Any, x: Any, f: Four, is_odd: Any, made: Any) -> None:
    """A pixel in float32, in the steps of one way; `is_odd` has 1 for an odd row, 2 for an odd column."""
    count, real = made.shape[0], np.float32
    left, right = x[f.left : f.left + count], x[f.right : f.right + count]
    below_left, below_right = x[f.below_left : f.below_left + count], x[f.below_right : f.below_right + count]
    if way == BY_ROWS:
        for c in range(count):
            total = real(left[c]) * f.above * f.before + real(below_left[c]) * f.below * f.before
            total = total + real(right[c]) * f.above * f.behind
            made[c] = total + real(below_right[c]) * f.below * f.behind + real(0)
    elif way == BY_PRODUCTS:
        above_left, above_right = f.above * f.before, f.above * f.behind
        lower_left, lower_right = f.below * f.before, f.below * f.behind
        for c in range(count):
            total = real(0) + real(left[c]) * above_left + real(right[c]) * above_right
            made[c] = total + real(below_left[c]) * lower_left + real(below_right[c]) * lower_right
    elif way == IN_STEPS:
        for c in range(count):
            above = real(left[c]) + (real(right[c]) - real(left[c])) * f.behind
            below = real(below_left[c]) + (real(below_right[c]) - real(below_left[c])) * f.behind
            made[c] = above + (below - above) * f.below
    elif is_odd == 0:
        for c in range(count):
            made[c] = real(left[c])
    elif is_odd == 2:
        for c in range(count):
            made[c] = (real(left[c]) + real(right[c])) * HALF
    else:
        for c in range(count):
            below = (real(left[c]) + real(below_left[c])) * HALF
            other = (real(right[c]) + real(below_right[c])) * HALF
            made[c] = below if is_odd == 1 else (below + other) * HALF


def mix_codes(way: Any, x: Any, f: Four, made: Any) -> None:
    """A pixel of 8-bit codes; sums of products with integer weights fit 32 bits."""
    count, whole = made.shape[0], np.int32
    left, right = x[f.left : f.left + count], x[f.right : f.right + count]
    below_left, below_right = x[f.below_left : f.below_left + count], x[f.below_right : f.below_right + count]
    above_left, above_right = whole(f.above * f.before), whole(f.above * f.behind)
    lower_left, lower_right = whole(f.below * f.before), whole(f.below * f.behind)
    for c in range(count):
        total = whole(whole(left[c]) * above_left) + whole(whole(right[c]) * above_right)
        total = whole(total + whole(whole(below_left[c]) * lower_left) + whole(whole(below_right[c]) * lower_right))
        if way == FIXED:
            made[c] = without_fraction(np.int64(total))
        elif way == FIXED_UP:
            made[c] = without_fraction_up(np.int64(total))
        else:
            made[c] = without_weights(np.int64(total))


def mix_long_codes(x: Any, f: Four, made: Any) -> None:
    """A pixel of int16 codes."""
    for c in range(made.shape[0]):
        above = np.int64(x[f.left + c]) * f.before + np.int64(x[f.right + c]) * f.behind
        below = np.int64(x[f.below_left + c]) * f.before + np.int64(x[f.below_right + c]) * f.behind
        made[c] = without_fraction(above * f.above + below * f.below)


TWINS: Twins = {variant: looped(resized) for variant in RESIZE_BILINEAR.variants}
