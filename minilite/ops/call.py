"""A call: one node together with what is known of its operands, as plans and shape functions see it."""

from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from minilite.errors import InputError, ModelError
from minilite.graph import Node, Tensor
from minilite.numerics.affine import Affine, Range

from .signature import Shape, Signature

Array = NDArray[Any]
Options = TypeVar("Options")


@dataclass(frozen=True)
class Operand:
    """One tensor of a call: its actual shape (which a resize may have changed), and its value where it is known."""

    tensor: Tensor
    shape: Shape
    value: Array | None = None

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy type of the values."""
        return self.tensor.dtype

    @property
    def codes(self) -> Range:
        """Every code of the element type."""
        return self.tensor.codes

    @property
    def affine(self) -> Affine:
        """The quantization. Raises ModelError when the tensor has none."""
        affine = self.tensor.quantization
        if affine is None:
            raise ModelError(f"{self.tensor.label}: {self.tensor.type.name} values need a scale and a zero point")
        return affine

    @property
    def scale(self) -> np.float32:
        """The one scale. Raises ModelError when there is none, or one per channel."""
        return self._single(self.affine.scale, "scale")  # type: ignore[no-any-return]

    @property
    def zero_point(self) -> int:
        """The one zero point. Raises ModelError when there is none, or one per channel."""
        return int(self._single(self.affine.zero_point, "zero point"))

    @property
    def whole_quantization(self) -> tuple[float, int]:
        """Scale and zero point where each is one for the whole tensor, else (0, 0), as the official kernels compare."""
        affine = self.tensor.quantization
        if affine is None or affine.scale.size != 1:
            return 0.0, 0
        return float(affine.scale.flat[0]), int(affine.zero_point.flat[0])

    def _single(self, values: Array, what: str) -> Any:
        if values.size != 1:
            raise ModelError(f"{self.tensor.label}: one {what} expected for the whole tensor, got {values.size}")
        return values.flat[0]


@dataclass(frozen=True)
class Call(Generic[Options]):
    """One node with its operands by their names in the op's signature.

    `kernel_set` takes it, by the rescale rule `rule`.
    """

    node: Node
    options: Options
    signature: Signature
    operands: dict[str, tuple[Operand, ...]]
    rule: str = ""
    intermediates: tuple[Tensor, ...] = ()
    kernel_set: str = "reference"

    def __getitem__(self, name: str) -> Operand:
        """The operand of this name. Raises ModelError when the node leaves it out."""
        operand = self.optional(name)
        if operand is None:
            self.fail(f"operand {name!r} is required and was left out")
        return operand

    def optional(self, name: str) -> Operand | None:
        """The operand of this name, None when the node leaves it out."""
        found = self.operands.get(name, ())
        return found[0] if found else None

    def every(self, name: str) -> tuple[Operand, ...]:
        """All operands of a repeated name."""
        return self.operands.get(name, ())

    def integers(self, name: str, types: tuple[str, ...] = ("int32", "int64")) -> tuple[int, ...]:
        """The numbers of a value operand, flattened. Raises ModelError unless it has one of these element types."""
        operand = self[name]
        kind = operand.tensor.type.name.lower()
        self.require(kind in types, f"{name!r} is {kind}, expected {' or '.join(types)}")
        if operand.value is None:
            self.fail(f"the value of {name!r} must be known before the shapes of its outputs")
        return tuple(int(number) for number in operand.value.ravel())

    def axis(self, axis: int, rank: int, what: str = "axis") -> int:
        """`axis` counted from the front. Raises ModelError unless -rank <= axis < rank."""
        if not -rank <= axis < rank:
            self.fail(f"{what} {axis} is out of range for {rank} dimensions")
        return axis % rank

    def require(self, condition: bool, message: str) -> None:
        """Raise ModelError with `message` unless `condition` holds."""
        if not condition:
            self.fail(message)

    def require_symmetric(self, *names: str, why: str = "int16 needs 0") -> None:
        """Raise ModelError unless all zero points of these operands are 0, as kernels of int16 activations need."""
        for name in names:
            zeros = self[name].affine.zero_point
            self.require(not zeros.any(), f"the zero point of {name} is {zeros.flat[np.abs(zeros).argmax()]}, {why}")

    def require_same_quantization(self, *operands: Operand) -> None:
        """Raise ModelError unless these operands have the same scale and zero point."""
        labels = " and ".join(operand.tensor.label for operand in operands)
        same = len({operand.whole_quantization for operand in operands}) == 1
        self.require(same, f"{labels} must have the same scale and zero point")

    def require_value(self, name: str, condition: bool, message: str) -> None:
        """Raise with `message` unless `condition` holds for the value of operand `name`.

        ModelError when that value stands in the file, InputError when the caller's data led to it.
        """
        operand = self.optional(name)
        if not condition and operand is not None and operand.tensor.data is None:
            self.fail_input(message)
        self.require(condition, message)

    def fail(self, message: str) -> NoReturn:
        """Raise ModelError naming this node and its signature."""
        raise ModelError(f"{self.node.label}: {message}  [{self.signature.text}; {self._shapes()}]")

    def fail_input(self, message: str) -> NoReturn:
        """Raise InputError naming this node: the caller's data, not the file, is at fault."""
        raise InputError(f"{self.node.label}: {message}  [{self.signature.text}; {self._shapes()}]")

    def _shapes(self) -> str:
        named = ((name, operand) for name, group in self.operands.items() for operand in group)
        inputs = {form.name for form in self.signature.inputs}
        return ", ".join(
            f"{name} is {operand.tensor.label} {list(operand.shape)}" for name, operand in named if name in inputs
        )
