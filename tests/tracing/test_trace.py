"""minilite.trace: it changes nothing, it measures what it says, and its file keeps it."""

import json
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import jsonschema
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import minilite
from minilite.errors import InputError, UnsupportedError
from minilite.format.options.dense import FullyConnectedOptions
from minilite.graph import Graph, load
from minilite.interpreter import evaluate, execute, to_input
from minilite.names import input_names
from minilite.ops import OPS
from minilite.program import bind
from minilite.real import make_real
from minilite.tracing.reference import RealReference, Sample, make_sample
from minilite.tracing.run import Tracer
from tests.cli.models import DIGITS, ROOT, one_node, tensor
from tests.conformance import CASES
from tests.conformance.case import Case, OneOp
from tests.graph.build import with_main

CONVERTED = ROOT / "tests" / "converted"
MODELS = [*sorted(DIGITS.glob("*.tflite")), *sorted(CONVERTED.glob("*.tflite"))]
TRACED = [case for case in CASES if "string" not in case.types and not OPS[case.op].uses_state][::6]


def drawn(graph: Graph, seed: int) -> dict[int, np.ndarray]:
    generator = np.random.default_rng(seed)
    tensors = [graph.main.tensors[index] for index in graph.main.inputs]
    return {each.index: to_input(each, generator.uniform(-1, 1, each.shape)) for each in tensors}


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
@pytest.mark.parametrize("accumulators", [False, True])
def test_tracing_a_model_changes_no_bit(path: Path, accumulators: bool) -> None:
    graph = load(path)
    inputs = drawn(graph, 5)
    expected = evaluate(bind(graph, engine="numpy"), inputs)
    tracer = Tracer(graph, accumulators=accumulators, engine="numpy")
    tracer.add(Sample(inputs, {index: array.astype(np.float64) for index, array in inputs.items()}))
    arrays = tracer.result("").arrays
    assert len(arrays) >= len(graph.main.nodes)
    for (subgraph, index), array in arrays.items():
        if subgraph == 0:
            assert (array.dtype, array.shape) == (expected[index].dtype, expected[index].shape)
            assert array.tobytes() == expected[index].tobytes()


@pytest.mark.parametrize("case", TRACED, ids=str)
def test_tracing_an_op_changes_no_bit(case: Case) -> None:
    @settings(max_examples=4, suppress_health_check=list(HealthCheck))
    @given(case.draw, st.booleans())
    def check(example: OneOp, accumulators: bool) -> None:
        shapes = {index: array.shape for index, array in example.inputs.items()}
        expected = evaluate(bind(example.graph, shapes, engine="numpy"), example.inputs)
        names = {name: example.inputs[index] for name, index in input_names(example.graph).items()}
        found = minilite.trace(example.graph, names, accumulators=accumulators, engine="numpy")
        for index in example.graph.main.outputs:
            assert found.arrays[0, index].tobytes() == expected[index].tobytes()

    check()


def perfect_layer(units: int) -> Graph:
    """A layer whose output codes round real values that fall anywhere between two codes."""
    generator = np.random.default_rng(7)
    weights = tensor(1, "int8", (units, 16), 0.011, data=generator.integers(-127, 128, (units, 16)))
    bias = tensor(2, "int32", (units,), 0.037 * 0.011, data=np.zeros(units))
    tensors = (tensor(0, "int8", (1, 16), 0.037), weights, bias, tensor(3, "int8", (1, units), 0.25, 4))
    return one_node("FULLY_CONNECTED", FullyConnectedOptions(), tensors)


def test_perfect_rounding_has_a_local_error_of_0_289_steps() -> None:
    generator = np.random.default_rng(8)
    dataset = [generator.integers(-100, 101, (1, 16)).astype(np.int8) for _ in range(20)]
    record = minilite.trace(perfect_layer(500), dataset)[3]
    row = record.row()
    assert record.local.elements == 20 * 500
    assert row["rail_low"] == row["rail_high"] == 0
    assert abs(row["local_rmse_steps"] - 0.2887) < 0.01
    assert abs(row["local_bias_steps"]) < 0.01
    assert row["local_largest_steps"] < 0.51


def test_of_a_dataset_the_statistics_of_all_runs() -> None:
    images = np.load(DIGITS / "test_images.npy")[:5]
    model = DIGITS / "digits_int8.tflite"
    many = minilite.trace(model, (image[None] for image in images))
    merged, *others = [minilite.trace(model, image[None]) for image in images]
    for other in others:
        for ours, theirs in zip(merged.records, other.records, strict=True):
            ours.values.merge(theirs.values)
            for mine, more in ((ours.local, theirs.local), (ours.propagated, theirs.propagated)):
                if mine is not None:
                    mine.merge(more)
    assert (many.runs, many.arrays) == (5, {})
    for ours, theirs in zip(many.rows(), merged.rows(), strict=True):
        assert {
            name: number for name, number in ours.items() if "accumulator" not in name and name != "headroom_bits"
        } == {
            name: pytest.approx(number, rel=1e-12) if isinstance(number, float) else number
            for name, number in theirs.items()
            if "accumulator" not in name and name != "headroom_bits"
        }
    with pytest.raises(InputError, match="statistics only"):
        many.codes("digits_1/max_pool_1/MaxPool2d")
    np.testing.assert_array_equal(merged.real(24), (merged.codes(24).astype(np.float64) + 128) / 256)


def test_propagated_error_is_that_against_the_float_model() -> None:
    image = np.load(DIGITS / "digit.npy")
    found = minilite.trace(DIGITS / "digits_int8.tflite", image, float_model=DIGITS / "digits_float32.tflite")
    (scores,) = minilite.run(load(DIGITS / "digits_float32.tflite"), image).values()
    last = found.records[-1]
    assert found.reference == "float model"
    assert last.propagated.largest == pytest.approx(np.abs(found.real(last.index) - scores).max())
    assert all(record.propagated is not None for record in found.records)


def test_a_float_model_has_the_errors_of_float32() -> None:
    found = minilite.trace(DIGITS / "digits_float32.tflite", np.load(DIGITS / "digit.npy"))
    last = found.records[-1]
    assert last.local.sqnr_db > 120
    assert last.propagated.sqnr_db > 100
    assert (last.scale, last.values.rails, last.row()["local_rmse_steps"]) == (None, None, None)


def test_saved_and_loaded(tmp_path: Path) -> None:
    image = np.load(DIGITS / "digit.npy")
    found = minilite.trace(DIGITS / "digits_int8.tflite", image, accumulators=True)
    minilite.save_trace(found, tmp_path / "trace.npz")
    again = minilite.load_trace(tmp_path / "trace.npz")
    assert again.rows() == found.rows()
    assert again.hashes == found.hashes
    assert found.differences(again) == []
    assert again.accumulators.keys() == found.accumulators.keys() != set()
    np.testing.assert_array_equal(again.real(24), found.real(24))
    with zipfile.ZipFile(tmp_path / "trace.npz") as archive:
        manifest = json.loads(archive.read("manifest.json"))
    schema = json.loads((ROOT / "schema" / "trace-file.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(manifest, schema, jsonschema.Draft202012Validator)
    other = minilite.trace(DIGITS / "digits_int8.tflite", image * np.float32(0.9))
    first = found.differences(other)[0]
    assert (first.record.node, first.differing > 0) == (None, True)


def test_accumulators_are_the_kernels_own() -> None:
    image = np.load(DIGITS / "digit.npy")
    found = minilite.trace(DIGITS / "digits_int8.tflite", image, accumulators=True)
    record = next(record for record in found.records if record.op == "CONV_2D")
    sums = found.accumulators[0, record.index]
    assert sums.dtype == np.int32
    assert record.accumulators.largest == np.abs(sums).max()
    assert record.accumulators.headroom == 31 - int(np.abs(sums).max()).bit_length()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"no archive", "not a trace file"), (None, "cannot be read"), ("empty", "has no manifest.json of a trace")],
)
def test_files_that_are_no_traces(tmp_path: Path, content: bytes | str | None, message: str) -> None:
    path = tmp_path / "bad.npz"
    if content == "empty":
        np.savez(path, x=np.zeros(1))
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        minilite.load_trace(path)


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "later.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", '{"format": 99}')
    with pytest.raises(InputError, match="the trace has format 99, this version reads 1"):
        minilite.load_trace(path)


def test_an_interrupted_save_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    found = minilite.trace(DIGITS / "digits_int8.tflite", np.load(DIGITS / "digit.npy"))
    monkeypatch.setattr(np.lib.format, "write_array", interrupted)
    with pytest.raises(KeyboardInterrupt):
        minilite.save_trace(found, tmp_path / "trace.npz")
    assert list(tmp_path.iterdir()) == []


def test_as_a_table_for_notebooks() -> None:
    graph = load(DIGITS / "digits_int8.tflite")
    tensors = [replace(tensor, name="<b>&" if tensor.index == 14 else tensor.name) for tensor in graph.main.tensors]
    found = minilite.trace(with_main(graph, tensors=tuple(tensors)), np.load(DIGITS / "digit.npy"))
    page = ElementTree.fromstring(f"<body>{found._repr_html_()}</body>")
    heads, *rows = ([cell.text or "" for cell in row] for row in page.iter("tr"))
    shown = [dict(zip(heads, row, strict=True)) for row in rows]
    assert [row["tensor"] for row in shown] == [str(record.index) for record in found.records]
    assert [row["name"] for row in shown] == [record.name for record in found.records]
    assert shown[1]["name"] == "<b>&"
    assert [row["local dB"] for row in shown if row["op"] == "MAX_POOL_2D"] == ["exact"]
    plain = minilite.trace(DIGITS / "digits_float32.tflite", np.load(DIGITS / "digit.npy"))
    assert "RMSE</th>" not in plain._repr_html_(), "steps of a scale that is not there"


def test_as_a_dataframe(monkeypatch: pytest.MonkeyPatch) -> None:
    found = minilite.trace(DIGITS / "digits_int8.tflite", np.load(DIGITS / "digit.npy"))
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=lambda rows: ("frame", rows)))
    assert found.to_dataframe() == ("frame", found.rows())
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UnsupportedError, match="pip install pandas"):
        found.to_dataframe()


def test_another_branch_in_real_arithmetic_is_not_compared() -> None:
    graph = load(DIGITS / "digits_int8.tflite")
    sample = make_sample(graph, np.load(DIGITS / "digit.npy"))
    reference = RealReference(make_real(graph))
    reference.start(sample)
    _, second, *_ = execute(bind(graph), sample.codes)
    assert reference.outputs(second) == "real arithmetic took another branch"
