"""TRANSPOSE_CONV in compiled loops. The definition is minilite/ops/transpose_conv.py.

Outputs whose place has the same remainder by the stride meet the same taps, so each such phase is a convolution with
stride 1, of every stride-th tap, the last one first. Pixels then come in the order of the image, as in the definition.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import product
from typing import NamedTuple

import numpy as np

from minilite.numerics.activation import unbounded
from minilite.numerics.geometry import Window
from minilite.ops.call import Array
from minilite.ops.finish import CHANNEL_BLOCK, FLAT_BLOCK
from minilite.ops.prepare import Prepared
from minilite.ops.transpose_conv import (
    FLOAT,
    FLOAT_XNNPACK,
    HYBRID,
    INT8,
    INT8_BLOCKS,
    INT16_BLOCKS,
    INT16_INT32,
    INT16_INT64,
    INT16_MICRO,
    UINT8,
    UINT8_BLOCKS,
)

from .conv_2d import in_segments
from .dynamic import Hybrid
from .float_products import FloatProblem
from .float_products import make_loop as make_float_loop
from .hybrid_transpose import dynamic
from .places import Places
from .products import Problem, make_loop
from .twins import Loop, Twins, looped
from .wide import WideProblem
from .wide import make_loop as make_wide_loop


class Phase(NamedTuple):
    """Along one axis: the outputs from `first` on, a stride apart, as a window over x with these taps of w."""

    first: int
    window: Window
    taps: range


def phases(window: Window, length: int) -> Iterator[Phase]:
    """The phases along an axis of y of this length."""
    stride = window.stride
    for first in range(min(stride, length)):
        pixel, tap = divmod(first + window.before, stride)  # the last pixel that it meets, with which tap
        taps = range(tap, window.size, stride)[::-1]
        count = len(range(first, length, stride))
        before = len(taps) - 1 - pixel if taps else count  # without any, one that reads nothing but padding
        yield Phase(first, Window(count, before, max(len(taps), 1), 1, 1), taps)


class Part(NamedTuple):
    """A phase over rows and columns: a convolution with w [u,i,j,c], and where its outputs go."""

    windows: tuple[Window, Window]
    w: Array
    places: Places


def parts(prepared: Prepared, w: Array) -> Iterator[Part]:
    """All that together fill y."""
    plan, (_, height, width, units) = prepared.plan.node, prepared.call["y"].shape
    for rows, columns in product(phases(plan.rows, height), phases(plan.columns, width)):
        first, image = (rows.first * width + columns.first) * units, height * width * units
        places = Places(first, image, plan.rows.stride * width * units, plan.columns.stride * units)
        taps = w[:, rows.taps][:, :, columns.taps]
        missing = [(0, 0 if length else 1) for length in taps.shape]
        nothing = w.dtype.type(-0.0)  # leaves any sum as it is
        yield Part((rows.window, columns.window), np.pad(taps, missing, constant_values=nothing), places)


def joined(loops: Iterable[Loop | None]) -> Loop | None:
    """The loops of all parts as one that reads x; None for no output, or where a part has none."""
    made = list(loops)
    whole = [loop._replace(operands=(1,)) for loop in made if loop is not None]
    if not whole or len(whole) < len(made):
        return None
    return whole[0]._replace(scratch=max(loop.scratch for loop in whole), more=tuple(whole[1:]))


def is_known(prepared: Prepared, w: Array | None, b: Array | None) -> bool:
    """Whether weights and bias are constants, and there are any."""
    return w is not None and w.size > 0 and (b is None) == (prepared.call.optional("b") is None)


def has_one_rule(prepared: Prepared) -> bool:
    """Whether all outputs follow the same rescale rule: none are left over of whole blocks."""
    y, variant = prepared.call["y"].shape, prepared.variant
    if variant is UINT8_BLOCKS:
        return int(np.prod(y)) % FLAT_BLOCK == 0
    return variant not in (INT8_BLOCKS, INT16_BLOCKS) or y[-1] % CHANNEL_BLOCK == 0


def codes(prepared: Prepared, w: Array | None, x: Array | None, b: Array | None = None) -> Loop | None:
    """The loop for 8-bit codes."""
    call, plan = prepared.call, prepared.plan.node
    if w is None or not is_known(prepared, w, b) or not has_one_rule(prepared):
        return None
    zeros = plan.x_zero, plan.w_zero, plan.y_zero

    def make(part: Part) -> Loop:
        weights = in_segments(part.w, part.windows[1])
        return make_loop(
            Problem(call["x"].shape, part.windows, weights, b, zeros, plan.rescale, plan.codes, part.places),
            (1,),
            call["y"].shape,
            plan.dtype,
        )

    return joined(map(make, parts(prepared, w)))


def reals(is_fused: bool, prepared: Prepared, w: Array | None, x: Array | None, b: Array | None = None) -> Loop | None:
    """The loop for float32 values, None for weights that are not finite: they meet padding here.

    Fused sums meet it in the definition as well, and take the taps from the first to the last.
    """
    call, plan = prepared.call, prepared.plan.node
    if w is None or not is_known(prepared, w, b) or not (is_fused or np.isfinite(w).all()):
        return None

    limits = unbounded(plan.reals) if is_fused else plan.reals

    def make(part: Part) -> Loop:
        x_shape, weights = call["x"].shape, part.w.transpose(1, 2, 3, 0)
        problem = FloatProblem(x_shape, *part.windows, weights, b, limits, call["y"].shape, part.places)
        return make_float_loop(problem._replace(is_fused=is_fused, is_backward=is_fused))

    return joined(map(make, parts(prepared, w)))


def wide(prepared: Prepared, w: Array | None, x: Array | None, b: Array | None = None) -> Loop | None:
    """The loop for int16 codes."""
    call, plan = prepared.call, prepared.plan.node
    if w is None or not is_known(prepared, w, b) or not has_one_rule(prepared) or (plan.x_zero, plan.w_zero) != (0, 0):
        return None

    def make(part: Part) -> Loop | None:
        weights, wraps = in_segments(part.w, part.windows[1]), plan.accumulator != np.int64
        settings = b, wraps, plan.rescale, plan.y_zero, plan.codes, part.places
        return make_wide_loop(WideProblem(call["x"].shape, part.windows, weights, *settings), call["y"].shape)

    return joined(map(make, parts(prepared, w)))


TWINS: Twins = {
    INT8: looped(codes),
    INT8_BLOCKS: looped(codes),
    UINT8: looped(codes),
    UINT8_BLOCKS: looped(codes),
    INT16_INT64: looped(wide),
    INT16_INT32: looped(wide),
    INT16_MICRO: looped(wide),
    INT16_BLOCKS: looped(wide),
    FLOAT: looped(partial(reals, False)),
    FLOAT_XNNPACK: looped(partial(reals, True)),
    HYBRID: looped(dynamic, Hybrid),
}
