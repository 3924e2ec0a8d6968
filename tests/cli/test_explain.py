"""minilite explain: text for a slide, JSON by its schema, one clear line for what cannot be explained."""

import numpy as np
import pytest

import minilite
from minilite.format.enums import TensorType
from minilite.format.options.control import IfOptions
from minilite.format.options.dense import FullyConnectedOptions
from minilite.format.options.shape import ShapeOptions
from minilite.graph import Graph, Node, Subgraph
from tests.conftest import MODELS_FOLDER

from .models import DIGITS, dense, document, invoke, one_node, saved, tensor

MODEL, FLOAT, DIGIT = DIGITS / "digits_int8.tflite", DIGITS / "digits_float32.tflite", DIGITS / "digit.npy"
RELU_NODE = (Node(0, "RELU", (0,), (1,)),)
NODES = {0: "0,3,4,5", 1: "0,3,4,5", 3: "0,1,1,1", 4: "0,1,1,1", 6: "0,1,1,1", 7: "0,50", 8: "0,5", 10: "0,1"}


@pytest.mark.parametrize("node", NODES)
def test_text_fits_a_slide(node: int) -> None:
    lines = invoke("explain", MODEL, DIGIT, "--node", node, "--at", NODES[node]).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 28


@pytest.mark.parametrize("node", NODES)
def test_json_follows_its_schema_and_says_what_the_text_says(node: int) -> None:
    found = document("explain", MODEL, DIGIT, "--node", node, "--at", NODES[node])
    assert found["at"] == [int(number) for number in NODES[node].split(",")]
    text = invoke("explain", MODEL, DIGIT, "--node", node, "--at", NODES[node]).stdout
    assert f"code {found['code']}," in text
    assert found["copied_from"] is not None or found["steps"][-1]["result"] == found["code"]
    assert len(found["others"]) == 6


def test_python_shows_what_the_command_prints() -> None:
    found = minilite.explain(MODEL, np.load(DIGIT), 8, (0, 5))
    assert repr(found) + "\n" == invoke("explain", MODEL, DIGIT, "--node", 8, "--at", "0,5").stdout
    assert found.error == found.real - found.exact


def test_a_node_of_a_subgraph_is_explained_where_it_runs(tmp_path) -> None:
    body = Subgraph(1, "body", (tensor(0, "int8", (2,), 0.5), tensor(1, "int8", (2,), 1.0)), RELU_NODE, (0,), (1,))
    outer = (tensor(0, "bool", ()), tensor(1, "int8", (2,), 0.5), tensor(2, "int8", (2,), 1.0))
    options = IfOptions(then_subgraph_index=1, else_subgraph_index=1)
    main = Subgraph(0, "main", outer, (Node(0, "IF", (0, 1), (2,), options),), (0, 1), (2,))
    inputs = {"tensor_0": np.array(True), "tensor_1": np.array([7, -3], np.int8)}
    graph = Graph((main, body))
    assert minilite.explain(graph, inputs, 0, [0], subgraph=1).code == 4  # 3.5 in steps of 1, a tie
    with pytest.raises(minilite.UnsupportedError, match=r"IF \(node 0\) runs subgraphs"):
        minilite.explain(graph, inputs, 0, [0])


def test_a_worst_element_needs_real_arithmetic() -> None:
    graph = one_node(
        "SHAPE", ShapeOptions(out_type=TensorType.INT32), (tensor(0, "int8", (2, 3), 0.5), tensor(1, "int32", (2,)))
    )
    with pytest.raises(minilite.UnsupportedError, match="no largest error to look for"):
        minilite.explain(graph, np.zeros((2, 3), np.int8), 0)


def test_a_padded_element_is_a_copy_of_none() -> None:
    operands = (tensor(0, "int8", (1, 2), 0.5, 3), tensor(1, "int32", (2, 2), data=[[0, 0], [1, 0]]))
    graph = one_node("PAD", None, (*operands, tensor(2, "int8", (1, 3), 0.5, 3)))
    codes = np.array([[7, 8]], np.int8)
    padding, first = (minilite.explain(graph, codes, 0, [0, column]) for column in (0, 1))
    assert (padding.code, first.code) == (3, 7)
    assert "no element of the inputs comes here as it is" in padding.text()
    assert "copied from x[0,0] of tensor 0" in first.text()


def test_all_terms() -> None:
    arguments = ("explain", MODEL, DIGIT, "--node", 8, "--at", "0,5")
    few, every = (invoke(*arguments, *extra).stdout.splitlines() for extra in ((), ("--all",)))
    assert len(every) - len(few) == 96 - sum(line.lstrip().startswith("[0,") for line in few) - 1


def test_worst_is_the_largest_error_of_all_elements() -> None:
    found = document("explain", MODEL, DIGIT, "--node", 9, "--worst")
    each = [document("explain", MODEL, DIGIT, "--node", 9, "--at", f"0,{unit}")["error"] for unit in range(10)]
    assert abs(found["error"]) == max(map(abs, each))


def test_negative_positions_count_from_the_end() -> None:
    found = document("explain", MODEL, DIGIT, "--node", 9, "--at", "0,-1")
    assert found["at"] == [0, 9]


def test_a_float_node_has_terms_and_their_sum(tmp_path) -> None:
    np.save(tmp_path / "x.npy", np.array([[1, 2, 3, 4]], np.float32))
    found = document("explain", saved(dense("float32"), tmp_path), tmp_path / "x.npy", "--node", 0, "--at", "0,1")
    assert [term["value"] for term in found["terms"]] == [4.0, 10.0, 18.0, 28.0]
    assert found["code"] == found["exact"] == found["steps"][0]["result"] == 60.0


def test_no_number_outside_json(tmp_path) -> None:
    operands = (tensor(0, "float32", (1, 2)), tensor(1, "float32", (1, 2), data=[1, 1]), tensor(2, "float32", (1, 1)))
    model = saved(one_node("FULLY_CONNECTED", FullyConnectedOptions(), operands), tmp_path)
    np.save(tmp_path / "x.npy", np.array([[np.inf, np.nan]], np.float32))
    found = document("explain", model, tmp_path / "x.npy", "--node", 0, "--at", "0,0")
    assert [term["value"] for term in found["terms"]] == ["Infinity", "NaN"]


WRONG = {
    "there is no node 99; subgraph 0 has 11 nodes, numbered 0 to 10": ("--node", 99, "--worst"),
    "there is no node -1": ("--node", -1, "--worst"),
    "there is no subgraph 3; the model has 1 subgraph, number 0": ("--node", 0, "--worst", "--subgraph", 3),
    "no element [0, 10] in its output of shape [1, 10]; expected 2 numbers, 0 to 0,9": ("--node", 9, "--at", "0,10"),
    "no element [3] in its output of shape [1, 10]": ("--node", 9, "--at", "3"),
    "there is no output 1; it has 1 output, number 0": ("--node", 9, "--worst", "--output", 1),
    "--at 1,x: expected whole numbers with commas between them, such as 0,3,1": ("--node", 9, "--at", "1,x"),
    "say which element: --at I,J,K, or --worst": ("--node", 9),
    "say which element: --at I,J,K, or --worst for": ("--node", 9, "--at", "0,1", "--worst"),
    "Missing option '--node'": ("--worst",),
}


@pytest.mark.parametrize("expected", WRONG)
def test_what_cannot_be_explained_is_one_line(expected: str) -> None:
    result = invoke("explain", MODEL, DIGIT, *WRONG[expected])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert expected in result.stderr


@pytest.mark.parametrize(
    ("model", "node"),
    [
        ("mlperf_tiny/kws_int8.tflite", 0),
        ("mlperf_tiny/vww96_int8.tflite", 5),
        ("mlperf_tiny/ad01_int8.tflite", 9),
        ("mlperf_tiny/streaming_wakeword_int8.tflite", 2),
        ("mlperf_tiny/kws_dynamic_range.tflite", 0),
        ("tflite_micro/trained_lstm_int8.tflite", 0),
        ("tflite_micro/micro_speech_quantized.tflite", 3),
    ],
)
def test_real_models(model: str, node: int) -> None:
    path = MODELS_FOLDER / model
    if not path.exists():
        pytest.skip("the real models (../shared/models) are not here")
    found = document("explain", path, "--random", "--node", node, "--worst")
    assert found["steps"][-1]["result"] == found["code"]
    assert found["error"] is not None
    lines = invoke("explain", path, "--random", "--node", node, "--worst").stdout.splitlines()
    assert max(map(len, lines)) <= 80


def test_the_bias_of_a_float_node_is_added_once() -> None:
    names = [step["name"] for step in document("explain", FLOAT, DIGIT, "--node", 0, "--at", "0,3,4,5")["steps"]]
    assert names == ["sum of the terms", "plus b", "the same, rounded at every sum", "clamp"]


def test_limits_of_a_float_without_activation_are_not_shown() -> None:
    shown = invoke("explain", FLOAT, DIGIT, "--node", 9, "--at", "0,5").stdout
    assert "kept " not in shown
    assert "kept at 0 or above " in invoke("explain", FLOAT, DIGIT, "--node", 8, "--at", "0,5").stdout
