"""FULLY_CONNECTED with shuffled weights: what it refuses."""

import numpy as np
import pytest

from minilite.errors import MiniliteError, ModelError, UnsupportedError
from minilite.format.options.dense import FullyConnectedOptions
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused


def shuffled(
    rows: int = 4, depth: int = 16, units: int = 4, size: int = 64, bias: bool = True, x: str = "uint8"
) -> OneOp:
    inputs = [
        Operand(x, (rows, depth), np.zeros((rows, depth)), 0.5, 0),
        Operand("uint8", (units, depth), np.zeros((units, depth)), 0.5, 128, constant=True),
        Operand("int32", (units,), np.zeros(units), 0.25, 0, constant=True) if bias else None,
    ]
    outputs = [Operand("int16", (rows, units), None, 0.5, 0), Operand("uint8", (size,))]
    return one_op("FULLY_CONNECTED", FullyConnectedOptions(weights_format=1), inputs, outputs, version=2)


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (shuffled(units=3), ModelError, r"shuffled weights are \[3, 16\], expected multiples of 4 and 16"),
        (shuffled(depth=8, size=32), ModelError, r"shuffled weights are \[4, 8\]"),
        (shuffled(rows=2, size=32), ModelError, "2 rows, shuffled weights take 1 or 4"),
        (shuffled(size=63), ModelError, "the workspace has 63 elements, expected 64"),
        (shuffled(bias=False), ModelError, "operand 'b' is required"),
        (shuffled(x="int8"), UnsupportedError, "no kernel for x int8"),
    ],
)
def test_refused(example: OneOp, error: type[MiniliteError], message: str) -> None:
    assert_refused(example, error, message)
