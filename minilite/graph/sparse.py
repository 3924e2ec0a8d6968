"""Sparse constants: stored are the values that count, and where they stand.

The axes of a tensor, some of them cut into blocks, are walked in `traversal_order`: first every axis, then the inside
of the blocks. Each is one level. A dense level of size s makes s positions of each position so far; a sparse level,
format CSR, makes those of `array_indices` from `array_segments[p]` to `array_segments[p + 1]` of position p. The
positions after the last level are those of the stored values, in this order; every other element is 0.
Follows tflite/kernels/internal/utils/sparsity_format_converter.cc.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minilite.errors import ModelError
from minilite.format import schema
from minilite.format.enums import DimensionType

Array = NDArray[Any]
Shape = tuple[int, ...]
MAX_ELEMENTS = 2**31 - 1


class Level(NamedTuple):
    """One level: `axis` of the tensor it walks in steps of `step` elements, `size` of them; indices only if sparse."""

    axis: int
    step: int
    size: int
    segments: Array | None = None
    indices: Array | None = None


def densify(values: Array, sparsity: schema.SparsityParameters, shape: Shape, where: str) -> Array:
    """The whole tensor of `shape`, read-only. Raises ModelError as `check_sparsity` does."""
    levels = check_sparsity(sparsity, shape, values.size, where)
    coordinates = [np.zeros(1, np.int64) for _ in shape]
    for level in levels:
        if level.segments is None or level.indices is None:
            repeats: Any = level.size
            steps = np.tile(np.arange(level.size), coordinates[level.axis].size)
        else:
            repeats, steps = np.diff(level.segments), level.indices
        coordinates = [np.repeat(axis, repeats) for axis in coordinates]
        coordinates[level.axis] = coordinates[level.axis] + steps * level.step
    dense = np.zeros(shape, values.dtype)
    dense[tuple(coordinates)] = values if shape else values.reshape(())
    dense.flags.writeable = False
    return dense


def check_sparsity(sparsity: schema.SparsityParameters, shape: Shape, count: int, where: str) -> tuple[Level, ...]:
    """The levels of a tensor of `shape` with `count` stored values. Raises ModelError when parameters do not fit."""
    if math.prod(shape) > MAX_ELEMENTS:
        raise ModelError(f"{where}: a sparse tensor of shape {list(shape)} is too large")
    levels = _levels(sparsity, shape, f"{where}, sparsity")
    positions = 1
    for number, level in enumerate(levels):
        what = f"{where}, sparsity, level {number}"
        if level.segments is None or level.indices is None:
            positions *= level.size
            continue
        segments, indices = level.segments, level.indices
        if segments.size != positions + 1:
            raise ModelError(f"{what}: {segments.size} segments, expected {positions + 1}")
        if segments[0] != 0 or segments[-1] != indices.size or (np.diff(segments) < 0).any():
            raise ModelError(f"{what}: the segments must rise from 0 to the {indices.size} indices")
        outside = indices[(indices < 0) | (indices >= level.size)]
        if outside.size:
            raise ModelError(f"{what}: index {outside[0]} is outside 0 to {level.size - 1}")
        positions = indices.size
    if positions != count:
        raise ModelError(f"{where}: {count} values are stored, the sparsity has {positions} positions")
    return levels


def _levels(sparsity: schema.SparsityParameters, shape: Shape, where: str) -> tuple[Level, ...]:
    order, blocked = _numbers(sparsity.traversal_order), _numbers(sparsity.block_map)
    tables, rank = sparsity.dim_metadata or (), len(shape)
    total = rank + len(blocked)
    if sorted(order[:rank]) != list(range(rank)) or sorted(order[rank:]) != list(range(rank, total)):
        raise ModelError(f"{where}: traversal order {order} does not name {rank} axes, then {len(blocked)} blocks")
    if len(tables) != total:
        raise ModelError(f"{where}: {len(tables)} levels of metadata, expected {total}")
    if sorted(set(blocked)) != blocked or any(not 0 <= axis < rank for axis in blocked):
        raise ModelError(f"{where}: block map {blocked} must name different axes below {rank}, in order")
    sizes = dict.fromkeys(range(rank), 1)  # of the block along each axis
    for number in range(rank, total):
        axis, size = blocked[order[number] - rank], tables[number].dense_size
        if tables[number].format != DimensionType.DENSE or size < 1 or shape[axis] % size:
            raise ModelError(f"{where}: axis {axis} of length {shape[axis]} cannot be cut into dense blocks of {size}")
        sizes[axis] = size
    axes = [Level(axis, sizes[axis], shape[axis] // sizes[axis]) for axis in order[:rank]]
    blocks = [Level(blocked[number - rank], 1, sizes[blocked[number - rank]]) for number in order[rank:]]
    return tuple(
        _level(*pair, f"{where}, level {i}") for i, pair in enumerate(zip([*axes, *blocks], tables, strict=True))
    )


def _level(level: Level, table: schema.DimensionMetadata, where: str) -> Level:
    if table.format == DimensionType.DENSE:
        if table.dense_size != level.size:
            raise ModelError(f"{where}: dense size {table.dense_size}, the axis has {level.size}")
        return level
    if table.format != DimensionType.SPARSE_CSR:
        raise ModelError(f"{where}: format {table.format} does not exist")
    vectors = [getattr(vector, "values", None) for vector in (table.array_segments, table.array_indices)]
    if vectors[0] is None:
        raise ModelError(f"{where}: a sparse level needs segments")
    segments, indices = (np.zeros(0, np.int64) if each is None else each.astype(np.int64) for each in vectors)
    return level._replace(segments=segments, indices=indices)


def _numbers(vector: Any) -> list[int]:
    return [] if vector is None else [int(number) for number in vector]
