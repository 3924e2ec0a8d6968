"""sigmoid and tanh of the Eigen library in loops that become vectors. The definition is minilite/numerics/eigen.py."""

import math
from typing import Any

import numpy as np

from minilite.numerics.eigen import (
    LANES,
    LOGISTIC_HIGH,
    LOGISTIC_LOW,
    logistic_from_root,
    root_of_exponential,
    tanh_of,
)

LEAST_POWER = np.float32(-100)  # of 2; the square of any smaller one is 0
MANTISSA_BITS, EXPONENT_BIAS = 23, 127  # of float32


def logistic(x: Any, y: Any) -> None:
    """1 / (1 + exp(-x)), float32 y[n] from x[n], as if all values were in vectors of the library."""
    for k in range(x.shape[0]):
        value = LOGISTIC_HIGH if x[k] > LOGISTIC_HIGH else x[k]
        series, power = root_of_exponential(value)
        result = logistic_from_root(series * power_of_two(power))
        y[k] = np.float32(0) if value < LOGISTIC_LOW else result


def logistic_of_others(x: Any, y: Any, start: Any) -> None:
    """Put right those that no vector holds; `start` says how many floats x lies behind a 16-byte boundary."""
    head = min(-start % LANES, x.shape[0])
    for k in range(head):
        y[k] = by_itself(x[k])
    for k in range(head + (x.shape[0] - head) // LANES * LANES, x.shape[0]):
        y[k] = by_itself(x[k])


def by_itself(x: Any) -> Any:
    """The sigmoid of a value that no vector holds."""
    power = np.float32(math.exp(LOGISTIC_HIGH if x > LOGISTIC_HIGH else x))
    return power / (np.float32(1) + power)


def power_of_two(power: Any) -> Any:
    """2**power, float32, for a whole number or NaN, for which it is some number."""
    whole = np.int32(power if power > LEAST_POWER else LEAST_POWER)
    return np.int32((whole + EXPONENT_BIAS) << MANTISSA_BITS).view(np.float32)


def tanh(x: Any, y: Any) -> None:
    """Hyperbolic tangent, float32 y[n] from x[n]."""
    for k in range(x.shape[0]):
        y[k] = tanh_of(x[k])
