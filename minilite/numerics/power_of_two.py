"""Scales that are powers of two, or close enough to count as one."""

import numpy as np

from .libm import log
from .rounding import round_half_away

TOLERANCE = np.float32(1e-3)  # in octaves


def power_of_two(scale: np.float32) -> int | None:
    """The k for which `scale` is 2**k within a thousandth of an octave; None when there is none.

    Follows CheckedLog2 in tflite/kernels/internal/quantization_util.cc, float32 throughout.
    """
    octaves = log(np.array(scale, np.float32)) * (np.float32(1) / log(np.array(2, np.float32)))
    if not np.isfinite(octaves):
        return None
    nearest = round_half_away(octaves)
    return int(nearest) if abs(octaves - nearest) < TOLERANCE else None
