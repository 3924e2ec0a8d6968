"""The compiled loops under every kernel set: the same bits as the definitions under that set."""

import numpy as np
import pytest
from hypothesis import given, settings

from minilite import fast
from minilite.errors import ModelError, UnsupportedError
from minilite.interpreter import evaluate
from minilite.ops import OPS
from minilite.program import bind
from tests.conformance import CASES
from tests.conformance.case import Case, OneOp

pytest.importorskip("numba", reason="numba is not installed")


def has_loops(code: str) -> bool:
    """Whether an op has a compiled kernel for a variant that other sets take, or follow by another rule."""
    variants = [variant for variant in OPS[code].variants if variant in fast.TWINS] if code in OPS else []
    return any("reference" not in one.rules or len(set(one.rules.values())) > 1 for one in variants)


KINDS = ("int8", "int16", "int32", "uint8", "float32")
COMPILED = [case for case in CASES if case.types.split()[0] in KINDS and has_loops(case.op)]


@pytest.mark.parametrize("kernels", ["optimized", "xnnpack", "tflm-single"])
@pytest.mark.parametrize("case", COMPILED, ids=str)
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
