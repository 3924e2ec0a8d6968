"""Random inputs that exercise a model: the same ones for the same seed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite.errors import UnsupportedError
from minilite.graph import Graph, Tensor
from minilite.names import input_names
from minilite.numerics.affine import code_range

from .inputs import Input


def random_inputs(graph: Graph, seed: int) -> list[Input]:
    """An Input for each input of the model, in the file's shapes."""
    generator = np.random.default_rng(seed)
    inputs = []
    for name, index in input_names(graph).items():
        tensor = graph.main.tensors[index]
        values, how = _draw(generator, tensor)
        inputs.append(Input(name, tensor, values, f"random, seed {seed}", (how,)))
    return inputs


def _draw(generator: np.random.Generator, tensor: Tensor) -> tuple[NDArray[Any], str]:
    dtype, shape = tensor.dtype, tensor.shape
    if dtype.kind in "iu" and tensor.quantization is not None:
        low, high = code_range(dtype)
        return generator.integers(low, high, shape, dtype, endpoint=True), f"any code from {low} to {high}"
    if dtype.kind == "f":
        return generator.uniform(-1, 1, shape).astype(dtype), "uniform between -1 and 1"
    if dtype.kind in "iub":
        return generator.integers(0, 2, shape).astype(dtype), "0 or 1"
    raise UnsupportedError(f"input {tensor.label}: no random values of type {tensor.type.name}; give a file")
