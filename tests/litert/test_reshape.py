"""What RESHAPE brings to light: memory shared by tensors, folded steps, shapes known only after a run, scalars."""

from typing import Any

import numpy as np
import pytest

import minilite
from minilite.format.enums import TensorType
from minilite.format.options.shape import ReshapeOptions
from minilite.graph import Graph, Node, Subgraph, Tensor, write

from .both import BOTH, Make, ours

X, SHAPE, Y = range(3)
VALUES = np.arange(6, dtype=np.int32)


def stored(array: Any) -> Any:
    """An array as a tensor's data."""
    return np.array(array, "<i4").reshape(-1).view(np.uint8)


def reshape(
    shape: list[int] | None, values: Any = None, inputs: tuple[int, ...] = (X,), x_shape: tuple[int, ...] = (6,)
) -> bytes:
    """y = RESHAPE(x, shape); `shape` None makes it an input, `values` are stored in the file as those of x."""
    data = [None if values is None else stored(values), None if shape is None else stored(shape)]
    count = 2 if shape is None else len(shape)
    tensors = (
        Tensor(X, "x", x_shape, TensorType.INT32, data=data[0], buffer=int(data[0] is not None)),
        Tensor(SHAPE, "shape", (count,), TensorType.INT32, data=data[1], buffer=2 * int(data[1] is not None)),
        Tensor(Y, "y", tuple(shape or (6, 1)), TensorType.INT32),
    )
    node = Node(0, "RESHAPE", (X, SHAPE), (Y,), ReshapeOptions(new_shape=np.array(shape or (), np.int32)))
    return write(Graph((Subgraph(0, "main", tensors, (node,), inputs, (Y,)),)))


def allocated(make: Make, model: bytes) -> Any:
    interpreter = make(model_content=model)
    interpreter.allocate_tensors()
    return interpreter


@pytest.mark.parametrize("make", BOTH)
def test_outputs_do_not_follow_inputs(make: Make) -> None:
    interpreter = allocated(make, reshape([2, 3]))
    interpreter.set_tensor(X, VALUES)
    interpreter.invoke()
    interpreter.set_tensor(X, VALUES + 1)
    interpreter.tensor(X)()[0] = 50
    assert np.array_equal(interpreter.get_tensor(Y), VALUES.reshape(2, 3))


@pytest.mark.parametrize("make", BOTH)
def test_inputs_do_not_follow_outputs(make: Make) -> None:
    interpreter = allocated(make, reshape([2, 3]))
    interpreter.set_tensor(X, VALUES)
    interpreter.invoke()
    interpreter.tensor(Y)()[:] = 0
    assert np.array_equal(interpreter.get_tensor(X), VALUES)


def test_bytes_in_another_order() -> None:
    """LiteRT takes the bytes as they are, which makes other numbers of them."""
    interpreter = allocated(ours, reshape([2, 3]))
    interpreter.set_tensor(X, VALUES.astype(">i4"))
    assert np.array_equal(interpreter.get_tensor(X), VALUES)


@pytest.mark.parametrize("make", BOTH)
def test_stored_input(make: Make) -> None:
    """A graph input with a value in the file has that value, and steps that read it may be folded."""
    interpreter = allocated(make, reshape([2, 3], values=VALUES))
    interpreter.invoke()
    assert np.array_equal(interpreter.get_tensor(X), VALUES)
    assert np.array_equal(interpreter.get_tensor(Y), VALUES.reshape(2, 3))
    if make is ours:
        with pytest.raises(minilite.InputError, match="a constant of the file"):
            interpreter.set_tensor(X, VALUES + 1)


@pytest.mark.parametrize("make", BOTH)
def test_scalar(make: Make) -> None:
    interpreter = allocated(make, reshape([1], x_shape=()))
    interpreter.set_tensor(X, np.int32(9))
    interpreter.invoke()
    assert type(interpreter.get_tensor(X)) is np.int32
    assert interpreter.get_tensor(X) == interpreter.tensor(X)() == 9
    assert interpreter.get_tensor(Y).tolist() == [9]


@pytest.mark.parametrize("make", BOTH)
def test_shape_known_only_after_running(make: Make) -> None:
    interpreter = allocated(make, reshape(None, inputs=(X, SHAPE)))
    interpreter.set_tensor(X, VALUES)
    for shape in ([3, 2], [2, 3]):
        interpreter.set_tensor(SHAPE, np.array(shape, np.int32))
        interpreter.invoke()
        assert interpreter.get_output_details()[0]["shape"].tolist() == shape
        assert np.array_equal(interpreter.get_tensor(Y), VALUES.reshape(shape))
    interpreter.set_tensor(SHAPE, np.array([4, 4], np.int32))
    with pytest.raises(RuntimeError):
        interpreter.invoke()


@pytest.mark.parametrize("make", BOTH)
def test_model_that_cannot_be_prepared(make: Make) -> None:
    interpreter = make(model_content=reshape([4, 4]))
    with pytest.raises(RuntimeError):
        interpreter.allocate_tensors()
    with pytest.raises(RuntimeError):
        interpreter.invoke()


def test_writing_into_a_folded_output() -> None:
    """A step that reads only constants is computed once; its value cannot be damaged through a view."""
    interpreter = allocated(ours, reshape([2, 3], values=VALUES, inputs=()))
    for _ in range(2):
        interpreter.invoke()
        assert np.array_equal(interpreter.get_tensor(Y), VALUES.reshape(2, 3))
        interpreter.tensor(Y)()[:] = 0
