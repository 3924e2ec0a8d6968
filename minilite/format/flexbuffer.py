"""The options of custom ops: a FlexBuffers map from names to numbers, as the official custom kernels read it."""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from flatbuffers import flexbuffers
from numpy.typing import NDArray

from minilite.errors import ModelError

INT32 = 2**31
_BROKEN = (struct.error, ValueError, TypeError, IndexError, AssertionError, OverflowError, AttributeError)


@dataclass(frozen=True)
class FlexMap:
    """A map of numbers by name. `where` names the op in messages. Every method raises ModelError."""

    where: str
    root: Any

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number of 32 bits. A float is cut off, as C does."""
        number = self._number(name, default)
        if not -INT32 <= number < INT32:
            raise ModelError(f"{self.where}: option {name!r} is {number}, which does not fit 32 bits")
        return int(number)

    def real(self, name: str, default: float | None = None) -> np.float32:
        """A number rounded to float32."""
        with np.errstate(over="ignore"):
            return np.float32(self._number(name, default))

    def flag(self, name: str, default: bool | None = None) -> bool:
        """A truth value; a number other than 0 is true."""
        return bool(self._number(name, default))

    def _number(self, name: str, default: float | None) -> int | float:
        found = self._find(name)
        number = default if found is None else found
        if number is None:
            raise ModelError(f"{self.where}: option {name!r} is missing")
        return number

    def _find(self, name: str) -> int | float | None:
        try:
            value = self.root[name]
            if value.IsNull:
                return None
            if not (value.IsNumeric or value.IsBool):
                raise ModelError(f"{self.where}: option {name!r} is no number")
            number: int | float = value.AsFloat if value.IsFloat else value.AsInt
            return number
        except KeyError as error:
            if error.args == (name,):
                return None
            raise self._broken(error) from None
        except ModelError:
            raise
        except _BROKEN as error:
            raise self._broken(error) from None

    def _broken(self, error: Exception) -> ModelError:
        return ModelError(f"{self.where}: the custom options are no valid FlexBuffers map ({error})")


def read_map(data: NDArray[np.uint8] | None, where: str) -> FlexMap:
    """The map that the custom options of an op hold. Raises ModelError, naming `where`, when they are none."""
    if data is None or not data.size:
        raise ModelError(f"{where}: the custom options are missing")
    try:
        root = flexbuffers.GetRoot(data.tobytes())
        if root.IsMap:
            return FlexMap(where, root.AsMap)
    except (*_BROKEN, KeyError) as error:
        raise FlexMap(where, None)._broken(error) from None
    raise ModelError(f"{where}: the custom options are a FlexBuffers value, but no map")
