"""From the codes of one scale to the codes of another with float32 steps, as the reference CONCATENATION does.

Follows ConcatenationWithScaling in tflite/kernels/internal/reference/concatenation.h.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .affine import code_range
from .rounding import round_half_away

Array = NDArray[Any]


class Recode(NamedTuple):
    """y = y_zero + round(x * ratio + offset): what the codes of another scale and zero point become."""

    ratio: np.float32
    offset: np.float32
    y_zero: int

    def __call__(self, x: Array) -> Array:
        """The codes of `x`, of the same type and shape: product and sum rounded to float32, ties away, clamped."""
        steps = round_half_away(x.astype(np.float32) * self.ratio + self.offset)
        codes: Array = code_range(x.dtype).clamp(steps.astype(np.int64) + self.y_zero)
        return codes.astype(x.dtype)


def make_recode(x_scale: np.float32, x_zero: int, y_scale: np.float32, y_zero: int) -> Recode:
    """The step from one scale and zero point to another; the ratio goes through a float32 reciprocal."""
    ratio = x_scale * (np.float32(1) / y_scale)
    return Recode(ratio, np.float32(-x_zero) * ratio, y_zero)
