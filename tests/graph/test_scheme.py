"""The scheme of a model by name, and the nodes that break it."""

import pytest

from minilite.graph import load
from minilite.graph.scheme import scheme_of
from tests.cli.models import DIGITS, chain, dense, tensor
from tests.conftest import MODELS_FOLDER
from tests.graph.build import small_graph, with_main, with_tensor

CONVERTED = DIGITS.parents[1] / "tests" / "converted"


@pytest.mark.parametrize(
    ("kinds", "name"),
    [
        (["float32", "float32"], "float32"),
        (["int8", "int8", "int8"], "full int8"),
        (["uint8", "uint8"], "uint8"),
        (["int16", "int16"], "int16x8"),
        (["float32", "int8", "int8", "float32"], "int8 with float I/O"),
        (["uint8", "int8", "int8", "uint8"], "int8 with uint8 I/O"),
        (["float32", "int8", "int8", "uint8"], "int8 with float and uint8 I/O"),
        (["float32", "int16", "int16", "float32"], "int16x8 with float I/O"),
        (["int32", "int32"], "int32"),
    ],
)
def test_by_activations(kinds: list[str], name: str) -> None:
    scheme = scheme_of(chain(*kinds))
    assert scheme.name == name
    assert scheme.breaking == ()


def test_mixed_names_the_minority() -> None:
    scheme = scheme_of(chain("int8", "int8", "int8", "float32", "float32"))
    assert (scheme.name, scheme.mostly) == ("mixed", "int8")
    assert [(one.node.index, one.scheme) for one in scheme.breaking] == [(3, "float32")]


def test_weights_decide_among_float_schemes() -> None:
    graph = dense("float32")
    assert scheme_of(graph).name == "float32"
    assert scheme_of(with_tensor(graph, 1, **_fields("int8"))).name == "dynamic range"
    assert scheme_of(with_tensor(graph, 1, **_fields("float16"))).name == "float16 weights"


def _fields(kind: str) -> dict[str, object]:
    weights = tensor(1, kind, (3, 4), 0.5 if kind == "int8" else None, data=[0] * 12)
    return {"type": weights.type, "data": weights.data, "parameters": weights.parameters}


@pytest.mark.parametrize(("kind", "name"), [("float16", "float16 weights"), ("int8", "int8 weights")])
def test_weights_widened_before_use(kind: str, name: str) -> None:
    graph = chain("float32", "float32")
    stored, wide = tensor(2, kind, (8,), 0.5 if kind == "int8" else None, data=[0] * 8), tensor(3, "float32", (8,))
    (relu,) = graph.main.nodes
    nodes = (
        type(relu)(0, "DEQUANTIZE", (2,), (3,)),
        type(relu)(1, "MUL", (0, 3), (1,)),
    )
    graph = with_main(graph, tensors=(*graph.main.tensors, stored, wide), nodes=nodes)
    assert scheme_of(graph).name == name


def test_integers_without_a_scale_are_no_scheme() -> None:
    graph = chain("int8", "int8")
    graph = with_tensor(with_tensor(graph, 0, parameters=None), 1, parameters=None)
    assert scheme_of(graph).name == "none"


def test_biases_and_omitted_inputs_do_not_matter() -> None:
    assert scheme_of(small_graph()).name == "full int8"


@pytest.mark.skipif(not MODELS_FOLDER.exists(), reason="the real models (../shared/models) are not here")
@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("mlperf_tiny/kws_dynamic_range", "dynamic range"),
        ("mlperf_tiny/vww96_int8", "full int8"),
        ("tflite_micro/person_detect", "full int8"),
        ("tflite_micro/trained_lstm_int8", "full int8"),
        ("tflite_micro/trained_lstm", "float32"),
    ],
)
def test_real_models(model: str, name: str) -> None:
    assert scheme_of(load(MODELS_FOLDER / f"{model}.tflite")).name == name


def test_a_loop_has_no_scheme_of_its_own() -> None:
    """Its nodes have."""
    graph = load(CONVERTED / "lstm_dynamic_range.tflite")
    found = scheme_of(graph)
    assert found.name == "dynamic range"
    assert [(one.subgraph, one.node.op) for one in found.breaking] == [(0, "FULLY_CONNECTED")]
