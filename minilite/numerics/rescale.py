"""Rescaling: multiplying an integer accumulator by a real number and rounding to an integer, by a named rule.

There is no single rule: each official kernel has its own (eq. 4). A rule is a sequence of small named steps, so that
an explanation can run and print them one by one; `Rescale` runs them all.
Follows tflite/kernels/internal/common.cc and quantization_util.cc, ruy/kernel_avx2_fma.cc, XNNPACK src/qs8-gemm.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import fixed_point as fixed
from .frozen import frozen
from .rounding import round_half_away, round_half_even

Array = NDArray[Any]


class Multiplier(NamedTuple):
    """A real multiplier, and its integer form  mantissa * 2**(exponent - 31)  (eq. 3); one, or one per channel.

    The arrays are read-only.
    """

    real: NDArray[np.float64]
    mantissa: NDArray[np.int64]
    exponent: NDArray[np.int64]


def quantize_multiplier(real: Any) -> Multiplier:
    """The integer form of `real` (float64, any shape), as QuantizeMultiplier gives it (eq. 3).

    Zero, and anything too small for a shift by 31, becomes mantissa 0: every result is then the zero point.
    """
    real = np.asarray(real, np.float64)
    fraction, exponent = np.frexp(real)
    mantissa = round_half_away(fraction * 2.0**31).astype(np.int64)
    exponent = exponent.astype(np.int64)
    carried = mantissa == 2**31
    mantissa = np.where(carried, 2**30, mantissa)
    exponent = exponent + carried
    flushed = (mantissa == 0) | (exponent < -31)
    return Multiplier(frozen(real), frozen(np.where(flushed, 0, mantissa)), frozen(np.where(flushed, 0, exponent)))


class Step(NamedTuple):
    """One step of a rule: a name to print, and what it does to the value so far."""

    name: str
    apply: Callable[[Array, Multiplier], Array]


class Rule(NamedTuple):
    """A named sequence of steps from an exact accumulator to a rounded one."""

    name: str
    steps: tuple[Step, ...]


_SHIFT_LEFT = Step(
    "shift left by max(exponent, 0), 32 bits", lambda v, m: fixed.shift_left_int32(v, np.maximum(m.exponent, 0))
)
_HIGH_MULTIPLY = Step(
    "times mantissa / 2**31, nearest, ties up", lambda v, m: fixed.doubling_high_multiply(v, m.mantissa)
)
_SHIFT_AWAY = Step(
    "shift right by max(-exponent, 0), ties away from zero",
    lambda v, m: fixed.rounding_right_shift_away(v, np.maximum(-m.exponent, 0)),
)
_SHIFT_UP = Step(
    "shift right by max(-exponent, 0), ties up",
    lambda v, m: fixed.rounding_right_shift_up(v, np.maximum(-m.exponent, 0)),
)
_MULTIPLY_FLOAT32 = Step(
    "times the multiplier in float32", lambda v, m: v.astype(np.float32) * m.real.astype(np.float32)
)
_MULTIPLY_FLOAT64 = Step("times the multiplier in float64", lambda v, m: v.astype(np.float64) * m.real)

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.name: rule
        for rule in (
            Rule("double", (_SHIFT_LEFT, _HIGH_MULTIPLY, _SHIFT_AWAY)),
            Rule("half-up", (_SHIFT_LEFT, _HIGH_MULTIPLY, _SHIFT_UP)),
            Rule(
                "single",
                (
                    Step("times mantissa, 64 bits", lambda v, m: v * m.mantissa),
                    Step(
                        "shift right by 31 - exponent, ties up",
                        lambda v, m: fixed.rounding_right_shift_up(v, 31 - m.exponent),
                    ),
                ),
            ),
            Rule(
                "int16-multiplier",
                (
                    Step(
                        "times the mantissa's upper 16 bits, 64 bits",
                        lambda v, m: v * fixed.reduce_to_int16(m.mantissa),
                    ),
                    Step(
                        "shift right by 15 - exponent, ties up",
                        lambda v, m: fixed.wrap_int32(fixed.rounding_right_shift_up(v, 15 - m.exponent)),
                    ),
                ),
            ),
            Rule(
                "float64-away",
                (_MULTIPLY_FLOAT64, Step("round, ties away from zero", lambda v, m: round_half_away(v))),
            ),
            Rule("float32-even", (_MULTIPLY_FLOAT32, Step("round, ties to even", lambda v, m: round_half_even(v)))),
            Rule(
                "256ths",
                (
                    Step(
                        "times the multiplier in 256ths, itself nearest, ties to even",
                        lambda v, m: v * round_half_even(256 * m.real.astype(np.float32)).astype(np.int64),
                    ),
                    Step("shift right by 8, ties up", lambda v, m: fixed.rounding_right_shift_up(v, 8)),
                ),
            ),
        )
    }
)


class Rescale(NamedTuple):
    """A rule with the multiplier of one node. The multiplier lines up with the accumulators' last axis."""

    rule: Rule
    multiplier: Multiplier

    def __call__(self, accumulators: Array) -> NDArray[np.int64]:
        """Integers nearest to accumulators * multiplier by the rule; same shape (eq. 4)."""
        *_, (_, rescaled) = self.steps(accumulators)
        return rescaled.astype(np.int64)

    def steps(self, accumulators: Array) -> Iterator[tuple[str, Array]]:
        """What each step is called and gives, one after the other; the last gives the rescaled integers."""
        value: Array = accumulators.astype(np.int64)
        for step in self.rule.steps:
            value = step.apply(value, self.multiplier)
            yield step.name, value


def make_rescale(rule: str, real: Any) -> Rescale:
    """The rule of this name for a real multiplier (float64 scalar or one per channel)."""
    return Rescale(RULES[rule], quantize_multiplier(real))
