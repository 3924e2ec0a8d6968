"""EMBEDDING_LOOKUP:         y[k] = table[ids[k]], a float32 or float16 y of an int8 table as code * scale
EMBEDDING_LOOKUP_SPARSE:  y[p..] = sum over its entries of weight * table[id], combined by sum, mean or sqrtn

EMBEDDING_LOOKUP: the scale is one, or one per row; zero points are 0; uint8 codes are read as int8, as upstream does.
    An int4 or int2 table may have a scale for each block of a row instead (ops/blockwise.py).
EMBEDDING_LOOKUP_SPARSE: entry e goes to p.. = the coordinates indices[e] without the last; entries of one p.. should be
    neighbours: when another p.. begins, what is there is divided by the sum of the weights (mean) or by the root of the
    sum of their squares (sqrtn). Each step is rounded to float32.

Follows tflite/kernels/embedding_lookup.cc and embedding_lookup_sparse.cc.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minilite.format.options.dense import EmbeddingLookupSparseOptions

from .blockwise import Blocks, blocks_of, is_blockwise
from .call import Array, Call
from .element_types import EVERY
from .hybrid import as_int8
from .indices import Guard, guard
from .op import Op, Staged, Variant
from .signature import Shape

SUM, MEAN, SQRTN = 0, 1, 2


class Plan(NamedTuple):
    """Whose the ids are."""

    guard: Guard


def plan_lookup(call: Call[Any]) -> Plan:
    return Plan(guard(call, "ids"))


def lookup(plan: Plan, ids: Array, table: Array) -> Array:
    plan.guard.check(ids, len(table))
    rows: Array = table[ids]
    return rows


class HybridPlan(NamedTuple):
    """Whose the ids are, the scales of the table, and the output's type."""

    guard: Guard
    scales: NDArray[np.float32]  # one, or one per row
    dtype: np.dtype[Any]


def plan_hybrid(call: Call[Any]) -> HybridPlan:
    affine, rows = call["table"].affine, call["table"].shape[0]
    call.require(int(affine.zero_point.flat[0]) == 0, f"the table's zero point is {affine.zero_point.flat[0]}, not 0")
    fits = affine.scale.size in (1, rows) and (affine.scale.size == 1 or affine.axis == 0)
    call.require(fits, f"one scale or {rows} along axis 0 expected, got {affine.scale.size} along {affine.axis}")
    return HybridPlan(guard(call, "ids"), affine.scale, call["y"].dtype)


def lookup_hybrid(plan: HybridPlan, ids: Array, table: Array) -> Staged:
    plan.guard.check(ids, len(table))
    scales = plan.scales[ids] if plan.scales.size > 1 else plan.scales
    return scaled(as_int8(table)[ids], scales.reshape(-1, *[1] * (table.ndim - 1)), plan.dtype)


def scaled(codes: Array, scales: Array, dtype: np.dtype[Any]) -> Staged:
    """code * scale, rounded to float32 and then to the type of y."""
    reals: Array = codes.astype(np.float32) * scales
    y = reals.astype(dtype)
    return Staged(y, {"code": codes, "its scale": np.broadcast_to(scales, codes.shape), "their product": reals, "y": y})


class BlockwisePlan(NamedTuple):
    """Whose the ids are, the blocks of the table, and the output's type."""

    guard: Guard
    blocks: Blocks
    dtype: np.dtype[Any]


def plan_blockwise(call: Call[Any]) -> BlockwisePlan:
    return BlockwisePlan(guard(call, "ids"), blocks_of(call, "table"), call["y"].dtype)


def lookup_blockwise(plan: BlockwisePlan, ids: Array, table: Array) -> Staged:
    plan.guard.check(ids, len(table))
    return scaled(table[ids], np.repeat(plan.blocks.scales[ids], plan.blocks.size, axis=1), plan.dtype)


def lookup_shapes(call: Call[Any]) -> Sequence[Shape]:
    table = call["table"].shape
    call.require(len(table) >= 2, "the table must have two axes at least")
    return [(*call["ids"].shape, *table[1:])]


class SparsePlan(NamedTuple):
    """How entries are combined, the lengths of the outer axes, and whose the index data are."""

    combiner: int
    outer: Shape
    shape: Shape
    ids: Guard
    indices: Guard


def plan_sparse(call: Call[EmbeddingLookupSparseOptions]) -> SparsePlan:
    combiner, outer = call.options.combiner, call.integers("dense_shape", ("int32",))[:-1]
    call.require(combiner in (SUM, MEAN, SQRTN), f"option combiner is {combiner}, expected 0 to 2")
    return SparsePlan(combiner, outer, call["y"].shape, guard(call, "ids"), guard(call, "indices"))


def lookup_sparse(plan: SparsePlan, ids: Array, indices: Array, weights: Array, table: Array) -> Array:
    plan.ids.check(ids, len(table))
    rows, size = table.reshape(len(table), math.prod(table.shape[1:])), math.prod(table.shape[1:])
    y = np.zeros((math.prod(plan.outer), size), np.float32)
    places = plan.indices.flatten(indices[:, : len(plan.outer)], plan.outer)
    begins = np.flatnonzero(np.diff(places, prepend=-1))
    for first, end in zip(begins, [*begins[1:], len(places)], strict=True):
        place, own = places[first], weights[first:end]
        for weight, row in zip(own, rows[ids[first:end]], strict=True):
            y[place] += row * weight
        if plan.combiner != SUM:
            y[place] /= _divisor(plan.combiner, own)
    return y.reshape(plan.shape)


def _divisor(combiner: int, weights: Array) -> np.float32:
    if combiner == MEAN:
        return np.float32(np.add.accumulate(weights)[-1])
    return np.float32(np.sqrt(np.add.accumulate(weights * weights)[-1]))


def sparse_shapes(call: Call[EmbeddingLookupSparseOptions]) -> Sequence[Shape]:
    dense_shape, table = call.integers("dense_shape", ("int32",)), call["table"].shape
    call.require(len(table) >= 2, "the table must have two axes at least")
    fits = min(dense_shape, default=-1) >= 0
    call.require_value("dense_shape", fits, f"dense_shape {list(dense_shape)} must have numbers, none negative")
    return [(*dense_shape[:-1], *table[1:])]


PACKED = ("int4", "int2")
BLOCKWISE = tuple(f"int32 {kind} -> {real}" for kind in PACKED for real in ("float32", "float16"))
PLAIN = tuple(f"int32 {kind} -> {kind}" for kind in EVERY)
HYBRID = tuple(f"int32 {kind} -> {real}" for kind in ("int8", "uint8", *PACKED) for real in ("float32", "float16"))
SPARSE = ("int32 int32 float32 float32 -> float32",)
OPS = (
    Op(
        "EMBEDDING_LOOKUP",
        "ids[k] table[?] -> y[...]",
        None,
        (
            Variant("rows", PLAIN, plan_lookup, lookup),
            Variant("blockwise", BLOCKWISE, plan_blockwise, lookup_blockwise, when=lambda c: is_blockwise(c, "table")),
            Variant("hybrid", HYBRID, plan_hybrid, lookup_hybrid),
        ),
        lookup_shapes,
    ),
    Op(
        "EMBEDDING_LOOKUP_SPARSE",
        "ids[k] indices[k,r] dense_shape=int[r] weights[k] table[?] -> y[...]",
        EmbeddingLookupSparseOptions,
        (Variant("sparse", SPARSE, plan_sparse, lookup_sparse),),
        sparse_shapes,
    ),
)
