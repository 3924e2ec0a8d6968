"""What the values of one tensor are like, over any number of runs, in memory that does not grow."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from minilite.numerics.affine import Range

from .sums import Array, dot, merged_sums


@dataclass
class Values:
    """Sums over all values seen. `codes` are those the type has, None for a tensor without them.

    `counts` says how often each code occurred. `lowest` and `highest` are the real extremes of each channel, the last
    axis.
    """

    codes: Range | None
    elements: int = 0
    not_finite: int = 0
    total: float = 0.0
    squares: float = 0.0
    counts: NDArray[np.int64] | None = None
    lowest: Array = field(default_factory=lambda: np.empty(0))
    highest: Array = field(default_factory=lambda: np.empty(0))

    def add(self, stored: Array, reals: Array) -> None:
        """Count one array, as the model stores it and as real values of the same shape."""
        finite = np.isfinite(reals)
        lost = int(reals.size - np.count_nonzero(finite))
        usable = np.where(finite, reals, 0.0) if lost else reals
        found = Values(self.codes, int(reals.size), lost)
        with np.errstate(all="ignore"):
            found.total, found.squares = float(usable.sum()), dot(usable, usable)
        found.counts = self._count(stored)
        if reals.size:
            rows = reals.reshape(-1, reals.shape[-1] if reals.ndim else 1)
            found.lowest, found.highest = np.fmin.reduce(rows, axis=0), np.fmax.reduce(rows, axis=0)
        self.merge(found)

    def _count(self, stored: Array) -> NDArray[np.int64] | None:
        if self.codes is None:
            return None
        offset = stored.reshape(-1).astype(np.int64) - self.codes.low
        return np.bincount(offset, minlength=self.codes.high - self.codes.low + 1)

    def merge(self, other: "Values") -> None:
        """Take in what was counted elsewhere of the same tensor."""
        self.elements += other.elements
        self.not_finite += other.not_finite
        self.total += other.total
        self.squares += other.squares
        self.counts = merged_sums(self.counts, other.counts)
        self.lowest = _merged(np.fmin, self.lowest, other.lowest)
        self.highest = _merged(np.fmax, self.highest, other.highest)

    @property
    def minimum(self) -> float | None:
        """The least real value; None when there was none."""
        return float(self.lowest.min()) if self.lowest.size else None

    @property
    def maximum(self) -> float | None:
        """The greatest real value; None when there was none."""
        return float(self.highest.max()) if self.highest.size else None

    @property
    def mean(self) -> float | None:
        """The mean of the real values."""
        finite = self.elements - self.not_finite
        return self.total / finite if finite else None

    @property
    def deviation(self) -> float | None:
        """The standard deviation of the real values."""
        mean, finite = self.mean, self.elements - self.not_finite
        return None if mean is None else max(0.0, self.squares / finite - mean * mean) ** 0.5

    @property
    def rails(self) -> tuple[float, float] | None:
        """The shares of values at the lowest and at the highest code of the type."""
        if self.counts is None or not self.elements:
            return None
        return float(self.counts[0] / self.elements), float(self.counts[-1] / self.elements)

    @property
    def distinct(self) -> int | None:
        """How many different codes occurred."""
        return None if self.counts is None else int(np.count_nonzero(self.counts))

    @property
    def available(self) -> int | None:
        """How many codes the type has."""
        return None if self.codes is None else int(self.codes.high - self.codes.low + 1)

    @property
    def span(self) -> int | None:
        """How many codes lie between the lowest and the highest that occurred, those two included."""
        used = np.flatnonzero(self.counts) if self.counts is not None else np.empty(0)
        return None if self.counts is None else int(used[-1] - used[0] + 1) if used.size else 0

    @property
    def effective_bits(self) -> float | None:
        """The information in one code: the entropy -sum of p * log2(p) of how often each code occurred."""
        if self.counts is None or not self.elements:
            return None
        shares = self.counts[self.counts > 0] / self.elements
        return max(0.0, float(-(shares * np.log2(shares)).sum()))

    @property
    def channels(self) -> int:
        """The length of the last axis."""
        return int(self.lowest.size)

    @property
    def dead_channels(self) -> int:
        """How many channels were 0 in every run."""
        return int(np.count_nonzero((self.lowest == 0) & (self.highest == 0)))

    @property
    def constant_channels(self) -> int:
        """How many channels never changed, the dead ones not counted; a channel of one value in one run never can."""
        if self.elements <= self.channels:
            return 0
        return int(np.count_nonzero(self.lowest == self.highest)) - self.dead_channels


def _merged(pick: np.ufunc, one: Array, other: Array) -> Array:
    if one.size == 0 or other.size == 0:
        return one if one.size else other
    if one.shape != other.shape:  # the number of channels changed from run to run
        return np.asarray([pick(pick.reduce(one), pick.reduce(other))])
    merged: Array = pick(one, other)
    return merged
