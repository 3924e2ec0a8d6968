"""What CONCATENATION, PAD, PADV2 and the two resizes refuse."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import InputError, ModelError, UnsupportedError
from minilite.format.options.shape import ConcatenationOptions, ResizeBilinearOptions
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused


def operand(*shape: int, kind: str = "float32", scale: float | None = None, zero_point: int = 0) -> Operand:
    return Operand(kind, shape, np.zeros(shape), scale, zero_point)


def value(numbers: Any, constant: bool = True, kind: str = "int32") -> Operand:
    return Operand(kind, np.shape(numbers), np.array(numbers, kind), constant=constant)


def joined(x: Operand, y: Operand) -> OneOp:
    """Twice `x` behind each other."""
    return one_op("CONCATENATION", ConcatenationOptions(), [x, x], [y])


def concatenation(*inputs: Operand, **options: Any) -> OneOp:
    return one_op("CONCATENATION", ConcatenationOptions(**options), inputs, [operand(4, 3)])


def pad(paddings: Operand, rank: int = 1, *filling: Operand, kind: str = "float32", scale: Any = None) -> OneOp:
    x = operand(*[2] * rank, kind=kind, scale=scale)
    return one_op("PADV2" if filling else "PAD", None, [x, paddings, *filling], [x])


def bilinear(size: Operand, x: Operand | None = None, **options: bool) -> OneOp:
    x = operand(1, 2, 2, 1) if x is None else x
    return one_op("RESIZE_BILINEAR", ResizeBilinearOptions(**options), [x, size], [operand(1, 4, 4, 1, kind=x.type)])


def nearest(size: Operand, kind: str = "float32") -> OneOp:
    return one_op("RESIZE_NEAREST_NEIGHBOR", None, [operand(1, 2, 2, 1, kind=kind), size], [operand(1, kind=kind)])


INT8_HALF, INT8_QUARTER = (operand(2, kind="int8", scale=scale) for scale in (0.5, 0.25))
ODD_INT16 = operand(2, kind="int16", scale=0.5, zero_point=3)
FILLING = operand(kind="int8", scale=0.25)


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (joined(INT8_HALF, INT8_QUARTER), ModelError, "int8 inputs must have the output's scale and zero point"),
        (joined(ODD_INT16, operand(4, kind="int16", scale=0.5)), ModelError, "zero point 3: int16 zero points must be"),
        (
            joined(operand(2, kind="uint8", scale=0.5), operand(4, kind="uint8", scale=1e-8)),
            ModelError,
            "too far apart",
        ),
        (joined(operand(2, kind="uint8"), operand(4, kind="uint8", scale=0.5)), ModelError, "both need a scale"),
        (
            concatenation(operand(2, 3), operand(2, 4)),
            ModelError,
            "'tensor_1' does not fit the first input beside axis 0",
        ),
        (concatenation(operand(2, 3), operand(2)), ModelError, "'tensor_1' does not fit the first input"),
        (concatenation(operand(2, 3), axis=2), ModelError, "axis 2 is out of range for 2 dimensions"),
        (concatenation(operand(2, 3), fused_activation_function=1), ModelError, "a fused activation is not possible"),
        (concatenation(operand(2, 3), operand(2, 3, kind="int32")), UnsupportedError, "no kernel for x float32/int32"),
        (pad(value([[1, -1]])), ModelError, r"negative padding in \[\(1, -1\)\]"),
        (pad(value([[1, -1]], constant=False)), InputError, "negative padding"),
        (pad(value([[1, 1], [1, 1]])), ModelError, r"paddings must be \[1, 2\], got \[2, 2\]"),
        (pad(value([[0, 0]] * 6), 6), ModelError, "at most 5 dimensions expected"),
        (pad(value([[1, 1]], kind="uint8")), ModelError, "'paddings' is uint8, expected int8 or int16 or int32"),
        (pad(value([[1, 1]]), 1, operand(2)), ModelError, "the value must be one element"),
        (pad(value([[1, 1]]), 1, FILLING, kind="int8", scale=0.5), ModelError, "the same scale and zero point"),
        (pad(value([[1, 1]]), kind="uint32"), UnsupportedError, "no kernel for x uint32"),
        (pad(value([[0, 2**31 - 1]])), InputError, "an output of shape .* is too large"),
        (bilinear(value([0, 4])), ModelError, r"size \[0, 4\], positive numbers expected"),
        (bilinear(value([-1, 4], constant=False)), InputError, "positive numbers expected"),
        (bilinear(value([4])), ModelError, r"size must be height and width, got \[4\]"),
        (bilinear(value([4, 4]), align_corners=True, half_pixel_centers=True), ModelError, "exclude each other"),
        (bilinear(value([4, 4]), operand(2, 2, 1)), ModelError, "4 dimensions expected"),
        (bilinear(value([4, 4]), operand(1, 0, 2, 1)), ModelError, "an image with rows and columns expected"),
        (bilinear(value([55, 4]), operand(1, 1, 2, 1, kind="int8")), UnsupportedError, "reads past its end"),
        (bilinear(value([4, 4]), operand(1, 2, 2, 1, kind="int32")), UnsupportedError, "no kernel for x int32"),
        (nearest(value([4, 0])), ModelError, "positive numbers expected"),
        (nearest(value([4, 4]), kind="int64"), UnsupportedError, "no kernel for x int64"),
    ],
)
def test_refused(example: OneOp, error: type[Exception], message: str) -> None:
    assert_refused(example, error, message)
