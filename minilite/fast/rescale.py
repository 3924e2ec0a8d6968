"""The rescale rules of `numerics.rescale`, one number at a time, for compiled loops. A test holds the two equal."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minilite.numerics.fixed_point import (
    doubling_high_multiply,
    rounding_right_shift_away,
    rounding_right_shift_up,
    shift_left_int32,
    wrap_int32,
)
from minilite.numerics.rescale import Rescale
from minilite.numerics.rounding import round_half_away, round_half_even

RULE_NAMES = ("double", "half-up", "single", "int16-multiplier", "float64-away", "float32-even", "256ths")
RULE_CODES = {name: code for code, name in enumerate(RULE_NAMES)}


class RescaleArrays(NamedTuple):
    """A Rescale as a compiled loop takes it: the rule's number, and one multiplier per channel."""

    rule: int
    mantissa: NDArray[np.int64]
    exponent: NDArray[np.int64]
    real: NDArray[np.float64]

    def in_rows(self) -> NDArray[np.int64]:
        """[3, channels]: mantissas, exponents and the bits of the real multipliers, as constants have them."""
        return np.stack([self.mantissa, self.exponent, self.real.view(np.int64)])


def rescale_arrays(rescale: Rescale, channels: int) -> RescaleArrays:
    """`rescale` with its multiplier repeated for `channels` channels."""

    def repeat(part: NDArray[Any]) -> NDArray[Any]:
        return np.broadcast_to(part.ravel(), (channels,)).copy()

    real, mantissa, exponent = rescale.multiplier
    return RescaleArrays(RULE_CODES[rescale.rule.name], repeat(mantissa), repeat(exponent), repeat(real))


def rescale_one(rule: int, accumulator: Any, mantissa: Any, exponent: Any, real: Any) -> Any:
    """One rescaled accumulator, int64 (eq. 4)."""
    if rule == 0 or rule == 1:
        left, right = max(exponent, 0), max(-exponent, 0)
        high = doubling_high_multiply(shift_left_int32(accumulator, left), mantissa)
        return rounding_right_shift_away(high, right) if rule == 0 else rounding_right_shift_up(high, right)
    if rule == 2:
        return rounding_right_shift_up(accumulator * mantissa, 31 - exponent)
    if rule == 3:
        reduced = (mantissa + 2**15) >> 16 if mantissa < 0x7FFF0000 else 0x7FFF
        return wrap_int32(rounding_right_shift_up(accumulator * reduced, 15 - exponent))
    if rule == 4:
        return np.int64(round_half_away(np.float64(accumulator) * real))
    if rule == 6:
        return rounding_right_shift_up(accumulator * np.int64(round_half_even(np.float32(256) * np.float32(real))), 8)
    return np.int64(round_half_even(np.float32(accumulator) * np.float32(real)))


def clamp_real(value: Any, low: Any, high: Any) -> Any:
    """The nearest number within [low, high]; NaN and the sign of zero stay, as in the definitions."""
    above = low if value < low else value
    return high if above > high else above


def rescale_all(rule: int, total: Any, mantissa: Any, exponent: Any, real: Any) -> None:
    """Every accumulator of `total`, int64, rescaled in place by one multiplier."""
    # The common rules stand apart, each a loop that a compiler turns into vector instructions.
    if rule == 0:
        for k in range(total.shape[0]):
            total[k] = rescale_one(0, total[k], mantissa, exponent, real)
    elif rule == 1:
        for k in range(total.shape[0]):
            total[k] = rescale_one(1, total[k], mantissa, exponent, real)
    elif rule == 2:
        for k in range(total.shape[0]):
            total[k] = rescale_one(2, total[k], mantissa, exponent, real)
    else:
        for k in range(total.shape[0]):
            total[k] = rescale_one(rule, total[k], mantissa, exponent, real)


def flush(value: Any, tiny: Any) -> Any:
    """A number closer to 0 than `tiny` as a zero of the same sign."""
    return value * np.float32(0) if abs(value) < tiny else value
