"""What SLICE, STRIDED_SLICE, SPLIT, SPLIT_V, PACK and UNPACK refuse; LiteRT crashes or gives garbage for some."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import InputError, ModelError, UnsupportedError
from minilite.format.options.shape import PackOptions, SplitOptions, SplitVOptions, StridedSliceOptions, UnpackOptions
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused


def operand(*shape: int, kind: str = "float32", scale: float | None = None) -> Operand:
    return Operand(kind, shape, np.zeros(shape), scale)


def value(numbers: Any, constant: bool = True, kind: str = "int32") -> Operand:
    return Operand(kind, np.shape(numbers), np.array(numbers, kind), constant=constant)


def slice_(begin: Operand, size: Operand) -> OneOp:
    return one_op("SLICE", None, [operand(4, 5), begin, size], [operand(1, 1)])


def strided(begin: list[int], end: list[int], strides: list[int], constant: bool = True, **options: Any) -> OneOp:
    values = [value(numbers, constant) for numbers in (begin, end, strides)]
    return one_op("STRIDED_SLICE", StridedSliceOptions(**options), [operand(4, 5), *values], [operand(1, 1)])


def split(axis: Operand, count: int = 2, outputs: int = 2) -> OneOp:
    return one_op("SPLIT", SplitOptions(num_splits=count), [axis, operand(4, 5)], [operand(2, 5)] * outputs)


def split_v(sizes: Operand, count: int = 2, kind: str = "float32") -> OneOp:
    outputs = [operand(2, 5, kind=kind)] * 2
    return one_op("SPLIT_V", SplitVOptions(num_splits=count), [operand(4, 5, kind=kind), sizes, value(0)], outputs)


def pack(*inputs: Operand, count: int = 2, axis: int = 0, kind: str = "float32") -> OneOp:
    return one_op("PACK", PackOptions(values_count=count, axis=axis), inputs, [operand(2, 3, kind=kind)])


def unpack(x: Operand, number: int = 2, axis: int = 0) -> OneOp:
    return one_op("UNPACK", UnpackOptions(num=number, axis=axis), [x], [operand(3, kind=x.type)] * 2)


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (slice_(value([5, 0]), value([-1, 1])), ModelError, "axis 0: begin 5, size -1 is outside length 4"),
        (slice_(value([-1, 0]), value([1, 1])), ModelError, "axis 0: begin -1, size 1 is outside length 4"),
        (slice_(value([0, 3]), value([1, 3], constant=False)), InputError, "axis 1: begin 3, size 3 is outside"),
        (slice_(value([0, 0]), value([1, -2])), ModelError, "axis 1: begin 0, size -2 is outside length 5"),
        (slice_(value([0]), value([1])), ModelError, "begin and size must have 2 numbers, got 1"),
        (slice_(value([0, 0]), value([1])), ModelError, "size=int.*: r is 2 in an operand before it"),
        (slice_(value([0, 0], kind="int64"), value([1, 1])), ModelError, "begin and size must be of one type"),
        (strided([0], [1], [0]), ModelError, "index 0: the stride is 0"),
        (strided([0], [1], [0], constant=False), InputError, "index 0: the stride is 0"),
        (strided([4], [1], [1], shrink_axis_mask=1), ModelError, "index 0: 4 is outside length 4"),
        (strided([9], [1], [1], constant=False, shrink_axis_mask=1), InputError, "index 0: 9 is outside length 4"),
        (strided([3], [1], [-1], shrink_axis_mask=1), ModelError, "stride -1 where one element is taken"),
        (strided([0, 0], [1, 1], [1, 1], ellipsis_mask=3), ModelError, "more than one ellipsis"),
        (strided([0], [1], [1], new_axis_mask=2), ModelError, "new_axis_mask 2 does not fit 1 indices"),
        (strided([0] * 32, [1] * 32, [1] * 32), ModelError, "32 indices, at most 31 expected"),
        (strided([0, 0], [1], [1, 1]), ModelError, "end=int.*: k is 2 in an operand before it"),
        (strided([2, 0], [3, 5], [1, 1], offset=True), UnsupportedError, "end asks for 3 elements of axis 0, 2 are"),
        (strided([0], [2], [1], offset=True), UnsupportedError, "end asks for None elements of axis 1, 5 are there"),
        (split(value(2)), ModelError, "axis 2 is out of range for 2 dimensions"),
        (split(value(-3, constant=False)), InputError, "axis -3 is out of range for 2 dimensions"),
        (split(value(1)), ModelError, "length 5 of axis 1 does not split into 2"),
        (split(value([0, 1])), ModelError, "one axis expected, got 2"),
        (split(value(0), count=4), ModelError, "option num_splits is 4, there are 2 outputs"),
        (split_v(value([1, 2])), ModelError, r"sizes \[1, 2\] do not make up length 4 of axis 0"),
        (split_v(value([-1, 5])), ModelError, r"sizes \[-1, 5\] do not make up"),
        (split_v(value([-1, -1])), ModelError, r"sizes \[-1, -1\] do not make up"),
        (split_v(value([-2, 6], constant=False)), InputError, r"sizes \[-2, 6\] do not make up"),
        (split_v(value([1, 1, 2])), ModelError, "3 sizes, 2 outputs"),
        (split_v(value([])), ModelError, r"sizes \[\] do not make up"),
        (split_v(value([1, 3]), count=3), ModelError, "option num_splits is 3, there are 2 outputs"),
        (split_v(value([1, 3]), kind="bool"), UnsupportedError, "no kernel for x bool"),
        (pack(operand(3), operand(3), count=3), ModelError, "option values_count is 3, there are 2 inputs"),
        (pack(operand(3), operand(2)), ModelError, "tensor 1 'tensor_1' has not the shape of the first input"),
        (pack(operand(3), operand(3), axis=2), ModelError, "axis 2 is out of range for 2 dimensions"),
        (
            pack(operand(3, kind="int8", scale=0.5), operand(3, kind="int8", scale=0.25), kind="int8"),
            ModelError,
            "the same scale and zero point",
        ),
        (unpack(operand(3, 3)), ModelError, "option num is 2, axis 0 has length 3"),
        (unpack(operand(2, 3), axis=-3), ModelError, "axis -3 is out of range for 2 dimensions"),
        (unpack(operand(2, 0)), ModelError, "an input with elements expected"),
        (unpack(operand(2, 3, kind="int64")), UnsupportedError, "no kernel for x int64"),
    ],
)
def test_refused(example: OneOp, error: type[Exception], message: str) -> None:
    assert_refused(example, error, message)
