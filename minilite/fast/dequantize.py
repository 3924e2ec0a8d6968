"""DEQUANTIZE of codes in compiled loops. The definition is minilite/ops/quantize.py."""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.affine import Affine
from minilite.numerics.dequantize import AT_ONCE, offset
from minilite.numerics.jit import kernel
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared
from minilite.ops.quantize import DEQUANTIZE_CODES, DEQUANTIZE_IN_BLOCKS, TAKEN

from .blocks import as_tuple, viewed
from .chunks import CHUNK_BYTES, KINDS, end_of_chunk, load
from .quantize import by_channel
from .twins import Loop, Twins, looped


class Numbers(NamedTuple):
    """What the loop needs to know."""

    elements: int
    whole: int  # elements that vector code takes
    kind: int  # of codes
    zero_point: int


NUMBERS = len(Numbers._fields)


def dequantize(affine: Affine, x: Array) -> Array:
    """float32 values for codes of any shape."""
    y = np.empty(x.shape, np.float32)
    arrays = by_channel(affine, np.ascontiguousarray(x)), by_channel(affine, y)
    channels_loop(*arrays, affine.scale.astype(np.float64), affine.zero_point)
    return y


@kernel
def channels_loop(x: Any, y: Any, scale: Any, zero_point: Any) -> None:
    """y[o,c,i] from x[o,c,i], scale[c] and zero_point[c]."""
    for outer in range(x.shape[0]):
        for channel in range(x.shape[1]):
            for inner in range(x.shape[2]):
                y[outer, channel, inner] = scale[channel] * (np.int64(x[outer, channel, inner]) - zero_point[channel])


def dequantized(at_once: int, prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop from codes of one scale to float32; vector code takes so many at once, 0 if there is none."""
    affine, call = prepared.plan, prepared.call
    if affine.per_channel:
        return None
    count, scale, zero_point = math.prod(call["y"].shape), affine.scale[0], int(affine.zero_point[0])
    numbers = Numbers(count, count // at_once * at_once if at_once else 0, KINDS[call["x"].dtype], zero_point)
    factors = np.array([scale, offset(scale, zero_point)], np.float32).view(np.uint8)
    shape = call["y"].shape
    return Loop(codes_loop, (0,), factors, np.array(numbers, np.int64), CHUNK_BYTES, shape, np.dtype(np.float32))


@kernel
def codes_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n], float32 as bytes, from x[n]."""
    n, factors = Numbers(*as_tuple(numbers, NUMBERS)), viewed(constants, np.float32)
    values, total, start = viewed(y, np.float32), viewed(scratch[:CHUNK_BYTES], np.int32), 0
    while start < n.elements:
        end = end_of_chunk(start, n.whole, n.elements)
        chunk, made = total[: end - start], values[start:end]
        load(x, n.kind, start, chunk)
        if start < n.whole:
            for k in range(chunk.shape[0]):
                made[k] = np.float32(np.float32(chunk[k]) * factors[0]) + factors[1]
        else:
            scale = np.float64(factors[0])
            for k in range(chunk.shape[0]):
                made[k] = scale * (np.int64(chunk[k]) - n.zero_point)
        start = end


TWINS: Twins = {
    DEQUANTIZE_CODES: looped(partial(dequantized, 0), otherwise=dequantize),
    DEQUANTIZE_IN_BLOCKS: looped(partial(dequantized, AT_ONCE)),
    TAKEN: looped(partial(dequantized, 0), otherwise=dequantize),
}
