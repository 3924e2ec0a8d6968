"""Operands with scales of their own, brought to a common one before they are added, subtracted or compared.

    rescale((a - a_zero) * 2**L)      with L more bits than the codes have, m = a_scale / common scale   (eq. 10)

Follows Add in tflite/kernels/internal/reference/add.h; squared_difference.cc and comparisons.cc write it out again.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.fixed_point import shift_left_int32
from minilite.numerics.rescale import Rescale, make_rescale

from .call import Array, Call


class Term(NamedTuple):
    """One operand, on its way to the common scale."""

    zero: int
    rescale: Rescale


def twice_the_larger_scale(call: Call[Any]) -> np.float32:
    """The common scale of a and b: so large that half the range holds either of them."""
    return np.float32(np.float32(2) * max(call["a"].scale, call["b"].scale))


def make_term(call: Call[Any], name: str, common: np.floating[Any]) -> Term:
    """What brings the operand of this name to the scale `common`; the quotient is formed in its type."""
    operand = call[name]
    return Term(operand.zero_point, make_rescale(call.rule, type(common)(operand.scale) / common))


def to_common_scale(term: Term, codes: Array, more_bits: int) -> Array:
    """The rescaled codes of one operand, int64 of the same shape."""
    return term.rescale(shift_left_int32(codes.astype(np.int64) - term.zero, more_bits))
