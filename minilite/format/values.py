"""What may be put into a field: checked once, when a table is made, so that every table can be written."""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite.errors import InputError
from minilite.format.kinds import Kind, Scalar, String, SubTable, TableVector, Union, Vector


def checked(kind: Kind, table: type | None, value: Any) -> Any:
    """The value as the field holds it: vectors as read-only arrays, several tables as a tuple.

    `table` is the class behind a SubTable or TableVector. Raises InputError, not saying where, for what does not fit.
    """
    if isinstance(kind, Scalar):
        _check_scalar(kind, value)
    elif value is None:
        return None
    elif isinstance(kind, Vector):
        return vector(kind, value)
    elif isinstance(kind, String):
        _check_type(value, (str,))
    elif isinstance(kind, Union):
        _check_type(value, kind.members)
    elif isinstance(kind, SubTable | TableVector) and table is not None:
        each = tuple(value) if isinstance(kind, TableVector) else (value,)
        for one in each:
            _check_type(one, (table,))
        return each if isinstance(kind, TableVector) else value
    return value


def vector(kind: Vector, values: Any) -> NDArray[Any]:
    """A sequence, an array or bytes as a read-only array of the kind's dtype; no copy of an array that has it.

    Floating-point values may be rounded. Raises InputError when integers would change or there is not one dimension.
    """
    if isinstance(values, bytes | bytearray | memoryview):
        values = np.frombuffer(values, np.uint8)
    given, dtype = np.asarray(values), np.dtype(kind.dtype)
    if given.ndim != 1:
        raise InputError(f"expected a one-dimensional vector of {dtype.name}, got shape {given.shape}")
    if given.dtype == dtype:
        array = given.view()
    else:
        if given.size and given.dtype.kind not in "biuf":
            raise InputError(f"expected a vector of {dtype.name}, got {given.dtype.name}")
        with np.errstate(all="ignore"):
            array = given.astype(dtype)
        if dtype.kind != "f" and not np.array_equal(array, given):
            raise InputError(f"expected a vector of {dtype.name}, got {given.dtype.name} values that do not fit")
    array.flags.writeable = False
    return array


def _check_scalar(kind: Scalar, value: Any) -> None:
    if kind.format == "?" and not isinstance(value, bool | np.bool_):
        raise InputError(f"expected a bool, got {value!r}")
    try:
        struct.pack("<" + kind.format, value)
    except (struct.error, OverflowError, TypeError) as error:
        raise InputError(f"{value!r} does not fit ({error})") from None


def _check_type(value: Any, expected: tuple[type, ...]) -> None:
    if type(value) not in expected:
        names = ", ".join(each.__name__ for each in expected[:4]) + (", ..." if len(expected) > 4 else "")
        raise InputError(f"expected {names}, got {type(value).__name__}")
