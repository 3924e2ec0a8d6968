"""ADD of codes as vector code has it: within whole blocks of a run, the operands' shifts round down or fall away.

uint8, and one number against many: blocks of 8.    SRDHM(v * 2**L, mantissa) / 2**-exponent, rounded down
int8: blocks of 16.  int16 of one shape: blocks of 16.    SRDHM(v * 2**(L + exponent), mantissa)
Here v = a - a_zero, SRDHM is a product divided by 2**31 (eq. 4b), mantissa and exponent are those of a_scale / t.
8-bit sums keep 16 bits before they are clamped. What is left over behind whole blocks is as in the reference kernel.

Follows AddElementwise and AddScalarBroadcast in tflite/kernels/internal/optimized/optimized_ops.h, and
AddElementwiseInt8, AddElementwiseInt16 in internal/optimized/integer_ops/add.h.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.fixed_point import doubling_high_multiply, shift_left_int32, shift_right_down
from minilite.numerics.runs import NO_BLOCKS, NO_RUN, Blocks, run_of

from .call import Array, Call
from .common_scale import Term


class InVectors(NamedTuple):
    """An operand without its zero point brought to the common scale by vector code; shifted before the multiplication
    or after it.
    """

    mantissa: int
    exponent: int
    more_bits: int
    shift_first: bool

    def __call__(self, differences: Array) -> Array:
        """The rescaled codes, int64 of the same shape."""
        if not self.shift_first:
            product = doubling_high_multiply(shift_left_int32(differences, self.more_bits), self.mantissa)
            return np.asarray(shift_right_down(product, -self.exponent))
        left = self.more_bits + self.exponent
        shifted = shift_left_int32(differences, left) if left >= 0 else shift_right_down(differences, -left)
        return np.asarray(doubling_high_multiply(shifted, self.mantissa))


class AddBlocks(NamedTuple):
    """How a node is taken in blocks."""

    blocks: Blocks
    a: InVectors
    b: InVectors


NONE = InVectors(0, 0, 0, False)
NOT_IN_BLOCKS = AddBlocks(NO_BLOCKS, NONE, NONE)


def add_blocks(call: Call[Any], a: Term, b: Term, more_bits: int) -> AddBlocks:
    """How the operands a and b of a call are taken."""
    run, dtype = run_of(call["a"].shape, call["b"].shape), call["y"].dtype
    if dtype == np.int16 and not run.whole:
        run = NO_RUN
    wide = dtype != np.uint8 and not run.one_to_many
    multipliers = (term.rescale.multiplier for term in (a, b))
    vectors = (InVectors(int(m.mantissa), int(m.exponent), more_bits, wide) for m in multipliers)
    return AddBlocks(Blocks(run.length, 16 if wide else 8), *vectors)
