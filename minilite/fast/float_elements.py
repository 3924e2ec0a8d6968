"""Element-wise ops on float32 in compiled loops: sums, products and their like of two operands, functions of one.

exp and tanh are the C library's, which numba calls as well.
"""

import math
from functools import partial
from typing import Any

import numpy as np

from minilite.numerics.affine import Range
from minilite.numerics.jit import kernel
from minilite.ops import OPS, Variant
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared
from minilite.ops.sigmoid import EXP_BELOW, ONE_ABOVE

from .blocks import as_tuple
from .float_blocks import FLOAT_BYTES
from .rescale import clamp_real
from .stretching import FIELDS, Stretch, lay_out, stretch
from .twins import Loop, Twins, looped

ANY = Range(np.float32(-np.inf), np.float32(np.inf))
BINARY = ("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE")
UNARY = ("LOGISTIC", "TANH", "EXP", "HARD_SWISH", "LEAKY_RELU", "RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1")


def pairs(which: int, prepared: Prepared, a: Array | None, b: Array | None) -> Loop | None:
    """The loop of two operands, None for other types and for shapes that stretch otherwise."""
    call = prepared.call
    found = stretch(call)
    if found is None or any(call[name].dtype != np.float32 for name in ("a", "b", "y")):
        return None
    limits = np.array(prepared.plan if isinstance(prepared.plan, Range) else ANY, np.float32)
    constants, numbers = limits.view(np.uint8), np.array([*found, which], np.int64)
    return Loop(pairs_loop, (0, 1), constants, numbers, FLOAT_BYTES * found.row, call["y"].shape, np.dtype(np.float32))


@kernel
def pairs_loop(a: Any, b: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n] from a[n], b[n], float32 as bytes."""
    s, which = Stretch(*as_tuple(numbers, FIELDS)), numbers[FIELDS]
    limits, values = constants.view(np.float32), y.view(np.float32)
    if s.row == 0:
        pair_rows(which, a.view(np.float32), b.view(np.float32), values, limits)
        return
    many, few = (b, a) if s.first_repeats != 0 else (a, b)
    repeated, long = scratch[: FLOAT_BYTES * s.row].view(np.float32), many.view(np.float32)
    lay_out(few.view(np.float32), repeated, s)
    for start in range(0, s.elements, s.row):
        count = min(s.row, s.elements - start)
        row, part = repeated[:count], long[start : start + count]
        if s.first_repeats != 0:
            pair_rows(which, row, part, values[start : start + count], limits)
        else:
            pair_rows(which, part, row, values[start : start + count], limits)


def pair_rows(which: Any, a: Any, b: Any, y: Any, limits: Any) -> None:
    """y[k] from a[k], b[k] by one of BINARY, then the fused activation."""
    low, high = limits[0], limits[1]
    if which == 0:
        for k in range(y.shape[0]):
            y[k] = clamp_real(a[k] + b[k], low, high)
    elif which == 1:
        for k in range(y.shape[0]):
            y[k] = clamp_real(a[k] - b[k], low, high)
    elif which == 2:
        for k in range(y.shape[0]):
            y[k] = clamp_real(a[k] * b[k], low, high)
    elif which == 3:
        for k in range(y.shape[0]):
            y[k] = clamp_real(a[k] / b[k], low, high)
    elif which == 4:
        for k in range(y.shape[0]):
            y[k] = a[k] if a[k] > b[k] else b[k]
    elif which == 5:
        for k in range(y.shape[0]):
            y[k] = a[k] if a[k] < b[k] else b[k]
    else:
        for k in range(y.shape[0]):
            difference = np.float32(a[k] - b[k])
            y[k] = difference * difference


def singles(which: int, prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop of one operand, None for other types."""
    call, plan = prepared.call, prepared.plan
    if any(call[name].dtype != np.float32 for name in ("x", "y")):
        return None
    settings = ANY if plan is None else plan if isinstance(plan, Range) else (plan, plan)
    constants, numbers = np.array(settings, np.float32).view(np.uint8), np.array([which], np.int64)
    return Loop(singles_loop, (0,), constants, numbers, 0, call["y"].shape, np.dtype(np.float32))


@kernel
def singles_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n] from x[n], float32 as bytes, by one of UNARY: from 5 on they clamp."""
    which, settings, values, made = numbers[0], constants.view(np.float32), x.view(np.float32), y.view(np.float32)
    for k in range(made.shape[0]):
        value = values[k]
        if which == 0:
            made[k] = logistic(value)
        elif which == 1:
            made[k] = np.float32(math.tanh(value))
        elif which == 2:
            made[k] = np.float32(math.exp(value))
        elif which == 3:
            inner = np.float32(value + np.float32(3))
            inner = inner if inner > 0 else np.float32(0)
            made[k] = np.float32(value * (inner if inner < 6 else np.float32(6))) / np.float32(6)
        elif which == 4:
            made[k] = value if value > 0 else np.float32(value * settings[0])
        else:
            made[k] = clamp_real(value, settings[0], settings[1])


def logistic(value: Any) -> Any:
    """1 / (1 + exp(-value)), float32; see ops/sigmoid.py."""
    if value > ONE_ABOVE:
        return np.float32(1)
    if value < EXP_BELOW:
        return np.float32(math.exp(value))
    return np.float32(np.float32(1) / np.float32(np.float32(1) + np.float32(math.exp(-value))))


def of_floats(op: str) -> list[Variant]:
    """The variants of an op that take float32, and no wider type than its own."""
    return [v for v in OPS[op].variants if "float32" in v.types]


TWINS: Twins = {
    **{v: looped(partial(pairs, which)) for which, op in enumerate(BINARY) for v in of_floats(op)},
    **{v: looped(partial(singles, which)) for which, op in enumerate(UNARY) for v in of_floats(op)},
}
