"""ADD and SUB of codes in compiled loops. The definition is minilite/ops/add_sub.py."""

import math
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.fixed_point import shift_left_int32
from minilite.numerics.jit import kernel
from minilite.ops.add_sub import ADD_VARIANTS, SUB_VARIANTS, Plan
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared

from .blocks import (
    CHUNK,
    LANES,
    NEVER,
    SIGN_BIT,
    UNKNOWN,
    Codes,
    add_block,
    as_tuple,
    codes_table,
    rule_in_vectors,
    viewed,
)
from .code_pairs import sums
from .parts import ranges
from .rescale import rescale_arrays, rescale_one
from .twins import Loop, Part, Twins, join, looped


class Numbers(NamedTuple):
    """What the loop for 8-bit codes needs to know."""

    elements: int
    a_zero: int  # of the codes as signed numbers
    b_zero: int
    sign: int  # of b
    more_bits: int
    flip: int  # makes the codes signed
    rule: int
    low: int
    high: int
    zero: int
    y_flip: int
    a_factor: int = 0  # see `estimate`
    b_factor: int = 0
    constant: int = 0
    fraction: int = 0
    doubt: int = 0


NUMBERS, ESTIMATED = len(Numbers._fields), 5
INTEGER_RULES = ("double", "half-up", "single")
MOST_FRACTION = 24
DOUBTFUL_BITS = 6  # no estimate where more than one sum in so many bits would be doubtful


def codes(prepared: Prepared, a: Array | None, b: Array | None) -> Loop | None:
    """The loop for 8-bit codes."""
    call, plan = prepared.call, prepared.plan
    if call["a"].shape != call["b"].shape or plan.dtype.itemsize > 1:
        return sums(prepared, a, b)
    scalings = plan.a.rescale, plan.b.rescale, plan.rescale
    rules = [rule_in_vectors(scaling) for scaling in scalings]
    if UNKNOWN in rules:
        return None
    shift = 0 if plan.dtype == np.int8 else SIGN_BIT
    tables = [
        codes_table(scaling, np.zeros(LANES, np.int64), zero)
        for scaling, zero in zip(scalings, (0, 0, plan.y_zero - shift), strict=True)
    ]
    limits = plan.codes.low - plan.y_zero, plan.codes.high - plan.y_zero, plan.y_zero
    count, zeros = math.prod(call["y"].shape), (plan.a.zero - shift, plan.b.zero - shift)
    numbers = Numbers(count, *zeros, plan.sign, plan.more_bits, shift, rules[0], *limits, shift)
    numbers = numbers._replace(**estimate(plan, *zeros, plan.y_zero - shift))
    constants, _ = join(np.stack(tables))

    def share(whole: Loop, parts: int) -> list[Part]:
        shares = [(slice(*ends), numbers._replace(elements=ends[1] - ends[0])) for ends in ranges(count, parts, CHUNK)]
        return [Part(whole._replace(numbers=np.array(own)), some, some, some) for some, own in shares]

    return Loop(codes_loop, (0, 1), constants, np.array(numbers), 3 * CHUNK, call["y"].shape, plan.dtype, share)


def estimate(plan: Plan, a_zero: int, b_zero: int, y_zero: int) -> dict[str, int]:
    """What makes codes of most sums with one multiplication for each operand, and tells the others. Zeros are signed.

    An output before it is rounded is y = a_factor * a + b_factor * b + constant; here all three are multiplied by
    2**fraction and rounded. The definition rounds its three rescalings on the way. Where y is further from a tie than
    all of these errors together, both give the same code; else, for one in some ten thousand, the definition's steps
    are taken. `constant` has half a code and the errors in it, so that a tie shows in the fraction bits as a number
    below twice the errors, which are `doubt` at the upper end of 32 bits. Nothing is estimated when fraction is 0.
    """
    rescales = plan.a.rescale, plan.b.rescale, plan.rescale
    multipliers = [(rescale.multiplier.mantissa.item(), rescale.multiplier.exponent.item()) for rescale in rescales]
    if any(rescale.rule.name not in INTEGER_RULES for rescale in rescales) or any(
        exponent > 0 for _, exponent in multipliers
    ):
        return {}
    a_real, b_real, y_real = (math.ldexp(mantissa, exponent - 31) for mantissa, exponent in multipliers)
    factors = [math.ldexp(real * y_real, plan.more_bits) for real in (a_real, plan.sign * b_real)]
    constant = y_zero - factors[0] * a_zero - factors[1] * b_zero
    reach = SIGN_BIT * sum(map(abs, factors)) + abs(constant) + 1
    fraction = min(30 - math.frexp(reach)[1], MOST_FRACTION)
    if fraction < 1:
        return {}
    # In units of 2**-fraction: three numbers rounded here; two terms each off by 1, and a sum by half, before shifts.
    errors = SIGN_BIT + 2 + math.ceil(math.ldexp(2 * y_real + math.ldexp(0.5, multipliers[2][1]), fraction))
    if errors << DOUBTFUL_BITS > 1 << fraction:
        return {}
    half_up = math.ldexp(constant, fraction) + (1 << fraction >> 1) + errors
    numbers = [round(math.ldexp(factor, fraction)) for factor in factors] + [round(half_up), fraction]
    doubt = 2 * errors + 1 << 32 - fraction
    return dict(zip(Numbers._fields[-ESTIMATED:], [*numbers, doubt], strict=True))


@kernel
def codes_loop(a: Any, b: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n] from a[n], b[n], uint8."""
    n = Numbers(*as_tuple(numbers, NUMBERS))
    codes = Codes(viewed(constants, np.int32), CHUNK, n.rule, NEVER, n.low, n.high, n.zero, n.y_flip)
    if n.elements >= CHUNK:
        for start in range(0, n.elements, CHUNK):
            add_block(a, b, y, min(start, n.elements - CHUNK), codes, n)  # the last overlaps the one before it
        return
    scratch[: n.elements], scratch[CHUNK : CHUNK + n.elements] = a, b
    add_block(scratch, scratch[CHUNK:], scratch[2 * CHUNK :], 0, codes, n)
    y[:] = scratch[2 * CHUNK : 2 * CHUNK + n.elements]


def quantized(plan: Plan, a: Array, b: Array) -> Array:
    """Codes for operands that stretch to one shape."""
    stretched = np.broadcast_arrays(a, b)
    y = np.empty(stretched[0].shape, plan.dtype)
    a, b = (np.array(array, order="C").reshape(-1) for array in stretched)
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


QUANTIZED = [variant for variant in (*ADD_VARIANTS, *SUB_VARIANTS) if variant.name == "quantized"]
TWINS: Twins = dict.fromkeys(QUANTIZED, looped(codes, otherwise=quantized))
