"""What CONV_3D, CONV_3D_TRANSPOSE, DILATE and REDUCE_WINDOW refuse."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import InputError, ModelError
from minilite.format.options.convolution import Conv3DOptions
from minilite.format.options.stablehlo import DilateOptions, ReduceWindowOptions
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused


def floats(*shape: int) -> Operand:
    return Operand("float32", shape, np.ones(shape))


def numbers(kind: str, *values: int, constant: bool = True) -> Operand:
    return Operand(kind, (len(values),), np.array(values), constant=constant)


def conv(w: Operand, x: Operand | None = None, **options: Any) -> OneOp:
    steps = {"stride_d": 1, "stride_h": 1, "stride_w": 1, "padding": 1, **options}
    return one_op("CONV_3D", Conv3DOptions(**steps), [x or floats(1, 2, 2, 2, 3), w], [floats(1, 1, 1, 1, 4)])


@pytest.mark.parametrize(
    ("message", "example"),
    [
        ("the stride over planes is 0", conv(floats(2, 2, 2, 3, 4), stride_d=0)),
        ("the dilation over columns is 0", conv(floats(2, 2, 2, 3, 4), dilation_w_factor=0)),
        ("the window has 0 rows", conv(floats(2, 0, 2, 3, 4))),
        ("the window reaches over 5 planes, not 2", conv(floats(5, 2, 2, 3, 4))),
        ("c is 3 in an operand before it", conv(floats(2, 2, 2, 5, 4))),
        ("one element or more along every axis", conv(floats(2, 2, 2, 3, 0))),
    ],
)
def test_conv_3d_refuses(message: str, example: OneOp) -> None:
    assert_refused(example, ModelError, message)


@pytest.mark.parametrize(
    ("message", "shape"),
    [
        ("5 numbers expected", (1, 2, 2, 2)),
        ("has a negative number", (1, -2, 2, 2, 4)),
        ("has 2 images, x has 1", (2, 2, 2, 2, 4)),
        ("has 3 channels, w makes 4", (1, 2, 2, 2, 3)),
        ("an output of 3 rows needs 2 rows of x, there are 1", (1, 2, 3, 2, 4)),
    ],
)
@pytest.mark.parametrize(("constant", "error"), [(True, ModelError), (False, InputError)])
def test_conv_3d_transpose_refuses(message: str, shape: tuple[int, ...], constant: bool, error: Any) -> None:
    options = Conv3DOptions(stride_d=2, stride_h=2, stride_w=2)
    given = [numbers("int32", *shape, constant=constant), floats(2, 2, 2, 4, 3), floats(1, 1, 1, 1, 3)]
    example = one_op("CONV_3D_TRANSPOSE", options, given, [floats(1, 2, 2, 2, 4)])
    assert_refused(example, error, message)


@pytest.mark.parametrize(
    ("message", "x", "dilations", "padding"),
    [
        ("x needs one dimension or more", floats(), (), floats()),
        ("1 dilations for 2 dimensions", floats(2, 2), (1,), floats()),
        ("dilations \\[1, 0\\], expected 1 or more", floats(2, 2), (1, 0), floats()),
        ("the padding value must be one number", floats(2, 2), (1, 1), floats(2)),
    ],
)
def test_dilate_refuses(message: str, x: Operand, dilations: tuple[int, ...], padding: Operand) -> None:
    example = one_op("DILATE", DilateOptions(), [x, numbers("int32", *dilations), padding], [floats(2, 2)])
    assert_refused(example, ModelError, message)


@pytest.mark.parametrize(
    ("message", "window", "function"),
    [
        ("1 numbers of window for 2 dimensions", (1,), 1),
        ("window \\[1, 0\\], expected 1 or more", (1, 0), 1),
        ("reduce_function 0 is none of", (1, 1), 0),
    ],
)
def test_reduce_window_refuses(message: str, window: tuple[int, ...], function: int) -> None:
    ones = numbers("int64", 1, 1)
    given = [floats(2, 2), floats(), numbers("int64", *window), ones, ones]
    example = one_op("REDUCE_WINDOW", ReduceWindowOptions(reduce_function=function), given, [floats(2, 2)])
    assert_refused(example, ModelError, message)
