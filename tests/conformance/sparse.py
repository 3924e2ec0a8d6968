"""Sparse constants: DENSIFY of any order and blocks, and FULLY_CONNECTED with the formats LiteRT takes."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.dense import FullyConnectedOptions
from tests.graph.stored_sparsely import store_sparsely

from .case import Case, OneOp, Operand, one_op
from .fully_connected import weight_scale
from .strategies import ACTIVATIONS, arrays, operands, scales, shapes, zero_points


@st.composite
def sparse_constant(draw: Any, kind: str, shape: tuple[int, ...], **fields: Any) -> Operand:
    """Mostly zeros, stored in any traversal order, each axis dense or sparse, some cut into blocks."""
    rank = len(shape)
    blocks = {axis: draw(st.sampled_from(divisors(n))) for axis, n in enumerate(shape) if draw(st.booleans())}
    order = [*draw(st.permutations(range(rank))), *range(rank, rank + len(blocks))]
    formats = [*(draw(st.integers(0, 1)) for _ in range(rank)), *(0 for _ in blocks)]
    values, parameters = store_sparsely(
        mostly_zeros(draw, kind, shape), order, formats, blocks, draw(st.sampled_from([1, 2, 4]))
    )
    return Operand(kind, shape, values, constant=True, sparsity=parameters, **fields)


def divisors(length: int) -> list[int]:
    return [n for n in range(1, length + 1) if length % n == 0]


def mostly_zeros(draw: Any, kind: str, shape: tuple[int, ...]) -> Any:
    """At least one value is not 0: a constant without stored values counts as no constant."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    data = draw(arrays(kind, shape)) * (generator.random(shape) < draw(st.sampled_from([0.1, 0.5, 1.0])))
    data.reshape(-1)[generator.integers(data.size)] = 1
    return data.astype(kind)


@st.composite
def densify(draw: Any, kind: str) -> OneOp:
    shape = draw(shapes(1, 4, 6))
    return one_op("DENSIFY", None, [draw(sparse_constant(kind, shape))], [Operand(kind, shape)])


@st.composite
def blocks_of_16(draw: Any, units: int, depth: int, **fields: Any) -> Operand:
    """int8 weights, dense rows of sparse blocks of 16. LiteRT adds two products in 16 bits, too few for -128."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    data = np.maximum(draw(arrays("int8", (units, depth))), -127)
    kept = generator.random((units, depth // 16)) < draw(st.sampled_from([0.2, 0.7]))
    data[~np.repeat(kept, 16, axis=1)] = 0
    data[0, 0] = 1
    values, parameters = store_sparsely(data, [0, 1, 2], [0, 1, 0], {1: 16})
    return Operand("int8", (units, depth), values, constant=True, sparsity=parameters, **fields)


@st.composite
def rows_of_blocks(draw: Any, units: int, depth: int) -> Operand:
    """float32 weights, dense rows of sparse elements, or of sparse blocks of 4: what the optimized kernel takes."""
    blocks = {1: 4} if depth % 4 == 0 and draw(st.booleans()) else {}
    data = mostly_zeros(draw, "float32", (units, depth))
    values, parameters = store_sparsely(data, [*range(2 + len(blocks))], [0, 1, *(0 for _ in blocks)], blocks)
    return Operand("float32", (units, depth), values, constant=True, sparsity=parameters)


@st.composite
def sparse_fully_connected(draw: Any, kind: str, weights: str, in_rows: bool = True) -> OneOp:
    """Blocks of 16 for int8 weights, any for float32 ones."""
    units, rows = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    depth = draw(st.integers(1, 20)) if weights == "float32" else 16 * draw(st.integers(1, 4))
    x, y = draw(operands(kind, (rows, depth))), Operand(kind, (rows, units))
    channels = units if draw(st.booleans()) else 1
    if weights == "float32":
        w = draw(rows_of_blocks(units, depth) if in_rows else sparse_constant("float32", (units, depth)))
        bias = Operand("float32", (units,), draw(arrays("float32", (units,))), constant=True)
    elif kind == "float32":
        x.data[...] = x.data * draw(st.sampled_from([0, 1, 1, 1])) + draw(st.sampled_from([0, 9]))
        w = draw(blocks_of_16(units, depth, scale=np.array([draw(scales(1e-4, 0.5)) for _ in range(channels)])))
        bias = Operand("float32", (units,), draw(arrays("float32", (units,))), constant=True)
    else:
        y = y._replace(scale=draw(scales()), zero_point=draw(zero_points(kind)))
        w = draw(blocks_of_16(units, depth, scale=weight_scale(draw, x, y, channels)))
        data = np.random.default_rng(draw(st.integers(0, 999))).integers(-(2**12), 2**12, units)
        bias = Operand("int32", (units,), data, (np.float32(x.scale) * w.scale).astype(np.float32), constant=True)
    options = FullyConnectedOptions(
        fused_activation_function=draw(ACTIVATIONS), asymmetric_quantize_inputs=draw(st.booleans())
    )
    given = [x, w, bias] if draw(st.booleans()) else [x, w, None]
    return one_op("FULLY_CONNECTED", options, given, [y], version=8)


REFUSED = dict.fromkeys(("optimized", "xnnpack"), "LiteRT's optimized kernel takes dense rows only")
ALONE = {"optimized": None, "xnnpack": "LiteRT's delegate fails on a model of this op alone"}
CASES = (
    *(
        Case("DENSIFY", types, densify(kind), sets=ALONE)
        for kind, types in (("float32", "float32"), ("float16", "float16 -> float16"), ("int8", "int8 -> int8"))
    ),
    Case("FULLY_CONNECTED", "float32", sparse_fully_connected("float32", "float32", False), share=0.3, sets=REFUSED),
    Case("FULLY_CONNECTED", "float32", sparse_fully_connected("float32", "float32"), share=0.3),
    Case(
        "FULLY_CONNECTED",
        "int8 int8 int32 -> int8",
        sparse_fully_connected("int8", "int8"),
        variant="sparse",
    ),
    Case(
        "FULLY_CONNECTED",
        "float32 int8 float32 -> float32",
        sparse_fully_connected("float32", "int8"),
        variant="sparse hybrid",
    ),
)
