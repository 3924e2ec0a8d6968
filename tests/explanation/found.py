"""What an explanation found, as the evaluator reads it from the JSON."""

from collections.abc import Callable
from typing import Any

from .arithmetic import clamp

Steps = dict[str, Any]


class Found:
    """A document, with short ways to what is in it."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.elements = [element for term in document["terms"] for element in term["elements"]]
        self.row = [element["code"] for element in self.elements]
        self.results: Steps = {}
        self.first: Steps = {}  # what each part was given first
        for step in document["steps"]:
            self.results[step["name"]] = self.results[step["part"]] = step["result"]
            self.first.setdefault(step["part"], step["operands"].get("value"))

    def __getitem__(self, name: str) -> Any:
        """What a step, or a part of the plan, gave."""
        return self.results[name]

    def constant(self, name: str) -> Any:
        """A number of the plan, by the end of its path."""
        constants = self.document["constants"]
        return next(value for path, value in constants.items() if path == name or path.endswith(f".{name}"))

    def code(self, name: str) -> Any:
        """The one code of an operand, less the zero point that the plan has for it."""
        element = next(element for element in self.elements if element["operand"] == name)
        return element["code"] - element["zero_point"]

    @staticmethod
    def is_sum(name: str) -> bool:
        """Whether a step makes an accumulator, which is rescaled next."""
        return name in ("accumulator", "sum of the terms", "plus b")

    @property
    def own(self) -> Any:
        """The code in the element's own place."""
        return next(element["code"] for element in self.elements if element["at"] == self.document["at"])

    @property
    def low(self) -> int:
        """The lowest code of the type."""
        kind = self.document["type"]
        return 0 if kind.startswith("u") else -(2 ** (int(kind.removeprefix("int")) - 1))

    @property
    def bits(self) -> int:
        return int(self.document["type"].removeprefix("u").removeprefix("int"))

    @property
    def high(self) -> int:
        kind = self.document["type"]
        return 2 ** int(kind.removeprefix("uint")) - 1 if kind.startswith("u") else -self.low - 1

    def stored(self, value: int) -> int:
        """The low bits of a number, as the type reads them."""
        return self.low + (value - self.low) % 2**self.bits

    def kept(self, value: int) -> int:
        return clamp(value, self.low, self.high)


def near(wanted: float, slack: float) -> Callable[[float], bool]:
    """A test for numbers within `slack` of one."""
    return lambda result: abs(result - wanted) <= slack
