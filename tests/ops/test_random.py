"""Random ops: their generator lives in the State and goes on from run to run; what they refuse."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import InputError, ModelError
from minilite.format.options.arithmetic import RandomOptions
from minilite.format.options.stablehlo import StablehloRngBitGeneratorOptions
from minilite.graph import write
from minilite.interpreter import evaluate
from minilite.litert import Interpreter
from minilite.ops.state import State
from minilite.program import bind
from tests.conformance.case import OneOp, Operand, one_op

from .refusals import assert_refused

RUNS = 5


def uniform(shape: Any = (6,), constant: bool = True, seed: int = 1, op: str = "RANDOM_UNIFORM") -> OneOp:
    value = Operand("int32", (len(shape),), np.array(shape), constant=constant)
    return one_op(op, RandomOptions(seed=seed), [value], [Operand("float32", tuple(map(abs, shape)))])


def multinomial(samples: Any = 4, classes: int = 3) -> OneOp:
    inputs = [
        Operand("float32", (2, classes), np.zeros((2, classes)), constant=True),
        Operand("int32", np.shape(samples), np.array(samples), constant=True),
    ]
    return one_op("MULTINOMIAL", RandomOptions(seed=5, seed2=6), inputs, [Operand("int32", (2, 4))])


def bits(size: int, algorithm: int) -> OneOp:
    options = StablehloRngBitGeneratorOptions(algorithm=algorithm)
    state = Operand("uint64", (size,), np.ones(size))
    outputs = [Operand("uint64", (size,)), Operand("uint32", (3,))]
    return one_op("STABLEHLO_RNG_BIT_GENERATOR", options, [state], outputs)


@pytest.mark.parametrize(
    "example",
    [uniform(), uniform(op="RANDOM_STANDARD_NORMAL"), multinomial()],
    ids=["uniform", "normal", "multinomial"],
)
def test_runs_go_on_as_in_litert(example: OneOp) -> None:
    litert = pytest.importorskip("ai_edge_litert.interpreter", reason="LiteRT is not installed")
    kind = litert.OpResolverType.BUILTIN_REF
    theirs = litert.Interpreter(model_content=write(example.graph), experimental_op_resolver_type=kind)
    theirs.allocate_tensors()
    program, state = bind(example.graph), State()
    (output,) = example.graph.main.outputs
    seen = []
    for _ in range(RUNS):
        theirs.invoke()
        seen.append(evaluate(program, {}, state)[output])
        assert np.array_equal(seen[-1], theirs.get_tensor(output))
    assert not np.array_equal(seen[0], seen[1])


def test_numbers_begin_anew_when_prepared_again_as_in_litert() -> None:
    litert = pytest.importorskip("ai_edge_litert.interpreter", reason="LiteRT is not installed")
    x = Operand("float32", (1, 3), np.zeros((1, 3)))
    samples = Operand("int32", (), np.array(6), constant=True)
    example = one_op("MULTINOMIAL", RandomOptions(seed=5, seed2=6), [x, samples], [Operand("int32", (1, 6))])
    data, kind = write(example.graph), litert.OpResolverType.BUILTIN_REF
    results = []
    for interpreter in (
        Interpreter(model_content=data),
        litert.Interpreter(model_content=data, experimental_op_resolver_type=kind),
    ):
        seen = []
        for rows in (1, 1, 2, 2, 1):
            interpreter.resize_tensor_input(0, (rows, 3))
            interpreter.allocate_tensors()
            interpreter.set_tensor(0, np.zeros((rows, 3), np.float32))
            interpreter.invoke()
            seen.append(interpreter.get_tensor(2).tolist())
        results.append(seen)
    assert results[0] == results[1]
    assert results[0][0] != results[0][1]  # allocate_tensors without a new shape prepares nothing


def test_two_states_give_the_same_numbers() -> None:
    program = bind(uniform().graph)
    assert np.array_equal(evaluate(program, {})[1], evaluate(program, {})[1])


def test_without_seeds_no_two_states_are_alike() -> None:
    program = bind(uniform(seed=0).graph)
    assert not np.array_equal(evaluate(program, {})[1], evaluate(program, {})[1])


def test_two_nodes_have_generators_of_their_own() -> None:
    first, second, state = bind(uniform().graph), bind(uniform().graph), State()
    assert np.array_equal(evaluate(first, {}, state)[1], evaluate(second, {}, state)[1])


def test_odd_counts_of_normal_numbers() -> None:
    odd = evaluate(bind(uniform((7,), op="RANDOM_STANDARD_NORMAL").graph), {})[1]
    even = evaluate(bind(uniform((8,), op="RANDOM_STANDARD_NORMAL").graph), {})[1]
    assert np.array_equal(odd, even[:7])


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (uniform((2, -1)), ModelError, r"the shape would be \[2, -1\]"),
        (uniform((2, -1), constant=False), InputError, r"the shape would be \[2, -1\]"),
        (multinomial(samples=-1), ModelError, "one number of samples expected, 0 or more"),
        (multinomial(samples=[1, 2]), ModelError, "one number of samples expected, 0 or more"),
        (multinomial(classes=0), ModelError, "there are no classes"),
        (bits(3, algorithm=2), ModelError, r"a state of 2 numbers expected, its shape is \[3\]"),
        (bits(1, algorithm=1), ModelError, r"a state of 2 or 3 numbers expected, its shape is \[1\]"),
        (bits(2, algorithm=9), ModelError, "option algorithm is 9, expected 0 to 2"),
    ],
)
def test_refused(example: OneOp, error: type[Exception], message: str) -> None:
    assert_refused(example, error, message)
