"""The int8 LSTM of microcontrollers, whose cells are plainer than those the conformance cases draw."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite.format.options.recurrent import UnidirectionalSequenceLSTMOptions
from minilite.ops.op import MICRO_SETS
from tests.conformance.case import OneOp, Operand, one_op
from tests.conformance.lstm import Draw, activations
from tests.conformance.strategies import scales, zero_points

from .test_steps import SETTINGS, check_steps


@st.composite
def plain_lstm(draw: Any) -> OneOp:
    """A cell without peepholes, projection and normalization; intermediate tensors are empty."""
    cell = Draw(draw, "int8")
    cell.coupled = cell.peephole = cell.norm = cell.projected = False
    cell.outputs, cell.diagonal = cell.cells, False
    leading = cell.time, cell.batch
    x = activations(draw, "int8", (*leading, cell.depth))
    y = Operand("int8", (*leading, cell.outputs), scale=draw(scales(2e-3, 2e-2)), zero_point=draw(zero_points("int8")))
    clip = draw(st.sampled_from([0.0, 0.5]))
    options = UnidirectionalSequenceLSTMOptions(fused_activation_function=4, cell_clip=clip, time_major=True)
    empty = [Operand("int16", (0,), np.zeros(0, np.int16), scale=np.float32(2**-12), zero_point=0) for _ in range(5)]
    return one_op(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", options, [x, *cell.cell(), *cell.states(y)], [y], version=3, intermediates=empty
    )


@pytest.mark.parametrize("kernels", MICRO_SETS)
def test_steps_of_the_cell_lead_to_the_code(kernels: str) -> None:
    @settings(SETTINGS, max_examples=8)
    @given(plain_lstm(), st.data())
    def check(example: OneOp, data: st.DataObject) -> None:
        check_steps(example, data, kernels)

    check()
