"""Element-wise ops on int32 and bool in a compiled loop, such as count the turns of a loop of the model's own."""

from functools import partial
from typing import Any

import numpy as np

from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.jit import kernel
from minilite.ops import OPS
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared

from .blocks import viewed
from .twins import Loop, Make, Twins, looped

# The numbers that the loop knows functions by.
ADD, SUB, EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, AND, OR = range(10)
BY_NAME = {
    "ADD": ADD,
    "SUB": SUB,
    "EQUAL": EQUAL,
    "NOT_EQUAL": NOT_EQUAL,
    "LESS": LESS,
    "LESS_EQUAL": LESS_EQUAL,
    "GREATER": GREATER,
    "GREATER_EQUAL": GREATER_EQUAL,
    "LOGICAL_AND": AND,
    "LOGICAL_OR": OR,
}


def make_loop(which: int, prepared: Prepared, a: Array | None, b: Array | None) -> Loop | None:
    """The loop, None for other types, and for operands of which neither is y's shape or one number."""
    call, y = prepared.call, prepared.call["y"]
    kind = np.bool_ if which in (AND, OR) else np.int32
    sizes = [1 if call[name].shape in ((), (1,)) else 0 for name in ("a", "b")]
    fits = all(one or call[name].shape == y.shape for one, name in zip(sizes, ("a", "b"), strict=True))
    if not fits or any(call[name].dtype != kind for name in ("a", "b")):
        return None
    limits = prepared.plan if which in (ADD, SUB) else (0, 0)
    numbers = np.array([which, *(1 - one for one in sizes), *limits], np.int64)
    return Loop(whole_loop, (0, 1), np.zeros(0, np.uint8), numbers, 0, y.shape, y.dtype)


@kernel
def whole_loop(a: Any, b: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n] from a[n] or a[0], and b[n] or b[0]."""
    which, a_step, b_step = numbers[0], numbers[1], numbers[2]
    if which >= AND:
        for k in range(y.shape[0]):
            first, second = a[k * a_step] != 0, b[k * b_step] != 0
            y[k] = (first and second) if which == AND else (first or second)
        return
    wide, other = viewed(a, np.int32), viewed(b, np.int32)
    if which <= SUB:
        made = viewed(y, np.int32)
        for k in range(made.shape[0]):
            first, second = np.int64(wide[k * a_step]), np.int64(other[k * b_step])
            total = wrap_int32(first + second if which == ADD else first - second)
            made[k] = min(max(total, numbers[3]), numbers[4])
    else:
        for k in range(y.shape[0]):
            y[k] = holds(which, wide[k * a_step], other[k * b_step])


def holds(which: Any, a: Any, b: Any) -> Any:
    """Whether a relation holds."""
    if which == EQUAL:
        return a == b
    if which == NOT_EQUAL:
        return a != b
    if which == LESS:
        return a < b
    if which == LESS_EQUAL:
        return a <= b
    return a > b if which == GREATER else a >= b


def whole(op: str) -> Make:
    """What makes the loop of an op."""
    return partial(make_loop, BY_NAME[op])


TWINS: Twins = {  # of variants that take no floats, or have no loop for them
    variant: looped(whole(op))
    for op in BY_NAME
    for variant in OPS[op].variants
    if variant.name == "plain" and (op not in ("ADD", "SUB") or "float32" not in variant.types)
}
