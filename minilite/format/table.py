"""A FlatBuffers table as a declared class: its annotations, in order, are the schema's slots.

    class Conv2DOptions(Table):
        padding: PaddingCode = 0
        stride_w: i32 = 0
        ...

The schema of .tflite numbers no field, so the order alone finds each one. A field left out of the file, or of the call,
has the declared default; vectors, strings and tables that are absent are None, which is not the same as empty.
"""

import struct
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, get_args

import numpy as np

from minilite.errors import InputError
from minilite.format.kinds import Kind, SubTable, TableVector, Union
from minilite.format.values import checked

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_):
        return lambda decorated: decorated


TableType = TypeVar("TableType", bound="Table")

SHOWN_ELEMENTS = 8


class Field(NamedTuple):
    """One field of a table. `slot` is its place in the vtable; `table` the class behind a SubTable or TableVector."""

    name: str
    slot: int
    kind: Kind
    default: Any
    table: "type[Table] | None"


@dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=False)
class Table:
    """Base of every table. Immutable; equal when the fields are, arrays and floats bit for bit."""

    def __init__(self, **values: Any) -> None:
        """Fields by name. Vectors may be any sequence of numbers. Raises InputError for values that do not fit."""
        for field in fields(type(self)):
            if field.name in values:
                self.__dict__[field.name] = _checked(type(self), field, values.pop(field.name))
        if values:
            raise TypeError(f"{type(self).__name__} has no field {', '.join(values)}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable; use replace(table, {name}=...)")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(same(getattr(self, field.name), getattr(other, field.name)) for field in fields(type(self)))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = (
            f"{field.name}={_show(getattr(self, field.name))}"
            for field in fields(type(self))
            if not same(getattr(self, field.name), field.default)
        )
        return f"{type(self).__name__}({', '.join(shown)})"


def fields(table: type[Table]) -> tuple[Field, ...]:
    """The fields of a table class, in schema order; collected when first asked for: an unused class costs nothing."""
    known = _FIELDS.get(table)
    if known is None:
        known = _FIELDS[table] = _collect(table)
    return known


_FIELDS: dict[type[Table], tuple[Field, ...]] = {}


def _collect(table: type[Table]) -> tuple[Field, ...]:
    found, slot = [], 0
    for name, annotation in table.__annotations__.items():
        kind: Kind = annotation.__metadata__[0]
        found.append(Field(name, slot, kind, getattr(table, name), _table_behind(annotation, kind)))
        slot += 2 if isinstance(kind, Union) else 1
    return tuple(found)


def replace(table: TableType, **changes: Any) -> TableType:
    """A copy of the table with the given fields changed."""
    return type(table)(**{**vars(table), **changes})


def from_fields(table: type[TableType], values: dict[str, Any]) -> TableType:
    """A table of values that are already what the declaration says; used by the decoder."""
    made = table.__new__(table)
    made.__dict__.update(values)
    return made


def same(left: object, right: object) -> bool:
    """Whether two field values are the same, floats and arrays bit for bit (-0.0 is not 0.0, NaN is NaN)."""
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        return left.dtype == right.dtype and left.shape == right.shape and bool(np.all(_bits(left) == _bits(right)))
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return False
    if isinstance(left, float) and isinstance(right, float):
        return struct.pack("<d", left) == struct.pack("<d", right)
    return left == right


def _bits(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.ascontiguousarray(array).view(np.uint8)


def _table_behind(annotation: Any, kind: Kind) -> type[Table] | None:
    if not isinstance(kind, SubTable | TableVector):
        return None
    inner = get_args(get_args(annotation)[0])[0]  # Annotated[inner | None, kind]
    behind: type[Table] = inner if isinstance(kind, SubTable) else get_args(inner)[0]
    return behind


def _checked(table: type[Table], field: Field, value: Any) -> Any:
    try:
        return checked(field.kind, field.table, value)
    except (InputError, TypeError, ValueError) as error:
        raise InputError(f"{table.__name__}.{field.name}: {error}") from None


def _show(value: object) -> str:
    if isinstance(value, np.ndarray):
        return str(value.tolist()) if value.size <= SHOWN_ELEMENTS else f"<{value.size} x {value.dtype.name}>"
    if isinstance(value, tuple):
        return f"<{len(value)} x {type(value[0]).__name__}>" if value else "()"
    return repr(value)
