"""Functions of one 8-bit code, LOGISTIC and TANH and their like: a table of 256 codes, looked up in a compiled loop."""

import math
from typing import Any

import numpy as np

from minilite.numerics.jit import kernel
from minilite.ops import OPS
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared
from minilite.ops.transcendental import look_up_8bit

from .twins import Loop, Twins, looped


def codes(prepared: Prepared, x: Array | None) -> Loop:
    """The loop for a plan that is a table, lowest code first."""
    call, table = prepared.call, prepared.plan
    by_byte = np.roll(table, 128) if call["x"].dtype == np.int8 else table  # code -128 is byte 128
    numbers = np.array([math.prod(call["y"].shape)], np.int64)
    return Loop(codes_loop, (0,), by_byte.view(np.uint8).copy(), numbers, 0, call["y"].shape, call["y"].dtype)


@kernel
def codes_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n] = table[x[n]], uint8."""
    for k in range(numbers[0]):
        y[k] = constants[np.uint64(x[k])]


VARIANTS = [variant for op in OPS.values() for variant in op.variants if variant.kernel is look_up_8bit]
TWINS: Twins = dict.fromkeys(VARIANTS, looped(codes))
