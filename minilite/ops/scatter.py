"""SCATTER_ND:            y = 0 of a shape, then y[indices[p..], i..] += updates[p.., i..]
SPARSE_TO_DENSE:       y = default of a shape, then y[indices[p]] = values[p], one after the other
DYNAMIC_UPDATE_SLICE:  y = x with the block from `start` on replaced by `update`

SCATTER_ND adds in the order of the updates; integers keep the low bits; for bool, adding means or.
DYNAMIC_UPDATE_SLICE moves `start` so that the block lies inside.
Follows tflite/kernels/scatter_nd.cc, sparse_to_dense.cc, dynamic_update_slice.cc, internal/reference/reference_ops.h.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.empty import DynamicUpdateSliceOptions, ScatterNdOptions
from minilite.format.options.shape import SparseToDenseOptions

from .call import Array, Call
from .element_types import EVERY
from .indices import Guard, guard
from .op import Op, Variant, plan_nothing
from .signature import Shape

MAX_DENSE_RANK = 4
MAX_RANK = 8


class Plan(NamedTuple):
    """The output's shape, and whose the indices are."""

    shape: Shape
    guard: Guard


def plan_scatter(call: Call[Any]) -> Plan:
    return Plan(call["y"].shape, guard(call, "indices"))


def scatter(plan: Plan, indices: Array, updates: Array) -> Array:
    depth = indices.shape[-1]
    count, size = math.prod(plan.shape[:depth]), math.prod(plan.shape[depth:])
    y = np.zeros((count, size), updates.dtype)
    rows = plan.guard.flatten(indices.reshape(math.prod(indices.shape[:-1]), depth), plan.shape[:depth])
    add = np.logical_or if updates.dtype == np.bool_ else np.add
    add.at(y, rows, updates.reshape(len(rows), size))
    return y.reshape(plan.shape)


def scatter_shapes(call: Call[ScatterNdOptions]) -> Sequence[Shape]:
    indices, updates, shape = call["indices"].shape, call["updates"].shape, call.integers("shape", ("int32",))
    call.require_value("shape", min(shape, default=0) >= 0, f"shape {list(shape)} must not be negative")
    call.require(bool(indices) and bool(updates), "indices and updates need an axis at least")
    call.require(indices[-1] <= len(shape), f"{indices[-1]} indices for {len(shape)} axes")
    expected = (*indices[:-1], *shape[indices[-1] :])
    call.require_value("shape", updates == expected, f"updates must be {list(expected)}, got {list(updates)}")
    return [shape]


def to_dense(plan: Plan, indices: Array, values: Array, default: Array) -> Array:
    y = np.full(math.prod(plan.shape), default.reshape(()), values.dtype)
    rows = indices if indices.ndim == 2 else indices.reshape(indices.size, 1)
    y[plan.guard.flatten(rows, plan.shape)] = values
    return y.reshape(plan.shape)


def dense_shapes(call: Call[SparseToDenseOptions]) -> Sequence[Shape]:
    indices, values, shape = call["indices"].shape, call["values"].shape, call.integers("shape")
    call.require(len(indices) <= 2 and len(values) <= 1, "indices need 0 to 2 axes, values 0 or 1")
    call.require(math.prod(call["default"].shape) == 1, "the default must be one element")
    call.require_value("shape", min(shape, default=0) >= 0, f"shape {list(shape)} must not be negative")
    depth = indices[1] if len(indices) == 2 else 1
    call.require(depth == len(shape) <= MAX_DENSE_RANK, f"{depth} indices for {len(shape)} axes, at most 4 expected")
    count = indices[0] if indices else 1
    call.require(values in ((), (count,)), f"{count} values expected, the shape is {list(values)}")
    return [shape]


def update_slice(plan: None, x: Array, update: Array, start: Array) -> Array:
    inside = [
        slice(first, first + size)
        for number, length, size in zip(start.tolist(), x.shape, update.shape, strict=True)
        for first in [min(max(number, 0), length - size)]
    ]
    y = x.copy()
    y[tuple(inside)] = update
    return y


def update_shapes(call: Call[DynamicUpdateSliceOptions]) -> Sequence[Shape]:
    x, update, start = call["x"].shape, call["update"].shape, call["start"].shape
    call.require(len(x) <= MAX_RANK, f"at most {MAX_RANK} dimensions expected")
    call.require(start == (len(x),), f"{len(x)} numbers expected to start from, the shape is {list(start)}")
    fits = len(update) == len(x) and all(new <= old for new, old in zip(update, x, strict=True))
    call.require(fits, f"an update of {list(update)} does not fit into {list(x)}")
    return [x]


SCATTER_TYPES = tuple(f"int32 {kind} -> {kind}" for kind in ("float32", "bool", "int8", "uint8", "int32", "int64"))
DENSE_TYPES = tuple(
    f"{index} {kind} {kind} -> {kind}"
    for index in ("int32", "int64")
    for kind in ("float32", "int32", "int64", "int8", "uint8")
)
UPDATE_TYPES = tuple(f"{kind} {kind} {index} -> {kind}" for kind in (*EVERY, "int4") for index in ("int32", "int64"))
OPS = (
    Op(
        "SCATTER_ND",
        "indices[?] updates[?] shape=int[r] -> y[...]",
        ScatterNdOptions,
        (Variant("scatter", SCATTER_TYPES, plan_scatter, scatter),),
        scatter_shapes,
    ),
    Op(
        "SPARSE_TO_DENSE",
        "indices[?] shape=int[r] values[?] default[?] -> y[...]",
        SparseToDenseOptions,
        (Variant("dense", DENSE_TYPES, plan_scatter, to_dense),),
        dense_shapes,
    ),
    Op(
        "DYNAMIC_UPDATE_SLICE",
        "x[...] update[?] start[?] -> y[...]",
        DynamicUpdateSliceOptions,
        (Variant("update", UPDATE_TYPES, plan_nothing, update_slice),),
        update_shapes,
    ),
)
