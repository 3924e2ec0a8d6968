"""Thresholds of `minilite compare`: how much two sides may differ, for all tensors or for named ones."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from minilite.comparing import Comparison
from minilite.comparing.comparison import TensorComparison
from minilite.errors import InputError
from minilite.graph import Graph

from .output import Document

ALL = None  # the key of the threshold of tensors without one of their own


@dataclass(frozen=True)
class Thresholds:
    """The largest allowed difference in codes, and the least SQNR in decibels, by tensor index or for all."""

    max_codes: dict[int | None, float]
    min_sqnr: dict[int | None, float]

    def broken(self, comparison: Comparison) -> list[int]:
        """The tensors beyond the thresholds; without any threshold, those that differ."""
        return [index for index, tensor in comparison.tensors.items() if self._is_broken(tensor)]

    def _is_broken(self, entry: TensorComparison) -> bool:
        if entry.mismatch is not None:
            return True
        codes = self.max_codes.get(entry.tensor.index, self.max_codes.get(ALL))
        decibels = self.min_sqnr.get(entry.tensor.index, self.min_sqnr.get(ALL))
        if codes is None and decibels is None:
            return not (self.max_codes or self.min_sqnr) and not entry.is_equal
        sqnr = entry.errors.sqnr_db
        too_far = codes is not None and entry.largest is not None and not entry.largest <= codes
        too_noisy = decibels is not None and sqnr is not None and sqnr < decibels
        return too_far or too_noisy

    def document(self) -> Document:
        """The thresholds for JSON."""
        found = {"max_codes": self.max_codes, "min_sqnr": self.min_sqnr}
        return {
            name: [{"tensor": index, "value": value} for index, value in limits.items()]
            for name, limits in found.items()
        }


def read_thresholds(graph: Graph, max_codes: Sequence[str], min_sqnr: Sequence[str]) -> Thresholds:
    """From arguments N or TENSOR=N, where TENSOR is a name or an index. Raises InputError."""
    return Thresholds(
        dict(_one(graph, text, "--max-codes") for text in max_codes),
        dict(_one(graph, text, "--min-sqnr") for text in min_sqnr),
    )


def _one(graph: Graph, text: str, option: str) -> tuple[int | None, float]:
    name, equals, number = text.rpartition("=")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise InputError(f"{option} {text}: {number!r} is not a number")
    if not equals:
        return ALL, value
    for tensor in graph.main.tensors:
        if name in (tensor.name, str(tensor.index)):
            return tensor.index, value
    raise InputError(f"{option} {text}: the model has no tensor {name!r}")
