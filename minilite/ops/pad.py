"""PAD, PADV2:  y = x with paddings[axis] = (before, behind) elements put around it

PAD puts in what stands for 0: the output's zero point in a quantized tensor, else 0. PADV2 puts in the given value,
for a quantized tensor a code of the output's scale and zero point.

Follows tflite/kernels/pad.cc, where the two are one kernel that takes the value or not.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.empty import PadOptions, PadV2Options

from .call import Array, Call
from .op import Op, Variant
from .signature import Shape

MAX_RANK = 5
PADDING_TYPES = ("int8", "int16", "int32", "int64", "bool")
QUANTIZED = ("int8", "uint8", "int16")


class Plan(NamedTuple):
    """The output's shape, where the input goes in it, and what stands for 0."""

    shape: Shape
    inside: tuple[slice, ...]
    zero: int


def plan_pad(call: Call[Any]) -> Plan:
    starts = [before for before, _ in paddings(call)]
    inside = tuple(slice(start, start + length) for start, length in zip(starts, call["x"].shape, strict=True))
    return Plan(call["y"].shape, inside, 0)


def plan_quantized(call: Call[Any]) -> Plan:
    x, y, value = call["x"], call["y"], call.optional("value")
    if x.tensor.quantization is None and x.dtype != np.uint8:
        return plan_pad(call)
    if value is not None:
        call.require_same_quantization(value, y)
    return plan_pad(call)._replace(zero=y.whole_quantization[1])


def pad(plan: Plan, x: Array, value: Array | None) -> Array:
    y = np.full(plan.shape, plan.zero if value is None else value.reshape(()), x.dtype)
    y[plan.inside] = x
    return y


def paddings(call: Call[Any]) -> list[tuple[int, int]]:
    """Elements before and behind, for each axis."""
    flat = call.integers("paddings", PADDING_TYPES)
    return list(zip(flat[::2], flat[1::2], strict=True))


def shapes(call: Call[Any]) -> Sequence[Shape]:
    x, value = call["x"].shape, call.optional("value")
    call.require(len(x) <= MAX_RANK, f"at most {MAX_RANK} dimensions expected")
    given = call["paddings"].shape
    call.require(given == (len(x), 2), f"paddings must be [{len(x)}, 2], got {list(given)}")
    call.require(value is None or np.prod(value.shape) == 1, "the value must be one element")
    pairs = paddings(call)
    call.require_value("paddings", all(min(pair) >= 0 for pair in pairs), f"negative padding in {pairs}")
    return [tuple(length + sum(pair) for length, pair in zip(x, pairs, strict=True))]


VARIANTS = (
    Variant("pad", ("float32", "float16", "bool", "int32", "int64"), plan_pad, pad),
    Variant("quantized pad", QUANTIZED, plan_quantized, pad),
)
SIGNATURE = "x[...] paddings=int[r,2] value[...]? -> y[...]"
OPS = (
    Op("PAD", SIGNATURE, PadOptions, variants=VARIANTS, shapes=shapes),
    Op("PADV2", SIGNATURE, PadV2Options, variants=VARIANTS, shapes=shapes),
)
