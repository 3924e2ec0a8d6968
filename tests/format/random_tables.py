"""Tables of every class filled with random values, and the classes themselves."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from minilite.format import Model, Table, fields
from minilite.format.kinds import Scalar, String, SubTable, TableVector, Union, Vector
from minilite.format.options import BUILTIN_OPTIONS, BUILTIN_OPTIONS_2
from minilite.format.schema import Operator, SubGraph
from minilite.format.table import Field

ALL_OPTIONS = (*BUILTIN_OPTIONS.members, *BUILTIN_OPTIONS_2.members)


def contained(table: type[Table]) -> Iterator[type[Table]]:
    """The classes a table's fields hold directly."""
    for field in fields(table):
        if field.table is not None:
            yield field.table
        if isinstance(field.kind, Union):
            yield from field.kind.members


def random_table(table: type[Table], random: np.random.Generator) -> Table:
    """Every field set, vectors of 0 to 3 elements, tables within tables."""
    return table(**{field.name: random_value(field, random) for field in fields(table)})


def random_value(field: Field, random: np.random.Generator) -> Any:
    match field.kind:
        case Scalar():
            return random_numbers({"f": "<f4"}.get(field.kind.format, field.kind.format), 1, random)[0].item()
        case Vector():
            return random_numbers(field.kind.dtype, int(random.integers(0, 4)), random)
        case String():
            return random.bytes(int(random.integers(0, 6))).decode("utf-8", "surrogateescape")
        case SubTable():
            return random_table(field.table, random)
        case TableVector():
            return [random_table(field.table, random) for _ in range(random.integers(0, 4))]
        case Union():
            return random_table(field.kind.members[random.integers(len(field.kind.members))], random)


def random_numbers(dtype: str, count: int, random: np.random.Generator) -> "np.ndarray[Any, Any]":
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return random.integers(0, 2, count).astype(bool)
    if kind.kind == "f":
        return random.normal(size=count).astype(kind)
    limits = np.iinfo(kind)
    return random.integers(limits.min, limits.max, count, kind, endpoint=True)


def model_with(options: Table) -> Model:
    """A model with one operator that has these options."""
    union = "builtin_options" if type(options) in BUILTIN_OPTIONS.members else "builtin_options_2"
    return Model(subgraphs=(SubGraph(operators=(Operator(**{union: options}),)),))


def options_of(model: Model) -> Table:
    operator = model.subgraphs[0].operators[0]
    return operator.builtin_options if operator.builtin_options is not None else operator.builtin_options_2
