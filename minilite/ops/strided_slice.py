"""STRIDED_SLICE:  y = x[begin:end:stride, ...] for each axis, as in Python

Five masks, one bit for each index, change what an index says: begin_mask and end_mask leave a bound open,
ellipsis_mask stands for all axes between, new_axis_mask puts in an axis of length 1, shrink_axis_mask takes the one
element at begin and drops the axis. With `offset`, end counts from begin.

Follows tflite/kernels/strided_slice.cc and internal/reference/strided_slice.h, also in these habits: an ellipsis
stands for one axis at least, indices past the last axis are ignored, a position before the first element is the first.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from minilite.errors import UnsupportedError
from minilite.format.options.shape import StridedSliceOptions

from .call import Array, Call
from .element_types import UP_TO_64_BITS
from .op import Op, Variant
from .signature import Shape

MAX_INDICES = 31
WHOLE, NEW = -1, -2  # instead of an index: the axis is taken whole, the axis is put in


class Plan(NamedTuple):
    """The input's shape with the new axes, what is taken of each axis, and the output's shape."""

    expanded: Shape
    taken: tuple[slice, ...]
    shape: Shape


class Axis(NamedTuple):
    """One axis of the expanded input: its length, the positions taken, whether it is dropped."""

    length: int
    taken: range
    dropped: bool


def plan_strided_slice(call: Call[StridedSliceOptions]) -> Plan:
    axes = list(_axes(call))
    return Plan(tuple(axis.length for axis in axes), tuple(_as_slice(axis.taken) for axis in axes), call["y"].shape)


def _as_slice(taken: range) -> slice:
    if not taken:
        return slice(0, 0)
    return slice(taken.start, None if taken.stop < 0 else taken.stop, taken.step)


def take(plan: Plan, x: Array) -> Array:
    taken: tuple[Any, ...] = (*plan.taken, ...)
    y: Array = x.reshape(plan.expanded)[taken].reshape(plan.shape).copy()
    return y


def shapes(call: Call[StridedSliceOptions]) -> Sequence[Shape]:
    return [tuple(len(axis.taken) for axis in _axes(call) if not axis.dropped)]


def _has(mask: int, index: int) -> bool:
    return bool(mask & (1 << index))


def _layout(call: Call[StridedSliceOptions]) -> list[int]:
    """For each axis of the expanded input the index that speaks of it, or WHOLE, or NEW."""
    options, rank, count = call.options, len(call["x"].shape), call["begin"].shape[0]
    call.require(count <= MAX_INDICES, f"{count} indices, at most {MAX_INDICES} expected")
    ellipses = [index for index in range(count) if _has(options.ellipsis_mask, index)]
    call.require(len(ellipses) <= 1, f"ellipsis_mask {options.ellipsis_mask}: more than one ellipsis")
    new = sum(_has(options.new_axis_mask, index) for index in range(count) if index not in ellipses)
    layout: list[int] = []
    behind = 0  # by how many axes the indices lag because of the ellipsis
    while len(layout) < rank + new:
        index = len(layout) - behind
        if index in ellipses:
            behind = max(0, min(rank + new - count, rank + new - index - 1))
            layout += [WHOLE] * (behind + 1)
            ellipses = []
        elif _has(options.new_axis_mask, index):
            layout.append(NEW)
        else:
            layout.append(index if index < count else WHOLE)
    call.require(layout.count(NEW) == new, f"new_axis_mask {options.new_axis_mask} does not fit {count} indices")
    return layout


def _axes(call: Call[StridedSliceOptions]) -> Iterator[Axis]:
    lengths = iter(call["x"].shape)
    ends = call.integers("end", ("int32",))
    for position, index in enumerate(_layout(call)):
        length = 1 if index == NEW else next(lengths)
        axis = Axis(length, range(length), False) if index < 0 else _indexed(call, index, length)
        if call.options.offset and not axis.dropped:
            made = len(range(0, ends[position], axis.taken.step)) if position < len(ends) else None
            if made != len(axis.taken):
                raise UnsupportedError(
                    f"{call.node.label}: offset: end asks for {made} elements of axis {position}, "
                    f"{len(axis.taken)} are there; the official kernel leaves such results undefined"
                )
        yield axis


def _indexed(call: Call[StridedSliceOptions], index: int, length: int) -> Axis:
    options, kinds = call.options, ("int32",)
    begin, end, stride = (call.integers(name, kinds)[index] for name in ("begin", "end", "strides"))
    call.require_value("strides", stride != 0, f"index {index}: the stride is 0")
    start = slice(None if _has(options.begin_mask, index) else begin, None, stride).indices(length)[0]
    if _has(options.shrink_axis_mask, index):
        call.require_value("strides", stride > 0, f"index {index}: stride {stride} where one element is taken")
        call.require_value("begin", start < length, f"index {index}: {begin} is outside length {length}")
        return Axis(length, range(start, start + 1), True)
    stop = None if _has(options.end_mask, index) else start + end if options.offset else end
    return Axis(length, range(start, *slice(None, stop, stride).indices(length)[1:]), False)


STRIDED_SLICE = Op(
    "STRIDED_SLICE",
    "x[...] begin=int[k] end=int[k] strides=int[k] -> y[...]",
    StridedSliceOptions,
    variants=(Variant("strided slice", UP_TO_64_BITS, plan_strided_slice, take),),
    shapes=shapes,
)
OPS = (STRIDED_SLICE,)
