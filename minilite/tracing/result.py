"""A trace: what happened in one run, or in many, as a value that can be read, saved and compared."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minilite.errors import InputError, UnsupportedError
from minilite.graph import printable
from minilite.numerics.affine import Affine
from minilite.program import Kernels

from .html import as_table
from .record import TensorRecord

Array = NDArray[Any]
Key = tuple[int, int]  # subgraph and tensor index


class TensorDifference(NamedTuple):
    """How one tensor differs between two traces: `first` is the first differing element."""

    record: TensorRecord
    elements: int
    differing: int
    first: tuple[int, ...] | None


@dataclass(frozen=True, eq=False)
class Trace:
    """Every tensor of `runs` runs, in the order computed. `arrays` and `accumulators` are those of a single run.

    `reference` says what the propagated error is measured against; `hashes` are the SHA-256 of model and inputs.
    """

    records: tuple[TensorRecord, ...]
    runs: int
    kernels: Kernels
    engine: str
    reference: str
    hashes: dict[str, str]
    arrays: dict[Key, Array] = field(default_factory=dict)
    accumulators: dict[Key, Array] = field(default_factory=dict)
    quantization: dict[Key, Affine | None] = field(default_factory=dict, repr=False)

    def __getitem__(self, tensor: int | str) -> TensorRecord:
        """The record of a tensor of the main subgraph, by index or name. Raises InputError for an unknown one."""
        for record in self.records:
            if record.subgraph == 0 and tensor in (record.index, record.name):
                return record
        raise InputError(f"the trace has no tensor {tensor!r}")

    def codes(self, tensor: int | str) -> Array:
        """The values of a tensor as the model stores them. Raises InputError where the trace does not have them."""
        record = self[tensor]
        if (0, record.index) not in self.arrays:
            raise InputError(f"tensor {record.index} is not in the trace: of {self.runs} runs it has statistics only")
        return self.arrays[0, record.index]

    def real(self, tensor: int | str) -> Array:
        """The real values of a tensor. Raises InputError where the trace does not have them."""
        codes, affine = self.codes(tensor), self.quantization.get((0, self[tensor].index))
        return codes if affine is None or codes.dtype.kind not in "iu" else affine.to_real(codes)

    def rows(self) -> list[dict[str, Any]]:
        """One flat row for each tensor, see TensorRecord.row."""
        return [record.row() for record in self.records]

    def to_dataframe(self) -> Any:
        """The rows as a pandas.DataFrame. Raises UnsupportedError when pandas is not installed."""
        try:
            import pandas  # type: ignore[import-untyped,import-not-found,unused-ignore]
        except ImportError:
            raise UnsupportedError("pandas is not installed; install it with: pip install pandas") from None
        return pandas.DataFrame(self.rows())

    def differences(self, other: "Trace") -> list[TensorDifference]:
        """The tensors of which both traces have the values and the values differ, in the order computed."""
        found = []
        for record in self.records:
            key = record.subgraph, record.index
            if key in self.arrays and key in other.arrays:
                one, two = self.arrays[key], other.arrays[key]
                differs = np.ones(one.shape, bool) if one.shape != two.shape else ~_equal(one, two)
                if differs.any():
                    first = tuple(int(i) for i in np.argwhere(differs)[0])
                    found.append(TensorDifference(record, one.size, int(differs.sum()), first))
        return found

    def __repr__(self) -> str:
        runs = "1 run" if self.runs == 1 else f"{self.runs} runs"
        return f"<Trace: {len(self.records)} tensors, {runs}, {self.kernels} kernels>"

    def __str__(self) -> str:
        return "\n".join([repr(self), *(_line(record) for record in self.records)])

    def _repr_html_(self) -> str:
        return as_table(repr(self).strip("<>"), self.rows(), self.reference)


def _equal(one: Array, two: Array) -> Array:
    same = one == two
    return same | (np.isnan(one) & np.isnan(two)) if one.dtype.kind == two.dtype.kind == "f" else np.asarray(same)


def _line(record: TensorRecord) -> str:
    row = record.row()
    numbers = [
        f"{name} {row[key]:.4g}"
        for name, key in (("local", "local_sqnr_db"), ("propagated", "propagated_sqnr_db"))
        if row[key] is not None
    ]
    return f"{record.index:>4} {record.op or 'input':<20} {', '.join([*numbers, printable(record.name)])}"
