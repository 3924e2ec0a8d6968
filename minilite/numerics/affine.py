"""The affine map between codes and real values:  real = scale * (code - zero_point)   (eq. 1)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .rounding import round_half_away

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Affine:
    """How the codes of one tensor stand for real values.

    `scale` is float32 and `zero_point` int64, both of shape (1,) for the whole tensor or (channels,) along `axis`.
    """

    scale: NDArray[np.float32]
    zero_point: NDArray[np.int64]
    axis: int = 0

    @property
    def per_channel(self) -> bool:
        """Whether there is more than one scale."""
        return self.scale.size > 1

    def broadcast(self, values: Array, rank: int) -> Array:
        """`values`, one per channel or one, shaped so that it lines up with a tensor of `rank` dimensions."""
        channels = self.axis if values.size > 1 else rank
        return values.reshape([-1 if axis == channels else 1 for axis in range(rank)])

    def to_real(self, codes: Array) -> NDArray[np.float64]:
        """The exact real values of `codes`, same shape (eq. 1): a float32 times a small integer is exact in float64."""
        zero_point = self.broadcast(self.zero_point, codes.ndim)
        scale = self.broadcast(self.scale, codes.ndim).astype(np.float64)
        return (codes.astype(np.int64) - zero_point) * scale

    def to_codes(self, reals: Array, dtype: np.dtype[Any]) -> Array:
        """The nearest codes of `reals`, same shape, clamped to the type (eq. 2).

        The quotient is formed in float32 and ties go away from zero, as the reference QUANTIZE does. NaN is not a code.
        """
        return code_range(dtype).clamp(self._nearest(reals)).astype(dtype)

    def count_clamped(self, reals: Array, dtype: np.dtype[Any]) -> int:
        """How many of `reals` are nearest to a code outside the type, so that `to_codes` clamps them."""
        codes, (low, high) = self._nearest(reals), code_range(dtype)
        return int(np.count_nonzero((codes < low) | (codes > high)))

    def steps(self, reals: Array) -> Array:
        """round(reals / scale), same shape, whole float32 numbers: codes before the zero point is added."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            steps: Array = round_half_away(reals.astype(np.float32) / self.broadcast(self.scale, reals.ndim))
        return steps

    def _nearest(self, reals: Array) -> Array:
        steps = np.clip(self.steps(reals), -(2.0**31), 2.0**31).astype(np.int64)
        codes: Array = steps + self.broadcast(self.zero_point, reals.ndim)
        return codes

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Affine):
            return NotImplemented
        return (
            self.axis == other.axis
            and np.array_equal(self.scale, other.scale, equal_nan=True)
            and np.array_equal(self.zero_point, other.zero_point)
        )

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        if self.per_channel:
            low, high = self.scale.min(), self.scale.max()
            return f"{self.scale.size} scales {low:.6g} to {high:.6g} on axis {self.axis}"
        return f"scale {self.scale.flat[0]:.9g}, zero point {self.zero_point.flat[0]}" if self.scale.size else "none"


class Range(NamedTuple):
    """An inclusive range of codes, or of real values."""

    low: Any
    high: Any

    def clamp(self, values: Array) -> Array:
        """The nearest numbers within the range, same shape and type; NaN stays, in float32 also the sign of zero."""
        if values.dtype == np.float64:  # real arithmetic, where the sign of a zero says nothing
            return np.clip(values, self.low, self.high)
        if values.dtype.kind == "f":
            raised = np.where(values < self.low, self.low, values)
            return np.where(raised > self.high, self.high, raised).astype(values.dtype, copy=False)
        clamped: Array = np.minimum(np.maximum(values, self.low), self.high)
        return clamped


def code_range(dtype: np.dtype[Any]) -> Range:
    """Every code of an integer type."""
    info = np.iinfo(dtype)
    return Range(int(info.min), int(info.max))
