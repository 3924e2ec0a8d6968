"""Element-wise ops on one float32 operand in a compiled loop.

The C library's functions are those that numba calls as well; those of the Eigen library are the scalar steps of
numerics/eigen.py, which its vectors of four take up to the last whole one.
"""

import math
from functools import partial
from typing import Any

import numpy as np

from minilite.numerics.affine import Range
from minilite.numerics.eigen import (
    ERFC_HIGH,
    LANES,
    LOGISTIC_HIGH,
    LOGISTIC_LOW,
    erfc_far_of,
    erfc_near_of,
    exponential_of,
    logistic_of,
    tanh_of,
)
from minilite.numerics.jit import is_compiled, kernel
from minilite.numerics.rounding import round_half_even
from minilite.ops import OPS
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared
from minilite.ops.sigmoid import EXP_BELOW, ONE_ABOVE
from minilite.ops.transcendental import CUBIC, HALF, ONE, ROOT_OF_HALF, ROOT_OF_TWO_OVER_PI

from . import tables
from .blocks import viewed
from .rescale import clamp_real, flush
from .twins import Loop, Twins, either, looped

TINY = np.finfo(np.float32).tiny
SIXTH = np.float32(1 / 6)


ANY = Range(np.float32(-np.inf), np.float32(np.inf))
# The numbers that the loop knows functions by: arithmetic alone, then what takes a library's function.
CLAMP, NEG, FROM_ZERO, ABS, SQUARE, SQRT, RSQRT, FLOOR, CEIL, ROUND, ROUND_TO_ZERO, LEAKY, SWISH, SWISH_FUSED = range(
    14
)
EXP, LOG, TANH, LOGISTIC, ELU, SIN, COS, SWISH_BLOCKS, EIGEN_TANH, EIGEN_LOGISTIC, GELU, GELU_BY_TANH = range(14, 26)
# By op and name of the variant.
FUNCTIONS = {
    ("NEG", "plain"): NEG,
    ("NEG", "delegated"): FROM_ZERO,
    ("ABS", "plain"): ABS,
    ("SQUARE", "plain"): SQUARE,
    ("SQRT", "float"): SQRT,
    ("RSQRT", "float"): RSQRT,
    **dict.fromkeys((("FLOOR", "plain"), ("FLOOR", "delegated")), FLOOR),
    **dict.fromkeys((("CEIL", "plain"), ("CEIL", "delegated")), CEIL),
    ("ROUND", "plain"): ROUND_TO_ZERO,
    ("ROUND", "delegated"): ROUND,
    ("LEAKY_RELU", "float"): LEAKY,
    ("HARD_SWISH", "float"): SWISH,
    ("HARD_SWISH", "float in blocks"): SWISH_BLOCKS,
    ("HARD_SWISH", "float, fused"): SWISH_FUSED,
    ("EXP", "float"): EXP,
    ("LOG", "float"): LOG,
    ("TANH", "float"): TANH,
    ("TANH", "eigen"): EIGEN_TANH,
    ("LOGISTIC", "float"): LOGISTIC,
    ("LOGISTIC", "eigen"): EIGEN_LOGISTIC,
    ("ELU", "float"): ELU,
    ("SIN", "plain"): SIN,
    ("COS", "plain"): COS,
    ("GELU", "float"): GELU,
}
RECTIFIERS = ("RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1")


def functions(which: int, prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop of a function, None for other types, and for Python's own library functions, which are of float64."""
    call, plan = prepared.call, prepared.plan
    if any(call[name].dtype != np.float32 for name in ("x", "y")) or (which >= EXP and not is_compiled()):
        return None
    if which == GELU and plan:
        which = GELU_BY_TANH
    if which == CLAMP:
        plan = OPS[call.node.op].variants[0].plan(call)
    limits = plan if isinstance(plan, Range) else ANY if plan is None else (plan, plan)
    settings = [*limits, TINY if call.kernel_set == "xnnpack" else 0]
    constants, numbers = np.array(settings, np.float32).view(np.uint8), np.array([which], np.int64)
    return Loop(functions_loop, (0,), constants, numbers, 0, call["y"].shape, np.dtype(np.float32))


@kernel
def functions_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n] from x[n], float32 as bytes."""
    which, settings, values, made = (
        numbers[0],
        viewed(constants, np.float32),
        viewed(x, np.float32),
        viewed(y, np.float32),
    )
    if which < FLOOR:
        arithmetic(which, values, made, settings)
    elif which < EXP:
        rounding(which, values, made, settings)
    else:
        whole = made.shape[0] // LANES * LANES
        for k in range(made.shape[0]):
            made[k] = by_library(which, values[k]) if which < SWISH_BLOCKS else by_fours(which, values[k], k < whole)


def arithmetic(which: Any, x: Any, y: Any, settings: Any) -> None:
    """The functions up to RSQRT, each as a loop that becomes vectors."""
    low, high, tiny = settings[0], settings[1], settings[2]
    if which == CLAMP:
        for k in range(y.shape[0]):
            y[k] = flush(clamp_real(flush(x[k], tiny), low, high), tiny)
    elif which == NEG:
        for k in range(y.shape[0]):
            y[k] = -x[k]
    elif which == FROM_ZERO:
        for k in range(y.shape[0]):
            y[k] = np.float32(0) - flush(x[k], tiny)
    elif which == ABS:
        for k in range(y.shape[0]):
            y[k] = abs(x[k])
    elif which == SQUARE:
        for k in range(y.shape[0]):
            y[k] = x[k] * x[k]
    elif which == SQRT:
        for k in range(y.shape[0]):
            y[k] = np.sqrt(x[k])
    else:
        for k in range(y.shape[0]):
            y[k] = np.float32(1) / np.sqrt(x[k])


def rounding(which: Any, x: Any, y: Any, settings: Any) -> None:
    """The functions from FLOOR to SWISH_FUSED."""
    low, tiny = settings[0], settings[2]
    if which == SWISH:
        for k in range(y.shape[0]):
            y[k] = np.float32(x[k] * swish_gate(x[k])) / np.float32(6)
    else:
        for k in range(y.shape[0]):
            value = flush(x[k], tiny)
            if which == FLOOR:
                made = np.float32(np.floor(value))
            elif which == CEIL:
                made = np.float32(np.ceil(value))
            elif which == ROUND:
                made = np.float32(round_half_even(value))
            elif which == ROUND_TO_ZERO:
                made = value if value == 0 else np.float32(round_half_even(value)) + np.float32(0)
            elif which == LEAKY:
                made = value if value > 0 else value * low
            else:
                gate = clamp_real(np.float32(value * np.float64(SIXTH) + 0.5), np.float32(0), np.float32(1))
                made = value * gate
            y[k] = flush(made, tiny)


def swish_gate(x: Any) -> Any:
    """x + 3 within 0 and 6, 0 for NaN."""
    inner = np.float32(x + np.float32(3))
    inner = inner if inner > 0 else np.float32(0)
    return inner if inner < 6 else np.float32(6)


def by_library(which: Any, x: Any) -> Any:
    """The functions from EXP to COS."""
    if which == EXP:
        return np.float32(math.exp(x))
    if which == LOG:
        return np.float32(math.log(x))
    if which == TANH:
        return np.float32(math.tanh(x))
    if which == LOGISTIC:
        return logistic(x)
    if which == ELU:
        return np.float32(math.expm1(x)) if x < 0 else x
    return np.float32(math.sin(x)) if which == SIN else np.float32(math.cos(x))


def logistic(x: Any) -> Any:
    """1 / (1 + exp(-x)), float32; see ops/sigmoid.py."""
    if x > ONE_ABOVE:
        return np.float32(1)
    if x < EXP_BELOW:
        return np.float32(math.exp(x))
    return np.float32(np.float32(1) / np.float32(np.float32(1) + np.float32(math.exp(-x))))


def by_fours(which: Any, x: Any, is_whole: Any) -> Any:
    """The functions from SWISH_BLOCKS on; `is_whole` within whole vectors of four."""
    if which == SWISH_BLOCKS:
        return x * SIXTH * swish_gate(x) if is_whole else x * swish_gate(x) * SIXTH
    if which == EIGEN_TANH:
        return tanh_of(x)
    if which == EIGEN_LOGISTIC:
        x = LOGISTIC_HIGH if x > LOGISTIC_HIGH else x
        if is_whole:
            return np.float32(0) if x < LOGISTIC_LOW else logistic_of(x)
        power = np.float32(math.exp(x))
        return power / (np.float32(1) + power)
    if which == GELU:
        inner = clamp_real(x * -ROOT_OF_HALF, -ERFC_HIGH, ERFC_HIGH)
        square = inner * inner
        if square > 1:
            power = exponential_of(-square) if is_whole else np.float32(math.exp(-square))
            return HALF * x * erfc_far_of(inner, power)
        return HALF * x * erfc_near_of(inner)
    return HALF * x * (ONE + tanh_of(ROOT_OF_TWO_OVER_PI * (x + CUBIC * (x * x * x))))


CLAMPING = {(op, name): CLAMP for op in RECTIFIERS for name in ("float", "delegated")}
TWINS: Twins = {
    variant: looped(either(partial(functions, which), tables.codes))  # NEG has 8-bit codes in the same variant
    for (op, name), which in (FUNCTIONS | CLAMPING).items()
    for variant in OPS[op].variants
    if variant.name == name and "float32" in variant.types
}
