"""What the ops that fill, repeat, mirror, rearrange and choose refuse."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import InputError, ModelError
from minilite.format.enums import TensorType
from minilite.format.options.arithmetic import BucketizeOptions
from minilite.format.options.shape import (
    DepthToSpaceOptions,
    MirrorPadOptions,
    OneHotOptions,
    SpaceToDepthOptions,
    UniqueOptions,
)
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused


def x(*shape: int, kind: str = "float32", scale: float | None = None) -> Operand:
    return Operand(kind, shape, np.zeros(shape), scale)


def value(numbers: Any, kind: str = "int32") -> Operand:
    return Operand(kind, np.shape(numbers), np.array(numbers, kind), constant=True)


def later(numbers: Any, kind: str = "int32") -> Operand:
    return value(numbers, kind)._replace(constant=False)


def range_(start: Operand, limit: Operand, delta: Operand) -> OneOp:
    return one_op("RANGE", None, [start, limit, delta], [x(1, kind=start.type)])


def mirror(paddings: Operand, mode: int = 0) -> OneOp:
    return one_op("MIRROR_PAD", MirrorPadOptions(mode=mode), [x(2, 3), paddings], [x(2, 3)])


def to_depth(block: int, *shape: int) -> OneOp:
    return one_op("SPACE_TO_DEPTH", SpaceToDepthOptions(block_size=block), [x(*shape)], [x(*shape)])


def to_space(block: int, *shape: int) -> OneOp:
    return one_op("DEPTH_TO_SPACE", DepthToSpaceOptions(block_size=block), [x(*shape)], [x(*shape)])


def to_batch(blocks: Operand, paddings: Operand, op: str = "SPACE_TO_BATCH_ND", kind: str = "float32") -> OneOp:
    given = x(2, 3, 1, kind=kind, scale=None if kind == "float32" else 0.5)
    return one_op(op, None, [given, blocks, paddings], [x(2, 3, 1, kind=kind)])


def one_hot(depth: Operand, axis: int = -1, on_value: Operand | None = None) -> OneOp:
    inputs = [x(3, kind="int32"), depth, on_value or x(), x()]
    return one_op("ONE_HOT", OneHotOptions(axis=axis), inputs, [x(3, 2)])


def suppress(count: int, sides: int = 4, most: Operand | None = None, sigma: float | None = None) -> OneOp:
    inputs = [x(3, sides), x(count), most or value(2), x(), x()]
    outputs = [x(2, kind="int32"), x(kind="int32")]
    if sigma is None:
        return one_op("NON_MAX_SUPPRESSION_V4", None, inputs, outputs)
    inputs.append(Operand("float32", (), np.float32(sigma)))
    return one_op("NON_MAX_SUPPRESSION_V5", None, inputs, [outputs[0], x(2), outputs[1]])


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (
            one_op("RANGE", None, [x(kind="bool")] * 3, [x(1, kind="bool")]),
            ModelError,
            "is bool, expected float32, int",
        ),
        (one_op("TILE", None, [x(2), value([-1])], [x(2)]), ModelError, r"multiples \[-1\] must not be negative"),
        (one_op("TILE", None, [x(2), later([-1])], [x(2)]), InputError, r"multiples \[-1\] must not be negative"),
        (one_op("TILE", None, [x(2), value([1, 1])], [x(2)]), ModelError, "1 multiples expected, got 2"),
        (one_op("BROADCAST_TO", None, [x(2), value([3])], [x(3)]), ModelError, r"\[2\] does not stretch to \[3\]"),
        (
            one_op("BROADCAST_TO", None, [x(2, 2), later([2])], [x(3)]),
            InputError,
            r"\[2, 2\] does not stretch to \[2\]",
        ),
        (one_op("BROADCAST_TO", None, [x(), value([1] * 9)], [x(1)]), ModelError, "at most 8 dimensions expected"),
        (
            one_op("BROADCAST_ARGS", None, [later([2, 3]), later([2])], [x(2, kind="int32")]),
            InputError,
            r"the shapes \[2, 3\] and \[2\] do not stretch",
        ),
        (one_op("FILL", None, [value([-1]), x()], [x(1)]), ModelError, r"dims \[-1\] must not be negative"),
        (one_op("FILL", None, [later([-1]), x()], [x(1)]), InputError, r"dims \[-1\] must not be negative"),
        (
            one_op("FILL", None, [value([1]), x(kind="int8", scale=1)], [x(1, kind="int8", scale=2)]),
            ModelError,
            "must have the same scale and zero point",
        ),
        (range_(value(0), value(5), value(0)), ModelError, "delta 0 does not lead from 0 to 5"),
        (range_(value(0), later(5), value(-1)), InputError, "delta -1 does not lead from 0 to 5"),
        (range_(value(0), value(5), value(1, "int64")), ModelError, "must be one number of the output's type"),
        (range_(value(0, "float32"), value(np.inf, "float32"), value(1, "float32")), ModelError, "not a finite count"),
        (mirror(value([[0, 2], [0, 0]])), ModelError, r"axis 0: \(0, 2\) elements to mirror, at most 1 are there"),
        (mirror(value([[3, 0], [0, 0]]), mode=1), ModelError, "at most 2 are there"),
        (mirror(later([[-1, 0], [0, 0]])), InputError, r"axis 0: \(-1, 0\) elements to mirror"),
        (mirror(value([[0, 0], [0, 0]]), mode=2), ModelError, "option mode is 2, expected 0 or 1"),
        (to_depth(2, 1, 3, 4, 1), ModelError, "3 x 4 pixels do not fall into blocks of 2 x 2"),
        (to_depth(0, 1, 4, 4, 1), ModelError, "option block_size is 0"),
        (to_depth(2, 4, 4, 1), ModelError, "4 dimensions expected"),
        (to_space(2, 1, 3, 4, 6), ModelError, "6 channels do not fall into blocks of 2 x 2"),
        (to_batch(value([2]), value([[0, 0]])), ModelError, "axis 1: 3 does not fall into blocks of 2"),
        (to_batch(later([2]), value([[0, 0]])), InputError, "axis 1: 3 does not fall into blocks of 2"),
        (to_batch(value([0]), value([[0, 0]])), ModelError, r"blocks \[0\] must be positive"),
        (to_batch(value([3]), value([[-1, 1]])), ModelError, r"paddings \[-1, 1\] must not be negative"),
        (to_batch(value([3, 3]), value([[0, 0], [0, 0]])), ModelError, "1 blocks expected"),
        (to_batch(value([3]), value([[0, 0]]), kind="int8"), ModelError, "must have the same scale and zero point"),
        (to_batch(value([3]), value([[0, 0]]), "BATCH_TO_SPACE_ND"), ModelError, "a batch of 2 does not fall into 3"),
        (to_batch(value([2]), value([[4, 3]]), "BATCH_TO_SPACE_ND"), ModelError, "axis 1: crops .4, 3. cut off more"),
        (one_hot(value(-1)), ModelError, "depth is -1, it must not be negative"),
        (one_hot(later(-1)), InputError, "depth is -1, it must not be negative"),
        (one_hot(value(2), axis=2), ModelError, "option axis is 2, expected -1 to 1"),
        (one_hot(value(2), on_value=x(2)), ModelError, r"on_value must be one element, its shape is \[2\]"),
        (one_op("WHERE", None, [x()], [x(1, kind="int64")]), ModelError, "x must have an axis"),
        (
            one_op("UNIQUE", UniqueOptions(idx_out_type=int(TensorType.INT64)), [x(2)], [x(2), x(2, kind="int32")]),
            ModelError,
            "option idx_out_type is INT64, the tensor is INT32",
        ),
        (
            one_op("BUCKETIZE", BucketizeOptions(boundaries=np.array([2, 1], "<f4")), [x(2)], [x(2, kind="int32")]),
            ModelError,
            "option boundaries must go from low to high",
        ),
        (suppress(2), ModelError, "n is 3 in an operand before it"),
        (suppress(3, sides=5), ModelError, "boxes must have 4 numbers each, got 5"),
        (suppress(3, most=value(-1)), ModelError, "max_output is -1, it must not be negative"),
        (suppress(3, most=later(-1)), InputError, "max_output is -1, it must not be negative"),
        (suppress(3, sigma=-0.5), InputError, "sigma is -0.5, it must not be negative"),
    ],
)
def test_refused(example: OneOp, error: type[Exception], message: str) -> None:
    assert_refused(example, error, message)
