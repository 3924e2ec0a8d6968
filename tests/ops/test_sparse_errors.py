"""What DENSIFY and FULLY_CONNECTED with sparse weights refuse."""

import numpy as np

from minilite.errors import ModelError, UnsupportedError
from minilite.format.options.dense import FullyConnectedOptions
from tests.conformance.case import Operand, one_op
from tests.graph.stored_sparsely import store_sparsely

from .refusals import assert_refused


def sparse(kind: str, zero_point: int = 0) -> Operand:
    values, parameters = store_sparsely(np.eye(2, 16, dtype=kind), [0, 1, 2], [0, 1, 0], {1: 16})
    return Operand(kind, (2, 16), values, 0.5, zero_point, constant=True, sparsity=parameters)


def test_densify_needs_a_sparse_constant() -> None:
    example = one_op("DENSIFY", None, [Operand("float32", (2,), np.ones(2))], [Operand("float32", (2,))])
    assert_refused(example, ModelError, "x must be a constant with sparsity parameters")


def test_densify_of_another_type_has_no_kernel() -> None:
    example = one_op("DENSIFY", None, [sparse("int16")], [Operand("int16", (2, 16))])
    assert_refused(example, UnsupportedError, "no kernel for x int16")


def test_sparse_weights_need_zero_point_0() -> None:
    x, y = Operand("int8", (1, 16), np.ones((1, 16)), 0.5), Operand("int8", (1, 2), None, 0.5)
    example = one_op("FULLY_CONNECTED", FullyConnectedOptions(), [x, sparse("int8", 3), None], [y])
    assert_refused(example, ModelError, "the zero point of w is 3, sparse weights need 0")
