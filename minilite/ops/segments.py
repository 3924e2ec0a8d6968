"""UNSORTED_SEGMENT_PROD, _MAX, _MIN, _SUM:  y[s] = product, greatest, smallest, sum of all x[p..] with ids[p..] = s
SEGMENT_SUM:                              y[s] = the same sum, for ids that rise from 0 without gaps

Elements come in order, each step rounded; integers keep the low bits. A negative id is nowhere in the unsorted ones.
A segment without elements is 1, the type's lowest, its greatest finite number, 0. A NaN is never greater or smaller.
Follows tflite/kernels/unsorted_segment.cc, segment_sum.cc, internal/reference/reference_ops.h.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options import empty
from minilite.format.table import Table

from .call import Array, Call
from .indices import Guard, guard
from .op import Op, Variant
from .signature import Shape

Combine = Callable[[Array, Array], Array]
Start = Callable[[np.dtype[Any]], Any]


class Plan(NamedTuple):
    """The output's shape, and whose the segment ids are."""

    shape: Shape
    guard: Guard


def plan_segments(call: Call[Any]) -> Plan:
    return Plan(call["y"].shape, guard(call, "ids"))


def _limits(dtype: np.dtype[Any]) -> Any:
    return np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)


def _combined(combine: Combine, x: Array, ids: Array, y: Array) -> Array:
    rows = x.reshape(ids.size, math.prod(x.shape[ids.ndim :]))
    flat = y.reshape(len(y), rows.shape[1])
    for segment, row in zip(ids.ravel().tolist(), rows, strict=True):
        if segment >= 0:
            flat[segment] = combine(flat[segment], row)
    return y


def _kernel(combine: Combine, start: Start) -> Callable[[Plan, Array, Array], Array]:
    def segment(plan: Plan, x: Array, ids: Array) -> Array:
        plan.guard.check(np.maximum(ids, 0), plan.shape[0])
        return _combined(combine, x, ids, np.full(plan.shape, start(x.dtype), x.dtype))

    return segment


def plan_sum(call: Call[Any]) -> Plan:
    x, ids = call["x"].shape, call["ids"].shape
    call.require(ids == x[:1], f"there must be one id for each of the {x[0] if x else 0} rows of x, not {list(ids)}")
    return plan_segments(call)


def segment_sum(plan: Plan, x: Array, ids: Array) -> Array:
    steps = np.diff(ids.astype(np.int64), prepend=-1)
    rises = not len(ids) or (ids[0] == 0 and bool(((steps[1:] == 0) | (steps[1:] == 1)).all()))
    plan.guard.require(rises, "segment ids must start with 0 and rise by 0 or 1")
    segments = int(ids[-1]) + 1 if len(ids) else 0
    return _combined(np.add, x, ids, np.zeros((segments, *x.shape[1:]), x.dtype))


def shapes(call: Call[Any]) -> Sequence[Shape]:
    x, ids, segments = call["x"].shape, call["ids"].shape, call.integers("segments", ("int32",))
    call.require(x[: len(ids)] == ids, f"the shape of the ids {list(ids)} does not begin the shape of x {list(x)}")
    call.require(call["segments"].shape in ((), (1,)), "the number of segments must be one number")
    call.require_value("segments", segments[0] >= 0, f"{segments[0]} segments: the number must not be negative")
    return [(segments[0], *x[len(ids) :])]


TYPES = ("float32 int32 -> float32", "int32 int32 -> int32")


def _op(name: str, options: type[Table], combine: Combine, start: Start) -> Op:
    variants = (Variant("segments", TYPES, plan_segments, _kernel(combine, start)),)
    return Op(f"UNSORTED_SEGMENT_{name}", "x[...] ids[?] segments=int[?] -> y[...]", options, variants, shapes)


OPS = (
    _op("PROD", empty.UnsortedSegmentProdOptions, np.multiply, lambda dtype: 1),
    _op(
        "MAX",
        empty.UnsortedSegmentMaxOptions,
        lambda y, row: np.where(y < row, row, y),
        lambda dtype: _limits(dtype).min,
    ),
    _op(
        "MIN",
        empty.UnsortedSegmentMinOptions,
        lambda y, row: np.where(row < y, row, y),
        lambda dtype: _limits(dtype).max,
    ),
    _op("SUM", empty.UnsortedSegmentSumOptions, np.add, lambda dtype: 0),
    Op(
        "SEGMENT_SUM",
        "x[...] ids[n] -> y[?]",
        empty.SegmentSumOptions,
        (Variant("segments", TYPES, plan_sum, segment_sum),),
    ),
)
