"""REDUCE_MAX, REDUCE_MIN, REDUCE_ANY, REDUCE_ALL:  y = the greatest, the smallest, any or all of x over some axes

axes counts from the end where negative; an axis named twice counts once; none at all copies. keep_dims keeps length 1.
Codes are compared as they are: x and y share scale and zero point. The greatest of nothing is the type's lowest number.
float32: a NaN never replaces a number. Each comparison starts from the type's lowest (greatest) finite number, so one
    with nothing beyond it, infinities included, gives that number; but when one number is left of all, from the
    first element, which then may be NaN.
    optimized: each comparison starts from the first element, a NaN is followed by the number behind it, and of two
    equal numbers the later one is taken.

Follows tflite/kernels/reduce.cc, internal/reference/reduce.h and internal/optimized/reduce.h.
"""

from typing import Any

import numpy as np

from minilite.format.options.arithmetic import ReducerOptions
from minilite.numerics.reduction import gather_axes

from .call import Array, Call
from .op import EVERYWHERE, Op, Variant, follows
from .reducing import Plan, plan_plain, reads_unsummed, shapes

NUMBERS = ("int32", "int64", "int8", "uint8", "int16")
CODES = (np.dtype(np.int8), np.dtype(np.uint8), np.dtype(np.int16))


def plan_any(call: Call[ReducerOptions]) -> Plan:
    x, y = call["x"], call["y"]
    if x.dtype in CODES:
        call.require_same_quantization(x, y)
    if x.dtype == np.int16 and x.whole_quantization[1]:
        call.fail(f"the zero point of {x.tensor.label} is {x.whole_quantization[1]}, int16 needs 0")
    return plan_plain(call)


def largest_float(plan: Plan, x: Array) -> Array:
    lowest = np.finfo(x.dtype).min
    if not x.size:
        return np.full(plan.shape, lowest, x.dtype)
    rows = gather_axes(x, plan.axes)
    first = np.argmax(np.where(np.isnan(rows), -np.inf, rows), axis=0)
    found = np.take_along_axis(rows, first[None], axis=0)[0]
    of_all = np.where(np.isnan(rows[0]), rows[0], found)
    largest: Array = of_all if len(plan.axes) == x.ndim else np.where(found > lowest, found, lowest)
    return largest.astype(x.dtype).reshape(plan.shape)


def smallest_float(plan: Plan, x: Array) -> Array:
    return np.asarray(-largest_float(plan, -x))


def largest_behind_nan(plan: Plan, x: Array) -> Array:
    """The last of the greatest numbers behind the last NaN, or NaN where that is the last element."""
    if not x.size:
        return np.full(plan.shape, np.finfo(x.dtype).min, x.dtype)
    rows = gather_axes(x, plan.axes)[::-1]
    before_nan = np.logical_or.accumulate(np.isnan(rows), axis=0)
    last = np.argmax(np.where(before_nan, -np.inf, rows), axis=0)
    found = np.take_along_axis(rows, last[None], axis=0)[0]
    kept: Array = np.where(before_nan[0], rows[0], found)
    return kept.reshape(plan.shape)


def smallest_behind_nan(plan: Plan, x: Array) -> Array:
    return np.asarray(-largest_behind_nan(plan, -x))


def largest(plan: Plan, x: Array) -> Array:
    found: Array = gather_axes(x, plan.axes).max(axis=0, initial=np.iinfo(x.dtype).min)
    return found.reshape(plan.shape)


def smallest(plan: Plan, x: Array) -> Array:
    found: Array = gather_axes(x, plan.axes).min(axis=0, initial=np.iinfo(x.dtype).max)
    return found.reshape(plan.shape)


def any_true(plan: Plan, x: Array) -> Array:
    return gather_axes(x, plan.axes).any(axis=0).reshape(plan.shape)


def all_true(plan: Plan, x: Array) -> Array:
    return gather_axes(x, plan.axes).all(axis=0).reshape(plan.shape)


def _op(code: str, *variants: tuple[Any, ...]) -> Op:
    made = tuple(Variant(name, types, plan_any, kernel, rules=rules) for name, types, kernel, rules in variants)
    return Op(code, "x[...] axes=int[...] -> y[...]", ReducerOptions, made, shapes, reads=reads_unsummed)


FLOAT, OPTIMIZED = ("float32",), follows(optimized="")
ANY, ALL = ("any", ("bool",), any_true, EVERYWHERE), ("all", ("bool",), all_true, EVERYWHERE)
OPS = (
    _op(
        "REDUCE_MAX",
        ("float", FLOAT, largest_float, EVERYWHERE),
        ("float, last of equals", FLOAT, largest_behind_nan, OPTIMIZED),
        ("integer", NUMBERS, largest, EVERYWHERE),
        ANY,
    ),
    _op(
        "REDUCE_MIN",
        ("float", FLOAT, smallest_float, EVERYWHERE),
        ("float, last of equals", FLOAT, smallest_behind_nan, OPTIMIZED),
        ("integer", NUMBERS, smallest, EVERYWHERE),
        ALL,
    ),
    _op("REDUCE_ANY", ANY),
    _op("REDUCE_ALL", ALL),
)
