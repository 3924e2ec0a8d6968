"""Matrix products of two operands: compiled loops against the definitions, constant or not, swapped or broadcast."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite.fast.calls import loop_calls
from minilite.format.options.dense import BatchMatMulOptions
from minilite.interpreter import evaluate
from minilite.program import bind
from tests.conformance.case import OneOp, one_op

from .test_transpose_conv import operand

pytest.importorskip("numba", reason="numba is not installed")
TYPES = {  # of x, w, y
    "int8": ("int8", "int8", "int8"),
    "int8 to int32": ("int8", "int8", "int32"),
    "int16": ("int16", "int16", "int16"),
    "int16 by int8": ("int16", "int8", "int16"),
    "hybrid": ("float32", "int8", "float32"),
    "float32": ("float32", "float32", "float32"),
}
BATCHES = (((), ()), ((3,), (3,)), ((2, 3), (3,)), ((), (4,)), ((2, 1), (1, 3)), ((3,), (1,)))
LENGTHS = st.tuples(st.integers(1, 14), st.integers(1, 40), st.sampled_from([1, 4, 15, 16, 17, 33, 64, 65, 130]))


@st.composite
def product(draw: st.DrawFn, kind: str) -> OneOp:
    x_kind, w_kind, y_kind = TYPES[kind]
    (rows, depth, columns), (adj_x, adj_y) = draw(LENGTHS), draw(st.tuples(st.booleans(), st.booleans()))
    x_batch, w_batch = draw(st.sampled_from(BATCHES))
    x_shape, w_shape = (depth, rows) if adj_x else (rows, depth), (columns, depth) if adj_y else (depth, columns)
    is_symmetric = "int16" in x_kind
    x = operand(draw, x_kind, (*x_batch, *x_shape), 0.5, is_symmetric)
    w = operand(draw, w_kind, (*w_batch, *w_shape), 0.01, is_symmetric or x_kind != w_kind)
    shape = (*np.broadcast_shapes(x_batch, w_batch), rows, columns)
    y = operand(draw, y_kind, shape, draw(st.sampled_from([0.003, 0.3, 8.0])), y_kind in ("int16", "int32"))
    constants = draw(st.sampled_from([(False, True), (False, False), (True, False)]))
    options = BatchMatMulOptions(adj_x=adj_x, adj_y=adj_y)
    operands = [one._replace(constant=constant) for one, constant in zip((x, w), constants, strict=True)]
    return one_op("BATCH_MATMUL", options, operands, [y._replace(data=None)], version=4)


def assert_same(made: np.ndarray, expected: np.ndarray) -> None:
    """The same bits, but those of NaN, which depend on which of two NaN an instruction takes."""
    assert np.array_equal(made, expected, equal_nan=made.dtype == np.float32)
    assert np.array_equal(np.signbit(made[made == 0]), np.signbit(expected[expected == 0]))


@pytest.mark.parametrize("kind", TYPES)
def test_products_whole_and_in_parts(kind: str) -> None:
    @settings(max_examples=60)
    @given(product(kind), st.integers(2, 4), st.sampled_from(["reference", "xnnpack"]))
    def check(example: OneOp, threads: int, kernels: str) -> None:
        (output,) = example.graph.main.outputs
        expected, made = (
            evaluate(bind(example.graph, engine=engine, kernels=kernels), example.inputs)[output]
            for engine in ("numpy", "jit")
        )
        assert_same(made, expected)
        program = bind(example.graph, engine="jit", kernels=kernels)
        task, arrays = program.steps[0].task, {**program.constants, **example.inputs}
        if task.loop is None:
            assert kind == "hybrid"  # several weight matrices, or x that is stored swapped
            return
        y, scratch = np.empty_like(expected), [np.empty(task.loop.scratch, np.uint8) for _ in range(threads)]
        with np.errstate(all="ignore"):
            for call in loop_calls(task.loop, [arrays[index] for index in task.operands], y, scratch):
                call.run()
        assert_same(y, expected)

    check()
