"""STABLEHLO_PAD:     y[low + i * (interior + 1)] = x[i] along every axis, elsewhere the value; low, high may crop
STABLEHLO_GATHER:  y[batch, offset] = x[start + offset], start: a vector of `indices`, cut so that the slice fits

GATHER reads a vector of indices along index_vector_dim; start_index_map says for which axis of x each number is. Axes
in collapsed_slice_dims leave the slice, the others stand at offset_dims of the output. An output of PAD with no
elements has length 0 along every axis. PAD of packed elements is refused: the official kernel counts a byte for each
and writes past the end of y.

Follows tflite/kernels/stablehlo_pad.cc and stablehlo_gather.cc.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.stablehlo import StablehloGatherOptions, StablehloPadOptions

from .call import Array, Call
from .element_types import EVERY, UP_TO_64_BITS, require_unpacked
from .op import Op, Variant
from .signature import Shape

PAD_RANK = 8


class PadPlan(NamedTuple):
    """The output's shape; for each axis, which of the input's elements are kept, and where they go."""

    shape: Shape
    kept: tuple[Array, ...]
    places: tuple[Array, ...]


class Padding(NamedTuple):
    """How many elements come before, behind and in between along one axis; negative ones crop."""

    low: int
    high: int
    between: int


def _paddings(call: Call[StablehloPadOptions]) -> list[Padding]:
    options, rank = call.options, len(call["x"].shape)
    vectors = [_numbers(one) for one in (options.edge_padding_low, options.edge_padding_high, options.interior_padding)]
    call.require(1 <= rank <= PAD_RANK, f"1 to {PAD_RANK} dimensions expected, got {rank}")
    call.require(call["value"].shape in ((), (1,)), "the value must be one element")
    for vector in vectors:
        call.require(len(vector) == rank, f"an option has {len(vector)} numbers of padding for {rank} dimensions")
    found = [Padding(*numbers) for numbers in zip(*vectors, strict=True)]
    call.require(all(one.between >= 0 for one in found), "option interior_padding is negative")
    return found


def pad_shapes(call: Call[StablehloPadOptions]) -> Sequence[Shape]:
    require_unpacked(call, "counts a byte for each, and reads and writes past the ends of the tensors")
    sides = zip(_paddings(call), call["x"].shape, strict=True)
    shape = tuple(one.low + length + max(length - 1, 0) * one.between + one.high for one, length in sides)
    return [shape if min(shape) > 0 else (0,) * len(shape)]


def plan_pad(call: Call[StablehloPadOptions]) -> PadPlan:
    shape, kept, places = call["y"].shape, [], []
    for one, length, made in zip(_paddings(call), call["x"].shape, shape, strict=True):
        place = one.low + np.arange(length) * (one.between + 1)
        inside = (place >= 0) & (place < made)
        kept.append(np.flatnonzero(inside))
        places.append(place[inside])
    return PadPlan(shape, tuple(kept), tuple(places))


def pad(plan: PadPlan, x: Array, value: Array) -> Array:
    y = np.full(plan.shape, value.reshape(()), x.dtype)
    y[np.ix_(*plan.places)] = x[np.ix_(*plan.kept)]
    return y


class GatherPlan(NamedTuple):
    """The constants of a node."""

    index_axis: int  # of the indices
    axes: tuple[int, ...]  # of x, for each number of a vector of indices
    sizes: Shape  # of the slice, one for each axis of x
    collapsed: tuple[int, ...]
    offset_axes: tuple[int, ...]  # of y, in increasing order


def plan_gather(call: Call[StablehloGatherOptions]) -> GatherPlan:
    options, x, indices = call.options, call["x"].shape, call["indices"].shape
    sizes = _numbers(options.slice_sizes)
    fits = len(sizes) == len(x) and all(0 <= size <= length for size, length in zip(sizes, x, strict=True))
    call.require(fits, f"option slice_sizes {list(sizes)} does not fit x of shape {list(x)}")
    axis = options.index_vector_dim
    call.require(0 <= axis <= len(indices), f"option index_vector_dim {axis} is out of range for the indices")
    axes = _axes(call, "start_index_map", len(x), in_order=False)
    length = indices[axis] if axis < len(indices) else 1
    call.require(len(axes) == length, f"option start_index_map has {len(axes)} numbers for vectors of {length}")
    collapsed = _axes(call, "collapsed_slice_dims", len(x))
    call.require(all(sizes[axis] == 1 for axis in collapsed), "a collapsed axis has a slice size other than 1")
    rank = len(indices) - (axis < len(indices)) + len(x) - len(collapsed)
    offset_axes, left = _axes(call, "offset_dims", rank), len(x) - len(collapsed)
    call.require(len(offset_axes) == left, f"{len(offset_axes)} offset_dims for a slice of {left} axes")
    return GatherPlan(axis, axes, sizes, collapsed, offset_axes)


def _numbers(option: Array | None) -> tuple[int, ...]:
    return () if option is None else tuple(int(number) for number in option)


def _axes(call: Call[Any], option: str, rank: int, in_order: bool = True) -> tuple[int, ...]:
    """Different axes within `rank`. Raises ModelError for others."""
    axes = _numbers(getattr(call.options, option))
    fits = len(set(axes)) == len(axes) and all(0 <= axis < rank for axis in axes)
    call.require(fits, f"option {option} {list(axes)} does not name different axes of {rank}")
    return tuple(sorted(axes)) if in_order else axes


def gather_shapes(call: Call[StablehloGatherOptions]) -> Sequence[Shape]:
    plan, indices = plan_gather(call), call["indices"].shape
    batch = iter(length for axis, length in enumerate(indices) if axis != plan.index_axis)
    offset = iter(size for axis, size in enumerate(plan.sizes) if axis not in plan.collapsed)
    rank = len(indices) - (plan.index_axis < len(indices)) + len(plan.offset_axes)
    return [tuple(next(offset if axis in plan.offset_axes else batch) for axis in range(rank))]


def gather(plan: GatherPlan, x: Array, indices: Array) -> Array:
    vectors = indices[..., None] if plan.index_axis == indices.ndim else np.moveaxis(indices, plan.index_axis, -1)
    batch = vectors.shape[:-1]
    where = []
    for axis, (size, length) in enumerate(zip(plan.sizes, x.shape, strict=True)):
        steps = np.arange(size).reshape(-1, *[1] * (x.ndim - 1 - axis))
        if axis in plan.axes:
            start = np.clip(vectors[..., plan.axes.index(axis)].astype(np.int64), 0, length - size)
            steps = start.reshape(*batch, *[1] * x.ndim) + steps
        where.append(steps)
    found = np.broadcast_to(x[tuple(where)], (*batch, *plan.sizes))
    offset = tuple(size for axis, size in enumerate(plan.sizes) if axis not in plan.collapsed)
    found = found.reshape(batch + offset)
    return np.array(np.moveaxis(found, range(len(batch), found.ndim), plan.offset_axes), order="C")


OPS = (
    Op(
        "STABLEHLO_PAD",
        "x[...] value[...] -> y[...]",
        StablehloPadOptions,
        (Variant("pad", EVERY, plan_pad, pad),),
        pad_shapes,
    ),
    Op(
        "STABLEHLO_GATHER",
        "x[...] indices[...] -> y[...]",
        StablehloGatherOptions,
        (
            Variant(
                "gather",
                tuple(f"{kind} {index} -> {kind}" for kind in UP_TO_64_BITS for index in ("int32", "int64")),
                plan_gather,
                gather,
            ),
        ),
        gather_shapes,
    ),
)
