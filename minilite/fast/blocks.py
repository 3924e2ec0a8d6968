"""The blocks that int8 inference is made of, as NumPy says them.

Compiled loops take their twins in `intrinsics` instead, which keep a whole block in the CPU's vector registers; where
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
SIGN_BIT = 128
BIAS, MANTISSA, LEFT, RIGHT, MASK, REAL32, REAL64 = range(7)  # rows of a table; the last are two rows of eight lanes
TABLE_ROWS = 8
DOUBLE, UNKNOWN = RULE_CODES["double"], -1
RULE_NAMES = {code: name for name, code in RULE_CODES.items()}


class Codes(NamedTuple):
    """How sums become codes."""

    table: Any  # int32, flat: [TABLE_ROWS, columns], one column per lane
    columns: Any
    rule: Any  # its number in RULE_CODES
    low: Any  # lowest and highest code less the zero point
    high: Any
    zero: Any


class Weights(NamedTuple):
    """The weights of a product, and how a row of x lies in memory: in segments of `groups` times GROUP codes."""

    w: Any  # int8, flat: [WIDEST vectors of channels, segment, group, vector, lane, code]
    offsets: Any  # int64: where each segment lies behind the start of the row
    groups: Any
    flip: Any  # XORed to each code of x


def round_up(count: int, step: int) -> int:
    """The smallest multiple of `step` that is not below `count`."""
    return -(-count // step) * step


def rule_in_vectors(rescale: Rescale) -> int:
    """The rule's number, UNKNOWN when `requantize` has no such rule or cannot take these multipliers."""
    multiplier, name = rescale.multiplier, rescale.rule.name
    small = np.abs(multiplier.real) < 2.0**31
    fits = {
        "double": multiplier.mantissa > INT32_MIN,  # the one product that overflows
        "half-up": multiplier.mantissa > INT32_MIN,
        "single": multiplier.exponent <= 0,  # beyond it results leave 32 bits
        "float64-away": small,
        "float32-even": small,
    }
    return RULE_CODES[name] if bool(np.all(fits.get(name, False))) else UNKNOWN


def codes_table(rescale: Rescale, bias: Array) -> Array:
    """int32 [TABLE_ROWS, channels in whole vectors]: what `requantize` needs of each channel."""
    columns = round_up(len(bias), LANES)
    table = np.zeros((TABLE_ROWS, columns), np.int32)
    scaling = rescale_arrays(rescale, len(bias))
    left, right = np.maximum(scaling.exponent, 0) & 31, np.maximum(-scaling.exponent, 0)
    rows = [wrap_int32(bias), scaling.mantissa, left, right, (1 << right) - 1]
    table[:REAL32, : len(bias)] = np.stack(rows).astype(np.int32)
    real = np.zeros(columns)
    real[: len(bias)] = scaling.real
    with np.errstate(over="ignore"):
        table[REAL32] = real.astype(np.float32).view(np.int32)
    halves = real.view(np.int32).reshape(-1, 2, LANES)  # of each vector, its first eight lanes, then the others
    table[REAL64:] = halves.transpose(1, 0, 2).reshape(2, columns)
    return table


def multiplier_at(codes: Codes, column: int) -> Multiplier:
    """The multiplier of LANES columns, out of the table."""
    rows = codes.table.reshape(TABLE_ROWS, codes.columns)[:, column : column + LANES]
    real = np.ascontiguousarray(rows[REAL64:]).reshape(-1).view(np.float64)
    mantissa, left, right = (rows[name].astype(np.int64) for name in (MANTISSA, LEFT, RIGHT))
    return Multiplier(real, mantissa, left - right)


@lowered_in("minilite.fast.intrinsics")
def dot_block(
    x: Any,
    starts: Any,
    more: Any,
    weights: Weights,
    codes: Codes,
    u: Any,
    y: Any,
    y_start: Any,
    y_stride: Any,
    count: Any,
    total: Any,
    rows: int,
    vectors: int,
) -> None:
    """Sums of `rows` rows of x by `vectors` vectors of channels from u on, and by the rule "double" their codes.

    total[r,l] = sum over k of (x[r,k] ^ flip) * w[l,k], where row r of x starts at starts[r]. By the rule "double"
    codes take their place: y[y_start + r * y_stride + l] of total[r,l] + bias[l] + more[r], for the first `count` l.
    x is unsigned after the flip. `rows` and `vectors` are constants.
    """
    steps = np.arange(weights.groups * GROUP)
    size, width = len(weights.offsets) * weights.groups * GROUP, vectors * LANES
    w = weights.w[u * size : u * size + width * size].reshape(-1, width, GROUP).astype(np.int32)
    for r in range(rows):
        places = starts[r] + weights.offsets[:, None] + steps
        four = (x[places] ^ np.uint8(weights.flip)).astype(np.int32).reshape(-1, 1, GROUP)
        total[r * width : (r + 1) * width] = (four * w).sum(axis=(0, 2), dtype=np.int32)
    if codes.rule == DOUBLE:
        for r in range(rows):
            requantize_row(total, r * width, more[r], codes, u, y, y_start + r * y_stride, min(count, width))


def requantize_row(
    total: Any, start: Any, more: Any, codes: Any, column: Any, y: Any, y_start: Any, count: Any
) -> None:
    """`requantize` for any number of lanes."""
    for lane in range(0, count, LANES):
        requantize(total, start + lane, more, codes, column + lane, y, y_start + lane, min(count - lane, LANES))


@lowered_in("minilite.fast.intrinsics")
def requantize(total: Any, start: Any, more: Any, codes: Any, column: Any, y: Any, y_start: Any, count: Any) -> None:
    """Codes y[y_start + l] of total[start + l] + bias + more by the rule of `codes`, for the first `count` lanes l."""
    bias = codes.table[BIAS * codes.columns + column :][:LANES].astype(np.int64)
    accumulators = wrap_int32(total[start : start + LANES] + bias + more)
    rescale = Rescale(RULES[RULE_NAMES[int(codes.rule)]], multiplier_at(codes, column))
    made = np.clip(rescale(accumulators), codes.low, codes.high) + codes.zero
    count = min(count, LANES)
    y[y_start : y_start + count] = made[:count].astype(np.uint8)


@lowered_in("minilite.fast.intrinsics")
def tap_block(
    x: Any,
    x_start: Any,
    x_step: Any,
    offsets: Any,
    w: Any,
    codes: Any,
    u: Any,
    y: Any,
    y_start: Any,
    y_stride: Any,
    count: Any,
    total: Any,
    positions: int,
) -> None:
    """Sums of `positions` windows, x_step codes apart, for LANES channels from u on, and by "double" their codes.

    total[r,l] = sum over t of x[x_start + r * x_step + offsets[t] + u + l] * w[t, u + l]. The codes are signed, w is
    int16. By the rule "double" codes take the place of sums, see `dot_block`. `positions` is a constant.
    """
    taps = w.reshape(len(offsets), codes.columns)[:, u : u + LANES].astype(np.int32)
    for r in range(positions):
        starts = x_start + u + r * x_step + offsets
        values = x[starts[:, None] + np.arange(LANES)].view(np.int8).astype(np.int32)
        total[r * LANES : (r + 1) * LANES] = (values * taps).sum(axis=0, dtype=np.int32)
        if codes.rule == DOUBLE:
            requantize(total, r * LANES, 0, codes, u, y, y_start + r * y_stride, count)


@lowered_in("minilite.fast.intrinsics")
def copy_bytes(y: Any, y_start: Any, x: Any, x_start: Any, count: Any) -> None:
    """y[y_start + k] = x[x_start + k] for `count` bytes, which do not overlap."""
    y[y_start : y_start + count] = x[x_start : x_start + count]


@lowered_in("minilite.fast.intrinsics")
def as_tuple(array: Any, count: int) -> Any:
    """The first `count` elements, a constant, as a tuple."""
    return tuple(int(number) for number in array[:count])


@lowered_in("minilite.fast.intrinsics")
def add_block(a: Any, b: Any, y: Any, start: Any, codes: Codes, n: Any) -> None:
    """Codes y[start + l] of the sums of LANES codes of a and b, each brought to a common scale before.

    The table has three vectors of columns one after the other, for a, b and y; n has the rest, see `add_sub.Numbers`.
    """
    terms = []
    tables = codes.table.reshape(3, TABLE_ROWS * LANES)
    for operand, zero, table in ((a, n.a_zero, tables[0]), (b, n.b_zero, tables[1])):
        values = (operand[start : start + LANES] ^ np.uint8(n.flip)).view(np.int8).astype(np.int64)
        rescale = Rescale(RULES[RULE_NAMES[int(codes.rule)]], multiplier_at(codes._replace(table=table), 0))
        terms.append(rescale(shift_left_int32(values - zero, n.more_bits)))
    total = (terms[0] + n.sign * terms[1]).astype(np.int32)
    requantize(total, 0, 0, codes._replace(table=tables[2]), 0, y, start, LANES)
