"""The independent oracle: the readers that FlatBuffers' own compiler generated, walked generically.

`differences(ours, theirs, package)` lists every field in which a table of ours differs from a generated reader of the
same table. `package` is `tflite` or LiteRT's `schema_py_generated`; both hold one reader class per table.
"""

from typing import Any

import numpy as np

from minilite.format import Table, fields
from minilite.format.kinds import Scalar, String, SubTable, TableVector, Union, Vector
from minilite.format.table import Field, same


def accessor(field_name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in field_name.split("_"))


def has_field(package: Any, table: type[Table], field: Field) -> bool:
    return hasattr(getattr(package, table.__name__, None), accessor(field.name))


def is_deprecated(field: Field) -> bool:
    return isinstance(field.kind, Scalar | String) and field.kind.deprecated


def differences(ours: Table, theirs: Any, package: Any, path: str = "") -> list[str]:
    path = path or type(ours).__name__
    found = []
    for field in fields(type(ours)):
        if not is_deprecated(field) and has_field(package, type(ours), field):
            found += _field(_value(ours, field, package), field, theirs, package, f"{path}.{field.name}")
    return found


def _value(ours: Table, field: Field, package: Any) -> Any:
    if field.name == "builtin_code" and package.__name__ == "tflite" and ours.builtin_code < 127:
        return ours.deprecated_builtin_code  # the one accessor that package changed by hand: it picks the field in use
    return getattr(ours, field.name)


def _field(ours: Any, field: Field, theirs: Any, package: Any, path: str) -> list[str]:
    name = accessor(field.name)
    match field.kind:
        case Scalar():
            return _unequal(ours, getattr(theirs, name)(), path)
        case String():
            text = getattr(theirs, name)()
            return _unequal(ours, None if text is None else text.decode("utf-8", "surrogateescape"), path)
        case Vector():
            absent = getattr(theirs, name + "IsNone")()
            return _unequal(ours, None if absent else _array(theirs, name, field.kind), path)
        case SubTable():
            return _tables([ours], [getattr(theirs, name)()], package, path)
        case TableVector():
            if getattr(theirs, name + "IsNone")():
                return _unequal(ours, None, path)
            read = [getattr(theirs, name)(index) for index in range(getattr(theirs, name + "Length")())]
            return _tables(ours, read, package, path)
        case Union():
            return _union(ours, field.kind, theirs, package, path, name)


def _array(theirs: Any, name: str, kind: Vector) -> "np.ndarray[Any, Any]":
    if getattr(theirs, name + "Length")() == 0:
        return np.empty(0, kind.dtype)  # the generated AsNumpy of an empty vector depends on the runtime's version
    array: np.ndarray[Any, Any] = getattr(theirs, name + "AsNumpy")()
    return array


def _union(ours: Any, kind: Union, theirs: Any, package: Any, path: str, name: str) -> list[str]:
    number = getattr(theirs, name + "Type")()
    if number == 0 or ours is None:
        return _unequal(ours, None if number == 0 else number, path)
    names = {code: member for member, code in vars(getattr(package, kind.name)).items()}
    if type(ours).__name__ != names[number]:
        return [f"{path}: ours {type(ours).__name__}, theirs {names[number]}"]
    holder = getattr(theirs, name)()
    reader = getattr(package, names[number])()
    reader.Init(holder.Bytes, holder.Pos)
    return differences(ours, reader, package, path)


def _tables(ours: Any, theirs: list[Any], package: Any, path: str) -> list[str]:
    if ours is None or len(ours) != len(theirs):
        return [f"{path}: ours {ours}, theirs {len(theirs)} tables"]
    found = []
    for index, (left, right) in enumerate(zip(ours, theirs, strict=True)):
        if left is None or right is None:
            found += _unequal(left, right, path)
        else:
            found += differences(left, right, package, f"{path}[{index}]")
    return found


def _unequal(ours: Any, theirs: Any, path: str) -> list[str]:
    if isinstance(ours, np.ndarray) and isinstance(theirs, np.ndarray) and ours.dtype != theirs.dtype:
        return [f"{path}: ours {ours.dtype}, theirs {theirs.dtype}"]
    return [] if same(ours, theirs) else [f"{path}: ours {ours!r}, theirs {theirs!r}"]
