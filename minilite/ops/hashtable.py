"""HASHTABLE:         handle = the table of option table_id, made when it is first met; it lives in the State
HASHTABLE_IMPORT:  fills a table, unless it is filled already: keys[i] -> values[i], of equal keys the first counts
HASHTABLE_FIND:    y[i] = the value of keys[i], or the default
HASHTABLE_SIZE:    size = how many keys the table has

A table maps int64 to strings or strings to int64.
Follows tflite/kernels/hashtable.cc, hashtable_import.cc, hashtable_find.cc, hashtable_size.cc, which LiteRT has among
its optimized kernels only, and tflite/experimental/resource/static_hashtable.cc.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from minilite.errors import ModelError, StateError
from minilite.format.enums import TensorType
from minilite.format.options.control import HashtableOptions
from minilite.format.options.empty import HashtableFindOptions, HashtableImportOptions, HashtableSizeOptions

from .call import Array, Call
from .op import Op, Variant
from .signature import Shape
from .state import State

KINDS = (("int64", "string"), ("string", "int64"))


@dataclass
class HashTable:
    """A table of the State: the types of its keys and values, and its entries once they are imported."""

    types: tuple[str, str]
    entries: dict[Any, Any] | None = None


class Plan(NamedTuple):
    """The number and the types of a table."""

    number: int
    types: tuple[str, str]


def plan_table(call: Call[HashtableOptions]) -> Plan:
    options = call.options
    types = _name(options.key_dtype), _name(options.value_dtype)
    call.require(types in KINDS, f"a table from {types[0]} to {types[1]}, expected int64 to string or string to int64")
    return Plan(options.table_id, types)


def _name(code: int) -> str:
    return TensorType(code).name.lower() if code in set(TensorType) else f"type {code}"


def make_table(plan: Plan, state: State) -> Array:
    state.resources.setdefault(("table", plan.number), HashTable(plan.types))
    return np.array([plan.number], np.int32)


class Use(NamedTuple):
    """Who uses a table, and the types its keys and values must have."""

    label: str
    types: tuple[str, str] | None


def plan_import(call: Call[Any]) -> Use:
    keys, values = call["keys"], call["values"]
    call.require(keys.shape == values.shape, "keys and values must have the same shape")
    return _use(call, "values")


def plan_find(call: Call[Any]) -> Use:
    call.require(0 not in call["default"].shape, "a default value expected")
    return _use(call, "default")


def _use(call: Call[Any], values: str) -> Use:
    types = (call[name].tensor.type.name.lower() for name in ("keys", values))
    return Use(call.node.label, (next(types), next(types)))


def plan_size(call: Call[Any]) -> Use:
    return Use(call.node.label, None)


def table_of(use: Use, state: State, handle: Array) -> HashTable:
    """The table of a handle. Raises StateError when there is none, ModelError when it has other types."""
    number = int(handle.reshape(-1)[0]) if handle.size == 1 else -1
    table: HashTable | None = state.resources.get(("table", number))
    if table is None:
        raise StateError(f"{use.label}: there is no hash table {number}, a HASHTABLE has to run before")
    if use.types is not None and use.types != table.types:
        given, found = (" to ".join(types) for types in (use.types, table.types))
        raise ModelError(f"{use.label}: keys and values are {given}, those of hash table {number} are {found}")
    return table


def import_entries(use: Use, state: State, handle: Array, keys: Array, values: Array) -> tuple[Array, ...]:
    table = table_of(use, state, handle)
    if table.entries is None:
        entries: dict[Any, Any] = {}
        for key, value in zip(keys.ravel().tolist(), values.ravel().tolist(), strict=True):
            entries.setdefault(key, value)
        table.entries = entries
    return ()


def find(use: Use, state: State, handle: Array, keys: Array, default: Array) -> Array:
    entries = table_of(use, state, handle).entries
    if entries is None:
        raise StateError(f"{use.label}: the hash table is empty, a HASHTABLE_IMPORT has to run before")
    y = np.empty(keys.size, default.dtype)
    y[:] = [entries.get(key, default.reshape(-1)[0]) for key in keys.ravel().tolist()]
    return y.reshape(keys.shape)


def count(use: Use, state: State, handle: Array) -> Array:
    return np.array([len(table_of(use, state, handle).entries or ())], np.int64)


def find_shapes(call: Call[Any]) -> Sequence[Shape]:
    return [call["keys"].shape]


FIND_TYPES = tuple(f"resource {key} {value} -> {value}" for key, value in KINDS)
IMPORT_TYPES = tuple(f"resource {key} {value} ->" for key, value in KINDS)
OPS = (
    Op(
        "HASHTABLE",
        "-> handle[...]",
        HashtableOptions,
        (Variant("table", ("-> resource",), plan_table, make_table),),
        shapes=lambda call: [(1,)],
        uses_state=True,
    ),
    Op(
        "HASHTABLE_IMPORT",
        "handle[...] keys[...] values[...] ->",
        HashtableImportOptions,
        (Variant("import", IMPORT_TYPES, plan_import, import_entries),),
        shapes=lambda call: [],
        uses_state=True,
    ),
    Op(
        "HASHTABLE_FIND",
        "handle[...] keys[...] default[...] -> y[...]",
        HashtableFindOptions,
        (Variant("find", FIND_TYPES, plan_find, find),),
        find_shapes,
        uses_state=True,
    ),
    Op(
        "HASHTABLE_SIZE",
        "handle[...] -> size[...]",
        HashtableSizeOptions,
        (Variant("size", ("resource -> int64",), plan_size, count),),
        shapes=lambda call: [(1,)],
        uses_state=True,
    ),
)
