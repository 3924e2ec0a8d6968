"""Variables, and models of several subgraphs and signatures."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import minilite
from minilite.format.enums import TensorType
from minilite.format.options.control import VarHandleOptions
from minilite.format.options.empty import AssignVariableOptions, ReadVariableOptions
from minilite.graph import Graph, Node, Signature, Subgraph, Tensor, read, write
from minilite.oracle import same_bits

from .both import BOTH, SUM, Make, X, Z, affine, assert_same_details, codes, official, ours, same, small_model

VARIABLE = 6
CONVERTED = Path(__file__).resolve().parents[1] / "converted"


def with_variable() -> bytes:
    """The small model and a variable that no node touches."""
    return small_model(Tensor(VARIABLE, "variable", (2,), TensorType.INT8, affine([0.5], [7]), is_variable=True))


def two_signatures() -> bytes:
    """The small model twice: "serve" runs it, "other" a second subgraph whose inputs change places."""
    graph = read(small_model())
    other = replace(graph.main, index=1, name="other", inputs=(Z, X))
    signature = replace(graph.signatures[0], key="other", subgraph=1)
    return write(replace(graph, subgraphs=(graph.main, other), signatures=(*graph.signatures, signature)))


@pytest.mark.parametrize("make", BOTH)
def test_variables(make: Make) -> None:
    interpreter = make(model_content=with_variable())
    with pytest.raises(ValueError, match="allocate_tensors"):
        interpreter.get_tensor(VARIABLE)
    with pytest.raises(ValueError, match="allocate_tensors"):
        interpreter.set_tensor(VARIABLE, np.array([1, 2], np.int8))
    interpreter.allocate_tensors()
    assert interpreter.get_tensor(VARIABLE).tolist() == [7, 7]  # the code of zero
    interpreter.set_tensor(VARIABLE, np.array([1, 2], np.int8))
    interpreter.tensor(VARIABLE)()[1] = 3
    interpreter.invoke()
    assert interpreter.get_tensor(VARIABLE).tolist() == [1, 3]
    interpreter.allocate_tensors()
    assert interpreter.get_tensor(VARIABLE).tolist() == [1, 3]
    interpreter.reset_all_variables()
    assert interpreter.get_tensor(VARIABLE).tolist() == [7, 7]
    interpreter.set_tensor(VARIABLE, np.array([1, 2], np.int8))
    for index in (X, Z):
        interpreter.resize_tensor_input(index, [2, 3])
    interpreter.allocate_tensors()
    assert interpreter.get_tensor(VARIABLE).tolist() == [7, 7]


@pytest.mark.parametrize("make", BOTH)
def test_signatures_run_their_own_subgraph(make: Make) -> None:
    interpreter = make(model_content=two_signatures())
    assert interpreter.num_subgraphs() == 2
    assert list(interpreter.get_signature_list()) == ["serve", "other"]
    with pytest.raises(ValueError, match="ignature"):
        interpreter.get_signature_runner()
    interpreter.get_signature_runner("other")(a=codes(1, 2), b=codes(2, 2))
    with pytest.raises(ValueError, match=r"allocate_tensors|has no value"):
        interpreter.get_tensor(SUM)
    assert interpreter.get_tensor(SUM, 1).shape == (2, 3)
    assert interpreter.get_tensor_details(1)[SUM]["shape"].tolist() == [2, 3]
    assert interpreter.get_tensor_details()[SUM]["shape"].tolist() == [1, 3]


def test_both_signatures_give_the_same() -> None:
    pair = ours(model_content=two_signatures()), official(model_content=two_signatures())
    assert_same_details(*pair)
    for key in ("serve", "other"):
        mine, reference = (i.get_signature_runner(key)(a=codes(1), b=codes(2)) for i in pair)
        assert all(same_bits(mine[name], reference[name]) for name in ("part", "total"))
    assert_same_details(*pair)


def test_other_subgraph_not_run_yet() -> None:
    interpreter = ours(model_content=two_signatures())
    interpreter.allocate_tensors()
    with pytest.raises(minilite.StateError, match="call the signature that runs subgraph 1 first"):
        interpreter.get_tensor(SUM, 1)


def test_tensors_of_called_subgraphs() -> None:
    """The GRU is a WHILE: LiteRT and we keep what condition and body had last, but for the inputs of the body."""
    model = (CONVERTED / "gru_float32.tflite").read_bytes()
    pair = [make(model_content=model, experimental_preserve_all_tensors=True) for make in (ours, official)]
    for interpreter in pair:
        interpreter.allocate_tensors()
        shape = interpreter.get_input_details()[0]["shape"]
        interpreter.set_tensor(0, np.random.default_rng(0).normal(size=shape).astype(np.float32))
        interpreter.invoke()
    mine, reference = pair
    body = read(model).subgraphs[2]
    computed = [(2, index) for node in body.nodes for index in node.outputs]
    tested = [(1, node.outputs[0]) for node in read(model).subgraphs[1].nodes]
    for subgraph, index in (*tested, *computed):
        assert same_bits(mine.get_tensor(index, subgraph), reference.get_tensor(index, subgraph)), (subgraph, index)
    assert all(same(*(i.get_tensor_details(s)[1] for i in pair)) for s in (1, 2))
    with pytest.raises(minilite.StateError, match="no node of it uses the tensor"):
        mine.get_tensor(2, 1)
    plain = ours(model_content=model)
    plain.allocate_tensors()
    plain.invoke()
    with pytest.raises(minilite.StateError, match="a subgraph that nodes call; to keep those"):
        plain.get_tensor(computed[0][1], 2)


@pytest.mark.parametrize("make", BOTH)
def test_resources_keep_values_not_inputs(make: Make) -> None:
    """Each run answers with the input of the run before, whatever became of that array since."""
    tensors = (
        Tensor(0, "x", (2,), TensorType.FLOAT32),
        Tensor(1, "handle", (), TensorType.RESOURCE),
        Tensor(2, "kept", (2,), TensorType.FLOAT32),
    )
    handle = Node(0, "VAR_HANDLE", (), (1,), VarHandleOptions(container="", shared_name="memory"))
    assign = Node(1, "ASSIGN_VARIABLE", (1, 0), (), AssignVariableOptions())
    read_back = Node(1, "READ_VARIABLE", (1,), (2,), ReadVariableOptions())
    first = Subgraph(0, "main", tensors[:2], (handle, assign), (0,), ())
    second = Subgraph(1, "recall", tensors, (handle, read_back), (), (2,))
    signatures = (Signature("store", 0, {"x": 0}, {}), Signature("recall", 1, {}, {"kept": 2}))
    interpreter = make(model_content=write(Graph((first, second), signatures)))
    interpreter.allocate_tensors()
    interpreter.set_tensor(0, np.array([1, 2], np.float32))
    interpreter.invoke()
    interpreter.set_tensor(0, np.array([3, 4], np.float32))
    for _ in range(2):
        kept = interpreter.get_signature_runner("recall")()["kept"]
        assert kept.tolist() == [1, 2]
        kept[:] = 5
