"""FILL:        y = value everywhere, of shape dims
ZEROS_LIKE:  y = 0 everywhere, of the shape of x; int8, microcontrollers: the code 0
RANGE:       y[k] = start + k * delta, until limit, which is left out
RANK:        y = the number of axes of x

RANGE adds delta again and again, each sum rounded to the type; how many numbers there are is found by a division, for
float32 rounded to float32.

Follows tflite/kernels/fill.cc, zeros_like.cc, range.cc, rank.cc.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.empty import FillOptions, RangeOptions, RankOptions, ZerosLikeOptions

from .call import Array, Call
from .element_types import EVERY, PACKED, UP_TO_64_BITS
from .op import MICROCONTROLLERS, Op, Variant, plan_nothing
from .signature import Shape


class FillPlan(NamedTuple):
    """The output's shape."""

    shape: Shape


def plan_fill(call: Call[FillOptions]) -> FillPlan:
    value, y = call["value"], call["y"]
    call.require_same_quantization(value, y)
    is_int16 = value.dtype == np.int16
    call.require(not is_int16 or not value.whole_quantization[1], "the zero point of the value must be 0 for int16")
    return FillPlan(y.shape)


def fill(plan: FillPlan, value: Array) -> Array:
    y = np.empty(plan.shape, value.dtype)
    y[...] = value
    return y


def fill_shapes(call: Call[FillOptions]) -> Sequence[Shape]:
    dims = call.integers("dims")
    call.require_value("dims", min(dims, default=0) >= 0, f"dims {list(dims)} must not be negative")
    return [dims]


def zeros_like(plan: None, x: Array) -> Array:
    return np.zeros(x.shape, x.dtype)


class RangePlan(NamedTuple):
    """The first number, the step and how many."""

    start: np.generic
    delta: np.generic
    numbers: int


def _scalars(call: Call[RangeOptions]) -> list[Any]:
    operands = [call[name] for name in ("start", "limit", "delta")]
    for operand in operands:
        wrong = operand.shape or operand.dtype != call["y"].dtype
        call.require(not wrong, f"{operand.tensor.label} must be one number of the output's type")
        kind = operand.tensor.type.name.lower()
        call.require(f"-> {kind}" in COUNTED, f"{operand.tensor.label} is {kind}, expected float32, int32 or int64")
    return [operand.value.reshape(-1)[0] for operand in operands if operand.value is not None]


def plan_range(call: Call[RangeOptions]) -> RangePlan:
    start, _, delta = _scalars(call)
    return RangePlan(start, delta, call["y"].shape[0])


def count_up(plan: RangePlan) -> Array:
    steps = np.full(plan.numbers, plan.delta)
    steps[:1] = plan.start
    return np.add.accumulate(steps, dtype=steps.dtype)


def range_shapes(call: Call[RangeOptions]) -> Sequence[Shape]:
    start, limit, delta = _scalars(call)
    leads = (start >= limit and delta < 0) or (start <= limit and delta > 0)
    culprit = next((n for n in ("start", "limit", "delta") if call[n].tensor.data is None), "delta")
    call.require_value(culprit, bool(leads), f"delta {delta} does not lead from {start} to {limit}")
    if np.issubdtype(call["y"].dtype, np.integer):
        return [(-(-abs(int(limit) - int(start)) // abs(int(delta))),)]
    steps = abs((limit - start) / delta)
    call.require_value(culprit, bool(np.isfinite(steps)), f"from {start} to {limit} by {delta} is not a finite count")
    return [(math.ceil(steps),)]


class RankPlan(NamedTuple):
    """The number of axes."""

    rank: int


def plan_rank(call: Call[RankOptions]) -> RankPlan:
    return RankPlan(len(call["x"].shape))


def rank(plan: RankPlan, x: Array) -> Array:
    return np.array(plan.rank, np.int32)


ZEROS = (
    Variant("zeros", ("float32", "int32", "int64"), plan_nothing, zeros_like),
    Variant("codes", ("int8",), plan_nothing, zeros_like, rules=MICROCONTROLLERS),
)
COUNTED = ("-> float32", "-> int32", "-> int64")
RANKED = tuple(f"{kind} -> int32" for kind in (*EVERY, *PACKED, "string"))
OPS = (
    Op(
        "FILL",
        "dims=int[r] value[] -> y[...]",
        FillOptions,
        (Variant("fill", (*UP_TO_64_BITS, "string"), plan_fill, fill),),
        fill_shapes,
    ),
    Op("ZEROS_LIKE", "x[...] -> y[...]", ZerosLikeOptions, ZEROS, shapes_only=True),
    Op(
        "RANGE",
        "start=int[] limit=int[] delta=int[] -> y[k]",
        RangeOptions,
        (Variant("range", COUNTED, plan_range, count_up),),
        range_shapes,
    ),
    Op("RANK", "x[...] -> y[]", RankOptions, (Variant("rank", RANKED, plan_rank, rank),), shapes_only=True),
)
