"""ADD and SUB of codes in compiled loops. The definition is minilite/ops/add_sub.py.

An operand of 8 bits has 256 codes: each is brought to the common scale once, and looked up from then on.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.fixed_point import shift_left_int32
from minilite.numerics.jit import kernel
from minilite.ops.add_sub import ADD_VARIANTS, SUB_VARIANTS, Plan
from minilite.ops.call import Array
from minilite.ops.common_scale import to_common_scale

from .blocks import LANES, requantize
from .products import is_in_vectors, requantize_table, writable
from .rescale import rescale_arrays, rescale_one
from .twins import Kernel, Twins

AT_ONCE = 16 * LANES  # elements whose sums are kept before they are rescaled


class Packed(NamedTuple):
    """Constants as the loop for 8-bit codes takes them."""

    a: Array  # int32 [256], by code as uint8: the operand on the common scale
    b: Array  # the same, with its sign
    table: Array  # see blocks; all lanes alike
    limits: tuple[int, int, int]  # lowest and highest code less the zero point, the zero point
    total: Array  # int32 [1, AT_ONCE], scratch


def twin(plan: Plan, a: Array | None, b: Array | None) -> Kernel:
    """Tables for 8-bit codes, the definition's steps for others."""
    if plan.dtype.itemsize > 1 or not is_in_vectors(plan.rescale):
        return partial(quantized, plan)
    codes = np.arange(256, dtype=np.uint8).view(plan.dtype)
    terms = [to_common_scale(term, codes, plan.more_bits).astype(np.int32) for term in (plan.a, plan.b)]
    limits = plan.codes.low - plan.y_zero, plan.codes.high - plan.y_zero, plan.y_zero
    table = requantize_table(plan.rescale, np.zeros(LANES, np.int64))
    total = np.empty((1, AT_ONCE), np.int32)
    return partial(looked_up, plan, Packed(terms[0], plan.sign * terms[1], table, limits, total))


def looked_up(plan: Plan, packed: Packed, a: Array, b: Array) -> Array:
    """8-bit codes for operands that stretch to one shape."""
    if a.shape != b.shape:
        shape = np.broadcast_shapes(a.shape, b.shape)
        a, b = (np.broadcast_to(array, shape).copy() for array in (a, b))
    y = np.empty(a.shape, plan.dtype)
    a, b, flat = (writable(array).reshape(-1).view(np.uint8) for array in (a, b, y))
    look_up_loop(a, b, flat, packed._replace(total=np.empty_like(packed.total)))  # threads share the rest
    return y


@kernel
def look_up_loop(a: Any, b: Any, y: Any, packed: Any) -> None:
    """y[n] from a[n], b[n], uint8."""
    total, table = packed.total, packed.table
    low, high, zero = packed.limits
    for start in range(0, y.shape[0], AT_ONCE):
        count = min(AT_ONCE, y.shape[0] - start)
        for n in range(count):
            total[0, n] = np.int32(packed.a[a[start + n]] + packed.b[b[start + n]])
        for n in range(0, count, LANES):
            requantize(total, 0, n, table, 0, 0, low, high, zero, y, start + n, min(LANES, count - n))


def quantized(plan: Plan, a: Array, b: Array) -> Array:
    """Codes for operands that stretch to one shape."""
    stretched = np.broadcast_arrays(a, b)
    y = np.empty(stretched[0].shape, plan.dtype)
    a, b = (np.ascontiguousarray(array).reshape(-1) for array in stretched)
    zeros = (plan.a.zero, plan.b.zero, plan.y_zero)
    scalings = [rescale_arrays(rescale, 1) for rescale in (plan.a.rescale, plan.b.rescale, plan.rescale)]
    mantissas = np.concatenate([scaling.mantissa for scaling in scalings])
    exponents = np.concatenate([scaling.exponent for scaling in scalings])
    reals = np.concatenate([scaling.real for scaling in scalings])
    codes = (plan.codes.low, plan.codes.high)
    quantized_loop(
        a, b, y.reshape(-1), zeros, plan.sign, plan.more_bits, codes, scalings[0].rule, mantissas, exponents, reals
    )
    return y


@kernel
def quantized_loop(
    a: Any,
    b: Any,
    y: Any,
    zeros: Any,
    sign: Any,
    more_bits: Any,
    codes: Any,
    rule: Any,
    mantissas: Any,
    exponents: Any,
    reals: Any,
) -> None:
    """y[n] from a[n], b[n]; zeros, mantissas, exponents and reals are those of a, b, y."""
    a_zero, b_zero, y_zero = np.int64(zeros[0]), np.int64(zeros[1]), np.int64(zeros[2])
    for n in range(y.shape[0]):
        a_shifted = shift_left_int32(np.int64(a[n]) - a_zero, more_bits)
        b_shifted = shift_left_int32(np.int64(b[n]) - b_zero, more_bits)
        a_scaled = rescale_one(rule, a_shifted, mantissas[0], exponents[0], reals[0])
        b_scaled = rescale_one(rule, b_shifted, mantissas[1], exponents[1], reals[1])
        scaled = rescale_one(rule, a_scaled + sign * b_scaled, mantissas[2], exponents[2], reals[2])
        y[n] = min(max(scaled + y_zero, codes[0]), codes[1])


TWINS: Twins = {ADD_VARIANTS[0]: twin, SUB_VARIANTS[0]: twin}
