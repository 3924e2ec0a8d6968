"""What a trace says of one tensor."""

from dataclasses import dataclass, field
from typing import Any

from minilite.graph import Tensor
from minilite.numerics.affine import Range

from .sums import Errors
from .values import Values

LARGEST_CODE = 2  # bytes; the codes of larger types are not counted one by one
ROW = (
    ("node", "op", "tensor", "name", "type", "shape", "scale", "zero_point", "elements"),
    ("minimum", "maximum", "mean", "deviation", "not_finite"),
    ("rail_low", "rail_high", "codes_available", "codes_span", "codes_distinct", "effective_bits"),
    ("channels", "dead_channels", "constant_channels", "largest_accumulator", "accumulator_bits", "headroom_bits"),
)
ERRORS = ("sqnr_db", "rmse", "rmse_steps", "bias", "bias_steps", "largest", "largest_steps", "cosine")


@dataclass
class Accumulators:
    """The largest absolute accumulator seen of a kernel that rescales, and how many bits an accumulator has."""

    bits: int
    largest: int = 0

    @property
    def headroom(self) -> int:
        """How many bits more the largest accumulator could have had, its sign aside."""
        return self.bits - 1 - self.largest.bit_length()


@dataclass
class TensorRecord:
    """One tensor: its values, and their error against real arithmetic.

    `local` is the error of the one op that made it, given the values that op really read; `propagated` that of the
    whole model up to here. Either is None for the reason given in `without`. `node` is None for an input of the model.
    """

    subgraph: int
    index: int
    name: str
    type: str
    shape: tuple[int, ...]
    scale: float | None
    zero_point: int | None
    node: int | None
    op: str | None
    values: Values
    accumulators: Accumulators | None = None
    local: Errors | None = None
    propagated: Errors | None = None
    without: dict[str, str] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """Everything in one flat row; errors in real units and in steps of the scale, None where there is none."""
        values, head = self.values, self.accumulators
        rails = values.rails or (None, None)
        numbers = (
            (self.node, self.op, self.index, self.name, self.type, list(self.shape), self.scale, self.zero_point),
            (values.elements, values.minimum, values.maximum, values.mean, values.deviation, values.not_finite),
            (*rails, values.available, values.span, values.distinct, values.effective_bits),
            (values.channels, values.dead_channels, values.constant_channels),
            (head.largest, head.bits, head.headroom) if head else (None, None, None),
        )
        names = [name for group in ROW for name in group]
        row = dict(zip(names, [number for group in numbers for number in group], strict=True))
        for kind, errors in (("local", self.local), ("propagated", self.propagated)):
            row |= {f"{kind}_{name}": self._error(errors, name) for name in ERRORS}
        return row

    def _error(self, errors: Errors | None, name: str) -> float | None:
        number: float | None = None if errors is None else getattr(errors, name.removesuffix("_steps"))
        if name.endswith("_steps"):
            return None if number is None or self.scale is None else number / self.scale
        return number


def make_record(
    subgraph: int, tensor: Tensor, shape: tuple[int, ...], node: int | None, op: str | None
) -> TensorRecord:
    """The record of a tensor before the first run."""
    affine = tensor.quantization if tensor.dtype.kind in "iu" else None
    single = affine is not None and affine.scale.size == 1
    return TensorRecord(
        subgraph,
        tensor.index,
        tensor.name,
        tensor.type.name.lower(),
        tuple(shape),
        float(affine.scale.flat[0]) if affine is not None and single else None,
        int(affine.zero_point.flat[0]) if affine is not None and single else None,
        node,
        op,
        Values(codes_of(tensor)),
    )


def codes_of(tensor: Tensor) -> Range | None:
    """The codes a tensor can have; None for one without a scale, or with more codes than are counted."""
    if tensor.quantization is None or tensor.dtype.kind not in "iu" or tensor.dtype.itemsize > LARGEST_CODE:
        return None
    return tensor.codes
