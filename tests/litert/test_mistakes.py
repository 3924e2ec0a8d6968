"""The same mistakes raise the same classes as in LiteRT; ours are also errors of minilite."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minilite

from .both import BOTH, HIDDEN, SUM, WEIGHTS, Make, X, Z, codes, ours, ready, small_model

NEW: dict[str, tuple[type[Exception], Callable[[Any], Any]]] = {
    "invoke": (RuntimeError, lambda i: i.invoke()),
    "set_tensor": (ValueError, lambda i: i.set_tensor(X, codes(1))),
    "get an input": (ValueError, lambda i: i.get_tensor(X)),
    "get an output": (ValueError, lambda i: i.get_tensor(SUM)),
    "view an input": (ValueError, lambda i: i.tensor(X)()),
}
READY: dict[str, tuple[type[Exception], Callable[[Any], Any]]] = {
    "type": (ValueError, lambda i: i.set_tensor(X, codes(1).astype(np.float32))),
    "list": (ValueError, lambda i: i.set_tensor(X, codes(1).tolist())),
    "none": (ValueError, lambda i: i.set_tensor(X, None)),
    "ragged": (ValueError, lambda i: i.set_tensor(X, [[1], [2, 3]])),
    "rank": (ValueError, lambda i: i.set_tensor(X, codes(1)[0])),
    "shape": (ValueError, lambda i: i.set_tensor(X, codes(1, batch=2))),
    "set index": (ValueError, lambda i: i.set_tensor(99, codes(1))),
    "set negative index": (ValueError, lambda i: i.set_tensor(-1, codes(1))),
    "set a name": (TypeError, lambda i: i.set_tensor("x", codes(1))),
    "set a float index": (TypeError, lambda i: i.set_tensor(0.0, codes(1))),
    "constant of another shape": (ValueError, lambda i: i.set_tensor(WEIGHTS, codes(1))),
    "get index": (ValueError, lambda i: i.get_tensor(99)),
    "get negative index": (ValueError, lambda i: i.get_tensor(-1)),
    "get a name": (TypeError, lambda i: i.get_tensor("x")),
    "get subgraph": (ValueError, lambda i: i.get_tensor(X, 1)),
    "get negative subgraph": (ValueError, lambda i: i.get_tensor(X, subgraph_index=-1)),
    "view index": (ValueError, lambda i: i.tensor(99)()),
    "details of subgraph": (ValueError, lambda i: i.get_tensor_details(1)),
    "details of negative subgraph": (ValueError, lambda i: i.get_tensor_details(subgraph_index=-1)),
    "resize index": (RuntimeError, lambda i: i.resize_tensor_input(99, [1, 3])),
    "resize negative index": (RuntimeError, lambda i: i.resize_tensor_input(-1, [1, 3])),
    "resize a constant": (RuntimeError, lambda i: i.resize_tensor_input(WEIGHTS, [1, 3])),
    "resize to negative": (RuntimeError, lambda i: i.resize_tensor_input(X, [-1, 3])),
    "resize to a scalar": (ValueError, lambda i: i.resize_tensor_input(X, 3)),
    "resize to two dimensions": (ValueError, lambda i: i.resize_tensor_input(X, [[1, 3]])),
    "resize to text": (ValueError, lambda i: i.resize_tensor_input(X, "ab")),
    "strict fixed dimension": (RuntimeError, lambda i: i.resize_tensor_input(X, [1, 4], strict=True)),
    "strict rank": (RuntimeError, lambda i: i.resize_tensor_input(X, [3], strict=True)),
    "invoke after a resize": (RuntimeError, lambda i: (i.resize_tensor_input(X, [2, 3]), i.invoke())),
    "get after a resize": (ValueError, lambda i: (i.resize_tensor_input(X, [2, 3]), i.get_tensor(X))),
    "set after a resize": (
        ValueError,
        lambda i: (i.resize_tensor_input(X, [2, 3]), i.set_tensor(X, codes(1, batch=2))),
    ),
    "shapes that do not go together": (
        RuntimeError,
        lambda i: (i.resize_tensor_input(X, [2, 3]), i.resize_tensor_input(Z, [4, 3]), i.allocate_tensors()),
    ),
    "unknown signature": (ValueError, lambda i: i.get_signature_runner("other")),
    "empty signature": (ValueError, lambda i: i.get_signature_runner("")),
    "runner without inputs": (ValueError, lambda i: i.get_signature_runner()()),
    "runner with too many": (ValueError, lambda i: i.get_signature_runner()(a=codes(1), b=codes(1), c=codes(1))),
    "runner with another name": (ValueError, lambda i: i.get_signature_runner()(a=codes(1), c=codes(1))),
    "runner with another type": (ValueError, lambda i: i.get_signature_runner()(a=codes(1), b=codes(1).astype("f4"))),
    "runner by position": (TypeError, lambda i: i.get_signature_runner()(codes(1), codes(1))),
}

CONSTRUCTION: dict[str, tuple[type[Exception], Callable[[Make], Any]]] = {
    "nothing": (ValueError, lambda make: make()),
    "empty path": (ValueError, lambda make: make("")),
    "empty content": (ValueError, lambda make: make(model_content=b"")),
    "both": (ValueError, lambda make: make("model.tflite", b"TFL3")),
    "no such file": (ValueError, lambda make: make("no/such/file.tflite")),
    "no path": (TypeError, lambda make: make(5)),
    "no model": (ValueError, lambda make: make(model_content=b"no model at all")),
    "cut": (ValueError, lambda make: make(model_content=small_model()[:300])),
    "content as text": (TypeError, lambda make: make(model_content="text")),
    "no thread": (ValueError, lambda make: make(model_content=small_model(), num_threads=0)),
    "threads as text": (ValueError, lambda make: make(model_content=small_model(), num_threads="2")),
    "threads of NumPy": (ValueError, lambda make: make(model_content=small_model(), num_threads=np.int32(2))),
    "resolver": (ValueError, lambda make: make(model_content=small_model(), experimental_op_resolver_type="fast")),
    "unknown option": (TypeError, lambda make: make(model_content=small_model(), colour="red")),
}


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize("mistake", NEW)
def test_before_allocation(make: Make, mistake: str) -> None:
    expected, call = NEW[mistake]
    interpreter = make(model_content=small_model())
    with pytest.raises(expected):
        call(interpreter)


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize("mistake", READY)
def test_after_allocation(make: Make, mistake: str) -> None:
    expected, call = READY[mistake]
    interpreter = ready(make)
    with pytest.raises(expected):
        call(interpreter)


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize("mistake", CONSTRUCTION)
def test_construction(make: Make, mistake: str) -> None:
    expected, call = CONSTRUCTION[mistake]
    with pytest.raises(expected):
        call(make)


@pytest.mark.parametrize("mistake", [*NEW, *READY])
def test_ours_say_so(mistake: str) -> None:
    """Ours are errors of minilite, unless an argument is not even of the right kind."""
    expected, call = (NEW | READY)[mistake]
    interpreter = ready(ours) if mistake in READY else ours(model_content=small_model())
    if expected is TypeError or mistake == "resize to text":
        return
    with pytest.raises(minilite.MiniliteError, match=r"\w"):
        call(interpreter)


def test_what_litert_lets_pass() -> None:
    """LiteRT returns garbage, overwrites the file's constants, or ignores the value; ours raise and say what to do."""
    interpreter = ready(ours)
    with pytest.raises(minilite.StateError, match=r"tensor 5 'sum' has no value: call invoke\(\) first"):
        interpreter.get_tensor(SUM)
    interpreter.invoke()
    with pytest.raises(minilite.StateError, match="experimental_preserve_all_tensors=True") as caught:
        interpreter.get_tensor(HIDDEN)
    assert isinstance(caught.value, ValueError)
    with pytest.raises(minilite.InputError, match="a constant of the file"):
        interpreter.set_tensor(WEIGHTS, np.zeros((3, 3), np.int8))
    with pytest.raises(minilite.InputError, match="computed by invoke"):
        interpreter.set_tensor(HIDDEN, codes(1))
    with pytest.raises(minilite.InputError, match="not a possible shape"):
        interpreter.resize_tensor_input(X, [2**30, 3])


def test_refused_options() -> None:
    model = small_model()
    for options in ({"experimental_delegates": [object()]}, {"experimental_default_delegate_latest_features": True}):
        with pytest.raises(minilite.UnsupportedError, match="delegates"):
            ours(model_content=model, **options)
    for options in ({"kernels": "no such set"}, {"engine": "steam"}):
        with pytest.raises(minilite.InputError, match="is called"):
            ours(model_content=model, **options)
    with pytest.raises(minilite.InputError, match="not both"):
        ours(model_content=model, kernels="reference", experimental_op_resolver_type="BUILTIN_REF")


def test_a_refused_resize_changes_nothing() -> None:
    interpreter = ready(ours)
    for shape in ([-1, 3], [1, 4]):
        with pytest.raises(RuntimeError):
            interpreter.resize_tensor_input(X, shape, strict=True)
    interpreter.invoke()
    assert interpreter.get_input_details()[0]["shape"].tolist() == [1, 3]
