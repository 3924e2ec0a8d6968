"""One program may run in several threads at once, nothing that a run writes to is shared; and threads share a run."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite import program
from minilite.fast import runner
from minilite.format.options.arithmetic import AddOptions
from minilite.format.options.convolution import Conv2DOptions, DepthwiseConv2DOptions, Pool2DOptions
from minilite.format.options.dense import FullyConnectedOptions
from minilite.interpreter import evaluate
from minilite.program import bind
from tests.conformance import CASES
from tests.conformance.case import Case, OneOp, Operand, one_op

numba = pytest.importorskip("numba", reason="numba is not installed")
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


LOOPS = {  # that share their work, by the type of their first operand
    **dict.fromkeys(("int8", "uint8"), ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "SUB")),
    "float32": ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"),
}


@pytest.fixture
def shared_always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of any size are shared, by more threads than there are CPUs."""
    monkeypatch.setattr(runner, "SHARED_FROM", 0)
    monkeypatch.setattr(runner, "WAKE_FROM", 0)
    monkeypatch.setattr(program, "usable", int)


@pytest.mark.usefixtures("shared_always")
@pytest.mark.parametrize("case", [c for c in CASES if c.op in LOOPS.get(c.types.split()[0], ())], ids=str)
def test_threads_that_share_a_run_give_what_execute_gives(case: Case) -> None:
    @settings(max_examples=40)
    @given(case.draw, st.integers(2, 4))
    def check(example: OneOp, threads: int) -> None:
        bound = bind(example.graph, {i: a.shape for i, a in example.inputs.items()}, engine="jit")
        expected = evaluate(bound, example.inputs)
        outputs = {index: np.empty_like(expected[index]) for index in bound.subgraph.outputs}
        for _ in range(2):
            bound.run(example.inputs, outputs, threads=threads)
        assert all(array.tobytes() == expected[index].tobytes() for index, array in outputs.items())

    check()


def addition(shape: tuple[int, ...]) -> OneOp:
    a, b = (Operand("int8", shape, np.zeros(shape), 0.5, 3) for _ in range(2))
    return one_op("ADD", AddOptions(), [a, b], [Operand("int8", shape, None, 1.0, -5)], version=2)


def hybrid(op: str) -> OneOp:
    """The same as `convolution`, of float images."""
    given = convolution(op).graph.main
    x, w, b, y = (given.tensors[index].shape for index in (*given.nodes[0].inputs, *given.outputs))
    weights = Operand("int8", w, GENERATOR.integers(-127, 128, w), 0.01, 0, constant=True)
    bias = Operand("float32", b, GENERATOR.normal(size=b), constant=True)
    operands = [Operand("float32", x, np.zeros(x)), weights, bias]
    return one_op(op, given.nodes[0].options, operands, [Operand("float32", y, None)])


def dense(rows: int) -> OneOp:
    w = Operand("int8", (150, 7), GENERATOR.integers(-127, 128, (150, 7)), 0.01, 0, constant=True)
    x, y = Operand("float32", (rows, 7), np.zeros((rows, 7))), Operand("float32", (rows, 150), None)
    return one_op("FULLY_CONNECTED", FullyConnectedOptions(), [x, w], [y])


def pooling() -> OneOp:
    options = Pool2DOptions(stride_w=1, stride_h=1, filter_width=3, filter_height=3)
    x, y = (Operand("float32", (1, 6, 6, 4), values) for values in (np.zeros((1, 6, 6, 4)), None))
    return one_op("AVERAGE_POOL_2D", options, [x], [y])


@pytest.mark.usefixtures("shared_always")
@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="another CPU's path")
@pytest.mark.parametrize(
    "example",
    [
        *(pytest.param(partial(convolution, op), id=op) for op in ("CONV_2D", "DEPTHWISE_CONV_2D")),
        pytest.param(partial(addition, (1, 6, 8, 16)), id="ADD"),
        pytest.param(pooling, id="AVERAGE_POOL_2D"),
        *(pytest.param(partial(hybrid, op), id=f"hybrid {op}") for op in ("CONV_2D", "DEPTHWISE_CONV_2D")),
        *(pytest.param(partial(dense, rows), id=f"hybrid FULLY_CONNECTED of {rows}") for rows in (1, 5)),
    ],
)
def test_every_thread_gets_a_part(example: Callable[[], OneOp]) -> None:
    steps = bind(example().graph, engine="jit").runner(3)._calls
    assert [stretch.table.shape[0] for stretch in steps] == [3]
    assert all(stretch.table[thread, 0, 0] for stretch in steps for thread in range(3))


def test_a_forked_process_has_threads_of_its_own() -> None:
    code = """
import os
from minilite.fast.threads import Team
team = Team(2)
assert team._pool().submit(int, 7).result(10) == 7
child = os.fork()
if child == 0:
    os._exit(team._pool().submit(int, 3).result(10))
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
