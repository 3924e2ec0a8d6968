"""The fused sums of the set xnnpack: both engines, bit for bit, and compiled code rounds once."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from minilite import fast
from minilite.fast.fused import fuse
from minilite.interpreter import evaluate
from minilite.numerics.jit import kernel
from minilite.program import bind
from tests.conformance import CASES
from tests.conformance.case import Case, OneOp, variants_of

from .test_floats import convolution

SETTINGS = settings(
    max_examples=25, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None, database=None
)
FUSED = [
    case
    for case in CASES
    if case.types == "float32" and any(one in fast.fused.TWINS for one in variants_of(case.op, case.types))
]


@pytest.mark.parametrize("case", FUSED, ids=str)
def test_engines_agree(case: Case) -> None:
    pytest.importorskip("numba", reason="numba is not installed")

    SETTINGS(given(case.draw)(assert_engines_agree))()


@SETTINGS
@given(convolution())
def test_engines_agree_around_the_edges_of_blocks(example: OneOp) -> None:
    pytest.importorskip("numba", reason="numba is not installed")
    assert_engines_agree(example)


def assert_engines_agree(example: OneOp) -> None:
    """The same bits from both engines, but for those of NaN."""
    shapes = {index: array.shape for index, array in example.inputs.items()}
    found = [
        evaluate(bind(example.graph, shapes, kernels="xnnpack", engine=engine), example.inputs)
        for engine in ("numpy", "jit")
    ]
    for index in example.graph.main.outputs:
        ours, theirs = (np.where(np.isnan(values[index]), 0, values[index]) for values in found)
        assert ours.tobytes() == theirs.tobytes()
        assert np.array_equal(np.isnan(found[0][index]), np.isnan(found[1][index]))


@kernel
def fuse_once(numbers: np.ndarray) -> None:
    numbers[3] = fuse(numbers[0], numbers[1], numbers[2])


def test_compiled_code_rounds_once() -> None:
    pytest.importorskip("numba", reason="numba is not installed")
    numbers = np.array([1 + 2.0**-12, 1 + 2.0**-12, 2.0**-60, 0], np.float32)
    fuse_once(numbers)
    assert numbers[3] == np.float32(1 + 2.0**-11 + 2.0**-23)
