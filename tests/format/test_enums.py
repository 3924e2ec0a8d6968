"""Enums and operator names against the `tflite` package and LiteRT's schema."""

from enum import IntEnum
from typing import Any

import pytest
import tflite

from minilite.format import enum_names, enums, fields
from minilite.format.kinds import Scalar, Vector
from tests.format.test_schema import all_tables

DECLARED = [each for each in vars(enums).values() if isinstance(each, type) and issubclass(each, IntEnum)]
DECLARED.remove(IntEnum)

NEWER_TENSOR_TYPES = {"INT2": 19, "UINT4": 20, "FLOAT8_E4M3FN": 21, "FLOAT8_E5M2": 22}


def members(generated: Any) -> dict[str, int]:
    return {name: number for name, number in vars(generated).items() if not name.startswith("_")}


@pytest.mark.parametrize("enum", DECLARED, ids=lambda enum: enum.__name__)
def test_values_of_the_tflite_package(enum: type[IntEnum]) -> None:
    newer = NEWER_TENSOR_TYPES if enum is enums.TensorType else {}
    assert {member.name: member.value for member in enum} == members(getattr(tflite, enum.__name__)) | newer


@pytest.mark.parametrize("enum", [*(each.__name__ for each in DECLARED), "BuiltinOperator"])
def test_values_of_litert(enum: str) -> None:
    litert = pytest.importorskip("ai_edge_litert.schema_py_generated")
    assert enum_names(enum) == {number: name for name, number in members(getattr(litert, enum)).items()}


def test_operator_names() -> None:
    names = enum_names("BuiltinOperator")
    assert (names[0], names[3], names[206], names[209]) == ("ADD", "CONV_2D", "STABLEHLO_COMPOSITE", "STABLEHLO_CASE")


def test_every_enum_field_can_be_named() -> None:
    used = {
        field.kind.enum for table in all_tables() for field in fields(table) if isinstance(field.kind, Scalar | Vector)
    }
    assert used - {None} == {each.__name__ for each in DECLARED} | {"BuiltinOperator"}


def test_unknown_enum() -> None:
    with pytest.raises(KeyError):
        enum_names("Nothing")
