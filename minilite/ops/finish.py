"""The step that kernels which rescale have in common: from exact accumulators to codes.

    y = clamp(y_zero + rescale(acc))                                                     (eq. 7)

Follows tflite/kernels/internal/reference; the official kernels write the step out each.
"""

from typing import Any, Protocol

import numpy as np

from minilite.numerics.affine import Range
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.rescale import Rescale

from .call import Array


class Rescaling(Protocol):
    """What the step reads of a plan."""

    @property
    def y_zero(self) -> int:
        """The zero point of y."""

    @property
    def rescale(self) -> Rescale:
        """Rule and multiplier, one for all or one per entry of the accumulators' last axis."""

    @property
    def codes(self) -> Range:
        """The codes that y may have."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of y."""


def finish(plan: Rescaling, accumulators: Array) -> Array:
    """Codes of accumulators, same shape."""
    return np.asarray(plan.codes.clamp(plan.rescale(accumulators) + plan.y_zero), plan.dtype)


def finish_wrapping(plan: Rescaling, accumulators: Array) -> Array:
    """Codes of accumulators, same shape; the sum with the zero point keeps its low 32 bits."""
    return np.asarray(plan.codes.clamp(wrap_int32(plan.rescale(accumulators) + plan.y_zero)), plan.dtype)
