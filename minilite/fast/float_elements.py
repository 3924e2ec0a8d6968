"""Element-wise ops on two float32 operands in a compiled loop: sums, products and their like."""

import math
from functools import partial
from typing import Any

import numpy as np

from minilite.numerics.affine import Range
from minilite.numerics.jit import is_compiled, kernel
from minilite.ops import OPS, Variant
from minilite.ops.call import Array
from minilite.ops.pow import whole_exponent
from minilite.ops.prepare import Prepared

from . import pair_tables
from .blocks import as_tuple, viewed
from .float_blocks import FLOAT_BYTES
from .rescale import clamp_real, flush
from .stretching import AXES, COUNT, FIELDS, NONE, Stretch, laid_out, lay_out, parts_at, start_of, stretch
from .twins import Loop, Twins, either, looped
from .whole_numbers import BY_NAME, whole

ANY = Range(np.float32(-np.inf), np.float32(np.inf))
TINY = np.finfo(np.float32).tiny
POW = 7
BINARY = ("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE")


def pairs(which: int, prepared: Prepared, a: Array | None, b: Array | None) -> Loop | None:
    """The loop of two operands, None for other types and for shapes that stretch along too many axes."""
    call, plan = prepared.call, prepared.plan
    if any(call[name].dtype != np.float32 for name in ("a", "b", "y")):
        return None
    is_delegated = prepared.variant.name == "floats"
    order = (1, 0) if is_delegated and plan is True else (0, 1)  # MAXIMUM and MINIMUM may take the operands turned
    found = stretch(call, ("ab"[order[0]], "ab"[order[1]]))
    if found is None:
        return None
    limits = [*(plan if isinstance(plan, Range) else ANY), TINY if is_delegated else 0]
    constants, numbers = np.array(limits, np.float32).view(np.uint8), np.array([*found[1], which], np.int64)
    scratch = FLOAT_BYTES * laid_out(found[0])
    return Loop(pairs_loop, order, constants, numbers, scratch, call["y"].shape, np.dtype(np.float32))


def powers(prepared: Prepared, a: Array | None, b: Array | None) -> Loop | None:
    """The loop of POW: a square is a product; None for other whole exponents that multiply, and unknown ones."""
    plan, call = prepared.plan, prepared.call
    exponent = 0 if not plan.multiplies else -1 if b is None else max(whole_exponent(b), 0)
    if exponent not in (0, 2) or any(call[name].dtype != np.float32 for name in ("a", "b")) or not is_compiled():
        return None
    if exponent == 0:
        return pairs(POW, prepared, a, b)
    limits = np.array([*plan.limits, 0], np.float32).view(np.uint8)
    alone = Stretch(1, math.prod(call["a"].shape), NONE, 1, math.prod(call["a"].shape))
    numbers = np.array([*alone, *[1, 0, 0] * AXES, BINARY.index("MUL")], np.int64)
    return Loop(pairs_loop, (0, 0), limits, numbers, 0, call["y"].shape, np.dtype(np.float32))


@kernel
def pairs_loop(a: Any, b: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n] from a[n], b[n], float32 as bytes."""
    s, which = Stretch(*as_tuple(numbers, FIELDS)), numbers[COUNT]
    limits, made = viewed(constants, np.float32), viewed(y, np.float32)
    firsts, seconds, laid = (
        viewed(a, np.float32),
        viewed(b, np.float32),
        viewed(scratch[: FLOAT_BYTES * laid_out(s)], np.float32),
    )
    for k in range(s.times):
        start = start_of(numbers, k)
        lay_out(firsts, seconds, start, laid, s)
        for place in range(0, s.elements, s.row):
            first, second = parts_at(firsts, seconds, start, laid, s, place)
            y_start = k * s.elements + place
            pair_rows(which, first, second, made[y_start : y_start + len(first)], limits)


def pair_rows(which: Any, a: Any, b: Any, y: Any, limits: Any) -> None:
    """y[k] from a[k], b[k] by one of BINARY, then the fused activation."""
    low, high, tiny = limits[0], limits[1], limits[2]
    if which == 0:
        for k in range(y.shape[0]):
            y[k] = clamp_real(flush(flush(a[k], tiny) + flush(b[k], tiny), tiny), low, high)
    elif which == 1:
        for k in range(y.shape[0]):
            y[k] = clamp_real(flush(flush(a[k], tiny) - flush(b[k], tiny), tiny), low, high)
    elif which == 2:
        for k in range(y.shape[0]):
            y[k] = clamp_real(flush(flush(a[k], tiny) * flush(b[k], tiny), tiny), low, high)
    elif which == 3:
        for k in range(y.shape[0]):
            y[k] = clamp_real(flush(flush(a[k], tiny) / flush(b[k], tiny), tiny), low, high)
    elif which == 4:
        for k in range(y.shape[0]):
            first, second = flush(a[k], tiny), flush(b[k], tiny)
            y[k] = first if first > second else second
    elif which == 5:
        for k in range(y.shape[0]):
            first, second = flush(a[k], tiny), flush(b[k], tiny)
            y[k] = first if first < second else second
    elif which == 6:
        for k in range(y.shape[0]):
            difference = np.float32(a[k] - b[k])
            y[k] = difference * difference
    else:
        for k in range(y.shape[0]):
            y[k] = np.float32(math.pow(a[k], b[k]))


def of_floats(op: str) -> list[Variant]:
    """The variants of an op that take float32, and no wider type than its own."""
    return [v for v in OPS[op].variants if "float32" in v.types]


TWINS: Twins = {
    variant: looped(either(partial(pairs, which), pair_tables.pairs, *map(whole, {op} & BY_NAME.keys())))
    for which, op in enumerate(BINARY)
    for variant in of_floats(op)
} | {variant: looped(powers) for variant in of_floats("POW")}
