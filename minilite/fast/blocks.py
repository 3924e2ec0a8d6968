"""The blocks that int8 inference is made of, as NumPy says them.

Compiled loops take their twins in `lowered` instead, which keep a whole block in the CPU's vector registers; where
nothing is compiled these stand in. Codes come as uint8, flat.
A lane is one output channel, LANES of them make a vector, GROUP codes are multiplied and summed in each lane at once.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.fixed_point import INT32_MIN, shift_left_int32, wrap_int32
from minilite.numerics.jit import lowered_in
from minilite.numerics.rescale import RULES, Multiplier, Rescale
from minilite.ops.call import Array

from .rescale import RULE_CODES, rescale_arrays

LANES, GROUP = 16, 4
WIDEST = 4  # vectors of channels that a block takes at once
CHUNK = WIDEST * LANES
SIGN_BIT = 128
BIAS, MANTISSA, LEFT, RIGHT, MASK, REAL32, START, TWICE = range(8)  # rows of a table
REAL64, ADDEND, TABLE_ROWS = 8, 10, 12  # the last are pairs of rows: the first and last 8 lanes, the even and odd ones
UNKNOWN = -1  # the number of a rule that vectors do not know
NEVER, ALL, POSITIVE = range(3)  # how blocks rescale their sums in registers, see `fusing`
RULE_NAMES = {code: name for name, code in RULE_CODES.items()}
LARGEST_FUSED = 2**30  # no accumulator of a fused rescaling reaches it
LARGEST_FUSED_SHIFT = 22


class Codes(NamedTuple):
    """How sums become codes."""

    table: Any  # int32, flat: [TABLE_ROWS, columns], one column per lane
    columns: Any
    rule: Any  # its number in RULE_CODES
    fused: Any  # whether blocks rescale their sums in registers, and how: see `fusing`
    low: Any  # lowest and highest code less the zero point
    high: Any
    zero: Any
    flip: Any  # SIGN_BIT for uint8 codes: XORed to them, they are signed


class Weights(NamedTuple):
    """The weights of a product, and how a row of x lies in memory: in groups of GROUP codes."""

    w: Any  # int8, flat: [WIDEST vectors of channels, group, vector, lane, code]
    offsets: Any  # int64: where each group lies behind the start of the row
    flips: Any  # uint8 [LANES * GROUP]: XORed to codes of x


def round_up(count: int, step: int) -> int:
    """The smallest multiple of `step` that is not below `count`."""
    return -(-count // step) * step


def rule_in_vectors(rescale: Rescale) -> int:
    """The rule's number, UNKNOWN when `requantize` has no such rule or cannot take these multipliers."""
    multiplier, name = rescale.multiplier, rescale.rule.name
    small = np.abs(multiplier.real) < 2.0**31
    fits = {
        "double": (multiplier.mantissa > INT32_MIN) & (multiplier.exponent > -32),  # but the one product that overflows
        "half-up": (multiplier.mantissa > INT32_MIN) & (multiplier.exponent > -32),
        "single": (multiplier.exponent <= 0) & (multiplier.exponent > -32),  # beyond it results leave 32 bits
        "float64-away": small,
        "float32-even": small,
    }
    return RULE_CODES[name] if bool(np.all(fits.get(name, False))) else UNKNOWN


def fusing(rescale: Rescale, bound: Any, low: int) -> int:
    """How accumulators within +-bound are rescaled in registers by the rule "double": NEVER, ALL, or POSITIVE.

    With right = -exponent and high = round(accumulator * mantissa / 2**31), that rule is, for any shift from 1 on,

        code = zero + (high + 2**(right - 1) - (1 if accumulator < 0 else 0)) >> right
             = (high + addend) >> right                                          addend = zero << right, and the rest

    Where `low`, the lowest code less the zero point, is not negative, all negative numbers become it: POSITIVE leaves
    their 1 out. The sums begin at START, 2**31 more, so they are unsigned, and the upper half of their product with
    2 * mantissa, which fits 32 bits as well, needs but one constant of 64 bits to be high + addend.
    """
    scaling = rescale.multiplier
    right = -scaling.exponent
    shifts = (right >= 1) & (right <= LARGEST_FUSED_SHIFT) | (scaling.mantissa == 0)
    fits = bool(shifts.all()) and bool((scaling.mantissa >= 0).all()) and bool(np.all(bound < LARGEST_FUSED))
    if rescale.rule.name != "double" or not fits:
        return NEVER
    return ALL if low < 0 else POSITIVE


def codes_table(rescale: Rescale, bias: Array, zero: int = 0, fused: int = NEVER) -> Array:
    """int32 [TABLE_ROWS, channels in whole vectors]: what blocks need of each channel. `zero` is y's, signed."""
    count, columns = len(bias), round_up(len(bias), CHUNK)
    table = np.zeros((TABLE_ROWS, columns), np.int32)
    scaling = rescale_arrays(rescale, count)
    left, right = np.maximum(scaling.exponent, 0) & 31, np.maximum(-scaling.exponent, 0)
    right[scaling.mantissa == 0] = 1  # whatever the shift, 0 stays 0; the fused form needs one
    with np.errstate(over="ignore"):
        single = scaling.real.astype(np.float32).view(np.int32)
    rows = [bias, scaling.mantissa, left, right, (1 << right) - 1, single, bias + 2**31, 2 * scaling.mantissa]
    table[:REAL64, :count] = wrap_int32(np.array(rows, np.int64))
    addend = ((1 << right) >> 1) + (zero << right) - (1 if fused == ALL else 0)
    long = np.zeros((2, columns), np.int64)
    long[:, :count] = scaling.real.view(np.int64), (addend << 32) + 2**31 - (scaling.mantissa << 32)
    halves, turns = long[0].reshape(-1, 2, LANES // 2), long[1].reshape(-1, LANES // 2, 2)
    for row, pair in ((REAL64, halves.transpose(1, 0, 2)), (ADDEND, turns.transpose(2, 0, 1))):
        table[row : row + 2] = np.ascontiguousarray(pair).view(np.int32).reshape(2, columns)
    return table


def multiplier_at(codes: Codes, column: int) -> Multiplier:
    """The multiplier of LANES columns, out of the table."""
    rows = codes.table.reshape(TABLE_ROWS, codes.columns)[:, column : column + LANES]
    real = np.ascontiguousarray(rows[REAL64 : REAL64 + 2]).reshape(-1).view(np.float64)
    mantissa, left, right = (rows[name].astype(np.int64) for name in (MANTISSA, LEFT, RIGHT))
    return Multiplier(real, mantissa, left - right)


@lowered_in("minilite.fast.lowered.intrinsics")
def dot_block(
    x: Any,
    starts: Any,
    more: Any,
    weights: Weights,
    codes: Codes,
    u: Any,
    y: Any,
    places: Any,
    count: Any,
    total: Any,
    rows: int,
    vectors: int,
) -> None:
    """Codes of `rows` rows of x by `vectors` vectors of channels from u on; where the rule is UNKNOWN, their sums.

    total[r,l] = bias[u + l] + more[r] + sum over k of (x[r,k] ^ flip) * w[l,k], where row r of x starts at starts[r];
    x is unsigned after the flip. Codes go to y[places[r] + l] for the first `count` l. `rows` and `vectors` are
    constants.
    """
    width = vectors * LANES
    size = len(weights.offsets) * GROUP
    w = weights.w[u * size : (u + width) * size].reshape(-1, width, GROUP).astype(np.int32)
    for r in range(rows):
        read = starts[r] + weights.offsets[:, None] + np.arange(GROUP)
        four = (x[read] ^ weights.flips[0]).astype(np.int32).reshape(-1, 1, GROUP)
        sums = (four * w).sum(axis=(0, 2), dtype=np.int64) + codes.table[u : u + width] + more[r]
        total[r * width : (r + 1) * width] = wrap_int32(sums).astype(np.int32)
        for lane in range(0, min(count, width) if codes.rule != UNKNOWN else 0, LANES):
            requantize(total, r * width + lane, codes, u + lane, y, places[r] + lane, count - lane)


@lowered_in("minilite.fast.lowered.intrinsics")
def requantize(total: Any, start: Any, codes: Any, column: Any, y: Any, y_start: Any, count: Any) -> None:
    """Codes y[y_start + l] of total[start + l] by the rule of `codes`, for the first `count` lanes l."""
    rescale = Rescale(RULES[RULE_NAMES[int(codes.rule)]], multiplier_at(codes, column))
    made = np.clip(rescale(total[start : start + LANES]), codes.low, codes.high) + codes.zero
    count = min(count, LANES)
    y[y_start : y_start + count] = made[:count].astype(np.uint8)


def tap_order(positions: Array) -> Array:
    """The order in which the lanes of a `tap_block` take the channels of each CHUNK: [lane in vector, vector, four]."""
    return positions.reshape(-1, 4, WIDEST, 4).transpose(0, 2, 1, 3).reshape(-1)


@lowered_in("minilite.fast.lowered.intrinsics")
def tap_block(
    x: Any,
    x_start: Any,
    x_step: Any,
    weights: Weights,
    codes: Codes,
    u: Any,
    y: Any,
    y_start: Any,
    y_stride: Any,
    count: Any,
    total: Any,
    rows: int,
) -> None:
    """Codes of `rows` windows, x_step codes apart, CHUNK channels from u on; where the rule is UNKNOWN, their sums.

    total[r,l] = bias[u + l] + sum over t of x[x_start + r * x_step + offsets[t] + l] * w[t,l], with l in `tap_order`
    on this side. The codes are unsigned, w lies as [chunk, GROUP of taps, lane, tap]. Codes go to
    y[y_start + r * y_stride + l].
    """
    taps, order = len(weights.offsets), tap_order(np.arange(CHUNK))
    w = weights.w[u * taps : (u + CHUNK) * taps].reshape(-1, CHUNK, GROUP).transpose(0, 2, 1).reshape(taps, CHUNK)
    made = np.empty(CHUNK, np.uint8)
    for r in range(rows):
        places = x_start + r * x_step + weights.offsets[:, None] + order
        sums = (x[places] * w.astype(np.int64)).sum(axis=0) + codes.table[u : u + CHUNK]
        total[r * CHUNK : (r + 1) * CHUNK] = wrap_int32(sums).astype(np.int32)
        if codes.rule != UNKNOWN:
            for lane in range(0, CHUNK, LANES):
                requantize(total, r * CHUNK + lane, codes, u + lane, made, lane, LANES)
            here = order < count
            y[y_start + r * y_stride + order[here]] = made[here]


@lowered_in("minilite.fast.lowered.memory_intrinsics")
def copy_bytes(y: Any, y_start: Any, x: Any, x_start: Any, count: Any, flip: Any) -> None:
    """y[y_start + k] = x[x_start + k] ^ flip for `count` bytes, which do not overlap."""
    y[y_start : y_start + count] = x[x_start : x_start + count] ^ np.uint8(flip)


@lowered_in("minilite.fast.lowered.memory_intrinsics")
def as_tuple(array: Any, count: int) -> Any:
    """The first `count` elements, a constant, as a tuple."""
    return tuple(int(number) for number in array[:count])


@lowered_in("minilite.fast.lowered.memory_intrinsics")
def viewed(array: Any, dtype: Any) -> Any:
    """The bytes of a flat array as elements of another type."""
    return array.view(dtype)


@lowered_in("minilite.fast.lowered.sum_intrinsics")
def add_block(a: Any, b: Any, y: Any, start: Any, codes: Codes, n: Any) -> None:
    """Codes y[start + l] of the sums of CHUNK codes of a and b, each brought to a common scale before.

    The table has three vectors of columns one after the other, for a, b and y; n has the rest, see `add_sub.Numbers`.
    """
    terms = []
    tables = codes.table.reshape(3, TABLE_ROWS * CHUNK)
    for operand, zero, table in ((a, n.a_zero, tables[0]), (b, n.b_zero, tables[1])):
        values = (operand[start : start + CHUNK] ^ np.uint8(n.flip)).view(np.int8).astype(np.int64)
        rescale = Rescale(RULES[RULE_NAMES[int(codes.rule)]], multiplier_at(codes._replace(table=table), 0))
        shifted = shift_left_int32(values - zero, n.more_bits).reshape(-1, LANES)
        terms.append(rescale(shifted).reshape(-1))
    total = (terms[0] + n.sign * terms[1]).astype(np.int32)
    for lane in range(0, CHUNK, LANES):
        requantize(total, lane, codes._replace(table=tables[2]), 0, y, start + lane, LANES)
