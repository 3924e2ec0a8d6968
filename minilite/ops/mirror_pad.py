"""MIRROR_PAD:  y = x with elements mirrored at its edges put around it, paddings[axis] = (before, behind)

mode REFLECT (0) leaves out the element at the edge, SYMMETRIC (1) repeats it.
Follows tflite/kernels/mirror_pad.cc.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minilite.format.options.shape import MirrorPadOptions
from minilite.numerics.frozen import frozen

from .call import Array, Call
from .element_types import UP_TO_64_BITS
from .op import Op, Variant
from .signature import Shape

REFLECT, SYMMETRIC = 0, 1
CODES = (np.dtype(np.int8), np.dtype(np.uint8), np.dtype(np.int16))


class Plan(NamedTuple):
    """For each axis, the input's position of each output position."""

    positions: tuple[Array, ...]


def plan_mirror(call: Call[MirrorPadOptions]) -> Plan:
    x, y, edge = call["x"], call["y"], int(call.options.mode == REFLECT)
    if x.dtype in CODES:
        call.require_same_quantization(x, y)
        zero_point = x.whole_quantization[1]
        call.require(x.dtype != np.int16 or not zero_point, f"the zero point of x is {zero_point}, int16 needs 0")
    pairs = zip(x.shape, _paddings(call), strict=True)
    return Plan(tuple(_positions(length, before, behind, edge) for length, (before, behind) in pairs))


def _positions(length: int, before: int, behind: int, edge: int) -> Array:
    """Where the elements of one axis come from; `edge` is 1 where the edge itself is left out."""
    whole = np.arange(length)
    front = whole[edge : edge + before][::-1]
    back = whole[length - edge - behind : length - edge][::-1] if behind else whole[:0]
    return frozen(np.concatenate([front, whole, back]))


def mirror(plan: Plan, x: Array) -> Array:
    y = x
    for axis, positions in enumerate(plan.positions):
        y = np.take(y, positions, axis)
    return y if plan.positions else x.copy()


def _paddings(call: Call[MirrorPadOptions]) -> list[tuple[int, int]]:
    flat = call.integers("paddings")
    return list(zip(flat[::2], flat[1::2], strict=True))


def shapes(call: Call[MirrorPadOptions]) -> Sequence[Shape]:
    x, given, mode = call["x"].shape, call["paddings"].shape, call.options.mode
    call.require(mode in (REFLECT, SYMMETRIC), f"option mode is {mode}, expected 0 or 1")
    call.require(given == (len(x), 2), f"paddings must be [{len(x)}, 2], got {list(given)}")
    pairs = _paddings(call)
    for axis, (length, pair) in enumerate(zip(x, pairs, strict=True)):
        most = length - int(mode == REFLECT)
        fits = min(pair) >= 0 and max(pair) <= most
        call.require_value("paddings", fits, f"axis {axis}: {pair} elements to mirror, at most {most} are there")
    return [tuple(length + sum(pair) for length, pair in zip(x, pairs, strict=True))]


OPS = (
    Op(
        "MIRROR_PAD",
        "x[...] paddings=int[r,2] -> y[...]",
        MirrorPadOptions,
        (Variant("mirror", UP_TO_64_BITS, plan_mirror, mirror),),
        shapes,
    ),
)
