"""ADD, SUB:  y = activation(a + b),  y = activation(a - b), operands stretched to one shape

float32, float16; int16 without scales, int32, int64: in the type itself, integers wrapping around.
int8, uint8, int16: both operands are brought to a common scale with L more bits, L = 20, for int16 15.
    t   = 2 * max(a_scale, b_scale)
    acc = rescale((a - a_zero) * 2**L) +- rescale((b - b_zero) * 2**L)      m = a_scale / t,  b_scale / t
    y   = clamp(y_zero + rescale(acc))                                      m = t / (2**L * y_scale)    (eq. 10)
int16 whose three scales are powers of two, unless the option pot_scale_int16 is off: one operand is shifted,
    y = clamp(a +- round(b / 2**k))   or   y = clamp(round(a / 2**k) +- b)
xnnpack, int8, uint8: integer multipliers with F fraction bits, F such that the larger one has 21 bits.
    acc = (a - a_zero) * a_multiplier +- (b - b_zero) * b_multiplier        a_multiplier = a_scale / y_scale * 2**F
    y   = clamp(y_zero + acc / 2**F)                                        to the nearest, ties up

Follows tflite/kernels/add.cc, sub.cc, internal/reference/add.h, sub.h and integer_ops/add.h; XNNPACK src/qs8-vadd and
src/microparams-init.c. The optimized ADD is in `add_blocks`.
Rescale rule: reference double, microcontrollers double or single. t and 2**L * y_scale are formed in float32, the
quotients in float64, those of SUB on microcontrollers in float32. Microcontrollers have one kernel for all scales.
Follows tensorflow/lite/micro/kernels/add_common.cc, sub_common.cc; cmsis_nn/add.cc: operands of two shapes are left to
the former.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.arithmetic import AddOptions, SubOptions
from minilite.numerics.activation import NONE, activation_codes, activation_codes_even, activation_limits
from minilite.numerics.affine import Range
from minilite.numerics.fixed_point import rounding_right_shift_int16, rounding_right_shift_up, wrap_int16
from minilite.numerics.fractions import with_fraction_bits
from minilite.numerics.power_of_two import power_of_two
from minilite.numerics.rescale import Rescale, make_rescale

from .add_blocks import NOT_IN_BLOCKS, AddBlocks, add_blocks
from .broadcast import broadcast, stretches
from .call import Array, Call, Operand
from .common_scale import Term, make_term, to_common_scale, twice_the_larger_scale
from .delegate_floats import delegated
from .delegate_plain import TERMS_FIT, binary
from .finish import finish
from .op import MICROCONTROLLERS, REFERENCE, Op, Staged, Variant, follows, on_microcontrollers

AnyCall = Call[AddOptions] | Call[SubOptions]
MORE_BITS = {"int8": 20, "uint8": 20, "int16": 15}
FRACTION_BITS = 20  # that a multiplier from 1 to 2 has in XNNPACK


class Plan(NamedTuple):
    """The constants of a quantized node."""

    a: Term
    b: Term
    sign: int  # of the second operand
    more_bits: int
    y_zero: int
    rescale: Rescale
    codes: Range
    dtype: np.dtype[np.generic]
    vectors: AddBlocks = NOT_IN_BLOCKS


def plan_quantized(
    call: AnyCall, sign: int, real_type: type[np.floating[Any]] = np.float64, in_blocks: bool = False
) -> Plan:
    """`real_type` is the one that quotients are formed in."""
    y = call["y"]
    more_bits = MORE_BITS[y.dtype.name]
    if y.dtype == np.int16:
        call.require_symmetric("a", "b", "y")
    common = real_type(twice_the_larger_scale(call))
    terms = make_term(call, "a", common), make_term(call, "b", common)
    real = np.float64(common / real_type(np.float32(2**more_bits) * y.scale))
    _check_shrinks(call, real)
    return Plan(
        a=terms[0],
        b=terms[1],
        sign=sign,
        more_bits=more_bits,
        y_zero=y.zero_point,
        rescale=make_rescale(call.rule, real),
        codes=activation_codes(call.options.fused_activation_function, y.scale, y.zero_point, y.dtype),
        dtype=y.dtype,
        vectors=add_blocks(call, *terms, more_bits) if in_blocks else NOT_IN_BLOCKS,
    )


def _check_shrinks(call: AnyCall, real: np.float64) -> None:
    """Outside this range the official ADD ends the process, and SUB shifts by a negative number of bits."""
    shrinks = 0 < real < 1 and make_rescale(call.rule, real).multiplier.exponent <= 0
    more_bits, label = MORE_BITS[call["y"].dtype.name], call["y"].tensor.label
    call.require(
        bool(shrinks),
        f"the scale of {label}, {call['y'].scale}, is too small for these inputs: 2 * (larger input scale) / "
        f"(2**{more_bits} * output scale) is {real:.9g}, expected more than 0 and less than 1",
    )


def accumulate(plan: Plan, a: Array, b: Array) -> Array:
    scaled = (to_common_scale(term, codes, plan.more_bits) for term, codes in ((plan.a, a), (plan.b, b)))
    total: Array = next(scaled) + plan.sign * next(scaled)
    return total


def accumulate_in_blocks(plan: Plan, a: Array, b: Array) -> Array:
    vectors = plan.vectors
    in_blocks = vectors.a(a.astype(np.int64) - plan.a.zero) + vectors.b(b.astype(np.int64) - plan.b.zero)
    return vectors.blocks.choose(in_blocks, accumulate(plan, a, b))


def finish_in_blocks(plan: Plan, accumulators: Array) -> Staged:
    """In blocks, the sum with the zero point keeps the low 16 bits."""
    steps = plan.rescale(accumulators)
    moved = steps + plan.y_zero
    narrow = wrap_int16(moved) if plan.dtype.itemsize == 1 else moved
    chosen = plan.vectors.blocks.choose(narrow, moved)
    codes = plan.codes.clamp(chosen)
    return Staged(np.asarray(codes, plan.dtype), {"rescale": steps, "plus the zero point": chosen, "clamp": codes})


class FractionPlan(NamedTuple):
    """The constants of a node of 8-bit codes with multipliers of whole 2**-fraction_bits."""

    a_zero: int
    b_zero: int
    a_multiplier: int
    b_multiplier: int  # negative where b is subtracted
    fraction_bits: int
    y_zero: int
    codes: Range
    dtype: np.dtype[np.generic]


def plan_fractions(call: AnyCall, sign: int) -> FractionPlan:
    a, b, y = call["a"], call["b"], call["y"]
    ratios = np.array([a.scale / y.scale, b.scale / y.scale])
    multipliers, fraction_bits = with_fraction_bits(ratios, FRACTION_BITS)
    return FractionPlan(
        a_zero=a.zero_point,
        b_zero=b.zero_point,
        a_multiplier=int(multipliers[0]),
        b_multiplier=sign * int(multipliers[1]),
        fraction_bits=fraction_bits,
        y_zero=y.zero_point,
        codes=activation_codes_even(call.options.fused_activation_function, y.scale, y.zero_point, y.dtype),
        dtype=y.dtype,
    )


def accumulate_fractions(plan: FractionPlan, a: Array, b: Array) -> Array:
    a_term = (a.astype(np.int64) - plan.a_zero) * plan.a_multiplier
    total: Array = a_term + (b.astype(np.int64) - plan.b_zero) * plan.b_multiplier
    return total


def finish_fractions(plan: FractionPlan, accumulators: Array) -> Staged:
    steps = rounding_right_shift_up(accumulators, plan.fraction_bits)
    moved = steps + plan.y_zero
    codes = plan.codes.clamp(moved)
    stages = {"shift right by the fraction bits, ties up": steps, "plus the zero point": moved, "clamp": codes}
    return Staged(np.asarray(codes, plan.dtype), stages)


class ShiftPlan(NamedTuple):
    """The constants of an int16 node whose scales are powers of two."""

    a_shift: int  # to the right; one of the two is 0
    b_shift: int
    sign: int
    codes: Range


def scale_powers(call: AnyCall) -> list[int] | None:
    """The exponents of the scales of a, b and y when the power-of-two kernel is to be used, else None."""
    operands = [call[name] for name in ("a", "b", "y")]
    if call["y"].dtype != np.int16 or not call.options.pot_scale_int16 or not all(map(_is_quantized, operands)):
        return None
    powers = [power for operand in operands if (power := power_of_two(operand.scale)) is not None]
    return powers if len(powers) == len(operands) else None


def _is_quantized(operand: Operand) -> bool:
    return operand.tensor.quantization is not None


def has_power_of_two_scales(call: AnyCall) -> bool:
    return scale_powers(call) is not None


def plan_shifts(call: AnyCall, sign: int) -> ShiftPlan:
    a, b, y = scale_powers(call) or (0, 0, 0)
    call.require_symmetric("a", "b", "y")
    shifts = y - a, y - b
    call.require(
        min(shifts) == 0 and max(shifts) < 32,
        f"power-of-two scales 2**{a}, 2**{b} -> 2**{y}: one input must have the scale of the output, the other one "
        "smaller by less than 2**32",
    )
    same_size = np.prod(call["a"].shape) == np.prod(call["b"].shape) == np.prod(call["y"].shape)
    call.require(sign < 0 or bool(same_size), "with power-of-two scales the operands must have the same size")
    codes = activation_codes(call.options.fused_activation_function, call["y"].scale, 0, np.dtype(np.int16))
    return ShiftPlan(*shifts, sign, codes)


def compute_shifted(plan: ShiftPlan, a: Array, b: Array) -> Staged:
    a_shifted = rounding_right_shift_int16(a.astype(np.int64), plan.a_shift)
    b_shifted = rounding_right_shift_int16(b.astype(np.int64), plan.b_shift)
    total = a_shifted + plan.sign * b_shifted
    codes = plan.codes.clamp(total)
    stages = {"a in steps of y": a_shifted, "b in steps of y": b_shifted, "together": total, "clamp": codes}
    return Staged(np.asarray(codes, np.int16), stages)


def plan_plain(call: AnyCall) -> Range:
    """The limits of the fused activation, which takes integers as they stand."""
    return activation_limits(call.options.fused_activation_function, call["y"].dtype)


def add_plain(limits: Range, a: Array, b: Array) -> Array:
    return np.asarray(limits.clamp(a + b))


def subtract_plain(limits: Range, a: Array, b: Array) -> Array:
    return np.asarray(limits.clamp(a - b))


def plan_unlimited(call: AnyCall) -> Range:
    """No limits: ADD of int32 on microcontrollers leaves its fused activation out."""
    return activation_limits(NONE, call["y"].dtype)


def _variants(sign: int, plain: Callable[..., Any], *plain_types: str) -> tuple[Variant, ...]:
    def takes_scales(call: AnyCall) -> bool:
        return "int16" not in plain_types or _is_quantized(call["a"]) or _is_quantized(call["y"])

    quantized = Variant(
        "quantized",
        ("int8", "uint8", "int16"),
        partial(plan_quantized, sign=sign),
        accumulate=accumulate,
        finish=finish,
        rules=follows(reference="double"),
        when=lambda call: takes_scales(call) and not has_power_of_two_scales(call),
    )
    fractions = Variant(
        "fractions",
        ("int8", "uint8"),
        partial(plan_fractions, sign=sign),
        accumulate=accumulate_fractions,
        finish=finish_fractions,
        rules=follows(xnnpack=""),
        gates={"xnnpack": binary(TERMS_FIT)},
    )
    shifts = partial(plan_shifts, sign=sign)
    shift = Variant("shift", ("int16",), shifts, compute_shifted, rules=REFERENCE, when=has_power_of_two_scales)
    return quantized, fractions, shift, Variant("plain", plain_types, plan_plain, plain, rules=REFERENCE)


BLOCKS = Variant(
    "blocks",
    ("int8", "uint8", "int16"),
    partial(plan_quantized, sign=1, in_blocks=True),
    accumulate=accumulate_in_blocks,
    finish=finish_in_blocks,
    rules=follows(optimized="double"),
    when=lambda call: _is_quantized(call["y"]) and not has_power_of_two_scales(call),
)
ADD_VARIANTS = (
    *_variants(1, add_plain, "float32", "float16", "int16", "int32", "int64"),
    Variant(
        "quantized",
        ("int8", "int16"),
        partial(plan_quantized, sign=1),
        accumulate=accumulate,
        finish=finish,
        rules=follows(**on_microcontrollers("double")),
        gates={"cmsis-nn": stretches, "cmsis-nn-single": stretches},
    ),
    BLOCKS,
    delegated(np.add, "float32", "float16"),
    Variant("plain", ("float32",), plan_plain, add_plain, rules=MICROCONTROLLERS),
    Variant("plain", ("int32",), plan_unlimited, add_plain, rules=MICROCONTROLLERS),
)
SUB_VARIANTS = (
    *_variants(-1, subtract_plain, "float32", "int32", "int64"),
    Variant(
        "quantized",
        ("int8", "int16"),
        partial(plan_quantized, sign=-1, real_type=np.float32),
        accumulate=accumulate,
        finish=finish,
        rules=follows(**on_microcontrollers("double", has_cmsis_nn=False)),
    ),
    delegated(np.subtract, "float32"),
    Variant("plain", ("float32", "int32"), plan_plain, subtract_plain, rules=MICROCONTROLLERS),
)
ADD = Op("ADD", "a[...] b[...] -> y[...]", AddOptions, variants=ADD_VARIANTS, shapes=broadcast)
SUB = Op("SUB", "a[...] b[...] -> y[...]", SubOptions, variants=SUB_VARIANTS, shapes=broadcast)
OPS = (ADD, SUB)
