"""One program may run in several threads at once: nothing that a run writes to is shared."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from minilite.format.options.convolution import Conv2DOptions, DepthwiseConv2DOptions
from minilite.interpreter import evaluate
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op

pytest.importorskip("numba", reason="numba is not installed")
GENERATOR = np.random.default_rng(0)


def convolution(op: str) -> OneOp:
    """A convolution large enough that threads meet inside it."""
    shape = (32, 3, 3, 16) if op == "CONV_2D" else (1, 3, 3, 16)
    units = 32 if op == "CONV_2D" else 16
    w = GENERATOR.integers(-127, 128, shape)
    b = GENERATOR.integers(-500, 500, units)
    options = Conv2DOptions(stride_w=1, stride_h=1)
    if op != "CONV_2D":
        options = DepthwiseConv2DOptions(stride_w=1, stride_h=1, depth_multiplier=1)
    x = Operand("int8", (1, 40, 40, 16), np.zeros((1, 40, 40, 16)), 0.5, 3)
    weights = Operand("int8", shape, w, 0.01, 0, constant=True)
    bias = Operand("int32", (units,), b, 0.005, 0, constant=True)
    return one_op(op, options, [x, weights, bias], [Operand("int8", (1, 40, 40, units), None, 1.0, -5)])


@pytest.mark.parametrize("op", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_threads_do_not_disturb_each_other(op: str) -> None:
    example = convolution(op)
    program = bind(example.graph, engine="jit")
    (output,) = example.graph.main.outputs
    inputs = [{0: GENERATOR.integers(-128, 128, (1, 40, 40, 16)).astype(np.int8)} for _ in range(100)]
    alone = [evaluate(program, each)[output] for each in inputs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda each: evaluate(program, each)[output], inputs * 4))
    assert all(np.array_equal(one, other) for one, other in zip(alone * 4, together, strict=True))
