"""TILE:           y = x repeated multiples[axis] times along each axis
BROADCAST_TO:   y = x stretched to a shape, aligned right: a length of 1 may become any other
BROADCAST_ARGS: y = the shape two shapes stretch to

BROADCAST_TO of packed elements is refused: the official kernel copies none of them.

Follows tflite/kernels/tile.cc, broadcast_to.cc, broadcast_args.cc.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.empty import BroadcastToOptions, TileOptions

from .call import Array, Call
from .element_types import EVERY, UP_TO_64_BITS, require_unpacked
from .indices import Guard, guard
from .op import Op, Variant
from .signature import Shape

MAX_RANK = 8  # of the reference loop over stretched operands


class TilePlan(NamedTuple):
    """How many times along each axis."""

    multiples: tuple[int, ...]


def plan_tile(call: Call[TileOptions]) -> TilePlan:
    return TilePlan(call.integers("multiples"))


def tile(plan: TilePlan, x: Array) -> Array:
    shape = tuple(length * multiple for length, multiple in zip(x.shape, plan.multiples, strict=True))
    return np.tile(x, plan.multiples) if math.prod(shape) else np.empty(shape, x.dtype)


def tile_shapes(call: Call[TileOptions]) -> Sequence[Shape]:
    x, multiples = call["x"].shape, call.integers("multiples")
    call.require(len(multiples) == len(x), f"{len(x)} multiples expected, got {len(multiples)}")
    fits = all(multiple >= 0 for multiple in multiples)
    call.require_value("multiples", fits, f"multiples {list(multiples)} must not be negative")
    return [tuple(length * multiple for length, multiple in zip(x, multiples, strict=True))]


class StretchPlan(NamedTuple):
    """The shape to stretch to."""

    shape: Shape


def plan_stretch(call: Call[BroadcastToOptions]) -> StretchPlan:
    return StretchPlan(call["y"].shape)


def stretch(plan: StretchPlan, x: Array) -> Array:
    return np.broadcast_to(x, plan.shape).copy()


def stretch_shapes(call: Call[BroadcastToOptions]) -> Sequence[Shape]:
    require_unpacked(call, "copies none of them, and leaves the output unwritten")
    x, shape = call["x"].shape, call.integers("shape")
    call.require(len(shape) <= MAX_RANK, f"at most {MAX_RANK} dimensions expected, got {len(shape)}")
    aligned = shape[max(len(shape) - len(x), 0) :]
    fits = len(x) <= len(shape) and all(old in (1, new) for old, new in zip(x, aligned, strict=True))
    call.require_value("shape", fits and min(shape, default=0) >= 0, f"{list(x)} does not stretch to {list(shape)}")
    return [shape]


class ArgsPlan(NamedTuple):
    """How many lengths come out, and whose data they are."""

    rank: int
    guard: Guard


def plan_args(call: Call[Any]) -> ArgsPlan:
    return ArgsPlan(call["y"].shape[0], guard(call, "b"))


def broadcast_args(plan: ArgsPlan, a: Array, b: Array) -> Array:
    longer = [np.concatenate([np.ones(plan.rank - len(shape), shape.dtype), shape]) for shape in (a, b)]
    fits = (longer[0] == longer[1]) | (longer[0] == 1) | (longer[1] == 1)
    plan.guard.require(bool(fits.all()), f"the shapes {a.tolist()} and {b.tolist()} do not stretch to a common one")
    return np.where(longer[0] == 1, longer[1], longer[0])


def args_shapes(call: Call[Any]) -> Sequence[Shape]:
    return [(max(call["a"].shape[0], call["b"].shape[0]),)]


OPS = (
    Op(
        "TILE",
        "x[...] multiples=int[?] -> y[...]",
        TileOptions,
        (Variant("tile", (*UP_TO_64_BITS, "string"), plan_tile, tile),),
        tile_shapes,
    ),
    Op(
        "BROADCAST_TO",
        "x[...] shape=int[r] -> y[...]",
        BroadcastToOptions,
        (Variant("stretch", EVERY, plan_stretch, stretch),),
        stretch_shapes,
    ),
    Op(
        "BROADCAST_ARGS",
        "a[p] b[q] -> y[r]",
        None,
        (Variant("shapes", ("int32", "int64"), plan_args, broadcast_args),),
        args_shapes,
    ),
)
