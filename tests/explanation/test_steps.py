"""Every printed step, computed again in Python integers from the JSON, leads to the code of an ordinary run."""

import contextlib
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import minilite
from minilite.cli.output import jsonable
from minilite.errors import ModelError, UnsupportedError
from minilite.interpreter import execute
from minilite.program import KERNEL_SETS, bind
from tests.conformance import CASES
from tests.conformance.case import Case, OneOp, variant_of

from .evaluate import evaluate
from .kernels import SELECTED, STAGES
from .plain import PLAIN
from .sums import check_sums

EXAMPLES = 10
CODES = {"int8", "uint8", "int16", "int4", "uint4", "int2"}
SETTINGS = settings(
    max_examples=EXAMPLES, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None
)


def is_recomputed(case: Case) -> bool:
    """Whether the evaluator knows this variant: it rescales sums, names its stages, or selects a code."""
    variant = variant_of(case)
    if variant is None or not CODES & set(case.types.replace("->", " ").split()):
        return False
    key = case.op, variant.name
    return variant.accumulate is not None or key in STAGES or key in PLAIN or case.op in SELECTED


RECOMPUTED = [case for case in CASES if is_recomputed(case)]
ELSEWHERE = [case for case in RECOMPUTED if case.op != "CAST"]  # on microcontrollers it is as the processor has it


def bits(array: Any) -> Any:
    """The contents of an array, to be compared."""
    return None if array is None else array.tolist() if array.dtype.kind == "O" else array.tobytes()


def explained(example: OneOp, data: Any, kernels: str = "reference") -> tuple[dict[str, Any] | None, Any]:
    """The JSON of one element's explanation, None where there is no element, and the step it is about."""
    shapes = {index: array.shape for index, array in example.inputs.items()}
    program = bind(example.graph, shapes, kernels=kernels, engine="numpy")
    result = list(execute(program, example.inputs))[-1]
    made = result.outputs[0]
    if not made.size:
        return None, result
    at = np.unravel_index(data.draw(st.integers(0, made.size - 1)), made.shape)
    tensors = example.graph.main.tensors
    inputs = {tensors[index].name: array for index, array in example.inputs.items()}
    found = minilite.explain(example.graph, inputs, result.step.node.index, [int(i) for i in at], kernels=kernels)
    again = list(execute(program, example.inputs))[-1]
    for before, after in ((result.outputs, again.outputs), (result.inputs, again.inputs)):
        assert [bits(array) for array in before] == [bits(array) for array in after], "explaining changed a bit"
    return json.loads(json.dumps(jsonable(found.document()), allow_nan=False)), result


def check_steps(example: OneOp, data: Any, kernels: str = "reference") -> None:
    """Raise AssertionError unless the printed steps, computed again, lead to the element's code."""
    document, result = explained(example, data, kernels)
    if document is None:
        return
    made = result.outputs[0][tuple(document["at"])]
    assert document["code"] == jsonable(made)
    for element in (*(e for term in document["terms"] for e in term["elements"]), *document["start"]):
        position = result.step.node.inputs.index(element["tensor"])
        value = jsonable(result.inputs[position][tuple(element["at"])])
        # Hybrid kernels find codes of float values, and read unsigned weights as signed ones.
        known = element["code"], element["real"]
        assert value in known or value == element["code"] % 256
    check_sums(document, result.inputs)
    assert document["code"] == evaluate(tupled(document))


@pytest.mark.parametrize("case", RECOMPUTED, ids=str)
def test_printed_steps_lead_to_the_code(case: Case) -> None:
    @settings(SETTINGS)
    @given(case.draw, st.data())
    def check(example: OneOp, data: st.DataObject) -> None:
        check_steps(example, data)

    check()


@pytest.mark.parametrize("kernels", [name for name in KERNEL_SETS if name != "reference"])
def test_so_they_do_in_other_kernel_sets(kernels: str) -> None:
    checked = []

    @settings(SETTINGS, max_examples=8 * EXAMPLES)
    @given(st.sampled_from(ELSEWHERE).flatmap(lambda case: case.draw), st.data())
    def check(example: OneOp, data: st.DataObject) -> None:
        with contextlib.suppress(UnsupportedError, ModelError):  # this set does not take the example
            check_steps(example, data, kernels)
            checked.append(example)

    check()
    assert checked


def tupled(value: Any) -> Any:
    """Lists of steps' values as tuples, so that they compare with what the evaluator makes."""
    if isinstance(value, dict):
        return {key: tupled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [tupled(item) for item in value] if any(isinstance(item, dict) for item in value) else tuple(value)
    return value
