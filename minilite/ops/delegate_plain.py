"""What the XNNPACK delegate asks of nodes without weights: element-wise ops, reductions, pooling, resizing.

Continues `delegate`. Follows tflite/delegates/xnnpack/xnnpack_delegate.cc.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .call import Call
from .delegate import BYTES, all_of, first, fused_activation, one_scale, type_of
from .op import Gate

MAX_RANK = 6  # XNN_MAX_TENSOR_DIMS

Ratio = Callable[[Call[Any]], np.float32]


def shaped(*names: str, ranks: tuple[int, ...] = tuple(range(MAX_RANK + 1))) -> Gate:
    """These operands need one of these ranks, and elements."""

    def gate(call: Call[Any]) -> str:
        shapes = ((name, call[name].shape) for name in names)
        return first(
            f"{name} has shape {list(shape)}" for name, shape in shapes if len(shape) not in ranks or 0 in shape
        )

    return gate


def bounded(what: str, ratio: Ratio, low: float, high: float, and_high: bool = False) -> Gate:
    """A ratio of scales of 8-bit operands must be in [low, high), or in [low, high]."""

    def gate(call: Call[Any]) -> str:
        if type_of(call["y"]) not in BYTES:
            return ""
        found = ratio(call)
        fits = low <= found < high or (and_high and found == high)
        return "" if fits else f"{what} is {found:.6g}, not from {low:g} to {high:g}"

    return gate


def scale_ratio(name: str) -> Ratio:
    """The scale of an operand over that of y, in float32."""
    return lambda call: call[name].scale / call["y"].scale


def unary(*more: Gate) -> Gate:
    """The gate of an element-wise op of x."""
    return all_of(shaped("x"), one_scale("x", "y"), *more)


def binary(*more: Gate) -> Gate:
    """The gate of an element-wise op of a and b with a fused activation."""
    return all_of(shaped("a", "b"), fused_activation, one_scale("a", "b", "y"), *more)


TERMS_FIT = all_of(
    *(bounded(f"{name}_scale / y_scale", scale_ratio(name), 2.0**-10, 2.0**8) for name in ("a", "b")),
)
PRODUCT_FITS = bounded(
    "a_scale * b_scale / y_scale",
    lambda call: call["a"].scale * call["b"].scale / call["y"].scale,
    2.0**-16,
    2.0**8,
)
RATIO_FITS = bounded("x_scale / y_scale", scale_ratio("x"), 2.0**-8, 2.0**7, and_high=True)


def in_file(name: str) -> Gate:
    """This operand must be in the file; a value computed from others before a run will not do."""
    return lambda call: f"{name} is not in the file" if call[name].tensor.data is None else ""


def constant_axes(call: Call[Any]) -> str:
    """At least one axis and at most 6, of a tensor that has dimensions."""
    axes = call["axes"]
    count = int(np.prod(axes.shape))
    fits = 0 < count <= MAX_RANK and len(axes.shape) <= 1 and len(call["x"].shape) > 0
    return "" if fits else f"{count} axes of a tensor of {len(call['x'].shape)} dimensions"


reduction = all_of(in_file("axes"), constant_axes, one_scale("x", "y"))
