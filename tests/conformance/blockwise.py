"""Weights quantized in blocks, whose scales are a tensor of their own: FULLY_CONNECTED and EMBEDDING_LOOKUP."""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format import schema
from minilite.format.enums import TensorType
from minilite.format.options.dense import FullyConnectedOptions
from minilite.graph import Tensor, read, write

from .case import Case, OneOp, Operand, one_op
from .strategies import arrays

ONLY_OPTIMIZED = "the reference kernel ignores the scales of blocks and returns the bias"


def with_block_scales(example: OneOp, index: int, scales: Any, block_size: int) -> OneOp:
    """`example` with a tensor of scales added, which the quantization of tensor `index` names."""
    main = example.graph.main
    details = schema.BlockwiseQuantization(scales=len(main.tensors), zero_points=-1, block_size=block_size)
    tensors = list(main.tensors)
    tensors[index] = replace(tensors[index], parameters=schema.QuantizationParameters(details=details))
    data = np.ascontiguousarray(scales, np.float16).reshape(-1).view(np.uint8)
    tensors.append(Tensor(len(tensors), "scales", np.shape(scales), TensorType.FLOAT16, data=data, buffer=9))
    graph = replace(example.graph, subgraphs=(replace(main, tensors=tuple(tensors)),))
    return replace(example, graph=read(write(graph)))


def block_scales(draw: Any, rows: int, blocks: int) -> Any:
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return generator.uniform(0.001, 0.5, (rows, blocks)).astype(np.float16)


@st.composite
def fully_connected(draw: Any) -> OneOp:
    """LiteRT takes four units and a depth of 32 or more for its kernel."""
    units, rows, size = draw(st.integers(4, 8)), draw(st.integers(1, 5)), draw(st.sampled_from([2, 8, 32]))
    blocks = draw(st.integers(32 // size, 40 // size + 1))
    data = draw(arrays("float32", (rows, size * blocks))) + np.float32(draw(st.sampled_from([0, 9])))
    w = Operand("int4", (units, size * blocks), draw(arrays("int4", (units, size * blocks))), constant=True)
    bias = Operand("float32", (units,), draw(arrays("float32", (units,))), constant=True)
    x, y = Operand("float32", data.shape, data), Operand("float32", (rows, units))
    options = FullyConnectedOptions(asymmetric_quantize_inputs=draw(st.booleans()))
    example = one_op("FULLY_CONNECTED", options, [x, w, bias if draw(st.booleans()) else None], [y], version=12)
    return with_block_scales(example, 1, block_scales(draw, units, blocks), size)


@st.composite
def lookup(draw: Any, kind: str, out: str) -> OneOp:
    rows, size, blocks, count = draw(
        st.tuples(st.integers(1, 5), st.sampled_from([4, 8]), st.integers(1, 4), st.integers(1, 5))
    )
    shape = (rows, size * blocks)
    ids = np.random.default_rng(draw(st.integers(0, 999))).integers(0, rows, count)
    table = Operand(kind, shape, draw(arrays(kind, shape)), constant=True)
    example = one_op(
        "EMBEDDING_LOOKUP", None, [Operand("int32", (count,), ids), table], [Operand(out, (count, shape[1]))], version=4
    )
    return with_block_scales(example, 1, block_scales(draw, rows, blocks), size)


CASES = (
    Case(
        "FULLY_CONNECTED",
        "float32 int4 float32 -> float32",
        fully_connected(),
        resolver="optimized",
        deviation=ONLY_OPTIMIZED,
        variant="blockwise",
    ),
    *(
        Case("EMBEDDING_LOOKUP", f"int32 {kind} -> {out}", lookup(kind, out), variant="blockwise")
        for kind in ("int4", "int2")
        for out in ("float32", "float16")
    ),
)
