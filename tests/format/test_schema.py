"""Every declared table against the generated readers: fields, order, defaults, values written by our encoder."""

from collections.abc import Iterable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import tflite

from minilite.format import Model, Table, decode, encode, fields
from minilite.format.kinds import Union
from tests.format.generated_readers import accessor, differences, has_field, is_deprecated
from tests.format.random_tables import ALL_OPTIONS, contained, model_with, options_of, random_table

NEWER_THAN_TFLITE = {
    "BlockwiseQuantization.block_shape",
    "BlockwiseQuantization.block_size",
    "BlockwiseQuantization.scales",
    "BlockwiseQuantization.zero_points",
    "ExternalBuffer.group",
    "ExternalBuffer.id",
    "ExternalBuffer.length",
    "ExternalBuffer.offset",
    "ExternalBuffer.packing",
    "ExternalBufferGroup.name",
    "FullyConnectedOptions.quant_spec",
    "Model.external_buffer_groups",
    "Model.external_buffers",
    "MultiAxisQuantization.block_size",
    "MultiAxisQuantization.quantized_dimensions",
    "MultiAxisQuantization.scales",
    "MultiAxisQuantization.zero_points",
    "StablehloCaseOptions.branch_subgraph_indices",
    "Tensor.external_buffer",
}
"""Fields the `tflite` package does not know, or whose tables it does not know."""


def all_tables() -> list[type[Table]]:
    found, waiting = [], [Model]
    while waiting:
        table = waiting.pop()
        if table not in found:
            found.append(table)
            waiting += contained(table)
    return sorted(found, key=lambda table: table.__name__)


def packages() -> list[Any]:
    try:
        from ai_edge_litert import schema_py_generated as litert
    except ImportError:
        missing = pytest.mark.skip(reason="ai_edge_litert is not installed")
        return [pytest.param(tflite, id="tflite"), pytest.param(None, id="litert", marks=missing)]
    return [pytest.param(tflite, id="tflite"), pytest.param(litert, id="litert")]


def known_tables(tables: Iterable[type[Table]]) -> list[Any]:
    """(package, table) for every table a package knows."""
    return [
        pytest.param(*package.values, table, id=f"{table.__name__}-{package.id}", marks=package.marks)
        for package in packages()
        for table in tables
        if package.values[0] is None or hasattr(package.values[0], table.__name__)
    ]


class Slots:
    """Stands in for a builder, to learn how many slots the generated writer of a table reserves."""

    def StartObject(self, count: int) -> None:
        self.count = count


def missing_fields(package: ModuleType) -> set[str]:
    return {
        f"{table.__name__}.{field.name}"
        for table in all_tables()
        for field in fields(table)
        if not is_deprecated(field) and not has_field(package, table, field)
    }


def test_no_table_contains_itself() -> None:
    def check(table: type[Table], above: tuple[type[Table], ...]) -> None:
        assert table not in above
        for inner in contained(table):
            check(inner, (*above, table))

    check(Model, ())


def test_only_known_fields_are_newer_than_the_tflite_package() -> None:
    assert missing_fields(tflite) == NEWER_THAN_TFLITE


def test_litert_knows_every_field() -> None:
    litert = pytest.importorskip("ai_edge_litert.schema_py_generated")
    assert missing_fields(litert) == set()


@pytest.mark.parametrize(("package", "table"), known_tables(all_tables()))
def test_slots_are_as_many_as_generated(package: ModuleType, table: type[Table]) -> None:
    newer = [field for field in fields(table) if not is_deprecated(field) and not has_field(package, table, field)]
    slots = Slots()
    getattr(package, f"{table.__name__}Start")(slots)
    assert slots.count == sum(2 if isinstance(field.kind, Union) else 1 for field in fields(table)) - len(newer)


@pytest.mark.parametrize("package", packages())
@pytest.mark.parametrize("union", ["BuiltinOptions", "BuiltinOptions2", "QuantizationDetails", "SparseIndexVector"])
def test_unions_count_their_members_as_generated(union: str, package: ModuleType) -> None:
    kinds = {
        field.kind.name: field.kind
        for table in all_tables()
        for field in fields(table)
        if isinstance(field.kind, Union)
    }
    declared = {member.__name__: number for number, member in enumerate(kinds[union].members, 1)}
    generated = {name: number for name, number in vars(getattr(package, union)).items() if not name.startswith("_")}
    newer = {name: number for name, number in declared.items() if name not in generated}
    assert {**declared, "NONE": 0} == {**generated, **newer}


def generated_options(model: Model, package: ModuleType) -> Any:
    """The generated reader of the options in the bytes our encoder gives."""
    operator = package.Model.GetRootAs(encode(model), 0).Subgraphs(0).Operators(0)
    holder = operator.BuiltinOptions() or operator.BuiltinOptions2()
    reader = getattr(package, type(options_of(model)).__name__)()
    reader.Init(holder.Bytes, holder.Pos)
    return reader


@pytest.mark.parametrize(("package", "table"), known_tables(ALL_OPTIONS))
def test_options_read_by_generated_reader(package: ModuleType, table: type[Table]) -> None:
    random = np.random.default_rng(7)
    for options in (table(), *(random_table(table, random) for _ in range(3))):
        model = model_with(options)
        assert differences(options, generated_options(model, package), package) == []
        assert decode(encode(model)) == model


@pytest.mark.parametrize("package", packages())
def test_random_models_read_by_generated_reader(package: ModuleType) -> None:
    for seed in range(30):
        model = random_table(Model, np.random.default_rng(seed))
        data = encode(model)
        assert decode(data) == model
        if package is not tflite:  # the tflite package cannot read unions with newer members
            assert differences(model, package.Model.GetRootAs(data, 0), package) == []


def test_accessor_names() -> None:
    assert accessor("builtin_options_2") == "BuiltinOptions2"
