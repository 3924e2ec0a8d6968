"""What an op is: its name, signature, options, and the kernels that compute it."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from minilite.format.table import Table
from minilite.graph import Node

from .call import Array, Call
from .signature import Shape, Signature, parse


class Noted(NamedTuple):
    """Outputs together with named values worth showing, such as the scales a hybrid kernel found at run time."""

    outputs: tuple[Array, ...]
    notes: Mapping[str, Any]


class Codes(NamedTuple):
    """An operand as a kernel reads it: its codes, in the operand's shape, and zero points that stretch to it."""

    codes: Array
    zero_point: Array


class Staged(NamedTuple):
    """Outputs together with the steps on the way to them, by name.

    A step has a value for each element of the first output, stretches to its shape, or has as many values for each of
    equal runs of elements, or for each element. `codes` has the operands whose codes the kernel finds when it runs.
    """

    outputs: Any
    stages: Mapping[str, Array]
    codes: Mapping[str, Codes] = MappingProxyType({})


class Reads(NamedTuple):
    """What one output element is made of: indices into operands, by their names, [terms,rank] each.

    The elements of one term stand side by side. They are multiplied, and the products and `start` `added` up to the
    accumulator, where that is what the op does; otherwise the op does what its docstring says.
    """

    terms: Mapping[str, Array]
    start: Mapping[str, Array] = MappingProxyType({})
    added: bool = True


def follows(**rules: str) -> Mapping[str, str]:
    """The kernel sets a variant belongs to, each with its rescale rule; an underscore stands for a hyphen."""
    return MappingProxyType({name.replace("_", "-"): rule for name, rule in rules.items()})


def on_microcontrollers(rule: str, has_cmsis_nn: bool = True) -> Mapping[str, str]:
    """For `follows`: the rules of TensorFlow Lite Micro's kernels, and of CMSIS-NN's where it has one.

    A build with single rounding replaces "double" and nothing else.
    """
    single = "single" if rule == "double" else rule
    both = {"tflm": rule, "tflm_single": single}
    return {**both, "cmsis_nn": rule, "cmsis_nn_single": single} if has_cmsis_nn else both


EVERYWHERE = follows(reference="", tflm="", tflm_single="")  # nothing in it rounds by a rule, every set computes it so
REFERENCE = follows(reference="")  # LiteRT's three sets alone: microcontrollers lack it or compute it in another way
MICROCONTROLLERS = follows(tflm="", tflm_single="")  # they alone

Gate = Callable[[Call[Any]], str]  # why a kernel set does not take a call; empty when it does


class Refusal(str):
    """Why a kernel set takes a call in no way: no further set is searched for a kernel."""


MICRO_SETS = ("tflm", "tflm-single", "cmsis-nn", "cmsis-nn-single")
NO_GATES: Mapping[str, Gate] = MappingProxyType({})


def plan_nothing(call: Call[Any]) -> None:
    """The plan of a kernel that needs the arrays alone."""


@dataclass(frozen=True, eq=False)
class Variant:
    """One way to compute an op.

    `types` lists the element types it takes, one text per combination: "float32" when all operands have it, or
    "int8 int8 int32 -> int8" in signature order without the values the plan reads.
    `plan` derives the node's constants. A kernel that rescales is given as `accumulate`, from arrays to exact
    integers, and `finish`, from those to codes; any other as `kernel`. All take the plan first.
    `rules` names the kernel sets it belongs to, each with its rescale rule; registered.py says which types
    microcontrollers take of it. `when` states what it needs beyond the
    types, whatever the set; `gates` state by set what only that one asks for, and say why a call is refused.
    """

    name: str
    types: tuple[str, ...]
    plan: Callable[[Call[Any]], Any]
    kernel: Callable[..., Any] | None = None
    accumulate: Callable[..., Array] | None = None
    finish: Callable[[Any, Array], Array | Staged] | None = None
    rules: Mapping[str, str] = field(default_factory=lambda: EVERYWHERE)
    when: Callable[[Call[Any]], bool] | None = None
    gates: Mapping[str, Gate] = field(default_factory=lambda: NO_GATES)

    def run(self, plan: Any, *arrays: Array | None) -> Any:
        """The outputs: one array, or a tuple of them, or these with notes."""
        result = self.compute(plan, *arrays)
        return result.outputs if isinstance(result, Staged) else result

    def compute(self, plan: Any, *arrays: Array | None) -> Any:
        """What `run` gives, and the steps on the way where the kernel names them."""
        if self.kernel is not None:
            return self.kernel(plan, *arrays)
        assert self.accumulate is not None
        assert self.finish is not None
        return self.finish(plan, self.accumulate(plan, *arrays))

    def takes(self, signature: Signature, types: Mapping[str, Sequence[str]]) -> bool:
        """Whether operands of these element types, by name, match one of `types`."""
        return any(matches(text, signature, types) for text in self.types)


def spelled_out(text: str, signature: Signature) -> Mapping[str, str] | None:
    """The element type of each array of a signature, by name, as a text of `Variant.types` lists them.

    None when the text lists another number of operands.
    """
    left, arrow, right = text.partition("->")
    found: dict[str, str] = {}
    for forms, words in ((signature.inputs, left.split()), (signature.outputs, right.split())):
        names = [form.name for form in forms if not form.is_value]
        if arrow and len(words) != len(names):
            return None
        found.update(zip(names, words if arrow else [text] * len(names), strict=True))
    return found


def matches(text: str, signature: Signature, types: Mapping[str, Sequence[str]]) -> bool:
    """Whether operands of these element types, by name, are those that a text of `Variant.types` lists."""
    expected = spelled_out(text, signature)
    return expected is not None and all(kind == word for name, word in expected.items() for kind in types.get(name, ()))


UNCHANGED = Variant("real", ("float32",), plan_nothing, lambda plan, x: x, rules=follows(real=""))  # only converts


Shapes = tuple[Shape, ...]


class Control(NamedTuple):
    """How an op runs subgraphs of the model.

    `callees(node)` are their indices. `run(node, arguments, state, execute)` is a generator that delegates to
    `execute(subgraph, arrays, iteration)`, itself a generator, and returns the outputs. `shapes(node, inputs, call)`
    gives the shapes of the outputs from those of the inputs, None unless they are the same however it runs;
    `call(subgraph, inputs)` does so for a subgraph.
    """

    callees: Callable[[Node], tuple[int, ...]]
    run: Callable[..., Generator[Any, None, tuple[Array, ...]]]
    shapes: Callable[[Node, Shapes, Callable[[int, Shapes], Shapes | None]], Shapes | None] | None = None


@dataclass(frozen=True, eq=False)
class Op:
    """One operator, defined in one place.

    `code` is the builtin's name or a custom op's. `shapes` gives the output shapes where the signature's letters do
    not. `macs` counts multiply-accumulates. `reads` says what the element of the first output at an index is made of.
    The kernels of an op that `uses_state` take the State after the plan. One that looks at `shapes_only` is computed
    without its operands' values, as soon as their shapes are known. An op that runs subgraphs has no variants but a
    `control`. `others` are definitions under the same code, each with the nodes it is for: kernels that share a
    builtin but not its operands.
    """

    code: str
    signature_text: str
    options: type[Table] | None
    variants: tuple[Variant, ...]
    shapes: Callable[[Call[Any]], Sequence[Shape]] | None = None
    macs: Callable[[Call[Any]], int] | None = None
    reads: Callable[[Call[Any], tuple[int, ...]], Reads] | None = None
    uses_state: bool = False
    shapes_only: bool = False
    control: Control | None = None
    others: tuple[tuple[Callable[[Node], bool], "Op"], ...] = ()

    def for_node(self, node: Node) -> "Op":
        """The definition that applies to `node`."""
        return next((op for applies, op in self.others if applies(node)), self)

    @cached_property
    def signature(self) -> Signature:
        """The parsed signature."""
        return parse(self.signature_text)
