"""The error of one node's output as a sum of parts.

With f the op in real arithmetic, x w b what the float model's node reads (data, weights, biases) and x' w' b' the real
values of what the quantized node reads, the output goes from the float value to that of the stored codes in steps:

    f(x, w, b)  ->  f(x', w, b)  ->  f(x', w', b)  ->  f(x', w', b')  ->  clipped to what has a code  ->  stored
        inherited         weights          bias               clipping                       rounding

Each step is a part, an array of signed differences, and the parts add up to the error exactly: it is a telescope. The
order is a choice; another one would move what depends on two causes at once from one part to the other.

Energies do not add up, since parts may go together or cancel. The share of part k in the mean squared error is
therefore

    sum(part_k * error) / sum(error ** 2)        error = sum of all parts

its covariance with the whole: half of what it shares with each other part is counted here, half there. The shares add
up to 1. A negative one says that the part cancels some of the others.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite.graph import Tensor
from minilite.interpreter import StepResult
from minilite.real import RealModel, to_real
from minilite.tracing.record import codes_of
from minilite.tracing.sums import dot

Array = NDArray[Any]
PARTS = ("inherited", "weights", "bias", "clipping", "rounding")
BIAS_BYTES = 4  # a constant of that many bytes an element or more is added to products, a smaller one is multiplied


@dataclass
class Parts:
    """Sums over the parts of one tensor's error; those of several runs can be merged."""

    elements: int = 0
    squares: float = 0.0  # of the error
    expected_squares: float = 0.0
    own: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))  # of the part
    products: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))  # part times error

    def add(self, path: list[Array]) -> None:
        """Count one array along its path: the expected value, then the value after each part, in order."""
        error = path[-1] - path[0]
        self.elements += int(error.size)
        self.squares += dot(error, error)
        self.expected_squares += dot(path[0], path[0])
        for name, before, after in zip(PARTS, path, path[1:], strict=False):
            part = after - before
            self.own[name] += dot(part, part)
            self.products[name] += dot(part, error)

    def merge(self, other: "Parts") -> None:
        """Take in what was counted elsewhere of the same tensor."""
        self.elements += other.elements
        self.squares += other.squares
        self.expected_squares += other.expected_squares
        for name in PARTS:
            self.own[name] += other.own[name]
            self.products[name] += other.products[name]

    @property
    def rmse(self) -> float:
        """The root of the mean squared error that the shares add up to."""
        total = sum(self.products.values())
        return math.sqrt(max(0.0, total) / self.elements) if self.elements else 0.0

    @property
    def sqnr_db(self) -> float:
        """10 * log10(sum of expected**2 / sum of error**2)."""
        if self.squares == 0:
            return math.inf
        return 10 * math.log10(self.expected_squares / self.squares) if self.expected_squares else -math.inf

    def share(self, name: str) -> float | None:
        """What the part adds to the mean squared error, as a share of it; None where there is no error."""
        return self.products[name] / self.squares if self.squares else None

    def rms(self, name: str) -> float:
        """The root mean square of the part by itself."""
        return math.sqrt(self.own[name] / self.elements) if self.elements else 0.0


def path_of_step(
    model: RealModel, result: StepResult, expected: tuple[Array, ...], read: tuple[Array | None, ...]
) -> list[list[Array]]:
    """For each output of a step, the way from `expected` up to what is clipped; `read` is what the float node reads."""
    kinds = [kind_of(model, result, position) for position in range(len(read))]
    codes = model.inputs(result)
    subgraph, node = result.step.subgraph.index, result.step.node.index
    paths = [[np.asarray(array, np.float64)] for array in expected]
    replaced = list(read)
    for part in PARTS[:3]:
        positions = [position for position, kind in enumerate(kinds) if kind == part]
        for position in positions:
            replaced[position] = codes[position]
        outputs = model.run(subgraph, node, tuple(replaced)) if positions else tuple(path[-1] for path in paths)
        for path, output in zip(paths, outputs, strict=True):
            path.append(output)
    return paths


def path_of_conversion(model: RealModel, result: StepResult, expected: Array) -> list[list[Array]]:
    """The same for a step that only converts: what it reads is all it inherits."""
    (read,) = model.inputs(result)
    assert read is not None
    return [[np.asarray(expected, np.float64), *[np.asarray(read, np.float64)] * 3]]


def end_of_path(tensor: Tensor, real: Array, stored: Array) -> list[Array]:
    """The real values clipped to those that have a code, and the stored ones."""
    codes, affine = codes_of(tensor), tensor.quantization
    if codes is None or affine is None:
        return [real, to_real(tensor, stored)]
    low, high = (affine.to_real(np.full(stored.shape, code)) for code in codes)
    return [np.clip(real, low, high), to_real(tensor, stored)]


def kind_of(model: RealModel, result: StepResult, position: int) -> str:
    """Which part an input of a step belongs to; "" for one that stands for no real numbers, such as axes."""
    index, array = result.step.node.inputs[position], result.inputs[position]
    if index < 0 or array is None:
        return ""
    block = model.graph.subgraphs[result.step.subgraph.index]
    if block.tensors[index].dtype != np.float64:
        return ""
    if result.step.constants[position] is None:
        return "inherited"
    return "bias" if array.dtype.kind in "iu" and array.dtype.itemsize >= BIAS_BYTES else "weights"
