"""LSTM ops in compiled loops: all time steps of a node are one call. The definitions are in minilite/ops/lstm."""

from functools import partial
from typing import Any

from minilite.ops.call import Array
from minilite.ops.lstm.operands import STATES
from minilite.ops.lstm.variants import CMSIS_NN, FLOAT, INTEGER, MICRO_INTEGER
from minilite.ops.prepare import Prepared

from . import float_cell, integer_cell
from .recurrent import Recurrent
from .twins import Kernel, Loop, Twin, Twins


def cell(make: Any, lasting: bool = True) -> Twin:
    """The twin of a cell, from what makes the loop of a call, its plan and all arrays."""

    def made(prepared: Prepared, *arrays: Array | None) -> Loop | None:
        loop: Loop | None = make(prepared.call, prepared.plan, arrays)
        return loop

    def twin(prepared: Prepared, *constants: Array | None) -> Kernel:
        plain = partial(prepared.variant.run, prepared.plan)
        return Recurrent(partial(made, prepared), plain, constants, (STATES + 1, STATES), lasting)

    return twin


TWINS: Twins = {
    FLOAT: cell(float_cell.make_loop),
    INTEGER: cell(integer_cell.make_loop),
    MICRO_INTEGER: cell(integer_cell.make_micro_loop),
    CMSIS_NN: cell(integer_cell.make_micro_loop, lasting=False),
}
