"""The steps from the elements to the code, taken by the node's own plan, `accumulate`, `finish` or kernel."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minilite.numerics.affine import Range
from minilite.numerics.rescale import Rescale
from minilite.ops.call import Array
from minilite.ops.op import Codes, Staged
from minilite.ops.prepare import Prepared

from .values import Element, Index, Step, Term, Value, at_element, plain
from .watch import Call, watched

SUM = "sum of the terms"


class Taken:
    """A call that was run once more, with a plan that tells what its parts do."""

    def __init__(self, prepared: Prepared, arrays: Sequence[Array | None]) -> None:
        self.before: list[Call] = []  # in `accumulate`
        self.after: list[Call] = []  # in `finish`, or in the kernel
        self.accumulators: Array | None = None
        variant = prepared.variant
        with np.errstate(all="ignore"):
            if variant.accumulate is None or variant.finish is None:
                self.made = variant.compute(watched(prepared.plan, self.after.append), *arrays)
                return
            self.accumulators = variant.accumulate(watched(prepared.plan, self.before.append), *arrays)
            self.made = variant.finish(watched(prepared.plan, self.after.append), self.accumulators)

    @property
    def is_plain(self) -> bool:
        """Whether nothing is known of the way to the outputs: the kernel names no steps, nor do parts of its plan."""
        return not self.before and not self.after and not isinstance(self.made, Staged)

    @property
    def codes(self) -> Mapping[str, Codes]:
        """The operands whose codes the kernel found when it ran."""
        return self.made.codes if isinstance(self.made, Staged) else {}


class Steps:
    """The steps of the element `place` of an output of `shape`."""

    def __init__(self, place: Index, shape: Index) -> None:
        self.place, self.shape = place, shape
        self.found: list[Step] = []

    def at(self, array: Any) -> Value:
        """What an array has for the element."""
        return at_element(array, self.place, self.shape)

    def add(self, name: str, result: Any, part: str = "", **operands: Any) -> None:
        """One step."""
        self.found.append(Step(part, name, {key: plain(value) for key, value in operands.items()}, plain(result)))

    def take(self, taken: Taken, terms: Sequence[Term], start: Sequence[Element]) -> tuple[Step, ...]:
        """All steps of a call."""
        stages = taken.made.stages if isinstance(taken.made, Staged) else {}
        named = taken.accumulators is None and bool(stages)
        summed = [] if named else [term.value for term in terms if term.value is not None]
        if summed:
            self._sum(sum(summed), start)
        for call in taken.before:
            self._part(call, call.path)
        if taken.accumulators is not None:
            accumulator = self.at(taken.accumulators)
            if not summed or self.found[-1].result != accumulator:
                self.add("accumulator", accumulator)
        for name, array in stages.items():
            self._stage(name, array, taken.after)
        for call in taken.after if not stages else ():
            self._part(call, call.path)
        return tuple(self.found)

    def _sum(self, total: Any, start: Sequence[Element]) -> None:
        self.add(SUM, total)
        for element in start:
            before, total = total, total + element.code
            self.add(f"plus {element.operand}", total, "", **{"value": before, element.operand: element.code})

    def _stage(self, name: str, array: Array, calls: Sequence[Call]) -> None:
        """A step that the kernel names; one that a part of the plan took is shown as that part's."""
        call = next((call for call in calls if call.result is array), None)
        if call is None:
            self.add(name, self.at(array))
        else:
            self._part(call, name)

    def _part(self, call: Call, name: str) -> None:
        given, result = self.at(call.given), self.at(call.result)
        if isinstance(call.part, Rescale):
            self._rescale(call, given, name)
        elif isinstance(call.part, Range):
            if self.found and given != self.found[-1].result:
                self.add(self._before_limits(given), given, name, value=self.found[-1].result)
            elif not self.found:
                self.add("before the limits", given, name)
            low, high = (plain(np.asarray(limit)) for limit in call.part)
            self.add("clamp", result, name, value=given, low=low, high=high)
        else:
            self.add(type(call.part).__name__, result, name, value=given, **dict[str, Any](call.part._asdict()))

    def _before_limits(self, given: Value) -> str:
        """What came between the last step and the limits."""
        if not isinstance(given, float):
            return "plus the zero point"
        last = self.found[-1].name
        exact = last == SUM or last.startswith("plus ")  # the sum of what is printed; the kernel rounds as it adds
        return "the same, rounded at every sum" if exact else "plus the bias"

    def _rescale(self, call: Call, given: Value, name: str) -> None:
        numbers: dict[str, Any] = {
            key: values if values.size == 1 else self.at(np.broadcast_to(values, call.given.shape))
            for key, values in call.part.multiplier._asdict().items()
        }
        for step, values in call.part.steps(call.given):
            self.add(step, self.at(values), name, value=given, **numbers)
            given = self.at(values)
