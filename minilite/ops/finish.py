"""The step that kernels which rescale have in common: from exact accumulators to codes.

    y = clamp(y_zero + rescale(acc))                                                     (eq. 7)

Follows tflite/kernels/internal/reference; the official kernels write the step out each. The functions Quantize of
internal/optimized/optimized_ops.h take whole blocks at once, and round what is left over of them by another rule.
"""

from typing import Any, Protocol

import numpy as np

from minilite.numerics.affine import Range
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.rescale import RULES, Rescale

from .call import Array
from .op import Staged


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


CHANNEL_BLOCK, FLAT_BLOCK = (
    8,
    16,
)  # accumulators that the optimized kernels of int8 and int16, and of uint8 take at once
LEFTOVERS = RULES["double"]


def finish_by_channel_blocks(plan: Rescaling, accumulators: Array) -> Staged:
    """Codes of accumulators, same shape; channels left over of whole blocks of eight follow rule double."""
    channels = accumulators.shape[-1]
    return _finish_blocks(plan, accumulators, np.arange(channels) < channels // CHANNEL_BLOCK * CHANNEL_BLOCK)


def finish_by_flat_blocks(plan: Rescaling, accumulators: Array) -> Staged:
    """Codes of accumulators, same shape; elements left over of whole blocks of 16 follow rule double."""
    whole = accumulators.size // FLAT_BLOCK * FLAT_BLOCK
    return _finish_blocks(plan, accumulators, np.arange(accumulators.size).reshape(accumulators.shape) < whole)


def _finish_blocks(plan: Rescaling, accumulators: Array, in_block: Array) -> Staged:
    of_blocks, of_others = plan.rescale(accumulators), plan.rescale._replace(rule=LEFTOVERS)(accumulators)
    rescaled = np.where(in_block, of_blocks, of_others)
    codes = plan.codes.clamp(rescaled + plan.y_zero)
    stages = {"in a whole block": of_blocks, "left over": of_others, "in steps of y": rescaled, "clamp": codes}
    return Staged(np.asarray(codes, plan.dtype), stages)
