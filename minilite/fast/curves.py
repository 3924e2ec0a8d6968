"""LOGISTIC and TANH of int16 codes in a compiled loop. The definition is minilite/ops/sigmoid.py."""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.fixed_point import rounding_right_shift_up, saturate_int16, wrap_int32
from minilite.numerics.gates import sigmoid_of_fixed, tanh_of_fixed
from minilite.numerics.jit import kernel
from minilite.numerics.tables import sigmoid_16bit, tanh_16bit
from minilite.ops import OPS
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared
from minilite.ops.sigmoid import FIXED_INTEGER_BITS, Plan

from .blocks import as_tuple, viewed
from .twins import Loop, Twins, looped

NOTHING = np.zeros(0, np.uint8)
NAMES = ("LOGISTIC", "TANH")


class Numbers(NamedTuple):
    """What the loop needs to know."""

    elements: int
    is_tanh: int
    in_16_bits: int
    multiplier: int
    shift: int


NUMBERS = len(Numbers._fields)


def interpolated(is_tanh: int, prepared: Prepared, x: Array | None) -> Loop:
    """The loop that goes through the sigmoid table."""
    plan: Plan = prepared.plan
    return make_loop(prepared, is_tanh, 0, plan.multiplier, plan.shift)


def fixed(is_tanh: int, prepared: Prepared, x: Array | None) -> Loop:
    """The loop of 16-bit fixed point."""
    return make_loop(prepared, is_tanh, 1, 1, prepared.plan.shift)


def make_loop(prepared: Prepared, *settings: int) -> Loop:
    """The loop for x of any shape."""
    y = prepared.call["y"]
    numbers = np.array(Numbers(math.prod(y.shape), *settings), np.int64)
    return Loop(codes_loop, (0,), NOTHING, numbers, 0, y.shape, y.dtype)


@kernel
def codes_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n] from x[n], int16 as bytes."""
    n, codes, made = Numbers(*as_tuple(numbers, NUMBERS)), viewed(x, np.int16), viewed(y, np.int16)
    # Each way stands apart, as a loop that a compiler turns into vector instructions.
    if n.in_16_bits == 0 and n.is_tanh == 0:
        for k in range(n.elements):
            made[k] = sigmoid_16bit(table_steps(codes[k], n))
    elif n.in_16_bits == 0:
        for k in range(n.elements):
            made[k] = tanh_16bit(table_steps(codes[k], n))
    elif n.is_tanh == 0:
        for k in range(n.elements):
            made[k] = sigmoid_of_fixed(saturate_int16(np.int64(codes[k]) << n.shift), FIXED_INTEGER_BITS)
    else:
        for k in range(n.elements):
            made[k] = tanh_of_fixed(saturate_int16(np.int64(codes[k]) << n.shift), FIXED_INTEGER_BITS)


def table_steps(code: Any, n: Any) -> Any:
    """A code in the steps of the sigmoid table."""
    return rounding_right_shift_up(wrap_int32(np.int64(code) * n.multiplier), n.shift)


MADE = {"interpolated": interpolated, "16 bits": fixed}
TWINS: Twins = {
    variant: looped(partial(MADE[variant.name], is_tanh))
    for is_tanh, name in enumerate(NAMES)
    for variant in OPS[name].variants
    if variant.name in MADE
}
