"""The signature of an op: one line that names its operands and says how their shapes agree.

    "x[n,h,w,c] w[u,i,j,d] b[u]? -> y[...]"

Forms, and no more:
    x[n,d]      an array; a letter that stands twice must be the same length
    x[...,d]    any leading dimensions
    x[~d]       any shape whose elements fall into rows of d
    x[?]        a shape known only after running
    b[u]?       may be left out
    x[...]*     one or more
    axis=int[k] a value the plan reads: constant at bind, otherwise read when the step runs
    h[n,c]!     a variable tensor: read, and its next value returned after the outputs
"""

import math
import re
from dataclasses import dataclass
from functools import cache

Shape = tuple[int, ...]
_OPERAND = re.compile(r"(\w+)(=int)?\[([^\]]*)\]([?*!]*)$")


@dataclass(frozen=True)
class OperandForm:
    """One operand of a signature."""

    name: str
    letters: tuple[str, ...]
    is_value: bool = False
    is_optional: bool = False
    is_repeated: bool = False
    is_state: bool = False

    def __str__(self) -> str:
        mark = "!" * self.is_state + "?" * self.is_optional + "*" * self.is_repeated
        return f"{self.name}{'=int' if self.is_value else ''}[{','.join(self.letters)}]{mark}"

    def match(self, shape: Shape, lengths: dict[str, int]) -> str | None:
        """Bind this operand's letters in `lengths`; what is wrong with `shape`, or None."""
        letters, axes = self.letters, shape
        if letters and letters[0] == "?":
            return None
        if letters and letters[0] == "...":
            letters = letters[1:]
            axes = shape[len(shape) - len(letters) :] if letters else ()
        elif letters and letters[0].startswith("~"):
            length = lengths.get(letters[0][1:], 0)
            rows_fit = not length or math.prod(shape) % length == 0
            return None if rows_fit else f"{math.prod(shape)} elements do not fall into rows of {length}"
        if len(axes) != len(letters):
            return f"{len(self.letters)} dimensions expected"
        for letter, length in zip(letters, axes, strict=True):
            if lengths.setdefault(letter, length) != length:
                return f"{letter} is {lengths[letter]} in an operand before it"
        return None

    def derive(self, lengths: dict[str, int], any_shape: Shape | None) -> Shape | None:
        """The shape this output has by its letters; None where they do not say."""
        if self.letters == ("...",):
            return any_shape
        if all(letter in lengths for letter in self.letters):
            return tuple(lengths[letter] for letter in self.letters)
        return None


@dataclass(frozen=True)
class Signature:
    """A parsed signature."""

    text: str
    inputs: tuple[OperandForm, ...]
    outputs: tuple[OperandForm, ...]


def _operand(text: str) -> OperandForm:
    match = _OPERAND.match(text)
    if match is None:
        raise ValueError(f"not an operand of a signature: {text!r}")
    name, value, letters, mark = match.groups()
    return OperandForm(
        name, tuple(filter(None, letters.split(","))), bool(value), "?" in mark, "*" in mark, "!" in mark
    )


@cache
def parse(text: str) -> Signature:
    """The signature written as `text`. Raises ValueError for a form that does not exist."""
    left, _, right = text.partition("->")
    inputs, outputs = (tuple(map(_operand, side.split())) for side in (left, right))
    for side in (inputs, outputs):
        if any(form.is_repeated for form in side[:-1]):
            raise ValueError(f"a repeated operand must be the last: {text!r}")
    return Signature(text, inputs, outputs)


def assign(forms: tuple[OperandForm, ...], count: int) -> list[str] | None:
    """The operand name each of `count` tensors belongs to; None when there are too many or too few."""
    names = [form.name for form in forms]
    if forms and forms[-1].is_repeated:
        names += names[-1:] * (count - len(names))
    required = sum(not form.is_optional for form in forms)
    return names[:count] if required <= count <= len(names) else None
