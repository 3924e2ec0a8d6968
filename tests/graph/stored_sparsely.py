"""From a dense array to its sparse form: the inverse of what minilite reads, level by level."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from minilite.format import schema

INDEX_VECTORS = {4: schema.Int32Vector, 2: schema.Uint16Vector, 1: schema.Uint8Vector}


def store_sparsely(
    dense: Any, order: Sequence[int], formats: Sequence[int], blocks: dict[int, int], itemsize: int = 4
) -> tuple[Any, schema.SparsityParameters]:
    """The stored values and the parameters. `blocks` maps an axis to the length of its blocks."""
    rank, axes = dense.ndim, sorted(blocks)
    outer = [dense.shape[axis] // blocks.get(axis, 1) for axis in range(rank)]
    split = [n for axis in range(rank) for n in ((outer[axis], blocks[axis]) if axis in blocks else (outer[axis],))]
    places = np.cumsum([0] + [2 if axis in blocks else 1 for axis in range(rank)])
    where = [*places[:rank], *(places[axis] + 1 for axis in axes)]
    parts = [dense.reshape(split).transpose([where[number] for number in order])]
    levels = []
    for sparse, size in zip(formats, parts[0].shape, strict=True):
        kept = [[i for i in range(size) if not sparse or (part[i] != 0).any()] for part in parts]
        levels.append(level(size, kept if sparse else None, itemsize))
        parts = [part[i] for part, indices in zip(parts, kept, strict=True) for i in indices]
    parameters = schema.SparsityParameters(
        traversal_order=np.array(order, np.int32),
        block_map=np.array(axes, np.int32) if axes else None,
        dim_metadata=tuple(levels),
    )
    return np.array(parts, dense.dtype), parameters


def level(size: int, kept: list[list[int]] | None, itemsize: int) -> schema.DimensionMetadata:
    if kept is None:
        return schema.DimensionMetadata(format=0, dense_size=size)
    segments = np.cumsum([0, *map(len, kept)])
    itemsize = itemsize if segments[-1] < 256**itemsize else 4
    return schema.DimensionMetadata(
        format=1,
        array_segments=vector(segments, itemsize),
        array_indices=vector([i for indices in kept for i in indices], itemsize),
    )


def vector(numbers: Any, itemsize: int = 4) -> Any:
    return INDEX_VECTORS[itemsize](values=np.array(numbers, f"<{'i' if itemsize == 4 else 'u'}{itemsize}"))
