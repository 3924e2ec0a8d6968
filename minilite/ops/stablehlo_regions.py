"""STABLEHLO_SCATTER:        y = x, but y[start + window] = update(y[start + window], updates[batch, window])
STABLEHLO_REDUCE_WINDOW:  y[i] = body(... body(body(init, first of window i), second) ..., last)

`update` and `body` are subgraphs of two numbers. They are run at once on all elements that are independent.
SCATTER goes through the updates in order and leaves out those that would fall outside of x; a subgraph without nodes
takes the update. Where the vectors of starts lie: see STABLEHLO_GATHER. REDUCE_WINDOW first puts base_dilation - 1
elements `init` between those of x and pads with `init`, or crops, then reads each window from first to last.

Follows tflite/kernels/stablehlo_scatter.cc and stablehlo_reduce_window.cc, which take one node per subgraph only.
"""

from collections.abc import Generator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from minilite.errors import ModelError
from minilite.format.options.stablehlo import StablehloReduceWindowOptions, StablehloScatterOptions
from minilite.graph import Node

from .call import Array
from .control import Execute, Outputs, options_of, single
from .op import Control, Op
from .signature import Shape
from .state import State


def _require(node: Node, condition: bool, message: str) -> None:
    if not condition:
        raise ModelError(f"{node.label}: {message}")


def _numbers(option: Array | None) -> tuple[int, ...]:
    return () if option is None else tuple(int(number) for number in option)


def _axes(node: Node, options: Any, name: str, rank: int) -> tuple[int, ...]:
    axes = _numbers(getattr(options, name))
    fits = len(set(axes)) == len(axes) and all(0 <= axis < rank for axis in axes)
    _require(node, fits, f"option {name} {list(axes)} does not name different axes of {rank}")
    return axes


def _operands(node: Node, arguments: Sequence[Array], count: int) -> Sequence[Array]:
    _require(node, len(arguments) == count, f"{count} inputs expected, got {len(arguments)}")
    types = {str(array.dtype) for array in (arguments[0], arguments[-1])}
    _require(node, len(types) == 1, f"operands of one type expected, got {' and '.join(sorted(types))}")
    return arguments


def _apply(
    node: Node, execute: Execute, subgraph: int, old: Array, new: Array, iteration: int
) -> Generator[Any, None, Array]:
    """What a subgraph of two numbers makes of two vectors, element by element."""
    outputs = yield from execute(subgraph, (old, new), iteration)
    fits = len(outputs) == 1 and outputs[0].shape == old.shape and outputs[0].dtype == old.dtype
    _require(node, fits, f"subgraph {subgraph} does not make one number of two, element by element")
    made: Array = outputs[0]
    return made


def scatter_callees(node: Node) -> tuple[int, ...]:
    return (options_of(node, StablehloScatterOptions).update_computation_subgraph_index,)


def run_scatter(node: Node, arguments: Sequence[Array], state: State, execute: Execute) -> Outputs:
    x, indices, updates = _operands(node, arguments, 3)
    targets = _targets(node, x.shape, indices, updates.shape).ravel()
    y, values = x.ravel().copy(), updates.ravel()
    waiting = np.flatnonzero(targets >= 0)
    (subgraph,) = scatter_callees(node)
    turn = 0
    while waiting.size:  # one turn for all updates that are the next one of their element
        _, first = np.unique(targets[waiting], return_index=True)
        now = waiting[first]
        y[targets[now]] = yield from _apply(node, execute, subgraph, y[targets[now]], values[now], turn)
        waiting, turn = np.delete(waiting, first), turn + 1
    return (y.reshape(x.shape),)


class Starts(NamedTuple):
    """Vectors of starts, one for each place of the batch, and the axis of x that each of their numbers is for."""

    vectors: Array  # [*batch, numbers]
    axes: tuple[int, ...]


def _starts(node: Node, rank: int, indices: Array) -> Starts:
    options = options_of(node, StablehloScatterOptions)
    axis, axes = options.index_vector_dim, _axes(node, options, "scatter_dims_to_operand_dims", rank)
    _require(node, indices.dtype.kind == "i", f"the indices are {indices.dtype}, expected int32 or int64")
    _require(node, 0 <= axis <= indices.ndim, f"option index_vector_dim {axis} is out of range for the indices")
    vectors = indices[..., None] if axis == indices.ndim else np.moveaxis(indices, axis, -1)
    count = vectors.shape[-1]
    _require(node, len(axes) == count, f"scatter_dims_to_operand_dims has {len(axes)} numbers for vectors of {count}")
    return Starts(vectors.astype(np.int64), axes)


def _targets(node: Node, shape: Shape, indices: Array, updates: Shape) -> Array:
    """The element of x that each update is for, counted from the first; -1 outside of x."""
    options, rank = options_of(node, StablehloScatterOptions), len(shape)
    windows = sorted(_axes(node, options, "update_window_dims", len(updates)))
    inserted = _axes(node, options, "inserted_window_dims", rank)
    starts, batch = _starts(node, rank, indices), [axis for axis in range(len(updates)) if axis not in windows]
    found = tuple(updates[axis] for axis in batch)
    _require(node, found == starts.vectors.shape[:-1], f"updates of shape {list(updates)} do not fit the indices")
    kept = [axis for axis in range(rank) if axis not in inserted]
    _require(node, len(kept) == len(windows), f"{len(windows)} update_window_dims for {len(kept)} axes of a window")
    flat, inside = np.zeros(updates, np.int64), np.ones(updates, bool)
    for axis, length in enumerate(shape):
        place = np.zeros(updates, np.int64)
        if axis in kept:
            window = windows[kept.index(axis)]
            place += np.arange(updates[window]).reshape(-1, *[1] * (len(updates) - 1 - window))
        if axis in starts.axes:
            start = starts.vectors[..., starts.axes.index(axis)]
            place += np.expand_dims(start, windows)
        inside &= (place >= 0) & (place < length)
        flat = flat * length + place
    return np.where(inside, flat, -1)


class Window(NamedTuple):
    """What a window is like along one axis."""

    size: int
    stride: int
    base_dilation: int
    dilation: int
    before: int
    behind: int


def reduce_window_callees(node: Node) -> tuple[int, ...]:
    return (options_of(node, StablehloReduceWindowOptions).body_subgraph_index,)


def _windows(node: Node, rank: int) -> list[Window]:
    options = options_of(node, StablehloReduceWindowOptions)
    positive = "window_dimensions", "window_strides", "base_dilations", "window_dilations"
    columns = [_numbers(getattr(options, name)) or (1,) * rank for name in positive]
    for name, numbers in zip(positive, columns, strict=True):
        fits = len(numbers) == rank and all(number > 0 for number in numbers)
        _require(node, fits, f"option {name} is {list(numbers)}, expected {rank} positive numbers")
    padding = _numbers(options.padding) or (0,) * (2 * rank)
    _require(node, len(padding) == 2 * rank, f"option padding has {len(padding)} numbers for {rank} dimensions")
    return [Window(*numbers) for numbers in zip(*columns, padding[::2], padding[1::2], strict=True)]


def run_reduce_window(node: Node, arguments: Sequence[Array], state: State, execute: Execute) -> Outputs:
    x, init = _operands(node, arguments, 2)
    value = np.asarray(single(node, init, "initial value", x.dtype.type), x.dtype)
    windows = _windows(node, x.ndim)
    padded = _padded(node, windows, x, value)
    spans = [(one.size - 1) * one.dilation + 1 for one in windows]
    shape = tuple(
        max((length - span) // one.stride + 1, 0)
        for length, span, one in zip(padded.shape, spans, windows, strict=True)
    )
    y = np.full(shape, value).ravel()
    (subgraph,) = reduce_window_callees(node)
    for turn, place in enumerate(product(*(range(one.size) for one in windows)) if y.size else ()):
        taken = tuple(
            slice(at * one.dilation, at * one.dilation + (length - 1) * one.stride + 1, one.stride)
            for at, one, length in zip(place, windows, shape, strict=True)
        )
        y = yield from _apply(node, execute, subgraph, y, padded[taken].ravel(), turn)
    return (y.reshape(shape),)


def _padded(node: Node, windows: list[Window], x: Array, value: Array) -> Array:
    """x with its base dilation and its padding."""
    shape, kept, places = [], [], []
    for one, length in zip(windows, x.shape, strict=True):
        place = one.before + np.arange(length) * one.base_dilation
        made = one.before + max((length - 1) * one.base_dilation + 1, 0) + one.behind
        inside = (place >= 0) & (place < made)
        kept.append(np.flatnonzero(inside))
        places.append(place[inside])
        shape.append(made)
    _require(node, min(shape, default=1) > 0, f"after dilation and padding the shape would be {shape}")
    padded = np.full(shape, value)
    padded[np.ix_(*places)] = x[np.ix_(*kept)]
    return padded


OPS = (
    Op(
        "STABLEHLO_SCATTER",
        "x[...] indices[...] updates[...] -> y[...]",
        StablehloScatterOptions,
        (),
        control=Control(scatter_callees, run_scatter),
    ),
    Op(
        "STABLEHLO_REDUCE_WINDOW",
        "x[...] init[...] -> y[...]",
        StablehloReduceWindowOptions,
        (),
        control=Control(reduce_window_callees, run_reduce_window),
    ),
)
