"""SLICE: a block of an array. SPLIT: equal parts along an axis. SPLIT_V: parts of given lengths.

Follows tflite/kernels/slice.cc, split.cc and split_v.cc.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from minilite.format.options.empty import SliceOptions
from minilite.format.options.shape import SplitOptions, SplitVOptions

from .call import Array, Call
from .element_types import UP_TO_64_BITS
from .op import Op, Variant
from .signature import Shape


class SlicePlan(NamedTuple):
    """Where the block is, for each axis."""

    block: tuple[slice, ...]


def plan_slice(call: Call[SliceOptions]) -> SlicePlan:
    lengths = call["y"].shape
    pairs = zip(call.integers("begin"), lengths, strict=True)
    return SlicePlan(tuple(slice(begin, begin + length) for begin, length in pairs))


def take_block(plan: SlicePlan, x: Array) -> Array:
    block: tuple[Any, ...] = (*plan.block, ...)
    y: Array = x[block].copy()
    return y


def slice_shapes(call: Call[SliceOptions]) -> Sequence[Shape]:
    x, begins, sizes = call["x"].shape, call.integers("begin"), call.integers("size")
    call.require(len(begins) == len(x), f"begin and size must have {len(x)} numbers, got {len(begins)}")
    same = call["begin"].tensor.type == call["size"].tensor.type
    call.require(same, "begin and size must be of one type")
    for axis, (begin, size, length) in enumerate(zip(begins, sizes, x, strict=True)):
        inside = 0 <= begin <= length and -1 <= size <= length - begin
        culprit = "size" if 0 <= begin <= length else "begin"
        call.require_value(culprit, inside, f"axis {axis}: begin {begin}, size {size} is outside length {length}")
    return [tuple(x[axis] - begins[axis] if size == -1 else size for axis, size in enumerate(sizes))]


class SplitPlan(NamedTuple):
    """Where each part is."""

    parts: tuple[tuple[slice, ...], ...]


def plan_split(call: Call[Any]) -> SplitPlan:
    axis, parts, start = _axis(call), [], 0
    for part in call.every("y"):
        parts.append((*(slice(None),) * axis, slice(start, start + part.shape[axis])))
        start += part.shape[axis]
    return SplitPlan(tuple(parts))


def split(plan: SplitPlan, x: Array) -> tuple[Array, ...]:
    return tuple(x[part].copy() for part in plan.parts)


def _axis(call: Call[Any]) -> int:
    numbers, rank = call.integers("axis"), len(call["x"].shape)
    call.require(len(numbers) == 1, f"one axis expected, got {len(numbers)}")
    call.require_value("axis", -rank <= numbers[0] < rank, f"axis {numbers[0]} is out of range for {rank} dimensions")
    return numbers[0] % rank


def _parts(call: Call[Any], axis: int, lengths: Sequence[int]) -> Sequence[Shape]:
    x, outputs, number = call["x"].shape, len(call.every("y")), call.options.num_splits
    call.require(number == outputs, f"option num_splits is {number}, there are {outputs} outputs")
    return [(*x[:axis], length, *x[axis + 1 :]) for length in lengths]


def split_shapes(call: Call[SplitOptions]) -> Sequence[Shape]:
    axis, count = _axis(call), len(call.every("y"))
    length = call["x"].shape[axis]
    call.require_value("axis", length % count == 0, f"length {length} of axis {axis} does not split into {count}")
    return _parts(call, axis, [length // count] * count)


def split_v_shapes(call: Call[SplitVOptions]) -> Sequence[Shape]:
    axis, sizes = _axis(call), call.integers("sizes")
    length, given = call["x"].shape[axis], sum(size for size in sizes if size != -1)
    fits = (
        sizes.count(-1) <= 1
        and all(size >= -1 for size in sizes)
        and (given <= length if -1 in sizes else given == length)
    )
    call.require_value("sizes", fits, f"sizes {list(sizes)} do not make up length {length} of axis {axis}")
    call.require(len(sizes) == len(call.every("y")), f"{len(sizes)} sizes, {len(call.every('y'))} outputs")
    return _parts(call, axis, [length - given if size == -1 else size for size in sizes])


SPLIT_TYPES = ("float32", "int8", "int16", "int32", "int64", "uint8")
SPLITS = (Variant("split", SPLIT_TYPES, plan_split, split),)
OPS = (
    Op(
        "SLICE",
        "x[...] begin=int[r] size=int[r] -> y[...]",
        SliceOptions,
        variants=(Variant("slice", (*UP_TO_64_BITS, "int4"), plan_slice, take_block),),
        shapes=slice_shapes,
    ),
    Op("SPLIT", "axis=int[...] x[...] -> y[...]*", SplitOptions, SPLITS, split_shapes),
    Op("SPLIT_V", "x[...] sizes=int[k] axis=int[...] -> y[...]*", SplitVOptions, SPLITS, split_v_shapes),
)
