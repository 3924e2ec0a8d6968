"""FAKE_QUANT:  y = what x becomes when it is quantized to num_bits between min and max, and back

    scale = (max - min) / (2**num_bits - 1)
    zero  = round(-min / scale), between 0 and 2**num_bits - 1, so that 0 has a code
    low, high = -zero * scale, (2**num_bits - 1 - zero) * scale
    y     = round((clamp(x) - low) * (1 / scale)) * scale + low

float32, every step rounded, ties away from zero.
Follows tflite/kernels/fake_quant.cc and NudgeQuantizationRange in internal/quantization_util.cc.
"""

from typing import NamedTuple

import numpy as np

from minilite.format.options.arithmetic import FakeQuantOptions
from minilite.numerics.affine import Range
from minilite.numerics.rounding import round_half_away

from .call import Array, Call
from .op import Op, Variant

MOST_BITS = 16


class Plan(NamedTuple):
    """The constants of a node."""

    scale: np.float32
    reals: Range


def plan(call: Call[FakeQuantOptions]) -> Plan:
    options = call.options
    low, high = np.float32(options.min), np.float32(options.max)
    call.require(not options.narrow_range, "narrow_range is not supported, by the official kernel neither")
    call.require(1 <= options.num_bits <= MOST_BITS, f"num_bits is {options.num_bits}, expected 1 to {MOST_BITS}")
    call.require(bool(low <= 0 <= high and low < high), f"the range {low} to {high} must hold 0, and not be empty")
    largest = np.float32(2**options.num_bits - 1)
    scale = np.float32((high - low) / largest)
    zero = np.float32(min(max(round_half_away(np.float32(0) - low / scale), np.float32(0)), largest))
    return Plan(scale, Range(np.float32((0 - zero) * scale), np.float32((largest - zero) * scale)))


def quantize_and_back(plan: Plan, x: Array) -> Array:
    inside = np.where(x > plan.reals.low, x, plan.reals.low)
    inside = np.where(inside < plan.reals.high, inside, plan.reals.high)
    steps = round_half_away((inside - plan.reals.low) * (np.float32(1) / plan.scale)).astype(np.float32)
    return np.asarray(steps * plan.scale + plan.reals.low)


FAKE_QUANT = Op(
    "FAKE_QUANT", "x[...] -> y[...]", FakeQuantOptions, (Variant("float", ("float32",), plan, quantize_and_back),)
)
OPS = (FAKE_QUANT,)
