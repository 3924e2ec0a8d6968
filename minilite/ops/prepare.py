"""From an op and a node to a prepared call: operands named and checked, output shapes, the variant and its plan."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from minilite.errors import InputError, ModelError, UnsupportedError
from minilite.graph import Graph, Node, Tensor
from minilite.graph.model import printable

from .call import Call, Operand
from .micro_refusals import why_refused
from .op import Op, Refusal, Variant
from .registered import require_registered
from .signature import OperandForm, Shape, assign

REAL = "real"  # not a kernel set to choose: real arithmetic, float kernels on float64 operands
# Where the kernels of a set are looked for, in this order: a set leaves to the next what it has no kernel for.
SEARCH: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "reference": ("reference",),
        "optimized": ("optimized", "reference"),
        "xnnpack": ("xnnpack", "optimized", "reference"),
        "tflm": ("tflm",),
        "tflm-single": ("tflm-single",),
        "cmsis-nn": ("cmsis-nn", "tflm"),
        "cmsis-nn-single": ("cmsis-nn-single", "tflm"),
        REAL: (REAL, "reference"),
    }
)


def for_microcontrollers(kernel_set: str) -> bool:
    """Whether this kernel set is one of microcontrollers, which lack what TensorFlow Lite Micro lacks."""
    return SEARCH[kernel_set][-1] != "reference"


MAX_ELEMENTS = 2**31 - 1  # of one tensor; the official runtime counts bytes in 31 bits as well


def check_ops(graph: Graph, ops: Mapping[str, Op]) -> None:
    """Raise UnsupportedError naming every op that is not implemented."""
    unknown = [node for subgraph in graph.subgraphs for node in subgraph.nodes if node.op not in ops]
    if unknown:
        names = ", ".join(sorted({printable(node.op) for node in unknown}))
        raise UnsupportedError(
            f"not implemented: {names} (first at node {unknown[0].index}); "
            "`minilite run --partial` computes what comes before, bind(graph, ops=OPS | {...}) takes ops of your own"
        )


@dataclass(frozen=True, eq=False)
class Prepared:
    """A call with everything derived from it. An output shape is None where only running tells.

    `kernel_set` is the one whose kernel was found; `passed` says why each set before it was passed over.
    """

    call: Call[Any]
    variant: Variant
    plan: Any
    output_shapes: tuple[Shape | None, ...]
    macs: int = 0
    kernel_set: str = "reference"
    passed: Mapping[str, str] = field(default_factory=dict)


def input_forms(op: Op, node: Node) -> tuple[OperandForm, ...]:
    """The form of each input of `node`. Raises ModelError for a wrong count."""
    return _forms(op, node, op.signature.inputs, len(node.inputs), "inputs")


def _forms(op: Op, node: Node, forms: tuple[OperandForm, ...], count: int, what: str) -> tuple[OperandForm, ...]:
    names = assign(forms, count)
    if names is None:
        raise ModelError(f"{node.label}: {count} {what} do not fit  [{op.signature.text}]")
    by_name = {form.name: form for form in forms}
    return tuple(by_name[name] for name in names)


def prepare(
    op: Op,
    node: Node,
    inputs: Sequence[Operand | None],
    outputs: Sequence[Tensor],
    kernel_set: str,
    intermediates: Sequence[Tensor] = (),
) -> Prepared:
    """Check the operands, derive output shapes, choose the variant, make the plan.

    Raises ModelError for operands that do not fit the op, UnsupportedError when no variant takes their types.
    """
    forms = input_forms(op, node), _forms(op, node, op.signature.outputs, len(outputs), "outputs")
    operands: dict[str, tuple[Operand, ...]] = {}
    for form, operand in zip(forms[0], inputs, strict=True):
        if operand is not None:
            operands[form.name] = (*operands.get(form.name, ()), operand)
        elif not form.is_optional:
            raise ModelError(f"{node.label}: operand {form.name!r} is required and was left out  [{op.signature.text}]")
    call = Call(node, _options(op, node), op.signature, operands)
    lengths = _check_shapes(call)
    placed = {**operands, **_group(forms[1], outputs, [tensor.shape for tensor in outputs])}
    call = Call(node, call.options, op.signature, placed)
    shapes = _output_shapes(op, call, forms[1], lengths)
    known = [tensor.shape if shape is None else shape for tensor, shape in zip(outputs, shapes, strict=True)]
    placed = {**operands, **_group(forms[1], outputs, known)}
    call = Call(node, call.options, op.signature, placed, "", tuple(intermediates))
    variant, found, passed = choose(op, call, kernel_set)
    call = replace(call, rule=variant.rules[found], kernel_set=found)
    return Prepared(call, variant, variant.plan(call), shapes, op.macs(call) if op.macs else 0, found, passed)


def _group(
    forms: Sequence[OperandForm], tensors: Sequence[Tensor], shapes: Sequence[Shape]
) -> dict[str, tuple[Operand, ...]]:
    grouped: dict[str, tuple[Operand, ...]] = {}
    for form, tensor, shape in zip(forms, tensors, shapes, strict=True):
        grouped[form.name] = (*grouped.get(form.name, ()), Operand(tensor, shape))
    return grouped


def _options(op: Op, node: Node) -> Any:
    if op.options is None:
        return None
    options = op.options() if node.options is None else node.options
    if not isinstance(options, op.options):
        raise ModelError(f"{node.label}: options are {type(options).__name__}, expected {op.options.__name__}")
    return options


def _check_shapes(call: Call[Any]) -> dict[str, int]:
    lengths: dict[str, int] = {}
    forms = sorted(call.signature.inputs, key=lambda form: form.letters[:1] != () and form.letters[0].startswith("~"))
    for form in forms:
        group = call.every(form.name)
        if not group and not form.is_optional:
            call.fail(f"operand {form.name!r} is required and was left out")
        for operand in group:
            if form.is_value and operand.value is None:
                call.fail(f"the value of {form.name!r} is not known")
            wrong = form.match(operand.shape, lengths)
            if wrong is not None:
                call.fail(f"{form}: {operand.tensor.label} has shape {list(operand.shape)}: {wrong}")
    return lengths


def _output_shapes(
    op: Op, call: Call[Any], forms: Sequence[OperandForm], lengths: dict[str, int]
) -> tuple[Shape | None, ...]:
    shapes: tuple[Shape | None, ...]
    if op.shapes is not None:
        shapes = tuple(op.shapes(call))
    else:
        first = next((form for form in op.signature.inputs if "..." in form.letters), None)
        any_shape = call[first.name].shape if first else None
        shapes = tuple(form.derive(lengths, any_shape) for form in forms)
    call.require(len(shapes) == len(forms), f"{len(forms)} outputs in the file, {len(shapes)} expected")
    for shape in shapes:
        if shape is not None and any(length < 0 for length in shape):
            call.fail(f"an output would have shape {list(shape)}")
        if shape is not None and math.prod(length or 1 for length in shape) > MAX_ELEMENTS:
            raise InputError(f"{call.node.label}: an output of shape {list(shape)} is too large")
    return shapes


def choose(op: Op, call: Call[Any], kernel_set: str) -> tuple[Variant, str, Mapping[str, str]]:
    """The first variant that applies, the set it was found in, and why each set before has none.

    Raises UnsupportedError when no set of the search has one.
    """
    types = {name: [_type_name(operand, kernel_set) for operand in group] for name, group in call.operands.items()}
    if for_microcontrollers(kernel_set):
        require_registered(op, call.node, kernel_set, types)
        reason = why_refused(op, call, kernel_set)
        if reason:
            raise UnsupportedError(f"{call.node.label}: not taken by kernel set {kernel_set!r}: {reason}")
    fitting = [
        variant
        for variant in op.variants
        if variant.takes(op.signature, types) and (variant.when is None or variant.when(call))
    ]
    passed: dict[str, str] = {}
    for one_set in SEARCH[kernel_set]:
        for variant in fitting:
            if one_set in variant.rules:
                refusal = variant.gates[one_set](call) if one_set in variant.gates else ""
                if not refusal:
                    return variant, one_set, passed
                passed.setdefault(one_set, refusal)
        passed.setdefault(one_set, "it has no kernel for these types and options")
        if isinstance(passed[one_set], Refusal):
            break
    if fitting and kernel_set != "reference":
        reasons = "; ".join(f"{name}: {reason}" for name, reason in passed.items())
        raise UnsupportedError(f"{call.node.label}: not taken by kernel set {kernel_set!r}: {reasons}")
    arrays = [form for form in (*op.signature.inputs, *op.signature.outputs) if not form.is_value]
    given = ", ".join(f"{form.name} {'/'.join(types[form.name])}" for form in arrays if form.name in types)
    listed = (variant for variant in op.variants if not variant.rules.keys().isdisjoint(SEARCH[kernel_set]))
    implemented = "; ".join(text for variant in listed for text in variant.types)
    raise UnsupportedError(
        f"{call.node.label}: no kernel for {given}. Implemented: {implemented}  [{op.signature.text}]"
    )


def _type_name(operand: Operand, kernel_set: str) -> str:
    """The element type that variants are chosen by; float64 stands for float32 in real arithmetic.

    Raises UnsupportedError for a type that NumPy does not have, such as bfloat16.
    """
    return "float32" if operand.dtype == np.float64 and kernel_set == REAL else operand.tensor.type.name.lower()
