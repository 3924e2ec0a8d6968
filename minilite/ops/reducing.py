"""What the reductions share: which axes go, the shape that stays, and rescaled sums of codes.

    acc = sum of x - count * x_zero        exact, low 32 bits
    y   = clamp(y_zero + rescale(acc))                                    (eq. 7)

Follows tflite/kernels/reduce.cc.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.arithmetic import ReducerOptions
from minilite.numerics.affine import Range, code_range
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.reduction import EvenSum, FloatSum, gather_axes, make_even_sum
from minilite.numerics.rescale import RULES, Multiplier, Rescale

from .call import Array, Call
from .op import Reads, Staged
from .reads import Index, numbered, places
from .signature import Shape


def reduced_axes(call: Call[ReducerOptions]) -> tuple[int, ...]:
    """The value operand `axes` as sorted axes of x, each once. A scalar has none, whatever is named.

    Raises ModelError for an axis out of range.
    """
    rank = len(call["x"].shape)
    if rank == 0:
        return ()
    return tuple(sorted({call.axis(axis, rank) for axis in call.integers("axes", ("int32",))}))


def shapes(call: Call[ReducerOptions]) -> Sequence[Shape]:
    """The shape of x with the reduced axes left out, or of length 1 with keep_dims."""
    axes, lengths = reduced_axes(call), call["x"].shape
    if call.options.keep_dims:
        return [tuple(1 if axis in axes else length for axis, length in enumerate(lengths))]
    return [tuple(length for axis, length in enumerate(lengths) if axis not in axes)]


class Plan(NamedTuple):
    """The constants of a node that does not rescale: which axes go, and the shape that stays."""

    axes: tuple[int, ...]
    shape: Shape


def plan_plain(call: Call[ReducerOptions]) -> Plan:
    """The constants of a node whose x and y need no scales."""
    return Plan(reduced_axes(call), call["y"].shape)


def reads(call: Call[ReducerOptions], at: Index, added: bool = True) -> Reads:
    """The elements of x that are reduced to the one `at`."""
    x, y = call["x"].shape, call["y"].shape
    numbers = gather_axes(numbered(x), reduced_axes(call))[:, int(np.ravel_multi_index(at, y))]
    return Reads({"x": places(x, numbers)}, added=added)


reads_unsummed = partial(reads, added=False)


def count_reduced(call: Call[ReducerOptions]) -> int:
    """How many elements of x are reduced together."""
    return math.prod(call["x"].shape[axis] for axis in reduced_axes(call))


class SumPlan(NamedTuple):
    """The constants of a node that rescales sums of codes."""

    axes: tuple[int, ...]
    shape: Shape
    elements: int  # of each sum
    x_zero: int
    y_zero: int
    rescale: Rescale | None  # None for a sum of nothing
    codes: Range
    dtype: np.dtype[Any]


def plan_sum(call: Call[ReducerOptions], multiplier: Callable[[np.float64, int], Multiplier]) -> SumPlan:
    """`multiplier` takes x_scale / y_scale and the number of elements that each sum has.

    Raises ModelError when the quotient is not finite.
    """
    x, y, count = call["x"], call["y"], count_reduced(call)
    real = np.float64(x.scale) / np.float64(y.scale)
    call.require(math.isfinite(real), "the multiplier x_scale / y_scale is not a finite number")
    rescale = Rescale(RULES[call.rule], multiplier(real, count)) if math.prod(x.shape) else None
    return SumPlan(
        axes=reduced_axes(call),
        shape=y.shape,
        elements=count,
        x_zero=x.zero_point,
        y_zero=y.zero_point,
        rescale=rescale,
        codes=code_range(y.dtype),
        dtype=y.dtype,
    )


def accumulate_sum(plan: SumPlan, x: Array) -> Array:
    """The sums of x less its zero point, shaped like y."""
    sums = gather_axes(x, plan.axes).sum(axis=0, dtype=np.int64)
    accumulators: Array = wrap_int32(sums - plan.x_zero * plan.elements)
    return accumulators.reshape(plan.shape)


def finish_sum(plan: SumPlan, accumulators: Array) -> Array:
    """Codes of accumulators, same shape; code 0 for a sum of nothing."""
    if plan.rescale is None:
        return np.zeros(plan.shape, plan.dtype)
    return np.asarray(plan.codes.clamp(plan.rescale(accumulators) + plan.y_zero), plan.dtype)


class FloatSumPlan(NamedTuple):
    """The constants of a quantized node that rescales in float32."""

    axes: tuple[int, ...]
    shape: Shape
    to_codes: FloatSum | EvenSum
    codes: Range


def plan_even_sum(call: Call[ReducerOptions], share: np.float32) -> FloatSumPlan:
    """The constants of XNNPACK's sums of codes, times `share`."""
    x, y = call["x"], call["y"]
    to_codes = make_even_sum(x.scale / y.scale * share, x.zero_point, y.zero_point, count_reduced(call))
    return FloatSumPlan(reduced_axes(call), y.shape, to_codes, code_range(y.dtype))


def compute_float_sum(plan: FloatSumPlan, x: Array) -> Staged:
    """Codes of sums rescaled in float32, and the steps to them."""
    sums = wrap_int32(gather_axes(x, plan.axes).sum(axis=0, dtype=np.int64))
    moved = plan.to_codes(sums)
    codes = plan.codes.clamp(moved)
    y = np.asarray(codes, x.dtype).reshape(plan.shape)
    return Staged(y, {"sum of the codes": sums, "in steps of y, plus the zero point": moved, "clamp": codes})
