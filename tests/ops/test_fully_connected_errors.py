"""FULLY_CONNECTED: what it refuses."""

import numpy as np
import pytest

from minilite.errors import ModelError
from minilite.format.options.dense import FullyConnectedOptions
from tests.conformance.case import Operand, one_op

from .refusals import assert_refused


@pytest.mark.parametrize("keep", [False, True])
def test_weights_without_columns(keep: bool) -> None:
    x, y = Operand("float32", (2, 0), np.zeros((2, 0))), Operand("float32", (2, 3))
    w = Operand("float32", (3, 0), np.zeros((3, 0)), constant=True)
    options = FullyConnectedOptions(keep_num_dims=keep)
    assert_refused(one_op("FULLY_CONNECTED", options, [x, w, None], [y]), ModelError, "the weights have no columns")
