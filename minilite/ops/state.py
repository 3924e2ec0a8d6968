"""What outlives a run: variable tensors, resources, hash tables. A State belongs to the caller, never to a program."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite.format.enums import TensorType
from minilite.graph import Subgraph, Tensor

Array = NDArray[Any]


@dataclass
class State:
    """Values that stay between runs.

    `variables` are the variable tensors by (subgraph, tensor index), `resources` whatever ops keep under a name,
    `generators` those of random numbers by the id of their node, which they hold.
    """

    variables: dict[tuple[int, int], Array] = field(default_factory=dict)
    resources: dict[Any, Any] = field(default_factory=dict)
    generators: dict[int, Any] = field(default_factory=dict)

    def variable(self, subgraph: Subgraph, tensor: Tensor) -> Array:
        """The value of a variable tensor; before its first assignment, what it starts with."""
        return self.variables.get((subgraph.index, tensor.index), initial(tensor))

    def reset(self) -> None:
        """Set every variable tensor back to what it starts with. Resources stay, as in the official interpreter."""
        self.variables.clear()

    def prepare(self, subgraph: Subgraph) -> None:
        """Begin anew what the official interpreter does when it prepares a subgraph: its variables and generators."""
        for key in [key for key in self.variables if key[0] == subgraph.index]:
            del self.variables[key]
        for node in subgraph.nodes:
            self.generators.pop(id(node), None)


def initial(tensor: Tensor) -> Array:
    """The first value of a variable tensor: for int8 the code of zero; other types hold 0, whatever that stands for."""
    affine = tensor.quantization
    zero = int(affine.zero_point.flat[0]) if affine is not None and tensor.type == TensorType.INT8 else 0
    return np.full(tensor.shape, zero, tensor.dtype)
