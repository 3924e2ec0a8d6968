"""Both classes for the same script, and a small model of our own for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minilite
from minilite.format import schema
from minilite.format.enums import TensorType
from minilite.format.options.arithmetic import AddOptions
from minilite.format.options.dense import FullyConnectedOptions
from minilite.graph import Graph, Node, Signature, Subgraph, Tensor, write
from tests.conftest import each_shared_model

DIGITS = Path(__file__).resolve().parents[2] / "examples" / "digits"
EACH_MODEL = [*each_shared_model(), *(pytest.param(path, id=path.stem) for path in sorted(DIGITS.glob("*.tflite")))]
REFUSED_BY_LITERT = "person_detect"
Make = Callable[..., Any]
X, Z, WEIGHTS, HIDDEN, Y, SUM = range(6)  # tensors of small_model


def official(*arguments: Any, **options: Any) -> Any:
    """LiteRT's Interpreter, with the reference kernels unless told otherwise."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    options.setdefault("experimental_op_resolver_type", OpResolverType.BUILTIN_REF)
    return Interpreter(*arguments, **options)


def ours(*arguments: Any, **options: Any) -> minilite.Interpreter:
    """Our Interpreter, without compilation unless told otherwise."""
    options.setdefault("engine", "numpy")
    return minilite.Interpreter(*arguments, **options)


BOTH = [pytest.param(official, id="official"), pytest.param(ours, id="ours")]


def small_model(*more: Tensor) -> bytes:
    """hidden = FULLY_CONNECTED(x), y = FULLY_CONNECTED(hidden), sum = y + z; int8, the batch is free."""
    weights = np.array([[1, -2, 3], [4, 5, -6], [-7, 8, 9]], np.int8)

    def tensor(index: int, name: str, scale: float, zero_point: int) -> Tensor:
        return Tensor(index, name, (1, 3), TensorType.INT8, affine([scale], [zero_point]), shape_signature=(-1, 3))

    tensors = (
        tensor(X, "x", 0.5, 3),
        tensor(Z, "z", 0.25, -1),
        Tensor(
            WEIGHTS,
            "weights",
            (3, 3),
            TensorType.INT8,
            affine([0.1, 0.2, 0.3], [0] * 3),
            weights.reshape(-1).view("u1"),
        ),
        tensor(HIDDEN, "hidden", 0.7, -5),
        tensor(Y, "y", 0.9, 2),
        tensor(SUM, "sum", 1.1, 4),
        *more,
    )
    nodes = (
        Node(0, "FULLY_CONNECTED", (X, WEIGHTS, -1), (HIDDEN,), FullyConnectedOptions(), version=5),
        Node(1, "FULLY_CONNECTED", (HIDDEN, WEIGHTS, -1), (Y,), FullyConnectedOptions(), version=5),
        Node(2, "ADD", (Y, Z), (SUM,), AddOptions(), version=2),
    )
    signature = Signature("serve", 0, {"b": X, "a": Z}, {"total": SUM, "part": Y})
    return write(Graph((Subgraph(0, "main", tensors, nodes, (X, Z), (SUM, Y)),), (signature,)))


def affine(scale: list[float], zero_point: list[int]) -> schema.QuantizationParameters:
    """Quantization of a tensor."""
    return schema.QuantizationParameters(scale=np.array(scale, np.float32), zero_point=np.array(zero_point, np.int64))


def codes(seed: int, batch: int = 1) -> np.ndarray[Any, Any]:
    """Random codes for an input of `small_model`."""
    return np.random.default_rng(seed).integers(-128, 128, (batch, 3)).astype(np.int8)


def ready(make: Make, **options: Any) -> Any:
    """An allocated interpreter on `small_model`, its inputs set."""
    interpreter = make(model_content=small_model(), **options)
    interpreter.allocate_tensors()
    interpreter.set_tensor(X, codes(1))
    interpreter.set_tensor(Z, codes(2))
    return interpreter


def same(ours: Any, theirs: Any) -> bool:
    """Equal in type and value, all the way down."""
    if isinstance(theirs, dict):
        return list(ours) == list(theirs) and all(same(ours[key], theirs[key]) for key in theirs)
    if isinstance(theirs, (list, tuple)):
        return type(ours) is type(theirs) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(theirs, np.ndarray):
        return ours.dtype == theirs.dtype and np.array_equal(ours, theirs)
    return type(ours) is type(theirs) and bool(ours == theirs)


def assert_same_details(mine: Any, other: Any) -> None:
    """Compare everything both describe. LiteRT adds scratch tensors of its own behind those of the file."""
    for get in ("get_input_details", "get_output_details", "get_signature_list", "num_subgraphs", "_get_ops_details"):
        assert same(getattr(mine, get)(), getattr(other, get)()), get
    details, expected = mine.get_tensor_details(), other.get_tensor_details()
    assert len(details) > 0
    for tensor, reference in zip(details, expected, strict=False):
        assert same(tensor, reference), (tensor, reference)
    for key in mine.get_signature_list():
        runners = mine.get_signature_runner(key), other.get_signature_runner(key)
        assert same(runners[0].get_input_details(), runners[1].get_input_details())
        assert same(runners[0].get_output_details(), runners[1].get_output_details())
