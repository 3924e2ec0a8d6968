"""ARG_MAX and ARG_MIN refuse axes that do not exist, several axes, empty axes, and an output of another type."""

import numpy as np
import pytest

from minilite.errors import MiniliteError, ModelError, UnsupportedError
from minilite.format.enums import TensorType
from minilite.format.options.arithmetic import ArgMaxOptions
from minilite.interpreter import evaluate
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused


def arg_max(shape=(2, 3), axes=(1,), kind="float32", to="int32", options_say="int32", y=(2,), axis="int32") -> OneOp:
    options = ArgMaxOptions(output_type=TensorType[options_say.upper()])
    where = Operand(axis, (len(axes),), np.array(axes), constant=True)
    return one_op("ARG_MAX", options, [Operand(kind, shape, np.zeros(shape)), where], [Operand(to, y)])


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (arg_max(axes=(2,)), ModelError, "axis 2 is out of range for 2 dimensions"),
        (arg_max(axes=(-3,)), ModelError, "axis -3 is out of range for 2 dimensions"),
        (arg_max(axes=(0, 1)), ModelError, "one axis expected, got 2"),
        (arg_max(shape=(), y=()), ModelError, "axis 1 is out of range for 0 dimensions"),
        (arg_max(shape=(2, 0)), ModelError, "axis 1 has length 0"),
        (arg_max(options_say="int64"), ModelError, "output_type is INT64, but y is INT32"),
        (arg_max(axis="float32"), ModelError, "'axis' is float32, expected int32 or int64"),
        (arg_max(kind="int16"), UnsupportedError, "no kernel for x int16, y int32"),
    ],
)
def test_is_refused(example: OneOp, error: type[MiniliteError], message: str) -> None:
    assert_refused(example, error, message)


def test_nothing_in_nothing_out() -> None:
    example = arg_max(shape=(0, 3), y=(0,))
    assert evaluate(bind(example.graph), example.inputs)[2].shape == (0,)
