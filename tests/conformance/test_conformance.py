"""Every case, element by element, against LiteRT's reference kernels, and the engines against each other."""

import math
import os
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from minilite import fast, oracle
from minilite.interpreter import evaluate
from minilite.ops import OPS
from minilite.program import bind

from . import CASES
from .case import Case, OneOp, definitions, variant_of

EXAMPLES = int(os.environ.get("MINILITE_EXAMPLES", "200"))  # of an op, shared by its cases
FEWEST = min(EXAMPLES, 25)  # of a case
SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)
CASES_OF = Counter(case.op for case in CASES)
JIT_CASES = [case for case in CASES if variant_of(case) in fast.TWINS]


def examples_of(case: Case) -> int:
    """How many examples of a case are tried: its part of the op's, and some at least."""
    return math.ceil(max(FEWEST, EXAMPLES / CASES_OF[case.op]) * case.share)


def outputs(example: OneOp, engine: str) -> dict[int, np.ndarray]:
    program = bind(example.graph, {i: a.shape for i, a in example.inputs.items()}, engine=engine)
    values = evaluate(program, example.inputs)
    made = {index: values[index].shape for index in program.shapes if index in values}
    assert made == {index: tuple(program.shapes[index]) for index in made}, "other shapes than foreseen"
    return {index: values[index] for index in example.graph.main.outputs}


def assert_equal(case: Case, ours: dict[int, np.ndarray], theirs: dict[int, np.ndarray]) -> None:
    """No differing code; for a case with a tolerance, no difference beyond it."""
    for index, values in ours.items():
        found = oracle.difference(values, theirs[index])
        sizes = np.abs(theirs[index]) if case.tolerance else np.zeros(0)
        scale = float(sizes[np.isfinite(sizes)].max(initial=0))
        allowed = (case.tolerance or 0.0) * scale
        close = case.tolerance is not None and found.largest <= allowed
        assert not found.differing or close, (
            f"output {index}: {found.differing} of {found.elements} elements differ, by {found.largest} at most, "
            f"first at {found.first}: {values[found.first]} instead of {theirs[index][found.first]}"
        )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_equals_litert(case: Case) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")

    @settings(SETTINGS, max_examples=examples_of(case))
    @given(case.draw)
    def check(example: OneOp) -> None:
        assert_equal(case, outputs(example, "numpy"), oracle.evaluate(example.graph, example.inputs, case.resolver))

    check()


@pytest.mark.parametrize("case", JIT_CASES, ids=str)
def test_engines_agree(case: Case) -> None:
    pytest.importorskip("numba", reason="numba is not installed")

    @settings(SETTINGS, max_examples=examples_of(case))
    @given(case.draw)
    def check(example: OneOp) -> None:
        assert_equal(case, outputs(example, "jit"), outputs(example, "numpy"))

    check()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check_catches_one_changed_element(case: Case) -> None:
    @settings(SETTINGS, phases=[Phase.generate], max_examples=1)
    @given(case.draw, st.data())
    def check(example: OneOp, data: st.DataObject) -> None:
        ours = outputs(example, "numpy")
        changed = {index: np.array(values, order="C") for index, values in ours.items()}
        target = next((values for values in changed.values() if values.size), None)
        if target is None:
            return
        change_one(target, data.draw(st.integers(0, target.size - 1)))
        with pytest.raises(AssertionError, match="elements differ"):
            assert_equal(Case(case.op, case.types, case.draw), changed, ours)

    check()


def change_one(values: np.ndarray, position: int) -> None:
    """Change the element at a position: its lowest bit, or a letter more."""
    if values.dtype.kind == "O":
        values.reshape(-1)[position] += b"x"
    else:
        bits = values.reshape(-1).view(f"V{values.itemsize}").view(np.uint8)
        bits[position * values.itemsize + values.itemsize - 1] ^= 1


def test_every_type_of_every_op_has_a_case() -> None:
    defined = [op for code in OPS for op in definitions(code)]
    variants = [(op.code, variant) for op in defined for variant in op.variants if "real" not in variant.rules]
    declared = {(code, types) for code, variant in variants for types in variant.types}
    declared |= {(op.code, "any") for op in OPS.values() if op.control is not None}
    assert declared == {(case.op, case.types) for case in CASES}
