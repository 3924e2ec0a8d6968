"""Explanations of nodes of whole models, one of each kernel: they lead to the code and fit a slide, in every set."""

import pytest

from minilite.errors import MiniliteError, UnsupportedError
from minilite.explanation import Explanation, explain_step
from minilite.graph import load
from minilite.interpreter import StepResult, execute
from minilite.program import KERNEL_SETS, bind
from tests.budget.pairs import CONVERTED
from tests.cli.models import DIGITS
from tests.conftest import MODELS_FOLDER
from tests.tracing.test_trace import drawn

OWN = sorted([*DIGITS.glob("*.tflite"), *CONVERTED.glob("*.tflite")])
REAL = sorted(MODELS_FOLDER.glob("*/*.tflite"))
WITHOUT_STEPS = {"TFLite_Detection_PostProcess"}


def explained(paths, kernels):
    """The worst element of the first node of each kernel on codes, with the file it is in."""
    seen = set()
    for path in paths:
        graph = load(path)
        try:
            program = bind(graph, kernels=kernels, engine="numpy")
            results = list(execute(program, drawn(graph, 0)))
        except MiniliteError:  # this set does not take the model
            continue
        for result in results:
            if kind_of(result) not in seen and is_on_codes(result):
                seen.add(kind_of(result))
                yield path, result.step.node.op, explanation(graph, result)


def kind_of(result: StepResult):
    prepared = None if result.step.op.control is not None else result.step.prepare_for(result.inputs)
    return result.step.node.op, prepared and (prepared.variant, prepared.call.rule)


def is_on_codes(result: StepResult) -> bool:
    """Whether a step reads or makes codes, and makes any."""
    if result.step.op.control is not None or not result.outputs[0].size:
        return False
    tensors = result.step.subgraph.tensors
    node = result.step.node
    return any(
        tensors[i].quantization is not None and tensors[i].dtype.itemsize < 4 for i in (*node.inputs, *node.outputs)
    )


def explanation(graph, result: StepResult) -> Explanation:
    try:
        return explain_step(graph, result, None)
    except UnsupportedError:  # without real arithmetic none is the worst
        return explain_step(graph, result, [0] * result.outputs[0].ndim)


def check(paths, kernels: str) -> int:
    number = 0
    for path, op, found in explained(paths, kernels):
        number += 1
        document, where = found.document(), f"{path.stem}, {op}"
        if document["steps"]:
            assert document["steps"][-1]["result"] == document["code"], where
        else:
            assert document["copied_from"] is not None or document["terms"] or op in WITHOUT_STEPS, where
        lines = found.text().splitlines()
        assert max(map(len, lines)) <= 80, where
        assert len(lines) <= 36, where
    return number


@pytest.mark.parametrize("kernels", KERNEL_SETS)
def test_own_models(kernels: str) -> None:
    assert check(OWN, kernels) > 15


@pytest.mark.parametrize("kernels", KERNEL_SETS)
def test_real_models(kernels: str) -> None:
    if not REAL:
        pytest.skip("the real models (../shared/models) are not here")
    assert check(REAL, kernels) > 5
