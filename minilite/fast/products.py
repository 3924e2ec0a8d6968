"""Matrix products of 8-bit codes with the rescaling behind them: what CONV_2D and FULLY_CONNECTED are made of.

    y[m,u] = clamp(y_zero + rescale(b[u] + sum over k of (x[m,k] - x_zero) * (w[u,k] - w_zero)))       (eq. 5, 6)

The blocks multiply unsigned codes x' = x + x_shift by signed weights w' = w - w_shift; with zero points shifted alike,

    sum = sum x' * w'  -  x_zero' * sum w'  -  w_zero' * sum x'  +  k * x_zero' * w_zero'

of which all but the first and the third are constants of a channel and join its bias.
The rows of x are windows of an image, which lie in it in segments; a point of one code position is a window, too.
"""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.affine import Range
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.geometry import Window
from minilite.numerics.jit import kernel
from minilite.numerics.rescale import Multiplier, Rescale, make_rescale
from minilite.ops.call import Array

from .arena import ALIGNMENT
from .blocks import (
    CHUNK,
    GROUP,
    LANES,
    SIGN_BIT,
    UNKNOWN,
    Codes,
    Weights,
    as_tuple,
    codes_table,
    dot_block,
    fusing,
    round_up,
    rule_in_vectors,
    viewed,
)
from .images import IMAGE, Image, copy_image, image_bytes, make_image
from .parts import ALL, ranges, share_images
from .places import Places, are_one_row, in_order
from .rescale import rescale_arrays, rescale_one
from .twins import Loop, Part, join

ROWS, MORE_ROWS = 6, 8  # rows of x that a block takes at once; where it has one or two vectors of channels
SUMS = -1  # the scalar rule of a loop that gives the sums themselves, int32
POINT = Window(1, 0, 1, 1, 1)  # the window that has one position and reads just itself


class Numbers(NamedTuple):
    """What the loop needs to know, beside how the image is copied."""

    batch: int
    units: int
    rows: int  # positions of the window
    columns: int
    row_step: int  # codes from one position to the next
    column_step: int
    y_first: int  # see `places.Places`
    y_image: int
    y_row: int
    y_column: int
    image_size: int  # codes of an image of x
    is_copied: int
    flip: int
    depth: int  # codes in a segment
    segments: int
    all_groups: int  # of GROUP codes
    w_zero: int  # shifted
    low: int  # lowest and highest code less the zero point
    high: int
    zero: int
    rule: int
    fused: int
    y_flip: int
    scalar_rule: int
    table_columns: int
    image: int  # where the image starts in the working memory, behind all else
    w: int  # where the sections of the constants start
    table: int
    offsets: int  # of segments
    groups: int  # of their groups of codes, with zero weights for those beyond the segment
    flips: int
    scaling: int


class Working(NamedTuple):
    """The loop's working memory."""

    total: Any  # int32 [rows, vectors, LANES], flat: the sums of a block
    starts: Any  # int64 [MORE_ROWS]: where rows of x start
    places: Any  # int64 [MORE_ROWS]: where their outputs go
    more: Any  # int32: what a row adds to its sums; zeros for one block when w_zero is 0


NUMBERS = len(Numbers._fields)
TOTAL_BYTES, STARTS_BYTES = 4 * CHUNK * ROWS, 8 * MORE_ROWS  # of sums, and of each of starts and places


class Problem(NamedTuple):
    """A product to be packed: x [n,h,w,c] under windows of w [u,segment,k] with b [u]; zeros are those of x, w, y."""

    x_shape: tuple[int, ...]
    windows: tuple[Window, Window]  # over rows and columns
    w: Array
    b: Array | None
    zeros: tuple[int, int, int]
    rescale: Rescale
    codes: Range
    places: Places | None = None  # of y in y, if not one behind the other


def make_loop(problem: Problem, operands: tuple[int, ...], shape: tuple[int, ...], dtype: np.dtype[Any]) -> Loop:
    """The loop of a product, its weights packed."""
    problem = in_rows_of_one(problem)
    (units, segments, depth), (rows, columns) = problem.w.shape, problem.windows
    batch, height, width, channels = problem.x_shape
    image = make_image(problem.x_shape, rows, columns, channels, problem.zeros[0] & 255, 0)
    is_copied = not image.is_whole or depth % GROUP != 0  # a last group that is not whole reads behind the image
    across = (image.across if is_copied else width) * channels
    parts, segment = segments // rows.size, np.arange(segments)
    groups, flip = max(1, round_up(depth, GROUP) // GROUP), SIGN_BIT if problem.w.dtype == np.int8 else 0
    offsets = segment // parts * rows.dilation * across + segment % parts * columns.dilation * channels
    of_groups = offsets[:, None] + np.arange(0, groups * GROUP, GROUP)
    weights, bias, w_zero = signed_weights(problem)
    bound = np.abs(bias) + 255 * (np.abs(weights.astype(np.int64)).sum(axis=(1, 2)) + segments * depth * abs(w_zero))
    y_flip = SIGN_BIT if dtype == np.uint8 else 0
    scaling = rescale_arrays(problem.rescale, units)
    low = problem.codes.low - problem.zeros[2]
    fused = fusing(problem.rescale, bound, low)
    table = codes_table(problem.rescale, bias, problem.zeros[2] - y_flip, fused)
    flips = np.full(LANES * GROUP, flip, np.uint8)
    constants, starts = join(in_lanes(weights, groups), table, offsets, of_groups, flips, scaling.in_rows())
    count = rows.output * columns.output
    places = problem.places or in_order(rows, columns, units)
    row_step, column_step = rows.stride * across, columns.stride * channels
    one_row = are_one_row(columns, places, row_step, column_step)
    before_image = round_up(TOTAL_BYTES + 2 * STARTS_BYTES + 4 * (count if w_zero else MORE_ROWS), ALIGNMENT)
    numbers = Numbers(
        batch=batch,
        units=units,
        rows=1 if one_row else rows.output,
        columns=count if one_row else columns.output,
        row_step=row_step,
        column_step=column_step,
        y_first=places.first,
        y_image=places.image,
        y_row=places.row,
        y_column=places.column,
        image_size=height * width * channels,
        is_copied=int(is_copied),
        flip=flip,
        depth=depth,
        segments=segments,
        all_groups=of_groups.size,
        w_zero=w_zero,
        low=low,
        high=problem.codes.high - problem.zeros[2],
        zero=problem.zeros[2],
        rule=rule_in_vectors(problem.rescale),
        fused=fused,
        y_flip=y_flip,
        scalar_rule=scaling.rule,
        table_columns=table.shape[1],
        image=before_image,
        **dict(zip(Numbers._fields[-len(starts) :], starts, strict=True)),
    )
    scratch = before_image + (image_bytes(image) + GROUP if is_copied else 0)
    every = np.array([*numbers, *image], np.int64)
    return Loop(windows_product, operands, constants, every, scratch, shape, dtype, partial(share, problem))


def make_sums_loop(problem: Problem, operands: tuple[int, ...], shape: tuple[int, ...]) -> Loop:
    """The loop that gives the sums themselves, int32, whatever the problem says of rescaling."""
    loop = make_loop(problem._replace(rescale=make_rescale("256ths", 0.0)), operands, shape, np.dtype(np.int32))
    numbers = loop.numbers.copy()
    numbers[Numbers._fields.index("scalar_rule")] = SUMS
    return loop._replace(numbers=numbers, parts=None)


def in_rows_of_one(problem: Problem) -> Problem:
    """The same product; where windows are points that read each code once, of one image that is one column wide."""
    points = tuple(POINT._replace(output=length) for length in problem.x_shape[1:3])
    if problem.places is not None or problem.windows != points:
        return problem
    count = math.prod(problem.x_shape[:3])
    return problem._replace(x_shape=(1, count, 1, problem.x_shape[3]), windows=(POINT._replace(output=count), POINT))


def share(problem: Problem, whole: Loop, count: int) -> list[Part]:
    """The product in parts: by rows of images, or where there is but one position, by channels."""
    w, b, (rows, columns), places = problem.w, problem.b, problem.windows, problem.places

    def make(part: Problem) -> Loop:
        return make_loop(part, whole.operands, whole.shape, whole.dtype)

    if places is not None or problem.x_shape[0] * rows.output * columns.output > 1:
        y_row = None if places is None else places.row
        return share_images(whole, problem.x_shape, rows, lambda *given: make(with_rows(problem, *given)), count, y_row)
    parts = []
    for first, last in ranges(len(w), count, CHUNK):
        of_these, bias = slice(first, last), None if b is None else b[first:last]
        rescale = channels_of(problem.rescale, of_these)
        loop = make(problem._replace(w=w[of_these], b=bias, rescale=rescale))
        parts.append(Part(loop, ALL, ALL, of_these))
    return parts


def with_rows(problem: Problem, x_shape: tuple[int, ...], rows: Window) -> Problem:
    """The product for other images and another window over rows."""
    return problem._replace(x_shape=x_shape, windows=(rows, problem.windows[1]))


def channels_of(rescale: Rescale, some: slice) -> Rescale:
    """`rescale` for some of the channels."""
    parts: list[Any] = [part.ravel()[some] if part.size > 1 else part for part in rescale.multiplier]
    return rescale._replace(multiplier=Multiplier(*parts))


def signed_weights(problem: Problem) -> tuple[Array, Array, int]:
    """w' as int8, the bias with all that is constant of a channel, and w_zero'."""
    w, b, (x_zero, w_zero, _) = problem.w, problem.b, problem.zeros
    shift = SIGN_BIT if w.dtype == np.int8 else 0
    x_zero, w_zero = x_zero + shift, w_zero - (SIGN_BIT - shift)
    weights = w if shift else (w ^ np.uint8(SIGN_BIT)).view(np.int8)
    bias = np.zeros(len(w), np.int64) if b is None else b.astype(np.int64)
    count = w.shape[1] * w.shape[2]
    return weights, bias + count * x_zero * w_zero - x_zero * weights.sum(axis=(1, 2), dtype=np.int64), w_zero


def in_lanes(w: Array, groups: int) -> Array:
    """int8 [chunk of channels][segment, group, vector, lane, code], flat, from w [u,segment,k]."""
    units, segments, depth = w.shape
    chunks = []
    for first in range(0, units, CHUNK):
        chunk = w[first : first + CHUNK]
        padded = np.zeros((block_width(len(chunk)), segments, groups * GROUP), np.int8)
        padded[: len(chunk), :, :depth] = chunk
        in_order = padded.reshape(-1, LANES, segments * groups, GROUP).transpose(2, 0, 1, 3)
        chunks.append(in_order.reshape(-1))
    return np.concatenate(chunks or [np.zeros(0, np.int8)])


@kernel
def windows_product(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n,p,q,u] from x[n,h,w,c], uint8: the rows of the product are windows of x."""
    product(x, y, scratch, constants, numbers)


def product(x: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """The loop, for other loops that contain it."""
    n = Numbers(*as_tuple(numbers, NUMBERS))
    table = viewed(constants[n.table : n.offsets], np.int32)
    codes = Codes(table, n.table_columns, n.rule, n.fused, n.low, n.high, n.zero, n.y_flip)
    offsets = viewed(constants[n.offsets : n.offsets + 8 * n.segments], np.int64)
    groups = viewed(constants[n.groups : n.groups + 8 * n.all_groups], np.int64)
    weights = Weights(viewed(constants[n.w : n.table], np.int8), groups, constants[n.flips : n.scaling])
    scaling = constants[n.scaling : n.scaling + 24 * n.units]
    working = Working(
        viewed(scratch[:TOTAL_BYTES], np.int32),
        viewed(scratch[TOTAL_BYTES : TOTAL_BYTES + STARTS_BYTES], np.int64),
        viewed(scratch[TOTAL_BYTES + STARTS_BYTES : TOTAL_BYTES + 2 * STARTS_BYTES], np.int64),
        viewed(scratch[TOTAL_BYTES + 2 * STARTS_BYTES : n.image], np.int32),
    )
    working.more[:] = 0
    image = scratch[n.image :]
    for k in range(n.batch):
        source = x[k * n.image_size : (k + 1) * n.image_size]
        if n.is_copied:
            copy_image(source, image, Image(*as_tuple(numbers[NUMBERS:], IMAGE)))
            source = image
        if n.w_zero != 0:
            sum_rows(source, working.more, offsets, n)
        image_product(source, y, n.y_first + k * n.y_image, weights, codes, scaling, working, n)


def image_product(x: Any, y: Any, y_start: Any, weights: Any, codes: Any, scaling: Any, working: Any, n: Any) -> None:
    """The outputs of one image, a chunk of channels after the other, by the blocks that fit."""
    count, starts, places, total = n.rows * n.columns, working.starts, working.places, working.total
    more = working.more
    for u in range(0, n.units, CHUNK):
        units = min(n.units - u, CHUNK)
        rows = ROWS if units > 2 * LANES else MORE_ROWS
        together = rows if count >= rows else 1
        p = q = m = start = 0
        place = y_start + u
        while m < count:
            if m == count - 1:
                together = 1
            elif m > count - together:
                m = count - together  # the last block overlaps the one before it
                p, q = divmod(m, n.columns)
                start, place = p * n.row_step + q * n.column_step, y_start + u + p * n.y_row + q * n.y_column
            for r in range(together):
                starts[r], places[r] = start, place
                start, place, q = start + n.column_step, place + n.y_column, q + 1
                if q == n.columns:
                    p, q = p + 1, 0
                    start, place = p * n.row_step, y_start + u + p * n.y_row
            if n.w_zero != 0:
                more = working.more[m:]
            if together == 1:
                if units > 2 * LANES:
                    dot_block(x, starts, more, weights, codes, u, y, places, units, total, 1, 4)
                elif units > LANES:
                    dot_block(x, starts, more, weights, codes, u, y, places, units, total, 1, 2)
                else:
                    dot_block(x, starts, more, weights, codes, u, y, places, units, total, 1, 1)
            elif units > 2 * LANES:
                dot_block(x, starts, more, weights, codes, u, y, places, units, total, 6, 4)
            elif units > LANES:
                dot_block(x, starts, more, weights, codes, u, y, places, units, total, 8, 2)
            else:
                dot_block(x, starts, more, weights, codes, u, y, places, units, total, 8, 1)
            if n.scalar_rule == SUMS:
                copy_sums(total, together, viewed(y, np.int32), places, units)
            elif n.rule == UNKNOWN:
                finish_scalars(total, together, u, y, places, units, codes, scaling, n)
            m += together


def sum_rows(x: Any, more: Any, offsets: Any, n: Any) -> None:
    """more[m] = -w_zero' * sum x' of each row."""
    flip, m = np.uint8(n.flip), 0
    for p in range(n.rows):
        for q in range(n.columns):
            total = np.int32(0)
            for s in range(n.segments):
                start = p * n.row_step + q * n.column_step + offsets[s]
                segment = x[start : start + n.depth]  # so the compiler knows that no index is negative
                for k in range(segment.shape[0]):
                    total += np.int32(segment[k] ^ flip)
            more[m] = np.int32(wrap_int32(-n.w_zero * np.int64(total)))
            m += 1


def copy_sums(total: Any, rows: Any, y: Any, places: Any, units: Any) -> None:
    """y = the sums of a block as they are, int32."""
    width = block_width(units)
    for r in range(rows):
        y[places[r] : places[r] + units] = total[r * width : r * width + units]


def finish_scalars(
    total: Any, rows: Any, u: Any, y: Any, places: Any, units: Any, codes: Any, scaling: Any, n: Any
) -> None:
    """Codes of a block from its sums one by one, for rules and multipliers that vectors do not know."""
    width, integers, reals = block_width(units), viewed(scaling, np.int64), viewed(scaling, np.float64)
    for r in range(rows):
        for v in range(units):
            accumulator = np.int64(total[r * width + v])
            mantissa, exponent, real = integers[u + v], integers[n.units + u + v], reals[2 * n.units + u + v]
            scaled = rescale_one(n.scalar_rule, accumulator, mantissa, exponent, real)
            y[places[r] + v] = np.uint8((min(max(scaled, codes.low), codes.high) + codes.zero) & 255)


def block_width(units: Any) -> Any:
    """Lanes of the block for so many units: one, two or four vectors."""
    return LANES if units <= LANES else 2 * LANES if units <= 2 * LANES else 4 * LANES
