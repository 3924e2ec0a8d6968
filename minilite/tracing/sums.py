"""Sums of errors that can be merged: powers are added up, never means or ratios of them."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
PERFECT = 1 / math.sqrt(12)  # the RMSE of perfect rounding in steps of the scale, 0.289


@dataclass
class Errors:
    """Sums over pairs of a value and what it should be, both real. Pairs with NaN or infinity are left out, counted."""

    elements: int = 0
    not_finite: int = 0
    total: float = 0.0  # of value - expected
    squares: float = 0.0  # of value - expected
    largest: float = 0.0
    expected_squares: float = 0.0
    value_squares: float = 0.0
    products: float = 0.0  # of value * expected

    def add(self, values: Array, expected: Array) -> None:
        """Count real values beside the expected ones of the same shape."""
        finite = np.isfinite(values) & np.isfinite(expected)
        lost = int(values.size - np.count_nonzero(finite))
        one = np.asarray(values, np.float64)[finite] if lost else np.asarray(values, np.float64).ravel()
        other = np.asarray(expected, np.float64)[finite] if lost else np.asarray(expected, np.float64).ravel()
        with np.errstate(all="ignore"):
            error = one - other
            found = Errors(
                one.size,
                lost,
                float(error.sum()),
                dot(error, error),
                float(np.abs(error).max(initial=0.0)),
                dot(other, other),
                dot(one, one),
                dot(one, other),
            )
        self.merge(found)

    def merge(self, other: "Errors") -> None:
        """Take in what was counted elsewhere of the same tensor."""
        self.elements += other.elements
        self.not_finite += other.not_finite
        self.total += other.total
        self.squares += other.squares
        self.largest = max(self.largest, other.largest)
        self.expected_squares += other.expected_squares
        self.value_squares += other.value_squares
        self.products += other.products

    @property
    def rmse(self) -> float | None:
        """The root of the mean squared error."""
        return math.sqrt(self.squares / self.elements) if self.elements else None

    @property
    def bias(self) -> float | None:
        """The mean error: above 0 when values are too large."""
        return self.total / self.elements if self.elements else None

    @property
    def sqnr_db(self) -> float | None:
        """Signal over quantization noise, 10 * log10(sum of expected**2 / sum of error**2); infinite without error."""
        if not self.elements:
            return None
        if self.squares == 0:
            return math.inf
        return 10 * math.log10(self.expected_squares / self.squares) if self.expected_squares else -math.inf

    @property
    def cosine(self) -> float | None:
        """The cosine between values and expected ones, each as one long vector; None when one of them is 0."""
        norms = math.sqrt(self.expected_squares) * math.sqrt(self.value_squares)
        return min(1.0, max(-1.0, self.products / norms)) if norms else None


def dot(one: Array, other: Array) -> float:
    """The sum of the products, in pairs; without the matrix library, whose threads cost more than they bring here."""
    return float(np.multiply(one, other).sum())


def merged_sums(one: NDArray[np.int64] | None, other: NDArray[np.int64] | None) -> NDArray[np.int64] | None:
    """The sum of two arrays of counts of which either may not be there yet."""
    if one is None or other is None:
        return other if one is None else one
    return one + other
