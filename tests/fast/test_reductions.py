"""MEAN and SUM: compiled loops against the definitions, over axes that lie side by side, under every kernel set."""

from typing import Any

import numpy as np
import pytest

from minilite.format.options.arithmetic import ReducerOptions
from tests.conformance.case import Operand, one_op

from .test_elements import assert_loop_equals_definition

SETS = ("reference", "optimized", "xnnpack")
SHAPES = [(4, 5, 3, 7), (2, 1, 9, 1), (3, 17, 1, 33), (1, 2, 3, 4), (6, 1, 1, 130)]
AXES = [(0,), (3,), (1, 2), (0, 1), (2, 3), (0, 1, 2, 3)]


@pytest.mark.parametrize("kernels", SETS)
@pytest.mark.parametrize("code", ["MEAN", "SUM"])
@pytest.mark.parametrize("kind", ["float32", "int8", "uint8"])
def test_sums_over_axes_side_by_side(kind: str, code: str, kernels: str) -> None:
    random = np.random.default_rng(3)
    for shape in SHAPES:
        for axes in AXES:
            data: Any = random.normal(size=shape).astype(np.float32)
            data[random.random(shape) < 0.3] = -0.0
            scales: Any = (None, None, None, None)
            if kind != "float32":
                limits = np.iinfo(kind)
                data, scales = random.integers(limits.min, limits.max, shape), (0.03, limits.min + 3, 0.1, limits.max)
            x, y_shape = Operand(kind, shape, data, *scales[:2]), tuple(1 if i in axes else shape[i] for i in range(4))
            named = Operand("int32", (len(axes),), np.array(axes, np.int32), constant=True)
            y = Operand(kind, y_shape, None, *scales[2:])
            example = one_op(code, ReducerOptions(keep_dims=True), [x, named], [y])
            assert_loop_equals_definition(example.graph, example.inputs, kernels)
