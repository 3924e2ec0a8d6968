"""What TRANSPOSE_CONV refuses, and what the message says."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import InputError, ModelError, UnsupportedError
from minilite.format.enums import TensorType
from minilite.format.options.convolution import TransposeConvOptions
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused


def operand(kind: str, shape: tuple[int, ...], scale: Any = None, zero_point: int = 0) -> Operand:
    return Operand(kind, shape, np.ones(shape), scale, zero_point, constant=True)


def model(shape: Any = (1, 4, 4, 3), constant: bool = True, **changed: Any) -> OneOp:
    """x [1,2,2,2] and three units of 3x3, stride 2, SAME padding, with what `changed` names changed."""
    operands = {"w": operand("float32", (3, 3, 3, 2)), "x": operand("float32", (1, 2, 2, 2)), "b": None}
    y = changed.pop("y", Operand("float32", (1, 4, 4, 3)))
    operands |= {name: changed.pop(name) for name in list(changed) if name in operands}
    numbers = Operand("int32", (len(shape),), np.array(shape, np.int32), constant=constant)
    options = TransposeConvOptions(**{"stride_h": 2, "stride_w": 2, **changed})
    return one_op("TRANSPOSE_CONV", options, [numbers, *operands.values()], [y])


SHAPES = [
    ("4 numbers expected, got \\[1, 4, 4\\]", (1, 4, 4)),
    ("has a negative number", (1, -4, 4, 3)),
    ("has 2 images, x has 1", (2, 4, 4, 3)),
    ("has 5 channels, w makes 3", (1, 4, 4, 5)),
    ("an output of 6 rows needs 3 rows of x, there are 2", (1, 6, 4, 3)),
    ("an output of 5 columns needs 3 columns of x, there are 2", (1, 4, 5, 3)),
    ("an output of 0 rows needs 0 rows of x, there are 2", (1, 0, 4, 3)),
]


@pytest.mark.parametrize(("message", "shape"), SHAPES)
@pytest.mark.parametrize(("constant", "error"), [(True, ModelError), (False, InputError)])
def test_refuses_an_output_shape(message: str, shape: Any, constant: bool, error: Any) -> None:
    assert_refused(model(shape, constant), error, message)


@pytest.mark.parametrize(
    ("message", "changed"),
    [
        ("the stride over rows is 0", {"stride_h": 0}),
        ("the stride over columns is -1", {"stride_w": -1}),
        ("2 rows of x and 0 of w, expected 1 or more", {"w": operand("float32", (3, 0, 3, 2))}),
        ("x has no channels", {"x": operand("float32", (1, 2, 2, 0)), "w": operand("float32", (3, 3, 3, 0))}),
        ("c is 2 in an operand before it", {"x": operand("float32", (1, 2, 2, 1))}),
        ("2 scales of w for 3 output channels", {"w": operand("int8", (3, 3, 3, 2), [0.5, 0.25])}),
    ],
)
def test_refuses(message: str, changed: Any) -> None:
    assert_refused(model(**changed), ModelError, message)


def test_int16_bias_types() -> None:
    int16 = {
        "x": operand("int16", (1, 2, 2, 2), 0.5),
        "w": operand("int8", (3, 3, 3, 2), 0.5),
        "y": operand("int16", (1, 4, 4, 3), 0.5)._replace(constant=False),
    }
    narrow, wide = operand("int32", (3,), 0.25), operand("int64", (3,), 0.25)
    assert_refused(model(**int16, b=narrow), ModelError, "needs the option quantized_bias_type INT32")
    message = "quantized_bias_type is INT32, the bias is int64"
    assert_refused(model(**int16, b=wide, quantized_bias_type=TensorType.INT32), ModelError, message)


def test_types_without_a_kernel() -> None:
    example = model(w=operand("uint8", (3, 3, 3, 2), 0.5))
    assert_refused(example, UnsupportedError, "no kernel for w uint8, x float32, y float32")
