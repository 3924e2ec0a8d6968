"""Blocks of b x b pixels, moved between the rows and columns of an image and its channels or its batch.

SPACE_TO_DEPTH:     y[n, h, w, (i, j, c)] = x[n, h * b + i, w * b + j, c]
DEPTH_TO_SPACE:     the other way round
SPACE_TO_BATCH_ND:  y[(i, j, n), h, w, c] = padded x[n, h * b[0] + i, w * b[1] + j, c]      one or two spatial axes
BATCH_TO_SPACE_ND:  the other way round, with crops cut off instead of paddings added

SPACE_TO_BATCH_ND pads with the output's zero point.
Follows tflite/kernels/space_to_depth.cc, depth_to_space.cc, space_to_batch_nd.cc, batch_to_space_nd.cc.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.empty import BatchToSpaceNDOptions, SpaceToBatchNDOptions
from minilite.format.options.shape import DepthToSpaceOptions, SpaceToDepthOptions

from .call import Array, Call
from .element_types import UP_TO_64_BITS
from .op import Op, Variant
from .signature import Shape

RANKS = (3, 4)
CODES = (np.dtype(np.int8), np.dtype(np.uint8), np.dtype(np.int16))
Pairs = tuple[tuple[int, int], ...]


class DepthPlan(NamedTuple):
    """The length of a block's side."""

    block: int
    shape: Shape


def plan_depth(call: Call[Any]) -> DepthPlan:
    return DepthPlan(call.options.block_size, call["y"].shape)


def space_to_depth(plan: DepthPlan, x: Array) -> Array:
    (batch, rows, columns, _), block = plan.shape, plan.block
    split = x.reshape(batch, rows, block, columns, block, x.shape[3])
    return split.transpose(0, 1, 3, 2, 4, 5).reshape(plan.shape)


def depth_to_space(plan: DepthPlan, x: Array) -> Array:
    (batch, rows, columns, _), block = x.shape, plan.block
    split = x.reshape(batch, rows, columns, block, block, plan.shape[3])
    return split.transpose(0, 1, 3, 2, 4, 5).reshape(plan.shape)


def space_to_depth_shapes(call: Call[SpaceToDepthOptions]) -> Sequence[Shape]:
    (batch, rows, columns, channels), block = call["x"].shape, _block(call)
    fits = rows % block == 0 and columns % block == 0
    call.require(fits, f"{rows} x {columns} pixels do not fall into blocks of {block} x {block}")
    return [(batch, rows // block, columns // block, channels * block * block)]


def depth_to_space_shapes(call: Call[DepthToSpaceOptions]) -> Sequence[Shape]:
    (batch, rows, columns, channels), block = call["x"].shape, _block(call)
    call.require(channels % (block * block) == 0, f"{channels} channels do not fall into blocks of {block} x {block}")
    return [(batch, rows * block, columns * block, channels // (block * block))]


def _block(call: Call[Any]) -> int:
    block: int = call.options.block_size
    call.require(block > 0, f"option block_size is {block}, a positive number expected")
    return block


class BatchPlan(NamedTuple):
    """The blocks' sides, what is added or cut off at the spatial axes, and the code that stands for 0."""

    blocks: tuple[int, ...]
    edges: Pairs
    zero: int
    shape: Shape


def plan_batch(call: Call[Any]) -> BatchPlan:
    x, y = call["x"], call["y"]
    zero = y.whole_quantization[1] if x.dtype in CODES else 0
    if x.dtype in CODES:
        call.require_same_quantization(x, y)
        call.require(x.dtype != np.int16 or zero == 0, f"the zero point of y is {zero}, int16 needs 0")
    return BatchPlan(*_blocks_and_edges(call), zero, y.shape)


def space_to_batch(plan: BatchPlan, x: Array) -> Array:
    padded = np.pad(x, ((0, 0), *plan.edges, (0, 0)), constant_values=plan.zero)
    split = [side for pair in zip(plan.shape[1:-1], plan.blocks, strict=True) for side in pair]
    count = len(plan.blocks)
    blocks, places = range(2, 2 * count + 1, 2), range(1, 2 * count, 2)
    pieces = padded.reshape(x.shape[0], *split, x.shape[-1])
    return pieces.transpose(*blocks, 0, *places, 2 * count + 1).reshape(plan.shape)


def batch_to_space(plan: BatchPlan, x: Array) -> Array:
    count, spatial = len(plan.blocks), x.shape[1:-1]
    pieces = x.reshape(*plan.blocks, plan.shape[0], *spatial, x.shape[-1])
    interleaved = [axis for place in range(count) for axis in (count + 1 + place, place)]
    whole = [length * block for length, block in zip(spatial, plan.blocks, strict=True)]
    image = pieces.transpose(count, *interleaved, 2 * count + 1).reshape(plan.shape[0], *whole, x.shape[-1])
    kept = [slice(before, length - behind) for (before, behind), length in zip(plan.edges, whole, strict=True)]
    block: tuple[Any, ...] = (slice(None), *kept)
    return np.ascontiguousarray(image[block])


def _blocks_and_edges(call: Call[Any]) -> tuple[tuple[int, ...], Pairs]:
    rank, name = len(call["x"].shape), call.signature.inputs[2].name
    call.require(rank in RANKS, "3 or 4 dimensions expected")
    blocks, flat = call.integers("blocks", ("int32",)), call.integers(name, ("int32",))
    call.require(call["blocks"].shape == (rank - 2,), f"{rank - 2} blocks expected")
    call.require(call[name].shape == (rank - 2, 2), f"{name} must be [{rank - 2}, 2], got {list(call[name].shape)}")
    call.require_value("blocks", min(blocks) > 0, f"blocks {list(blocks)} must be positive")
    call.require_value(name, min(flat) >= 0, f"{name} {list(flat)} must not be negative")
    return blocks, tuple(zip(flat[::2], flat[1::2], strict=True))


def space_to_batch_shapes(call: Call[SpaceToBatchNDOptions]) -> Sequence[Shape]:
    (blocks, edges), shape = _blocks_and_edges(call), list(call["x"].shape)
    for axis, (block, pair) in enumerate(zip(blocks, edges, strict=True), 1):
        padded = shape[axis] + sum(pair)
        call.require_value("blocks", padded % block == 0, f"axis {axis}: {padded} does not fall into blocks of {block}")
        shape[axis] = padded // block
        shape[0] *= block
    return [tuple(shape)]


def batch_to_space_shapes(call: Call[BatchToSpaceNDOptions]) -> Sequence[Shape]:
    (blocks, edges), shape = _blocks_and_edges(call), list(call["x"].shape)
    for axis, (block, pair) in enumerate(zip(blocks, edges, strict=True), 1):
        call.require_value("blocks", shape[0] % block == 0, f"a batch of {shape[0]} does not fall into {block} parts")
        shape[0] //= block
        shape[axis] = shape[axis] * block - sum(pair)
        call.require_value("crops", shape[axis] >= 0, f"axis {axis}: crops {pair} cut off more than there is")
    return [tuple(shape)]


DEPTH_TYPES = ("float32", "uint8", "int8", "int32", "int64")
OPS = (
    Op(
        "SPACE_TO_DEPTH",
        "x[n,h,w,c] -> y[...]",
        SpaceToDepthOptions,
        (Variant("blocks", DEPTH_TYPES, plan_depth, space_to_depth),),
        space_to_depth_shapes,
    ),
    Op(
        "DEPTH_TO_SPACE",
        "x[n,h,w,c] -> y[...]",
        DepthToSpaceOptions,
        (Variant("blocks", DEPTH_TYPES, plan_depth, depth_to_space),),
        depth_to_space_shapes,
    ),
    Op(
        "SPACE_TO_BATCH_ND",
        "x[...] blocks=int[m] paddings=int[m,2] -> y[...]",
        SpaceToBatchNDOptions,
        (Variant("blocks", UP_TO_64_BITS, plan_batch, space_to_batch),),
        space_to_batch_shapes,
    ),
    Op(
        "BATCH_TO_SPACE_ND",
        "x[...] blocks=int[m] crops=int[m,2] -> y[...]",
        BatchToSpaceNDOptions,
        (Variant("blocks", UP_TO_64_BITS, plan_batch, batch_to_space),),
        batch_to_space_shapes,
    ),
)
