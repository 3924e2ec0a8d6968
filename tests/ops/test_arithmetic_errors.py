"""What ADD, SUB, MUL, MAXIMUM, QUANTIZE and DEQUANTIZE refuse, and what the message says."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import ModelError, UnsupportedError
from minilite.format.options.arithmetic import AddOptions, MulOptions, SubOptions
from minilite.numerics.power_of_two import power_of_two
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused

OPTIONS: dict[str, Any] = {"ADD": AddOptions(), "SUB": SubOptions(), "MUL": MulOptions()}


def operand(kind: str, *shape: int, scale: Any = None, zero_point: Any = 0) -> Operand:
    return Operand(kind, shape, np.zeros(shape), scale, None if scale is None else zero_point)


def binary(op: str, a: Operand, b: Operand, y: Operand) -> OneOp:
    return one_op(op, OPTIONS.get(op), [a, b], [y])


def assert_tensor_refused(example: OneOp, message: str) -> None:
    """Binding raises ModelError; its text names a tensor."""
    with pytest.raises(ModelError, match=f"tensor [0-9].*{message}"):
        bind(example.graph)


@pytest.mark.parametrize("op", ["ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"])
def test_shapes_that_do_not_stretch(op: str) -> None:
    example = binary(op, operand("float32", 2, 3), operand("float32", 4, 3), operand("float32", 2, 3))
    assert_refused(example, ModelError, "do not stretch to a common one")


def test_nine_dimensions_cannot_be_stretched() -> None:
    shape = (1, 1, 1, 1, 1, 1, 1, 1, 2)
    example = binary("ADD", operand("float32", *shape), operand("float32", 1), operand("float32", *shape))
    assert_refused(example, ModelError, "at most 8 dimensions")


@pytest.mark.parametrize(("op", "kind"), [("ADD", "int8"), ("SUB", "uint8"), ("ADD", "int16"), ("SUB", "int16")])
def test_output_scale_too_small(op: str, kind: str) -> None:
    inputs = [operand(kind, 3, scale=1.1), operand(kind, 3, scale=0.9)]
    assert_refused(binary(op, *inputs, operand(kind, 3, scale=1e-9)), ModelError, "is too small for these inputs")


def test_output_scale_at_the_limit() -> None:
    inputs = [operand("int8", 3, scale=1.0), operand("int8", 3, scale=1.0)]
    assert_refused(binary("ADD", *inputs, operand("int8", 3, scale=2.0**-19)), ModelError, "is 1, expected more than 0")


@pytest.mark.parametrize("op", ["ADD", "SUB", "MUL"])
def test_int16_zero_points(op: str) -> None:
    inputs = [operand("int16", 3, scale=0.3, zero_point=4), operand("int16", 3, scale=0.3)]
    example = binary(op, *inputs, operand("int16", 3, scale=0.3))
    assert_refused(example, ModelError, "the zero point of a is 4, int16 needs 0")


def test_powers_of_two_that_need_two_shifts() -> None:
    inputs = [operand("int16", 3, scale=0.25), operand("int16", 3, scale=0.5)]
    assert_refused(binary("ADD", *inputs, operand("int16", 3, scale=1.0)), ModelError, "must have the scale of the")


def test_power_of_two_operands_are_not_stretched() -> None:
    inputs = [operand("int16", 3, scale=1.0), operand("int16", 1, scale=0.5)]
    assert_refused(binary("ADD", *inputs, operand("int16", 3, scale=1.0)), ModelError, "must have the same size")


def test_fractions_are_not_stretched() -> None:
    inputs = [operand("int16", 3), operand("int16", 1)]
    assert_refused(binary("MUL", *inputs, operand("int8", 3, scale=1.0)), ModelError, "must have the same size")


@pytest.mark.parametrize("scale", [1e-10, 1.2e-38])
def test_activation_limit_beyond_32_bits(scale: float) -> None:
    inputs = [operand("int8", 3, scale=1.0), operand("int8", 3, scale=1.0)]
    example = one_op("MUL", MulOptions(fused_activation_function=3), inputs, [operand("int8", 3, scale=scale)])
    with pytest.raises(ModelError, match="limit 6 of the fused activation has no 32-bit code"):
        bind(example.graph)


def test_codes_without_scale() -> None:
    example = binary("ADD", operand("int8", 3), operand("int8", 3, scale=1.0), operand("int8", 3, scale=1.0))
    assert_tensor_refused(example, "need a scale and a zero point")


def test_one_int16_operand_without_scale() -> None:
    example = binary("ADD", operand("int16", 3, scale=0.3), operand("int16", 3, scale=0.3), operand("int16", 3))
    assert_tensor_refused(example, "need a scale and a zero point")


def test_types_that_differ() -> None:
    example = binary("ADD", operand("float32", 3), operand("int32", 3), operand("float32", 3))
    assert_refused(example, UnsupportedError, "no kernel for a float32, b int32, y float32")


def test_quantize_without_output_scale() -> None:
    example = one_op("QUANTIZE", None, [operand("float32", 3)], [operand("int8", 3)])
    assert_tensor_refused(example, "need a scale and a zero point")


def test_quantize_int16_zero_points() -> None:
    inputs = [operand("int16", 3, scale=1.0, zero_point=5)]
    example = one_op("QUANTIZE", None, inputs, [operand("int16", 3, scale=1.0)])
    assert_refused(example, ModelError, "the zero point of x is 5, int16 needs 0")


def test_quantize_codes_per_channel() -> None:
    inputs = [operand("int8", 2, 3, scale=[1.0, 2.0])]
    example = one_op("QUANTIZE", None, inputs, [operand("int8", 2, 3, scale=1.0)])
    assert_tensor_refused(example, "one scale expected for the whole tensor, got 2")


def test_dequantize_int16() -> None:
    per_channel = one_op("DEQUANTIZE", None, [operand("int16", 2, 3, scale=[1.0, 2.0])], [operand("float32", 2, 3)])
    assert_refused(per_channel, ModelError, "one scale for the whole tensor only")
    shifted = one_op("DEQUANTIZE", None, [operand("int16", 2, scale=1.0, zero_point=1)], [operand("float32", 2)])
    assert_refused(shifted, ModelError, "the zero point of x is 1, int16 needs 0")


@pytest.mark.parametrize(
    ("scale", "power"), [(1.0, 0), (2.0**-20, -20), (8.0, 3), (1.0005, 0), (1.002, None), (0.3, None), (0.0, None)]
)
def test_power_of_two(scale: float, power: int | None) -> None:
    assert power_of_two(np.float32(scale)) == power
