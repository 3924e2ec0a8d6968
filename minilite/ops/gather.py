"""GATHER:     y[b.., o.., p.., i..] = x[b.., o.., positions[b.., p..], i..]     along one axis; b: batch_dims axes
GATHER_ND:  y[p.., i..] = x[indices[p.., 0], indices[p.., 1], ..., i..]

GATHER moves int4 by bytes, so the axes behind the gathered one must have an even number of elements.
Follows tflite/kernels/gather.cc and gather_nd.cc, internal/reference/gather.h. An index is never negative.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minilite.errors import UnsupportedError
from minilite.format.enums import TensorType
from minilite.format.options.empty import GatherNdOptions
from minilite.format.options.shape import GatherOptions

from .call import Array, Call
from .indices import Guard, guard
from .op import Op, Variant
from .signature import Shape

ELEMENTS = ("float32", "float16", "bool", "int8", "int16", "int32", "int64", "uint8")
INDICES = ("int16", "int32", "int64")


class Plan(NamedTuple):
    """Sizes of the batch, of the axes before the gathered one, of that one, and of those behind it."""

    batch: int
    outer: int
    length: int
    inner: int
    shape: Shape
    guard: Guard


def _axes(call: Call[GatherOptions]) -> tuple[int, int]:
    """The gathered axis and the number of batch axes, both counted from the front."""
    x, positions = call["x"].shape, call["positions"].shape
    axis, batch_dims = call.axis(call.options.axis, len(x)), call.options.batch_dims
    batch_dims += len(positions) if batch_dims < 0 else 0
    fits = 0 <= batch_dims <= min(axis, len(positions))
    call.require(fits, f"option batch_dims {call.options.batch_dims} does not fit axis {axis}")
    call.require(x[:batch_dims] == positions[:batch_dims], f"the first {batch_dims} lengths must be equal")
    return axis, batch_dims


def plan_gather(call: Call[GatherOptions]) -> Plan:
    (axis, batch_dims), x = _axes(call), call["x"].shape
    parts = x[:batch_dims], x[batch_dims:axis], x[axis + 1 :]
    batch, outer, inner = map(math.prod, parts)
    if call["x"].tensor.type == TensorType.INT4 and inner % 2:
        raise UnsupportedError(
            f"{call.node.label}: int4 in odd parts of {inner}, of which the official kernel cuts halves"
        )
    return Plan(batch, outer, x[axis], inner, call["y"].shape, guard(call, "positions"))


def gather(plan: Plan, x: Array, positions: Array) -> Array:
    plan.guard.check(positions, plan.length)
    blocks = x.reshape(plan.batch, plan.outer, plan.length, plan.inner)
    each = positions.reshape(plan.batch, positions.size // max(plan.batch, 1))
    found = blocks[np.arange(plan.batch)[:, None], :, each]  # [batch, positions, outer, inner]
    return np.ascontiguousarray(found.transpose(0, 2, 1, 3)).reshape(plan.shape)


def gather_shapes(call: Call[GatherOptions]) -> Sequence[Shape]:
    (axis, batch_dims), x = _axes(call), call["x"].shape
    is_string = call["x"].dtype.kind == "O"
    call.require(not is_string or len(x) == 1, "strings are gathered from one axis only")
    return [(*x[:axis], *call["positions"].shape[batch_dims:], *x[axis + 1 :])]


class PlanNd(NamedTuple):
    """The output's shape and whose the indices are."""

    shape: Shape
    guard: Guard


def plan_gather_nd(call: Call[GatherNdOptions]) -> PlanNd:
    return PlanNd(call["y"].shape, guard(call, "indices"))


def gather_nd(plan: PlanNd, x: Array, indices: Array) -> Array:
    depth = indices.shape[-1]
    rows = plan.guard.flatten(indices.reshape(math.prod(indices.shape[:-1]), depth), x.shape[:depth])
    counted = x.reshape(math.prod(x.shape[:depth]), math.prod(x.shape[depth:]))
    return counted[rows].reshape(plan.shape)


def gather_nd_shapes(call: Call[GatherNdOptions]) -> Sequence[Shape]:
    x, indices = call["x"].shape, call["indices"].shape
    call.require(bool(x) and bool(indices), "x and the indices need one axis at least")
    call.require(indices[-1] <= len(x), f"{indices[-1]} indices for {len(x)} axes")
    return [(*indices[:-1], *x[indices[-1] :])]


TYPES = tuple(f"{element} {index} -> {element}" for element in (*ELEMENTS, "string") for index in INDICES)
INT4_TYPES = tuple(f"int4 {index} -> int4" for index in INDICES)
OPS = (
    Op(
        "GATHER",
        "x[...] positions[?] -> y[...]",
        GatherOptions,
        (Variant("gather", (*TYPES, *INT4_TYPES), plan_gather, gather),),
        gather_shapes,
    ),
    Op(
        "GATHER_ND",
        "x[...] indices[?] -> y[...]",
        GatherNdOptions,
        (Variant("gather", TYPES, plan_gather_nd, gather_nd),),
        gather_nd_shapes,
    ),
)
