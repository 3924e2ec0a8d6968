"""Views on live arrays, and whether any is still held."""

from typing import Any
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class _Lease:
    """The base of a view. It lives as long as the view or a slice of it does, which is how a held view is noticed."""

    def __init__(self, array: Array) -> None:
        self.array = array

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return self.array.__array_interface__


class Views:
    """Hands out views and knows whether one is held."""

    def __init__(self) -> None:
        self._leases: WeakSet[_Lease] = WeakSet()

    def view(self, array: Array) -> Array:
        """An array on the same memory."""
        lease = _Lease(array)
        self._leases.add(lease)
        return np.asarray(lease)

    @property
    def held(self) -> bool:
        """Whether a view, or a slice of one, is alive."""
        return len(self._leases) > 0
