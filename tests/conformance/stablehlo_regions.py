"""STABLEHLO_CASE, STABLEHLO_SCATTER, STABLEHLO_REDUCE_WINDOW: graphs with the subgraphs they run."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.enums import TensorType
from minilite.format.options.arithmetic import AddOptions, MulOptions
from minilite.format.options.empty import LogicalAndOptions, LogicalOrOptions, MaximumMinimumOptions
from minilite.format.options.stablehlo import (
    StablehloCaseOptions,
    StablehloReduceWindowOptions,
    StablehloScatterOptions,
)
from minilite.format.table import Table
from minilite.graph import DTYPES, Graph, Node, Subgraph, Tensor

from .case import Case, OneOp
from .control import add_graph
from .strategies import arrays, shapes

Shape = tuple[int, ...]
REGIONS = ("STABLEHLO_ADD", "STABLEHLO_MULTIPLY", "STABLEHLO_MAXIMUM", "STABLEHLO_MINIMUM")
BODIES = {
    "ADD": AddOptions(),
    "MUL": MulOptions(),
    "MAXIMUM": MaximumMinimumOptions(),
    "MINIMUM": MaximumMinimumOptions(),
    **dict.fromkeys(REGIONS),
}
LOGICAL = {"LOGICAL_AND": LogicalAndOptions(), "LOGICAL_OR": LogicalOrOptions()}
NUMBERS = ("float32", "int32", "int64")
LENGTHS = st.sampled_from([5, 4, 3, 2, 6, 1])


def region(kind: str, op: str | None, options: Table | None = None) -> Subgraph:
    """A subgraph of two numbers with one node, or with none: then it gives the second."""
    tensors = tuple(Tensor(index, name, (), TensorType[kind.upper()]) for index, name in enumerate("abc"))
    if op is None:
        return Subgraph(1, "region", tensors[:2], (), (0, 1), (1,))
    return Subgraph(1, "region", tensors, (Node(0, op, (0, 1), (2,), options),), (0, 1), (2,))


def with_region(op: str, options: Table, inputs: list[Any], output: Shape, body: Subgraph) -> OneOp:
    """A model of one node whose inputs are arrays of the model's inputs, and the subgraph it runs."""
    kinds = {dtype: kind for kind, dtype in DTYPES.items() if kind.name not in ("RESOURCE", "VARIANT")}
    tensors = [Tensor(i, f"input_{i}", array.shape, kinds[array.dtype]) for i, array in enumerate(inputs)]
    tensors.append(Tensor(len(inputs), "y", output, tensors[0].type))
    places = tuple(range(len(inputs)))
    main = Subgraph(0, "main", tuple(tensors), (Node(0, op, places, (len(inputs),), options),), places, (len(inputs),))
    return OneOp(Graph((main, body)), dict(enumerate(inputs)))


@st.composite
def scatter(draw: Any) -> OneOp:
    kind, index = draw(st.sampled_from(NUMBERS)), draw(st.sampled_from(["int32", "int64"]))
    x = draw(arrays(kind, draw(shapes(1, 3, 4))))
    axes = draw(st.permutations(range(x.ndim)))[: draw(st.integers(1, x.ndim))]
    inserted = sorted(draw(st.sets(st.integers(0, x.ndim - 1))))
    window = [draw(st.integers(1, length)) for axis, length in enumerate(x.shape) if axis not in inserted]
    batch = list(draw(shapes(0, 2, 4)))
    vector = draw(st.integers(0, len(batch)))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = dict(zip((axis for axis in range(x.ndim) if axis not in inserted), window, strict=True))
    bounds = np.array([x.shape[axis] - sizes.get(axis, 1) + 1 for axis in axes])
    starts = generator.integers(0, bounds, (*batch, len(axes)))
    starts = np.where(generator.random(starts.shape) < 0.1, generator.integers(-1, 5, starts.shape), starts)
    indices = np.moveaxis(starts, -1, vector).astype(index)
    windows = sorted(draw(st.permutations(range(len(batch) + len(window))))[: len(window)])
    parts = iter(window), iter(batch)
    shape = tuple(next(parts[axis not in windows]) for axis in range(len(batch) + len(window)))
    options = StablehloScatterOptions(
        update_window_dims=windows,
        inserted_window_dims=inserted,
        scatter_dims_to_operand_dims=list(axes),
        index_vector_dim=vector,
        update_computation_subgraph_index=1,
    )
    inputs = [x, indices, draw(arrays(kind, shape))]
    body = region(kind, draw(st.sampled_from([None, *REGIONS])))
    return with_region("STABLEHLO_SCATTER", options, inputs, x.shape, body)


@st.composite
def reduce_window(draw: Any) -> OneOp:
    kind = draw(st.sampled_from([*NUMBERS, "bool"]))
    x, init = draw(arrays(kind, tuple(draw(st.lists(LENGTHS, min_size=1, max_size=4))))), draw(arrays(kind, ()))
    chosen = LOGICAL if kind == "bool" else BODIES
    op = draw(st.sampled_from(sorted(chosen)))
    columns = [[draw(st.integers(1, most)) for _ in x.shape] for most in (3, 3, 3, 2)]
    padding: list[int] = []
    shape = []
    for length, size, stride, base, dilation in zip(x.shape, *columns, strict=True):
        dilated, span = (length - 1) * base + 1, (size - 1) * dilation + 1
        low = draw(st.integers(-min(dilated - 1, 3), 3))
        padding += [low, draw(st.integers(1 - min(dilated + low, 3), 3))]
        shape.append(max((dilated + sum(padding[-2:]) - span) // stride + 1, 0))
    options = StablehloReduceWindowOptions(
        window_dimensions=columns[0],
        window_strides=columns[1],
        base_dilations=columns[2],
        window_dilations=columns[3],
        padding=padding,
        body_subgraph_index=1,
    )
    body = region(kind, op, chosen[op])
    return with_region("STABLEHLO_REDUCE_WINDOW", options, [x, init], tuple(shape), body)


@st.composite
def case(draw: Any) -> OneOp:
    branches = draw(st.integers(1, 4))
    options = StablehloCaseOptions(branch_subgraph_indices=draw(st.permutations(range(1, branches + 1))))
    tensors = (
        Tensor(0, "index", (), TensorType.INT32),
        Tensor(1, "x", (2,), TensorType.FLOAT32),
        Tensor(2, "y", (2,), TensorType.FLOAT32),
    )
    main = Subgraph(0, "main", tensors, (Node(0, "STABLEHLO_CASE", (0, 1), (2,), options),), (0, 1), (2,))
    graph = Graph((main, *(add_graph(i, f"branch_{i}", 0.5 * i) for i in range(1, branches + 1))))
    return OneOp(graph, {0: np.array(draw(st.integers(-1, branches)), np.int32), 1: draw(arrays("float32", (2,)))})


CASES = (
    Case("STABLEHLO_CASE", "any", case(), resolver="optimized"),
    Case("STABLEHLO_SCATTER", "any", scatter()),
    Case("STABLEHLO_REDUCE_WINDOW", "any", reduce_window()),
)
