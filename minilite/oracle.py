"""The official interpreter, run for comparison. The only module that imports `ai_edge_litert`."""

import importlib
import importlib.metadata
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import InputError, UnsupportedError
from .graph import Graph, write

Array = NDArray[Any]
VERIFIED_VERSION = "2.3.0"  # the version whose kernels minilite reproduces; another one is reported, not trusted
RESOLVERS: Mapping[str, str] = {
    "reference": "BUILTIN_REF",
    "optimized": "BUILTIN_WITHOUT_DEFAULT_DELEGATES",
    "xnnpack": "AUTO",
}


def version() -> str:
    """The installed version of ai-edge-litert. Raises UnsupportedError when it is not installed."""
    try:
        return importlib.metadata.version("ai-edge-litert")
    except importlib.metadata.PackageNotFoundError:
        raise UnsupportedError(
            "LiteRT is not installed; install it with: pip install 'minilite-tflite[litert]'"
        ) from None


def evaluate(model: Graph | bytes, inputs: Mapping[int, Array], kernels: str = "reference") -> dict[int, Array]:
    """Every tensor of the main subgraph that LiteRT computed or was given and still has, by index.

    Runs twice, with all tensors preserved and without, and raises UnsupportedError when the outputs of the two differ.
    Raises InputError with LiteRT's message when it refuses the model.
    """
    data = write(model) if isinstance(model, Graph) else model
    outputs = _interpreter(data, inputs, kernels, preserve=False)
    interpreter = _interpreter(data, inputs, kernels, preserve=True)
    for index in [detail["index"] for detail in outputs.get_output_details()]:
        kept, preserved = _tensor(outputs, index), _tensor(interpreter, index)
        if kept is None or preserved is None or not same_bits(kept, preserved):
            raise UnsupportedError(f"LiteRT's own output {index} changes when its tensors are preserved")
    details = interpreter.get_tensor_details()
    readable = [detail["index"] for detail in details if detail["dtype"] is not np.object_]  # reading a handle crashes
    tensors = {index: _tensor(interpreter, index) for index in readable}
    return {index: array for index, array in tensors.items() if array is not None}


def _tensor(interpreter: Any, index: int) -> Array | None:
    try:
        return np.array(interpreter.get_tensor(index))
    except ValueError:  # no data: an empty tensor, a scratch tensor, or an output of WHILE that nobody reads
        detail = next(detail for detail in interpreter.get_tensor_details() if detail["index"] == index)
        return np.empty(detail["shape"], detail["dtype"]) if 0 in detail["shape"] else None


def _interpreter(data: bytes, inputs: Mapping[int, Array], kernels: str, preserve: bool) -> Any:
    version()
    module = importlib.import_module("ai_edge_litert.interpreter")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the memory that XNNPACK's preserved tensors take
            interpreter = module.Interpreter(
                model_content=data,
                experimental_op_resolver_type=module.OpResolverType[RESOLVERS[kernels]],
                experimental_preserve_all_tensors=preserve,
            )
        for index, array in inputs.items():
            interpreter.resize_tensor_input(index, array.shape)
        interpreter.allocate_tensors()
        for index, array in inputs.items():
            interpreter.set_tensor(index, array)
        interpreter.invoke()
    except (ValueError, RuntimeError) as error:
        raise InputError(f"LiteRT refuses the model: {' '.join(str(error).split())}") from None
    return interpreter


class Difference(NamedTuple):
    """How two arrays of one tensor differ: in how many elements, by how much at most, and where first."""

    elements: int
    differing: int
    largest: float
    first: tuple[int, ...] | None


def same_bits(ours: Array, theirs: Array) -> bool:
    """Whether two arrays have the same type, shape and bits; a NaN equals any NaN."""
    return ours.shape == theirs.shape and ours.dtype == theirs.dtype and difference(ours, theirs).differing == 0


def difference(ours: Array, theirs: Array) -> Difference:
    """Count the elements whose bits differ. Raises InputError when the shapes or types do."""
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        raise InputError(f"{ours.dtype}{list(ours.shape)} cannot be compared with {theirs.dtype}{list(theirs.shape)}")
    differs = _differ(ours, theirs)
    count = int(differs.sum())
    if not count:
        return Difference(ours.size, 0, 0.0, None)
    first = tuple(int(position) for position in np.argwhere(differs)[0])
    if ours.dtype.kind == "O":  # strings have no distance
        return Difference(ours.size, count, float("nan"), first)
    with np.errstate(all="ignore"):
        distance = np.abs(_wide(ours[differs]) - _wide(theirs[differs]))
    largest = float("nan") if np.isnan(distance).any() else float(distance.max())
    return Difference(ours.size, count, largest, first)


def _differ(ours: Array, theirs: Array) -> Array:
    """Where the bits differ; a NaN equals any NaN."""
    if ours.dtype.kind == "c":
        return _differ(ours.real, theirs.real) | _differ(ours.imag, theirs.imag)
    differs: Array = ours != theirs
    if ours.dtype.kind == "f":
        differs |= np.signbit(ours) != np.signbit(theirs)
        differs &= ~(np.isnan(ours) & np.isnan(theirs))
    return np.asarray(differs)


def _wide(values: Array) -> Array:
    return values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)
