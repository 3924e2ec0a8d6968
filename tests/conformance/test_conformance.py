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
from minilite.ops.op import MICRO_SETS
from minilite.ops.registered import REGISTERED
from minilite.program import bind
from tests.golden.coverage import recorded

from . import CASES
from .case import Case, OneOp, definitions, variant_of

DESKTOP = ("reference", "optimized", "xnnpack")
EXAMPLES = int(os.environ.get("MINILITE_EXAMPLES", "200"))  # of an op, shared by its cases
FEWEST = min(EXAMPLES, 25)  # of a case
SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)
CASES_OF = Counter(case.op for case in CASES)
OTHER_SETS = [(case, name) for case in CASES for name, match in case.sets.items() if not isinstance(match, str)]
JIT_CASES = [case for case in CASES if variant_of(case) in fast.TWINS]


def examples_of(case: Case) -> int:
    """How many examples of a case are tried: its part of the op's, and some at least."""
    return math.ceil(max(FEWEST, EXAMPLES / CASES_OF[case.op]) * case.share)


def outputs(example: OneOp, engine: str, kernels: str = "reference") -> dict[int, np.ndarray]:
    program = bind(example.graph, {i: a.shape for i, a in example.inputs.items()}, kernels=kernels, engine=engine)
    values = evaluate(program, example.inputs)
    made = {index: values[index].shape for index in program.shapes if index in values}
    assert made == {index: tuple(program.shapes[index]) for index in made}, "other shapes than foreseen"
    return {index: values[index] for index in example.graph.main.outputs}


def assert_equal(tolerance: float | None, ours: dict[int, np.ndarray], theirs: dict[int, np.ndarray]) -> None:
    """No differing code; with a tolerance, no difference beyond it as a share of the largest absolute value."""
    for index, values in ours.items():
        found = oracle.difference(values, theirs[index])
        sizes = np.abs(theirs[index]) if tolerance else np.zeros(0)
        scale = float(sizes[np.isfinite(sizes)].max(initial=0))
        close = tolerance is not None and found.largest <= tolerance * scale
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
        theirs = oracle.evaluate(example.graph, example.inputs, case.resolver)
        assert_equal(case.tolerance, outputs(example, "numpy"), theirs)

    check()


@pytest.mark.parametrize(("case", "kernels"), OTHER_SETS, ids=str)
def test_equals_litert_in_other_sets(case: Case, kernels: str) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")

    @settings(SETTINGS, max_examples=math.ceil(examples_of(case) / 4))
    @given(case.draw)
    def check(example: OneOp) -> None:
        theirs = oracle.evaluate(example.graph, example.inputs, kernels)
        assert_equal(case.sets[kernels], outputs(example, "numpy", kernels), theirs)

    check()


@pytest.mark.parametrize("case", JIT_CASES, ids=str)
def test_engines_agree(case: Case) -> None:
    pytest.importorskip("numba", reason="numba is not installed")

    @settings(SETTINGS, max_examples=examples_of(case))
    @given(case.draw)
    def check(example: OneOp) -> None:
        assert_equal(case.tolerance, outputs(example, "jit"), outputs(example, "numpy"))

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
            assert_equal(None, changed, ours)

    check()


def change_one(values: np.ndarray, position: int) -> None:
    """Change the element at a position: its lowest bit, or a letter more."""
    if values.dtype.kind == "O":
        values.reshape(-1)[position] += b"x"
    else:
        bits = values.reshape(-1).view(f"V{values.itemsize}").view(np.uint8)
        bits[position * values.itemsize + values.itemsize - 1] ^= 1


def test_every_type_of_every_op_has_a_case() -> None:
    """What only microcontrollers take has recorded tensors instead."""
    variants = [(code, variant) for code in OPS for op in definitions(code) for variant in op.variants]
    declared = {
        (code, types) for code, one in variants if not one.rules.keys().isdisjoint(DESKTOP) for types in one.types
    }
    declared |= {(op.code, "any") for op in OPS.values() if op.control is not None}
    assert declared == {(case.op, case.types) for case in CASES}
    registered = [one for one in variants if one[0] in REGISTERED and not one[1].rules.keys().isdisjoint(MICRO_SETS)]
    elsewhere = {(code, types) for code, one in registered for types in one.types}
    assert elsewhere - declared <= recorded().keys()
    assert recorded().keys() <= elsewhere | declared
