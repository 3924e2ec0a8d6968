"""The blocks that float32 inference is made of, as NumPy says them; `float_intrinsics` has their compiled twins.

Sums keep the official order: each output starts from 0 and adds one rounded product after the other. What a CPU does
at once is many outputs side by side. No product is fused with its sum, which would leave out a rounding, unless the
definition does so: XNNPACK's sums start from the bias and leave it out.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.fused import fused_multiply_add
from minilite.numerics.jit import lowered_in

from .blocks import LANES

FLOAT_BYTES = 4
VECTORS = 2
WIDTH = VECTORS * LANES  # columns that `lane_block` takes at once


class FloatWeights(NamedTuple):
    """The weights of a float product, and how a row of x lies in memory."""

    w: Any  # float32, flat: [chunk of channels][step, vector, lane]
    offsets: Any  # int64: bytes from the start of a row to what each step reads
    bias: Any  # float32, flat
    limits: Any  # float32 [2]: of the activation


class FusedWeights(NamedTuple):
    """The same of a product whose sums start from the bias, each step rounded once."""

    w: Any
    offsets: Any
    bias: Any
    limits: Any


@lowered_in("minilite.fast.lowered.float_intrinsics")
def float_block(
    x: Any,
    starts: Any,
    weights: FloatWeights | FusedWeights,
    u: Any,
    y: Any,
    places: Any,
    count: Any,
    rows: int,
    vectors: int,
    spread: int,
) -> None:
    """`rows` rows of y by `vectors` vectors of channels from u on: the first `count` are stored from places[r] on.

    y[r,l] = clamp(bias[l] + sum over k of x[r,k] * w[k,l]); each step takes one number of x, or, with `spread` 0, one
    for each lane. x and y are bytes, so are the places in them. `rows`, `vectors` and `spread` are constants. The type
    of `weights` says how products are added.
    """
    width, steps = vectors * LANES, len(weights.offsets)
    w = weights.w[u * steps : (u + width) * steps].reshape(steps, width)
    count = min(count, width)
    for r in range(rows):
        bias = weights.bias[u : u + width]
        total = bias if isinstance(weights, FusedWeights) else np.zeros(width, np.float32)
        for k in range(steps):
            start = starts[r] + weights.offsets[k]
            size = FLOAT_BYTES * (1 if spread else width)
            values = x[start : start + size].view(np.float32)
            if isinstance(weights, FusedWeights):
                total = fused_multiply_add(values, w[k], total)
            else:
                total = total + values * w[k]
        total = total if isinstance(weights, FusedWeights) else total + bias
        low, high = weights.limits
        total = np.where(total < low, low, total)
        total = np.where(total > high, high, total)
        y[places[r] : places[r] + FLOAT_BYTES * count] = total[:count].view(np.uint8)


@lowered_in("minilite.fast.lowered.float_intrinsics")
def lane_block(
    x: Any, start: Any, w: Any, place: Any, steps: Any, sums: Any, column: Any, lanes: int, across: int
) -> None:
    """sums[column + c] for the c < WIDTH, of x[start + k] * w[place + k * WIDTH + c] for k < lanes * steps, float32.

    Each of `lanes` accumulators takes k in turn. They are added up in neighbours, or `across`: first and third, second
    and fourth. Products and sums are rounded apart. There is at least one step; `lanes` and `across` are constants.
    """
    total = np.zeros((lanes, WIDTH), np.float32)
    weights = w[place : place + lanes * steps * WIDTH].reshape(steps, lanes, WIDTH)
    for k in range(steps):
        for lane in range(lanes):
            total[lane] += x[start + k * lanes + lane] * weights[k, lane]
    if across:
        total = np.stack([total[0] + total[2], total[1] + total[3]])
    while len(total) > 1:
        total = total[0::2] + total[1::2]
    sums[column : column + WIDTH] = total[0]


@lowered_in("minilite.fast.lowered.float_intrinsics")
def scaled_block(
    x: Any,
    x_start: Any,
    x_step: Any,
    w: Any,
    w_start: Any,
    steps: Any,
    w_scale: Any,
    x_scale: Any,
    y: Any,
    y_start: Any,
    y_step: Any,
    rows: int,
) -> None:
    """Sums y[r,l] of `rows` rows by LANES grow by those over k of ((x[r,k] * w[k,l]) * w_scale[l]) * x_scale.

    All are flat float32; rows start at x_start and y_start, and are x_step and y_step elements apart. `rows` is a
    constant. Every step is rounded.
    """
    factors = w[w_start : w_start + steps * LANES].reshape(steps, LANES)
    for r in range(rows):
        total, start = y[y_start + r * y_step :][:LANES], x_start + r * x_step
        for k in range(steps):
            total += x[start + k] * factors[k] * w_scale[:LANES] * x_scale
