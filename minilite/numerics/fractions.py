"""Real multipliers as whole multiples of a power of two: integers with a number of fraction bits.

Follows xnn_init_qs8_add_minmax_scalar_params in XNNPACK src/microparams-init.c.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .rounding import round_half_even


def with_fraction_bits(ratios: NDArray[Any], bits: int) -> tuple[NDArray[np.int64], int]:
    """Positive float32 ratios as integers times 2**-f, and f: such that the largest ratio has `bits` bits behind its
    first one. To the nearest, ties to even."""
    exponent = int(np.frexp(ratios.max())[1]) - 1
    fraction_bits = bits - exponent
    return round_half_even(np.ldexp(ratios.astype(np.float64), fraction_bits)).astype(np.int64), fraction_bits
