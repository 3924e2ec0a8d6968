"""Tensors that another runtime wrote down: an .npz, a folder of .npy, .raw, .bin and .csv files, or a trace."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite.comparing import Side
from minilite.errors import InputError
from minilite.graph import Graph, Tensor
from minilite.tracing import load_trace

from .files import read_bytes, read_csv, read_npy, read_npz, read_raw
from .output import warn

Array = NDArray[Any]
SUFFIXES = (".npy", ".raw", ".bin", ".csv")
SHOWN = 3  # names in a warning
OF_TRACES = ("tensor/", "counts/")  # how names of arrays in a trace begin


def is_dump(name: str) -> bool:
    """Whether a path is a dump: a folder, or an .npz."""
    return Path(name).is_dir() or name.endswith(".npz")


def read_dump(path: Path, graph: Graph, model: Path) -> Side:
    """The dump of a run of `graph`, which was read from the file `model`.

    A tensor is found by its index or by its name; characters that no file name has may be written as "_". Real values
    of a quantized tensor become its codes. What is missing is named in a warning. Raises InputError when nothing fits,
    for a wrong type or number of dimensions, and for a trace of another model.
    """
    found = _folder(path, graph) if path.is_dir() else _archive(path, graph, model)
    found = {index: _as_stored(path, graph.main.tensors[index], array) for index, array in found.items()}
    computed = [index for node in graph.main.nodes for index in node.outputs]
    missing = [graph.main.tensors[index].label for index in computed if index not in found]
    if len(missing) == len(computed):
        raise InputError(f"{path}: it has no tensor of the model, by name or by index, such as {missing[0]}")
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        warn(f"{path}: {len(missing)} of {len(computed)} tensors are missing: {', '.join(missing[:SHOWN])}{more}")
    return Side(path.name, graph, found)


def _as_stored(path: Path, tensor: Tensor, array: Array) -> Array:
    """An array of a dump as the model stores it."""
    if len(array.shape) != len(tensor.shape):
        shapes = f"{list(array.shape)}, in the model {list(tensor.shape)}"
        raise InputError(f"{path}: {tensor.label} has shape {shapes}")
    if array.dtype == tensor.dtype:
        return array
    is_real, is_coded = array.dtype.kind == "f", tensor.dtype.kind in "iu"
    if not is_real or not (is_coded or tensor.dtype.kind == "f"):
        raise InputError(f"{path}: {tensor.label} is {array.dtype}, the model has {tensor.dtype}")
    reals = array.astype(np.float64)
    if is_coded and not np.isfinite(reals).all():
        raise InputError(f"{path}: {tensor.label} has NaN or infinite values, {tensor.dtype} has none")
    if is_coded and tensor.quantization is not None:
        return tensor.quantization.to_codes(reals, tensor.dtype)
    stored = reals.astype(tensor.dtype)
    if is_coded and not np.array_equal(stored, reals):
        raise InputError(f"{path}: {tensor.label} has numbers that {tensor.dtype} cannot hold")
    return stored


def _archive(path: Path, graph: Graph, model: Path) -> dict[int, Array]:
    arrays = read_npz(path)
    if any(name.startswith(OF_TRACES) for name in arrays):
        trace = load_trace(path)
        expected = hashlib.sha256(read_bytes(model)).hexdigest()
        if trace.hashes.get("model", expected) != expected:
            raise InputError(f"{path}: it is a trace of another model, with SHA-256 {trace.hashes['model'][:12]}...")
        if not trace.arrays:
            raise InputError(f"{path}: it is a trace of {trace.runs} runs, which has statistics only; trace one run")
        arrays = {str(index): array for (subgraph, index), array in trace.arrays.items() if subgraph == 0}
    places = _places(graph)
    return {places[name]: array for name, array in arrays.items() if name in places}


def _folder(path: Path, graph: Graph) -> dict[int, Array]:
    places, found = _places(graph), {}
    for file in sorted(path.iterdir()):
        if file.suffix in SUFFIXES and file.stem in places:
            found[places[file.stem]] = _file(file, graph.main.tensors[places[file.stem]])
    return found


def _file(path: Path, tensor: Tensor) -> Array:
    if path.suffix == ".npy":
        return read_npy(path)
    return read_csv(path, tensor) if path.suffix == ".csv" else read_raw(path, tensor)


def _places(graph: Graph) -> Mapping[str, int]:
    """Tensor index by every name a dump may use."""
    tensors = graph.main.tensors
    named = {re.sub(r"[^A-Za-z0-9.-]", "_", tensor.name): tensor.index for tensor in reversed(tensors)}
    exact = {tensor.name: tensor.index for tensor in reversed(tensors)}
    return {**named, **exact, **{str(tensor.index): tensor.index for tensor in tensors}}
