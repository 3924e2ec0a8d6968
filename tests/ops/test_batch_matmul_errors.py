"""What BATCH_MATMUL refuses, and the rows of hybrid products that LiteRT mixes up."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import ModelError, UnsupportedError
from minilite.format.options.dense import BatchMatMulOptions
from minilite.interpreter import evaluate
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused


def product(x: Operand, w: Operand, y: Operand, **options: Any) -> OneOp:
    return one_op("BATCH_MATMUL", BatchMatMulOptions(**options), [x, w], [y])


def operand(kind: str, shape: tuple[int, ...], scale: Any = None, zero_point: int = 0, axis: int = 0) -> Operand:
    return Operand(kind, shape, np.ones(shape), scale, zero_point, axis)


def floats(*shape: int) -> Operand:
    return operand("float32", shape)


@pytest.mark.parametrize(
    ("message", "x", "w", "options"),
    [
        ("need two or more dimensions", floats(3), floats(3, 2), {}),
        ("rows of 3 elements cannot be multiplied with columns of 4", floats(2, 3), floats(4, 2), {}),
        ("rows of 2 elements cannot be multiplied with columns of 3", floats(2, 3), floats(3, 2), {"adj_x": True}),
        ("rows of 3 elements cannot be multiplied with columns of 2", floats(2, 3), floats(3, 2), {"adj_y": True}),
        ("do not broadcast", floats(2, 2, 3), floats(3, 3, 2), {}),
        ("2 scales of w for 4 columns", floats(2, 2), operand("int8", (2, 4), [0.5, 0.25]), {}),
    ],
)
def test_refuses(message: str, x: Operand, w: Operand, options: Any) -> None:
    assert_refused(product(x, w, floats(2, 2), **options), ModelError, message)


@pytest.mark.parametrize(
    ("message", "x", "y"),
    [
        ("the zero point of x is 1", operand("int16", (2, 3), 0.5, 1), operand("int16", (2, 2), 0.5)),
        ("the zero point of y is 1", operand("int16", (2, 3), 0.5), operand("int16", (2, 2), 0.5, 1)),
        ("exponent 9, at most 7 fits", operand("int16", (2, 3), 0.5), operand("int16", (2, 2), 2.0**-10)),
        ("is not a finite number", operand("int16", (2, 3), 0.5), operand("int16", (2, 2), 0.0)),
    ],
)
def test_refuses_quantized(message: str, x: Operand, y: Operand) -> None:
    assert_refused(product(x, operand("int8", (3, 2), 0.5), y), ModelError, message)


def test_types_without_a_kernel() -> None:
    example = product(floats(2, 3), operand("int16", (3, 2), 0.5), floats(2, 2))
    assert_refused(example, UnsupportedError, "no kernel for x float32, w int16, y float32")


def test_hybrid_rows_keep_their_scales_with_several_leading_dimensions() -> None:
    generator = np.random.default_rng(0)
    data = generator.uniform(-1, 1, (2, 3, 2, 4)).astype(np.float32)
    weights = generator.integers(-128, 128, (2, 3, 4, 5)).astype(np.int8)

    def run(x: Any, w: Any) -> Any:
        y = floats(*x.shape[:-1], 5)
        example = product(
            Operand("float32", x.shape, x), Operand("int8", w.shape, w, 0.5), y, asymmetric_quantize_inputs=True
        )
        return evaluate(bind(example.graph), example.inputs)[2]

    together = run(data, weights)
    for first, second in np.ndindex(2, 3):
        assert np.array_equal(together[first, second], run(data[first, second], weights[first, second]))
