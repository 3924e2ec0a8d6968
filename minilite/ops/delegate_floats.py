"""Element-wise ops of floats a and b as XNNPACK computes them: no activation means no limits, infinities stay.

Subnormal numbers count as 0. The other sets keep to finite numbers also where no activation is fused. float16 goes
through float32, and there the limits make of NaN and -0 the lower one, which a comparison does not find smaller.
Follows XNNPACK src/f32-vbinary, src/f32-vclamp and src/f16-vclamp.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from minilite.numerics.activation import activation_reals
from minilite.numerics.affine import Range

from .call import Array, Call
from .delegate_plain import binary, unary
from .op import Variant, follows, plan_nothing

INFINITY = np.float32(np.inf)


def delegated(function: Callable[[Array, Array], Array], *types: str) -> Variant:
    """The variant of an op of two values."""

    def compute(limits: Range, a: Array, b: Array) -> Array:
        with np.errstate(all="ignore"):
            real = flushed(function(*(flushed(x.astype(np.float32)) for x in (a, b))))
            return _limit(limits, real, a.dtype == np.float16).astype(a.dtype)

    return Variant("floats", types, plan_limits, compute, rules=follows(xnnpack=""), gates={"xnnpack": binary()})


def flushed(x: Array) -> Array:
    """x with 0 of the same sign in place of subnormal numbers."""
    return np.where(np.abs(x) < np.finfo(np.float32).tiny, np.copysign(np.float32(0), x), x)


def delegated_function(function: Callable[[Array], Array], *types: str) -> Variant:
    """The variant of an op of one value."""

    def compute(plan: None, x: Array) -> Array:
        return np.asarray(flushed(function(flushed(x.astype(np.float32)))), x.dtype)

    return Variant("delegated", types, plan_nothing, compute, rules=follows(xnnpack=""), gates={"xnnpack": unary()})


def plan_limits(call: Call[Any]) -> Range:
    """The limits of the fused activation."""
    low, high = activation_reals(call.options.fused_activation_function)
    largest = np.finfo(np.float32).max
    return Range(low if low > -largest else -INFINITY, high if high < largest else INFINITY)


def _limit(limits: Range, x: Array, is_half: bool) -> Array:
    if not is_half or np.isinf(limits.low):
        return limits.clamp(x)
    raised = np.where(x > limits.low, x, limits.low)
    return np.where(raised < limits.high, raised, limits.high)
