"""DILATE:         y[dilation * i] = x[i], and `padding` everywhere else
REDUCE_WINDOW:  y[p] = f(... f(f(init, first of window p), second) ..., last),  window p = x[p * stride + k * dilation]

REDUCE_WINDOW: f is ADD, MUL, MINIMUM, MAXIMUM, ALL or ANY, each step in the type of x, integers wrapping around; the
elements of a window in the order of x. A window that does not fit leaves y empty.

DILATE of packed elements is refused: the official kernel counts a byte for each and writes past the end of y.

Follows tflite/kernels/dilate.cc and stablehlo_reduce_window.cc.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.stablehlo import DilateOptions, ReduceWindowOptions

from .call import Array, Call
from .element_types import EVERY, require_unpacked
from .op import Op, Variant
from .signature import Shape


class DilatePlan(NamedTuple):
    """The constants of a node."""

    dilations: tuple[int, ...]
    shape: Shape


def dilated_shapes(call: Call[DilateOptions]) -> Sequence[Shape]:
    require_unpacked(call, "counts a byte for each, and reads and writes past the ends of the tensors")
    x, dilations = call["x"].shape, call.integers("dilations", ("int32",))
    call.require(len(x) > 0, "x needs one dimension or more")
    call.require_value("dilations", len(dilations) == len(x), f"{len(dilations)} dilations for {len(x)} dimensions")
    call.require_value("dilations", min(dilations) > 0, f"dilations {list(dilations)}, expected 1 or more")
    return [tuple(max(0, (length - 1) * step + 1) for length, step in zip(x, dilations, strict=True))]


def plan_dilate(call: Call[DilateOptions]) -> DilatePlan:
    call.require(call["padding"].shape == (), "the padding value must be one number")
    return DilatePlan(call.integers("dilations", ("int32",)), call["y"].shape)


def dilate(plan: DilatePlan, x: Array, padding: Array) -> Array:
    y = np.full(plan.shape, padding, x.dtype)
    y[tuple(slice(None, None, step) for step in plan.dilations)] = x
    return y


FUNCTIONS: dict[int, Callable[[Array, Array], Array]] = {
    1: lambda a, b: a + b,
    2: lambda a, b: a * b,
    3: lambda a, b: np.where(a <= b, a, b),
    4: lambda a, b: np.where(a >= b, a, b),
    5: lambda a, b: np.logical_and(a, b),
    6: lambda a, b: np.logical_or(a, b),
}


class Axis(NamedTuple):
    """The window along one axis."""

    size: int
    stride: int
    dilation: int
    output: int

    def reads(self, tap: int) -> slice:
        """What all positions read by this tap."""
        first = tap * self.dilation
        return slice(first, first + (self.output - 1) * self.stride + 1, self.stride)


class WindowPlan(NamedTuple):
    """The constants of a node."""

    axes: tuple[Axis, ...]
    function: int


def window_axes(call: Call[ReduceWindowOptions]) -> tuple[Axis, ...]:
    x, axes = call["x"].shape, []
    call.require(len(x) > 0, "x needs one dimension or more")
    for name in ("window", "strides", "dilations"):
        numbers = call.integers(name, ("int64",))
        call.require_value(name, len(numbers) == len(x), f"{len(numbers)} numbers of {name} for {len(x)} dimensions")
        call.require_value(name, min(numbers) > 0, f"{name} {list(numbers)}, expected 1 or more")
    steps = (call.integers(name) for name in ("window", "strides", "dilations"))
    for length, size, stride, dilation in zip(x, *steps, strict=True):
        room = length - (size - 1) * dilation - 1
        axes.append(Axis(size, stride, dilation, room // stride + 1 if room >= 0 else 0))
    return tuple(axes)


def plan_window(call: Call[ReduceWindowOptions]) -> WindowPlan:
    function = call.options.reduce_function
    call.require(function in FUNCTIONS, f"reduce_function {function} is none of {list(FUNCTIONS)}")
    call.require(call["init"].shape == (), "the initial value must be one number")
    return WindowPlan(window_axes(call), function)


def reduce_window(plan: WindowPlan, x: Array, init: Array) -> Array:
    result = np.full([axis.output for axis in plan.axes], init, x.dtype)
    if not result.size:
        return result
    for tap in np.ndindex(tuple(axis.size for axis in plan.axes)):
        values = x[tuple(axis.reads(place) for axis, place in zip(plan.axes, tap, strict=True))]
        result = FUNCTIONS[plan.function](result, values).astype(x.dtype)
    return result


def window_shapes(call: Call[Any]) -> Sequence[Shape]:
    return [tuple(axis.output for axis in window_axes(call))]


DILATED = tuple(f"{kind} {kind} -> {kind}" for kind in EVERY)
REDUCED = tuple(
    f"{kind} {kind} -> {kind}" for kind in ("bool", "int8", "int16", "int32", "int64", "uint8", "float32", "float64")
)
OPS = (
    Op(
        "DILATE",
        "x[...] dilations=int[k] padding[...] -> y[...]",
        DilateOptions,
        (Variant("copy", DILATED, plan_dilate, dilate),),
        dilated_shapes,
    ),
    Op(
        "REDUCE_WINDOW",
        "x[...] init[...] window=int[k] strides=int[l] dilations=int[m] -> y[...]",
        ReduceWindowOptions,
        (Variant("fold", REDUCED, plan_window, reduce_window),),
        window_shapes,
    ),
)
