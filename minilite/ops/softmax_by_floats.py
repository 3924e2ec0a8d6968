"""SOFTMAX and LOG_SOFTMAX of codes as the optimized kernels compute them: in float32, from a table of exponentials.

    e = exp(beta * x_scale * (x - max))     the 256 differences that there are, each in float32
SOFTMAX      y = y_zero + round(e * (1 / (sum of e * y_scale)))           ties away from zero; uint8: + 0.5, cut off
LOG_SOFTMAX  y = y_zero + round(x_scale / y_scale * x - (x_scale * max + ln(sum of e)) / y_scale)      ties to even

Sums run from first to last, every step is rounded to float32.
Follows tflite/kernels/internal/optimized/optimized_ops.h.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minilite.numerics import libm
from minilite.numerics.affine import Range, code_range
from minilite.numerics.rounding import round_half_added, round_half_away, round_half_even, to_int32

from .call import Array, Call
from .op import Staged


class Plan(NamedTuple):
    """The constants of a node."""

    table: NDArray[np.float32]  # e to the power of -k * step, for k from 0 to 255
    step: np.float32  # beta * x_scale
    y_scale: np.float32
    y_zero: int
    codes: Range
    dtype: np.dtype[Any]


def plan(call: Call[Any], beta: np.float32) -> Plan:
    x, y = call["x"], call["y"]
    step = x.scale * beta
    table = libm.exp(-step * np.arange(256, dtype=np.float32))
    return Plan(table, step, y.scale, y.zero_point, code_range(y.dtype), y.dtype)


class Row(NamedTuple):
    """Rows of codes [r,d], and what stands for each: the largest code, exponentials of the differences, their sum."""

    codes: Array
    largest: Array
    exponentials: Array
    sums: Array

    @property
    def stages(self) -> dict[str, Array]:
        """These, by the names that an explanation prints."""
        return {
            "x - largest of the row": self.codes - self.largest,
            "e to that, times beta * x_scale": self.exponentials,
            "sum of the row": self.sums,
        }


def _rows(plan: Plan, x: Array) -> Row:
    codes = x.reshape(-1, x.shape[-1]).astype(np.int64)
    largest = codes.max(axis=1, keepdims=True)
    exponentials = plan.table[largest - codes]
    return Row(codes, largest, exponentials, np.add.accumulate(exponentials, axis=1)[:, -1:])


def softmax(plan: Plan, x: Array) -> Staged:
    """Shares of one, in steps of y."""
    if not x.size:
        return Staged(np.empty(x.shape, plan.dtype), {})
    rows = _rows(plan, x)
    inverse = np.float32(1) / (rows.sums * plan.y_scale)
    shares = rows.exponentials * inverse
    is_unsigned = plan.dtype == np.uint8
    steps = to_int32(round_half_added(shares)) if is_unsigned else to_int32(round_half_away(shares)) + plan.y_zero
    stages = {**rows.stages, "1 / (sum * y_scale)": inverse, "share, in steps of y": shares, "nearest": steps}
    return _finish(plan, x, steps, stages)


def log_softmax(plan: Plan, x: Array) -> Staged:
    """Logarithms of shares, in steps of y."""
    if not x.size:
        return Staged(np.empty(x.shape, plan.dtype), {})
    rows = _rows(plan, x)
    logarithms = libm.log(rows.sums)
    taken = (plan.step * rows.largest.astype(np.float32) + logarithms) / plan.y_scale
    difference = plan.step / plan.y_scale * rows.codes.astype(np.float32) - taken
    steps = to_int32(round_half_even(difference)) + plan.y_zero
    stages = {**rows.stages, "its logarithm": logarithms, "in steps of y": difference, "nearest": steps}
    return _finish(plan, x, steps, stages)


def _finish(plan: Plan, x: Array, steps: Array, stages: dict[str, Array]) -> Staged:
    codes = plan.codes.clamp(steps)
    return Staged(codes.astype(plan.dtype).reshape(x.shape), {**stages, "code": codes})
