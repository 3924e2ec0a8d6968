"""Loops keep to their memory: what they are given is larger where loops in a row share it, and lies between others'."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from minilite import fast
from minilite.interpreter import evaluate
from minilite.program import bind
from tests.conformance import CASES
from tests.conformance.case import Case, OneOp, variant_of

pytest.importorskip("numba", reason="numba is not installed")
from minilite.fast.twins import bytes_of

GUARD, MARK = 256, 0xA5  # bytes on both sides, and what they hold


def guarded(size: int) -> tuple[Any, Any]:
    """Bytes, and the `size` of them in the middle."""
    block = np.full(size + 2 * GUARD, MARK, np.uint8)
    return block, block[GUARD : GUARD + size]


@pytest.mark.parametrize("case", [case for case in CASES if variant_of(case) in fast.TWINS], ids=str)
def test_loops_write_to_nothing_but_their_output(case: Case) -> None:
    @settings(max_examples=5)
    @given(case.draw)
    def check(example: OneOp) -> None:
        program = bind(example.graph, {i: a.shape for i, a in example.inputs.items()}, engine="jit")
        if not program.is_static or program.steps[0].folded is not None:
            return
        (task,) = [step.task for step in program.steps]
        if task.loop is None or task.has_state or not np.prod(task.loop.shape):
            return
        expected = evaluate(program, example.inputs)
        arrays = {**program.constants, **example.inputs}
        _, scratch = guarded(task.loop.scratch + GUARD)
        made = [guarded(expected[output].nbytes) for output in task.outputs]
        for loop in (task.loop, *task.loop.more):
            operands = [bytes_of(arrays[task.operands[which]]) for which in loop.operands]
            with np.errstate(all="ignore"):
                loop.function(operands[0], operands[-1], made[loop.output][1], scratch, loop.constants, loop.numbers)
        for output, (block, y) in zip(task.outputs, made, strict=True):
            assert y.tobytes() == expected[output].tobytes()
            assert np.all(block[:GUARD] == MARK)
            assert np.all(block[-GUARD:] == MARK)

    check()
