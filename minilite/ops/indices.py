"""Checking index data before it is used: NumPy would wrap negative indices silently."""

from typing import Any, NamedTuple

import numpy as np

from minilite.errors import InputError, ModelError

from .call import Array, Call


class Guard(NamedTuple):
    """Whose index data it is, so that a message can say so."""

    where: str
    name: str
    constant: bool

    def check(self, indices: Array, limit: int, low: int = 0, hint: str = "") -> None:
        """Raise unless low <= indices < limit: ModelError for data of the file, InputError for the caller's."""
        wrong = (indices < low) | (indices >= limit)
        if not wrong.any():
            return
        place = tuple(int(number) for number in np.argwhere(wrong)[0])
        at = f" at {list(place)}" if place else ""
        self.fail(f"{indices[place]}{at} is outside {low} to {limit - 1}{hint}")

    def flatten(self, indices: Array, lengths: tuple[int, ...]) -> Array:
        """Rows of indices [p,k] into axes of these k lengths, checked, as row-major positions int64 [p]."""
        flat = np.zeros(len(indices), np.int64)
        for axis, (along, length) in enumerate(zip(indices.T, lengths, strict=True)):
            self.check(along, length, hint=f" along axis {axis}")
            flat = flat * length + along
        return flat

    def require(self, condition: bool, message: str) -> None:
        """Raise, likewise, unless `condition` holds."""
        if not condition:
            self.fail(message)

    def fail(self, message: str) -> None:
        """Raise, likewise."""
        raise (ModelError if self.constant else InputError)(f"{self.where}: {self.name!r}: {message}")


def guard(call: Call[Any], name: str) -> Guard:
    """The guard of the operand of this name."""
    return Guard(call.node.label, name, call[name].tensor.data is not None)
