"""The value that `explain` returns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from minilite.graph import Tensor
from minilite.program import Step as ProgramStep

from .text import text
from .values import Element, Index, Other, Step, Term, Value


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """How one output element comes about.

    `at` is its place in `tensor`. `terms` are the elements it is made of, `start` those added once, `copied_from` the
    element it is a copy of. `constants` are the numbers of the node's plan, `steps` what is done, in order. `code` is
    the element as the model stores it, `real` what that stands for, `exact` the value in real arithmetic of the same
    inputs, None where `no_exact` says why. `others` has what every other kernel set gives.
    """

    step: ProgramStep
    tensor: Tensor
    at: Index
    constants: Mapping[str, Value]
    copied_from: Element | None
    terms: tuple[Term, ...]
    start: tuple[Element, ...]
    steps: tuple[Step, ...]
    code: Value
    real: float | None
    exact: float | None
    no_exact: str | None
    others: tuple[Other, ...]

    @property
    def error(self) -> float | None:
        """real - exact."""
        return None if self.real is None or self.exact is None else self.real - self.exact

    def document(self) -> dict[str, Any]:
        """The explanation as JSON has it."""
        node, prepared = self.step.node, self.step.prepared
        affine = self.tensor.quantization
        whole = affine is not None and affine.scale.size == 1 and affine.zero_point.size == 1
        return {
            "subgraph": self.step.subgraph.index,
            "node": node.index,
            "op": node.op,
            "kernels": self.step.kernel_set,
            "variant": None if prepared is None else prepared.variant.name,
            "rule": None if prepared is None else prepared.call.rule or None,
            "tensor": self.tensor.index,
            "name": self.tensor.name,
            "type": self.tensor.type.name.lower(),
            "at": list(self.at),
            "scale": float(affine.scale.flat[0]) if affine is not None and whole else None,
            "zero_point": int(affine.zero_point.flat[0]) if affine is not None and whole else None,
            "constants": dict(self.constants),
            "copied_from": None if self.copied_from is None else _element(self.copied_from),
            "terms": [{"elements": [_element(e) for e in term.elements], "value": term.value} for term in self.terms],
            "start": [_element(element) for element in self.start],
            "steps": [step._asdict() for step in self.steps],
            "code": self.code,
            "real": self.real,
            "exact": self.exact,
            "no_exact": self.no_exact,
            "error": self.error,
            "others": [other._asdict() for other in self.others],
        }

    def text(self, lines: int | None = 24) -> str:
        """The explanation in about so many lines of 80 columns, the largest terms first; None for all terms."""
        return text(self.document(), lines)

    def __repr__(self) -> str:
        return self.text()


def _element(element: Element) -> dict[str, Any]:
    return {**element._asdict(), "at": list(element.at)}
