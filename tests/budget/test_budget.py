"""The error budget: it adds up to what is measured, finds planted causes, and pairs what has other names."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import minilite
from minilite.budget import PARTS, Parts
from minilite.errors import InputError
from minilite.graph import Graph, load
from minilite.ops import OPS
from minilite.tracing.pairing import pair_models
from tests.cli.models import DIGITS
from tests.conftest import MODELS_FOLDER

from .pairs import CONVERTED, REAL, RUNS, drawn, own_pairs

RUNS_SUBGRAPHS = "it runs subgraphs"

INT8, FLOAT = DIGITS / "digits_int8.tflite", DIGITS / "digits_float32.tflite"


def check(path: Path, float_path: Path) -> None:
    graph, floats = load(path), load(float_path)
    dataset = drawn(graph, RUNS)
    found = minilite.error_budget(graph, floats, dataset)
    loops = {node.index for node in graph.main.nodes if OPS[node.op].control is not None}
    assert {(node.node, node.reason) for node in found.unpaired} == {(index, RUNS_SUBGRAPHS) for index in loops}
    assert found.runs == RUNS
    # The measured error, from two ordinary runs: what a tracer sees of the quantized and of the float model.
    measured = minilite.trace(graph, dataset, float_model=floats)
    assert len(found.tensors) >= len(graph.main.nodes) - len(loops) - unpacked(graph)
    for budget in found.tensors:
        errors = measured[budget.tensor.index].propagated
        signal = np.sqrt(errors.expected_squares / errors.elements)
        assert abs(budget.parts.rmse - errors.rmse) <= 0.05 * errors.rmse + 1e-6 * signal
        assert budget.gap < 0.05
        shares = [budget.parts.share(name) for name in PARTS]
        assert None in shares or sum(shares) == pytest.approx(1)


def unpacked(graph: Graph) -> int:
    """How many nodes only convert constants, such as float16 weights."""
    constants = {tensor.index for tensor in graph.main.tensors if tensor.data is not None}
    return sum(constants.issuperset(node.inputs) for node in graph.main.nodes)


@pytest.mark.parametrize(("path", "float_path"), own_pairs(), ids=lambda path: path.stem)
def test_adds_up_to_the_measured_error(path: Path, float_path: Path) -> None:
    check(path, float_path)


@pytest.mark.parametrize(("path", "float_path"), REAL.items(), ids=lambda path: Path(path).name)
def test_adds_up_on_real_models(path: str, float_path: str) -> None:
    if not (MODELS_FOLDER / f"{path}.tflite").exists():
        pytest.skip("the real models (../shared/models) are not here")
    check(MODELS_FOLDER / f"{path}.tflite", MODELS_FOLDER / f"{float_path}.tflite")


def with_constant(graph: Graph, operand: int, change: float) -> Graph:
    """The model with the float constant of the first convolution's operand multiplied."""
    node = next(node for node in graph.main.nodes if node.op == "CONV_2D")
    tensors = list(graph.main.tensors)
    old = tensors[node.inputs[operand]]
    data = np.ascontiguousarray(old.value * np.float32(change)).reshape(-1).view(np.uint8)
    tensors[old.index] = replace(old, data=data)
    return replace(graph, subgraphs=(replace(graph.main, tensors=tuple(tensors)),))


@pytest.mark.parametrize(("operand", "cause"), [(1, "weights"), (2, "bias")])
def test_a_planted_cause_is_found(operand: int, cause: str) -> None:
    floats = with_constant(load(FLOAT), operand, 3)
    found = minilite.error_budget(INT8, floats, np.load(DIGITS / "digit.npy"))
    first = next(budget for budget in found.tensors if budget.op == "CONV_2D")
    assert first.parts.share(cause) > 0.9


def test_clipping_is_found() -> None:
    found = minilite.error_budget(INT8, FLOAT, np.load(DIGITS / "digit.npy") * np.float32(2))
    assert found.tensors[0].parts.share("clipping") > 0.99


def test_what_a_layer_without_weights_passes_on_is_inherited() -> None:
    found = minilite.error_budget(INT8, FLOAT, np.load(DIGITS / "digit.npy"))
    reshape = next(budget for budget in found.tensors if budget.op == "RESHAPE")
    assert reshape.parts.share("inherited") == 1


def test_parts_of_runs_are_those_of_all_at_once() -> None:
    generator = np.random.default_rng(4)
    paths = [generator.normal(size=(6, 10)) for _ in range(3)]
    merged, whole = Parts(), Parts()
    for path in paths:
        part = Parts()
        part.add(list(path))
        merged.merge(part)
    whole.add([np.concatenate([path[place] for path in paths]) for place in range(6)])
    assert merged.rmse == pytest.approx(whole.rmse)
    for name in PARTS:
        assert merged.share(name) == pytest.approx(whole.share(name))
        assert merged.rms(name) == pytest.approx(whole.rms(name))


def renamed(graph: Graph) -> Graph:
    tensors = tuple(replace(tensor, name=f"t{tensor.index}") for tensor in graph.main.tensors)
    return replace(graph, subgraphs=(replace(graph.main, tensors=tensors),))


@pytest.mark.parametrize("name", ["mobile_net", "u_net", "transformer", "hard_swish", "detector"])
def test_structure_pairs_what_names_pair(name: str) -> None:
    graph, floats = (load(CONVERTED / f"{name}_{kind}.tflite") for kind in ("int8", "float32"))
    by_name, by_structure = pair_models(graph, floats), pair_models(renamed(graph), floats)
    assert by_structure.unpaired == {}
    assert {i: pair.tensor for i, pair in by_structure.tensors.items()} == {
        i: pair.tensor for i, pair in by_name.tensors.items()
    }
    assert "name" not in {pair.how for pair in by_structure.tensors.values()}


def test_what_has_no_pair_is_listed_with_the_reason() -> None:
    graph, floats = renamed(load(INT8)), load(FLOAT)
    nodes = tuple(node for node in floats.main.nodes if node.op != "RESHAPE")
    other = replace(floats, subgraphs=(replace(floats.main, nodes=nodes),))
    reasons = pair_models(graph, other).unpaired
    assert reasons[7] == "no RESHAPE of the float model has its options and reads its pairs"
    assert reasons[8] == "what it reads has no pair"


def test_models_that_are_no_pair() -> None:
    with pytest.raises(InputError, match="they are no pair"):
        minilite.error_budget(INT8, CONVERTED / "u_net_float32.tflite", np.load(DIGITS / "digit.npy"))
