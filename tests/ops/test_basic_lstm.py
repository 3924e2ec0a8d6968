"""The basic kernel of LSTM: what it refuses, and its states from one run to the next."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minilite.errors import ModelError
from minilite.format.enums import LSTMKernelType
from minilite.format.options.recurrent import LSTMOptions
from minilite.graph import write
from minilite.litert import Interpreter
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused

N, D, C = 2, 3, 4
Change = Callable[[list[Any], list[Any]], None]


def basic(change: Change = lambda inputs, outputs: None) -> OneOp:
    """A uint8 node, changed."""
    random = np.random.default_rng(0)
    unit = {"scale": 2**-7, "zero_point": 128}
    w = random.integers(0, 256, (4 * C, D + C))
    inputs: list[Any] = [
        Operand("uint8", (N, D), random.integers(0, 256, (N, D)), **unit),
        Operand("uint8", (N, C), variable=True, **unit),
        Operand("uint8", w.shape, w, 0.01, 128, constant=True),
        Operand("int32", (4 * C,), np.zeros(4 * C), 0.01 / 128, 0, constant=True),
        Operand("int16", (N, C), scale=2**-11, zero_point=0, variable=True),
    ]
    outputs: list[Any] = [
        Operand("uint8", (N, C), **unit),
        Operand("int16", (N, C), scale=2**-11, zero_point=0),
        Operand("uint8", (N, D + C), **unit),
        Operand("int16", (N, 4 * C), scale=2**-12, zero_point=0),
    ]
    change(inputs, outputs)
    options = LSTMOptions(fused_activation_function=4, kernel_type=LSTMKernelType.BASIC)
    return one_op("LSTM", options, inputs, outputs, version=2)


def replace_input(index: int, **fields: Any) -> Change:
    def change(inputs: list[Any], outputs: list[Any]) -> None:
        inputs[index] = inputs[index]._replace(**fields)

    return change


def replace_output(index: int, **fields: Any) -> Change:
    def change(inputs: list[Any], outputs: list[Any]) -> None:
        outputs[index] = outputs[index]._replace(**fields)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (replace_input(2, shape=(4 * C, D), data=np.zeros((4 * C, D))), r"w has shape \[16, 3\], expected \[16, 7\]"),
        (replace_input(3, shape=(C,), data=np.zeros(C)), r"b\[k\]"),
        (replace_input(4, variable=False, constant=True, data=np.zeros((N, C))), "c is constant"),
        (replace_output(1, scale=2**-12), r"the scale of the cell state is 0.000244140625, expected 2\*\*-11"),
        (lambda inputs, outputs: inputs.pop(), "4 inputs do not fit"),
        (lambda inputs, outputs: outputs.pop(), "3 outputs do not fit"),
    ],
)
def test_is_refused(change: Change, message: str) -> None:
    assert_refused(basic(change), ModelError, message)


@pytest.mark.parametrize("given", [False, True])
def test_states_go_on_as_in_litert(given: bool) -> None:
    official = pytest.importorskip("ai_edge_litert.interpreter", reason="LiteRT is not installed")

    def states(inputs: list[Any], outputs: list[Any]) -> None:
        if given:
            inputs[1] = inputs[1]._replace(variable=False, data=np.full((N, C), 128))
            inputs[4] = inputs[4]._replace(variable=False, data=np.zeros((N, C)))

    example = basic(states)
    data = write(example.graph)
    theirs = official.Interpreter(model_content=data, experimental_op_resolver_type=official.OpResolverType.BUILTIN_REF)
    results = []
    for interpreter in (Interpreter(model_content=data), theirs):
        interpreter.allocate_tensors()
        for index, array in example.inputs.items():
            interpreter.set_tensor(index, array)
        runs = []
        for _ in range(3):
            interpreter.invoke()
            runs.append([interpreter.get_tensor(index) for index in (*range(5), *example.graph.main.outputs)])
        results.append(runs)
    for ours, others in zip(*results, strict=True):
        for array, other in zip(ours, others, strict=True):
            np.testing.assert_array_equal(array, other)
