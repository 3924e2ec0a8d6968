"""Float functions as the Eigen library computes them: recurrent kernels and GELU use these, under every kernel set.

Eigen takes four values at a time with approximations of its own, and what is left over one by one with the C library.
Which values are left over depends on where the vector starts in memory, so `start` tells how many floats it lies
behind a 16-byte boundary. Multiplications and additions are rounded separately (no fused multiply-add).
The steps `..._of` take NumPy arrays or, inside a compiled kernel, float32 scalars.
Follows tflite/kernels/internal/tensor_utils (ApplyActivationToVector) and Eigen's GenericPacketMathFunctions.h.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import activation as fused
from . import libm

Floats = NDArray[Any]
SIGMOID = -1  # not a fused activation of the schema: the gates' own
LANES = 4


def activate(activation: int, x: Floats, start: int = 0) -> Floats:
    """`x` after a fused activation of the schema, or SIGMOID, the whole array taken as one vector; same shape."""
    if activation == SIGMOID:
        return logistic(x, start)
    if activation == fused.TANH:
        return tanh(x)
    if activation == fused.SIGN_BIT:
        return np.signbit(x).astype(np.float32)
    low, high = {fused.RELU: (0, None), fused.RELU_N1_TO_1: (-1, 1), fused.RELU6: (0, 6)}.get(activation, (None, None))
    if high is not None:
        x = np.where(x > high, np.float32(high), x)
    return x if low is None else np.where(x > low, x, np.float32(low))


def logistic(x: Floats, start: int = 0) -> Floats:
    """1 / (1 + exp(-x)), float32 in and out, any shape; exact for float64, here and below."""
    if x.dtype == np.float64:
        return 1 / (1 + libm.exp(-x))
    values = np.minimum(x.ravel(), LOGISTIC_HIGH)
    head = min(-start % LANES, values.size)
    tail = head + (values.size - head) // LANES * LANES
    single = np.r_[0:head, tail : values.size]
    result = np.empty_like(values)
    whole = values[head:tail]
    result[head:tail] = np.where(whole < LOGISTIC_LOW, np.float32(0), logistic_of(whole))
    powers = libm.exp(values[single])
    result[single] = powers / (np.float32(1) + powers)
    return result.reshape(x.shape)


LOGISTIC_HIGH, LOGISTIC_LOW = np.float32(16.6355324), np.float32(-104)  # below, it is 0
_EXP_EVEN = tuple(map(np.float32, (0.041898667812347412, 0.49999141693115234)))
_EXP_ODD = tuple(map(np.float32, (0.008334713056683540, 0.16666877269744873)))
_LOG2_E, _LN2_HIGH, _LN2_LOW = map(np.float32, (1.44269504, -0.693359375, 2.12194440e-4))


def logistic_of(x: Any) -> Any:
    """1 / (1 + exp(-x)) for x from LOGISTIC_LOW to LOGISTIC_HIGH, four at a time."""
    series, power = root_of_exponential(x)
    return logistic_from_root(np.ldexp(series, np.int32(power)))


def root_of_exponential(x: Any) -> Any:
    """exp(x / 2) as a number near 1 and the power of 2 it is to be multiplied with."""
    half = np.maximum(x, np.float32(-200)) * np.float32(0.5)
    power = np.floor(half * _LOG2_E + np.float32(0.5))
    rest = power * _LN2_HIGH + half
    rest = power * _LN2_LOW + rest
    square = rest * rest
    even, odd = _polynomial(square, _EXP_EVEN), _polynomial(square, _EXP_ODD)
    return square * (rest * odd + even) + (rest + np.float32(1)), power


def logistic_from_root(root: Any) -> Any:
    """1 / (1 + exp(-x)) from exp(x / 2)."""
    exponential = root * root
    return exponential / (np.float32(1) + exponential)


_TANH_HIGH = np.float32(7.90738964080810547)
_TANH_OVER = tuple(map(np.float32, (1.394553628e-8, 2.102733560e-5, 3.520756727e-3, 0.1340216100)))
_TANH_UNDER = tuple(map(np.float32, (8.015776984e-7, 3.326951409e-4, 2.597254514e-2, 0.4673548340, 1.0)))


def tanh(x: Floats) -> Floats:
    """Hyperbolic tangent, float32 in and out, any shape: a quotient of two polynomials."""
    if x.dtype == np.float64:
        return libm.tanh(x)
    quotient: Floats = tanh_of(x)
    return quotient


def tanh_of(x: Any) -> Any:
    """Hyperbolic tangent."""
    x = np.minimum(np.maximum(x, -_TANH_HIGH), _TANH_HIGH)
    square = x * x
    over, under = _polynomial(square, _TANH_OVER), _polynomial(square, _TANH_UNDER)
    return (square * x * over + x) / under


ERFC_HIGH = np.float32(11)
_ERFC_NEAR = tuple(
    map(np.float32, (5.6180229876190424e-4, -4.913816694170237e-3, 2.670751512050629e-2, -0.11280010640621185))
) + tuple(map(np.float32, (0.3761229515075684, -1.1283791065216064)))
_ERFC_OVER = tuple(
    map(np.float32, (0.10208116471767426, 0.42920666933059692, 0.32379078865051270, 0.05397197604179382))
)
_ERFC_UNDER = tuple(
    map(np.float32, (0.01725167781114578, 0.39137163758277893, 1.0, 0.62173241376876831, 0.09566286206245422))
)
_EXPONENTIAL_EVEN = tuple(map(np.float32, (1.3744963798671961e-3, 4.166965186595917e-2, 0.49999988079071045)))
_EXPONENTIAL_ODD = tuple(map(np.float32, (8.368944749236107e-3, 0.1666651815176010)))


def erfc(x: Floats) -> Floats:
    """1 - erf(x), float32 in and out, any shape: a polynomial up to 1, beyond it exp(-x**2) times a quotient of two."""
    if x.dtype == np.float64:
        return libm.erfc(x)
    values = np.clip(x.ravel(), -ERFC_HIGH, ERFC_HIGH)
    whole, square = values.size // LANES * LANES, values * values
    powers = np.concatenate([exponential_of(-square[:whole]), libm.exp(-square[whole:])])
    result: Floats = np.where(square > 1, erfc_far_of(values, powers), erfc_near_of(values))
    return result.reshape(x.shape)


def erfc_near_of(x: Any) -> Any:
    """1 - erf(x) for |x| up to 1."""
    return x * _polynomial(x * x, _ERFC_NEAR) + np.float32(1)


def erfc_far_of(x: Any, power: Any) -> Any:
    """1 - erf(x) for |x| from 1 to ERFC_HIGH, with power = exp(-x**2)."""
    square = x * x
    lost = np.float32(np.float64(x) * x - square)  # what rounding the square cut off
    inverse = np.float32(1) / square
    quotient = _polynomial(inverse, _ERFC_OVER) / (x * _polynomial(inverse, _ERFC_UNDER))
    return (power - power * lost) * quotient + (np.float32(1) - np.copysign(np.float32(1), x))


def exponential_of(x: Any) -> Any:
    """e**x, four at a time."""
    x = np.minimum(np.maximum(x, np.float32(-104)), np.float32(88.723))
    power = np.rint(x * _LOG2_E)
    rest = power * _LN2_HIGH + x
    rest = power * _LN2_LOW + rest
    square = rest * rest
    even, odd = _polynomial(square, _EXPONENTIAL_EVEN), _polynomial(square, _EXPONENTIAL_ODD)
    series = square * (rest * odd + even) + (rest + np.float32(1))
    return np.ldexp(series, np.int32(power))


def row_sums(rows: Floats) -> Floats:
    """The sums [k] of float rows [k,n], n at least 1, that lie one behind the other from a 16-byte boundary.

    Packets of four values that start on a boundary go to two accumulators in turn, a single one left over to their
    sum; then come the lanes, first and third, second and fourth, what lies before the packets, and what behind.
    """
    starts = np.arange(len(rows)) * rows.shape[1] % LANES
    sums = np.empty(len(rows), rows.dtype)
    for start in range(LANES):
        sums[starts == start] = _sums_from(rows[starts == start], start)
    return sums


def _sums_from(rows: Floats, start: int) -> Floats:
    size = rows.shape[1]
    head = min(-start % LANES, size)
    body = (size - head) // LANES * LANES
    if not body:
        return np.add.accumulate(rows, axis=1)[:, -1]
    packets = rows[:, head : head + body].reshape(len(rows), body // LANES, LANES)
    even = packets.shape[1] // 2 * 2
    total = packets[:, 0]
    if even:
        total = np.add.accumulate(packets[:, 0:even:2], axis=1)[:, -1]
        total = total + np.add.accumulate(packets[:, 1:even:2], axis=1)[:, -1]
    if even and even < packets.shape[1]:
        total = total + packets[:, -1]
    sums: Floats = (total[:, 0] + total[:, 2]) + (total[:, 1] + total[:, 3])
    for column in (*range(head), *range(head + body, size)):
        sums = sums + rows[:, column]
    return sums


def _polynomial(x: Any, factors: tuple[np.float32, ...]) -> Any:
    total: Any = factors[0]
    for factor in factors[1:]:
        total = total * x + factor
    return total
