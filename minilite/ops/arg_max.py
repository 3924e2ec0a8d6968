"""ARG_MAX, ARG_MIN:  y = the index along one axis of x where the largest, or smallest, value stands first

Codes are compared as they are. A NaN is never chosen over a number; of nothing but NaN the first is. (Upstream's vector
code, for four and more floats next to each other, sometimes loses a number beside a NaN; this is not followed.)
On microcontrollers a NaN that stands first is kept.

Follows tflite/kernels/arg_min_max.cc and internal/reference/arg_min_max.h;
tensorflow/lite/micro/kernels/arg_min_max.cc.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.format.enums import TensorType
from minilite.format.options.arithmetic import ArgMaxOptions, ArgMinOptions
from minilite.format.table import Table

from .call import Array, Call
from .op import MICROCONTROLLERS, Op, Reads, Variant
from .reads import Index, grid
from .signature import Shape


class Plan(NamedTuple):
    """The constants of a node."""

    axis: int
    dtype: np.dtype[Any]


def plan(call: Call[Any]) -> Plan:
    wanted, found = TensorType(call.options.output_type), call["y"].tensor.type
    call.require(wanted == found, f"output_type is {wanted.name}, but y is {found.name}")
    return Plan(the_axis(call), call["y"].dtype)


def the_axis(call: Call[Any]) -> int:
    """The one axis. Raises ModelError for several, for one out of range, and for one of length 0."""
    axes = call.integers("axis")
    call.require(len(axes) == 1, f"one axis expected, got {len(axes)}")
    shape = call["x"].shape
    axis = call.axis(axes[0], len(shape))
    call.require(shape[axis] > 0, f"axis {axis} has length 0: nothing to choose from")
    return axis


def shapes(call: Call[Any]) -> Sequence[Shape]:
    shape, axis = call["x"].shape, the_axis(call)
    return [(*shape[:axis], *shape[axis + 1 :])]


def arg_max(plan: Plan, x: Array) -> Array:
    return first(plan, x, np.argmax, -np.inf)


def arg_min(plan: Plan, x: Array) -> Array:
    return first(plan, x, np.argmin, np.inf)


def first(plan: Plan, x: Array, choose: Callable[..., Any], worst: float) -> Array:
    """The chosen index along the axis; a NaN counts as `worst`, but is passed over for a number that is."""
    index = choose(np.where(np.isnan(x), worst, x) if x.dtype.kind == "f" else x, axis=plan.axis)
    if x.dtype.kind == "f" and np.isnan(x).any():
        chosen = np.take_along_axis(x, np.expand_dims(index, plan.axis), plan.axis).squeeze(plan.axis)
        index = np.where(np.isnan(chosen), np.argmin(np.isnan(x), axis=plan.axis), index)
    return np.asarray(index, plan.dtype)


def first_in_order(is_better: Callable[[Array, Array], Array], plan: Plan, x: Array) -> Array:
    """The index of what is better than the best before it, from the first on."""
    best, *others = np.moveaxis(x, plan.axis, 0)
    index = np.zeros(best.shape, plan.dtype)
    for place, other in enumerate(others, 1):
        better = is_better(other, best)
        index, best = np.where(better, plan.dtype.type(place), index), np.where(better, other, best)
    return index


TYPES = tuple(f"{x} -> {y}" for x in ("float32", "int8", "uint8", "int32", "bool") for y in ("int32", "int64"))


def reads(call: Call[Any], at: Index) -> Reads:
    """The elements of x along the axis."""
    axis = the_axis(call)
    lines = [[index] for index in at]
    return Reads({"x": grid(*lines[:axis], range(call["x"].shape[axis]), *lines[axis:])}, added=False)


def op(code: str, options: type[Table], kernel: Callable[..., Array], is_better: Callable[..., Array]) -> Op:
    micro = partial(first_in_order, is_better)
    in_order = Variant("in order", ("float32 -> int32",), plan, micro, rules=MICROCONTROLLERS)
    variants = in_order, Variant("codes", TYPES, plan, kernel)
    return Op(code, "x[...] axis=int[...] -> y[...]", options, variants, shapes, reads=reads)


OPS = (
    op("ARG_MAX", ArgMaxOptions, arg_max, np.greater),
    op("ARG_MIN", ArgMinOptions, arg_min, np.less),
)
