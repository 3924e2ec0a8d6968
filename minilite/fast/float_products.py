"""Products of float32 numbers in the official order of sums: CONV_2D, FULLY_CONNECTED and DEPTHWISE_CONV_2D.

    y[m,u] = activation(b[u] + sum over k of x[m,k] * w[k,u])          or, depthwise, x[m,k,u] * w[k,u]

The rows of x are windows of an image, copied with zeros around it where they reach outside. Upstream leaves those taps
out, but a sum that started from 0 is never -0, so adding 0 * w changes nothing as long as w is finite.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.affine import Range
from minilite.numerics.geometry import Window
from minilite.numerics.jit import kernel
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared

from .arena import ALIGNMENT
from .blocks import CHUNK, LANES, as_tuple, round_up, viewed
from .float_blocks import FLOAT_BYTES, FloatWeights, FusedWeights, float_block
from .images import IMAGE, Image, copy_image, image_bytes, make_image
from .parts import share_float_images
from .places import Places, are_one_row, in_order
from .products import ROWS, STARTS_BYTES, block_width
from .twins import Loop, Part, join


class Numbers(NamedTuple):
    """What the loop needs to know, beside how the image is copied. Steps and sizes are in bytes."""

    batch: int
    units: int
    rows: int  # positions of the window
    columns: int
    row_step: int
    column_step: int
    y_first: int  # see `places.Places`
    y_image: int
    y_row: int
    y_column: int
    image_size: int
    is_copied: int
    is_spread: int  # whether a step takes one number of x, or one for each channel
    steps: int
    w: int  # where the sections of the constants start
    bias: int
    limits: int
    offsets: int


NUMBERS = len(Numbers._fields)


class FloatProblem(NamedTuple):
    """A product to be packed: x [n,h,w,c] under windows, w [i,j,d,u] or, one tap for each channel, [i,j,u], and b."""

    x_shape: tuple[int, ...]
    rows: Window
    columns: Window
    w: Array
    b: Array | None
    reals: Range
    shape: tuple[int, ...]
    places: Places | None = None  # of y in y, if not one behind the other
    is_fused: bool = False  # as XNNPACK sums: from the bias on, and taps for each channel column by column
    is_backward: bool = False  # from the last tap to the first


def make_convolution(
    prepared: Prepared, w: Array | None, b: Array | None, in_order: Callable[[Array], Array]
) -> Loop | None:
    """The loop of a convolution with weights as `in_order` arranges them for a FloatProblem.

    None where channels of x and w differ in number, and for weights that are not finite.
    """
    call, plan = prepared.call, prepared.plan
    if w is None or (b is None) != (call.optional("b") is None):
        return None
    x_shape = call["x"].shape
    if x_shape[3] != w.shape[3] or not w.size or not np.isfinite(w).all():
        return None
    return make_loop(FloatProblem(x_shape, plan.rows, plan.columns, in_order(w), b, plan.reals, call["y"].shape))


def make_loop(problem: FloatProblem) -> Loop:
    """The loop of a product, its weights packed."""
    rows, columns, w = problem.rows, problem.columns, problem.w
    batch, height, width, channels = problem.x_shape
    pixel = channels * FLOAT_BYTES
    in_bytes = (batch, height, width, pixel)
    image = make_image(in_bytes, rows, columns, pixel, 0, 0)
    is_copied = not image.is_whole or w.ndim == 3  # whole vectors of channels read behind an image
    across = (image.across if is_copied else width) * pixel
    depth, units = w.shape[2] if w.ndim == 4 else 1, w.shape[-1]
    i, j, d = np.indices((rows.size, columns.size, depth)).reshape(3, -1)
    offsets = i * rows.dilation * across + j * columns.dilation * pixel + d * FLOAT_BYTES
    bias = np.zeros(round_up(units, CHUNK), np.float32)
    bias[:units] = 0 if problem.b is None else problem.b
    limits = np.array(problem.reals, np.float32)
    steps = np.argsort(j, kind="stable") if problem.is_fused and w.ndim == 3 else np.arange(len(offsets))
    if problem.is_backward:
        steps = np.lexsort((d, -j, -i))
    weights = in_lanes(w.reshape(-1, units)[steps])
    constants, starts = join(weights, bias, limits, offsets[steps].astype(np.int64))
    places = problem.places or in_order(rows, columns, units)
    places = Places(*(FLOAT_BYTES * step for step in places))
    row_step, column_step = rows.stride * across, columns.stride * pixel
    one_row = are_one_row(columns, places, row_step, column_step)
    numbers = Numbers(
        batch=batch,
        units=units,
        rows=1 if one_row else rows.output,
        columns=rows.output * columns.output if one_row else columns.output,
        row_step=row_step,
        column_step=column_step,
        y_first=places.first,
        y_image=places.image,
        y_row=places.row,
        y_column=places.column,
        image_size=height * width * pixel,
        is_copied=int(is_copied),
        is_spread=int(w.ndim == 4),
        steps=len(offsets),
        **dict(zip(Numbers._fields[-len(starts) :], starts, strict=True)),
    )
    scratch = 2 * ALIGNMENT + (image_bytes(image) + CHUNK * FLOAT_BYTES if is_copied else 0)
    every = np.array([*numbers, *image], np.int64)
    dtype = np.dtype(np.float32)
    function = fused_products_loop if problem.is_fused else products_loop
    return Loop(function, (0,), constants, every, scratch, problem.shape, dtype, partial(share, problem))


def share(problem: FloatProblem, whole: Loop, count: int) -> list[Part]:
    """The product in parts, by rows of images."""

    def make(x_shape: tuple[int, ...], rows: Window) -> Loop:
        return make_loop(problem._replace(x_shape=x_shape, rows=rows))

    y_row = None if problem.places is None else FLOAT_BYTES * problem.places.row
    return share_float_images(whole, problem.x_shape, problem.rows, make, count, y_row)


def in_lanes(w: Array) -> Array:
    """float32 [chunk of channels][step, vector, lane], flat, from w [step,u]."""
    chunks = []
    for first in range(0, w.shape[1], CHUNK):
        chunk = w[:, first : first + CHUNK]
        padded = np.zeros((len(w), block_width(chunk.shape[1])), np.float32)
        padded[:, : chunk.shape[1]] = chunk
        chunks.append(padded.reshape(-1))
    return np.concatenate(chunks or [np.zeros(0, np.float32)])


@kernel
def products_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n,p,q,u] from x[n,h,w,c], float32 as bytes."""
    product(x, y, scratch, constants, numbers)


def product(x: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """The loop, for other loops that contain it."""
    multiply(x, FloatWeights(*sections(constants, Numbers(*as_tuple(numbers, NUMBERS)))), y, scratch, numbers)


@kernel
def fused_products_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """The same with each product fused with its sum, from the bias on."""
    fused_product(x, y, scratch, constants, numbers)


def fused_product(x: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """The loop, for other loops that contain it."""
    multiply(x, FusedWeights(*sections(constants, Numbers(*as_tuple(numbers, NUMBERS)))), y, scratch, numbers)


def sections(constants: Any, n: Any) -> Any:
    """The fields of the weights."""
    return (
        viewed(constants[n.w : n.bias], np.float32),
        viewed(constants[n.offsets : n.offsets + 8 * n.steps], np.int64),
        viewed(constants[n.bias : n.limits], np.float32),
        viewed(constants[n.limits : n.offsets], np.float32)[:2],
    )


def multiply(x: Any, weights: Any, y: Any, scratch: Any, numbers: Any) -> None:
    """Each image, by chunks of channels."""
    n = Numbers(*as_tuple(numbers, NUMBERS))
    starts, places = (
        viewed(scratch[:STARTS_BYTES], np.int64),
        viewed(scratch[ALIGNMENT : ALIGNMENT + STARTS_BYTES], np.int64),
    )
    image = scratch[2 * ALIGNMENT :]
    for k in range(n.batch):
        source = x[k * n.image_size : (k + 1) * n.image_size]
        if n.is_copied:
            copy_image(source, image, Image(*as_tuple(numbers[NUMBERS:], IMAGE)))
            source = image
        for u in range(0, n.units, CHUNK):
            start = n.y_first + k * n.y_image + u * FLOAT_BYTES
            image_product(source, y, start, u, weights, starts, places, n)


def image_product(x: Any, y: Any, y_start: Any, u: Any, weights: Any, starts: Any, places: Any, n: Any) -> None:
    """A chunk of channels, from u on, of the outputs of one image, by the blocks that fit."""
    count, units = n.rows * n.columns, min(n.units - u, CHUNK)
    together = ROWS if count >= ROWS else 1
    first = 0 if n.is_spread != 0 else u * FLOAT_BYTES  # of the channels that are read
    p = q = m = 0
    while m < count:
        if m > count - together:
            m = count - together  # the last block overlaps the one before it
            p, q = divmod(m, n.columns)
        for r in range(together):
            starts[r] = p * n.row_step + q * n.column_step + first
            places[r] = y_start + p * n.y_row + q * n.y_column
            q += 1
            if q == n.columns:
                p, q = p + 1, 0
        if n.is_spread != 0:
            one_number(x, starts, weights, u, y, places, units, together)
        else:
            one_each(x, starts, weights, u, y, places, units, together)
        m += together


def one_number(x: Any, starts: Any, weights: Any, u: Any, y: Any, places: Any, units: Any, together: Any) -> None:
    """The block for so many rows and channels, all of which multiply one number of x in a step."""
    if together == 1:
        if units > 2 * LANES:
            float_block(x, starts, weights, u, y, places, units, 1, 4, 1)
        elif units > LANES:
            float_block(x, starts, weights, u, y, places, units, 1, 2, 1)
        else:
            float_block(x, starts, weights, u, y, places, units, 1, 1, 1)
    elif units > 2 * LANES:
        float_block(x, starts, weights, u, y, places, units, 6, 4, 1)
    elif units > LANES:
        float_block(x, starts, weights, u, y, places, units, 6, 2, 1)
    else:
        float_block(x, starts, weights, u, y, places, units, 6, 1, 1)


def one_each(x: Any, starts: Any, weights: Any, u: Any, y: Any, places: Any, units: Any, together: Any) -> None:
    """The block for so many rows and channels, each of which multiplies a number of its own."""
    if together == 1:
        if units > 2 * LANES:
            float_block(x, starts, weights, u, y, places, units, 1, 4, 0)
        elif units > LANES:
            float_block(x, starts, weights, u, y, places, units, 1, 2, 0)
        else:
            float_block(x, starts, weights, u, y, places, units, 1, 1, 0)
    elif units > 2 * LANES:
        float_block(x, starts, weights, u, y, places, units, 6, 4, 0)
    elif units > LANES:
        float_block(x, starts, weights, u, y, places, units, 6, 2, 0)
    else:
        float_block(x, starts, weights, u, y, places, units, 6, 1, 0)
