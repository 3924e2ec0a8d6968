"""The compiled loops under every kernel set: the same bits as the definitions under that set."""

import numpy as np
import pytest
from hypothesis import given, settings

from minilite import fast
from minilite.errors import ModelError, UnsupportedError
from minilite.interpreter import evaluate
from minilite.program import bind
from tests.conformance import CASES
from tests.conformance.case import Case, OneOp

pytest.importorskip("numba", reason="numba is not installed")
OPS = {"ADD", "SUB", "MUL", "MEAN", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "QUANTIZE", "DEQUANTIZE"}
OPS |= {"LEAKY_RELU", "PRELU", "RELU", "RELU6", "LOGISTIC", "TANH", "SOFTMAX", "MAX_POOL_2D", "AVERAGE_POOL_2D"}
OPS |= {"TRANSPOSE_CONV", "BATCH_MATMUL"}
CODES = [case for case in CASES if case.op in OPS and (case.types.startswith(("int", "uint")) or case.op == "QUANTIZE")]


@pytest.mark.parametrize("kernels", ["optimized", "xnnpack", "tflm-single"])
@pytest.mark.parametrize("case", CODES, ids=str)
def test_engines_agree_under_every_set(case: Case, kernels: str) -> None:
    @settings(max_examples=4)
    @given(case.draw)
    def check(example: OneOp) -> None:
        shapes = {i: a.shape for i, a in example.inputs.items()}
        try:
            programs = [bind(example.graph, shapes, kernels=kernels, engine=engine) for engine in ("numpy", "jit")]
        except (ModelError, UnsupportedError):
            return  # not taken by this set
        if programs[0].steps[0].prepared is None or programs[0].steps[0].prepared.variant not in fast.TWINS:
            return
        expected, made = (evaluate(program, example.inputs) for program in programs)
        for index in example.graph.main.outputs:
            assert np.array_equal(expected[index], made[index], equal_nan=made[index].dtype.kind == "f")

    check()
