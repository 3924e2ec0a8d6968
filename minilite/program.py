"""bind: from what the file says to what will be computed, one step per node.

A step whose operand shapes and values are known is prepared here; any other is prepared when it runs, once for each
combination of shapes and values, and is called dynamic. A step with nothing but constants to read, or whose op looks at
shapes only, is folded: it is computed once, here.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import fast
from .errors import InputError, MiniliteError, ModelError, UnsupportedError, enough_memory
from .fast.runner import Runner, Task
from .fast.threads import usable
from .graph import Graph, Node, Subgraph, Tensor
from .graph.model import Shape
from .numerics.jit import numba_is_here
from .ops import OPS, Op, Operand
from .ops.control import check_calls, check_outputs
from .ops.micro_refusals import require_constants
from .ops.op import Noted
from .ops.prepare import REAL, SEARCH, Prepared, check_ops, for_microcontrollers, input_forms, prepare
from .ops.registered import require_registered
from .ops.state import State

Array = NDArray[Any]
KERNEL_SETS = tuple(name for name in SEARCH if name != REAL)
JIT_PAYS_OFF = 20_000_000  # multiply-accumulates from which one run of compiled loops outweighs their loading
NO_NOTES: Mapping[str, Any] = MappingProxyType({})
Kernels = str | Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Step:
    """One node of a program: `prepared` when its shapes are known, else None until it runs; `folded` when constant.

    One that runs subgraphs is never prepared; `called_shapes` are those of its outputs, when they are known.
    """

    node: Node
    subgraph: Subgraph
    op: Op
    kernel_set: str
    engine: str
    prepared: Prepared | None
    folded: Noted | None = None
    constants: tuple[Array | None, ...] = ()
    called_shapes: tuple[Shape, ...] | None = None
    memory: dict[Any, Prepared] = field(default_factory=dict, repr=False)
    kernels: dict[Prepared, Callable[..., Any]] = field(default_factory=dict, repr=False)

    @property
    def dynamic(self) -> bool:
        """Whether shapes or values are known only when the step runs."""
        return self.prepared is None and self.called_shapes is None

    def run(self, inputs: Sequence[Array | None], state: State) -> Noted:
        """The outputs for all inputs of the node, None for an omitted one. Next values of variables go to `state`."""
        if self.folded is not None:
            return self.folded
        prepared = self.prepare_for(inputs)
        context = (state,) if self.op.uses_state else ()
        with enough_memory(self.node.label):
            result = self.kernel_for(prepared)(*context, *self.operands(inputs))
        made, notes = result if isinstance(result, Noted) else (result, NO_NOTES)
        outputs = made if isinstance(made, tuple) else (made,)
        count = len(self.node.outputs)
        for index, value in zip(self._variables, outputs[count:], strict=True):
            state.variables[self.subgraph.index, index] = value
        return Noted(outputs[:count], notes)

    def operands(self, inputs: Sequence[Any]) -> list[Any]:
        """The inputs that a kernel takes: not those the plan has read, None for those left out at the end."""
        taken, omitted = self._taken
        return [*(inputs[position] for position in taken), *omitted]

    @cached_property
    def _taken(self) -> tuple[list[int], list[None]]:
        forms = input_forms(self.op, self.node)
        omitted = [None for form in self.op.signature.inputs[len(forms) :] if not form.is_value]
        return [position for position, form in enumerate(forms) if not form.is_value], omitted

    @cached_property
    def _variables(self) -> list[int]:
        forms = zip(self.node.inputs, input_forms(self.op, self.node), strict=True)
        return [index for index, form in forms if form.is_state and index >= 0]

    def kernel_for(self, prepared: Prepared) -> Callable[..., Any]:
        """What computes this prepared call from its arrays, made once: a compiled twin packs its constants."""
        if prepared not in self.kernels:
            twin = fast.TWINS.get(prepared.variant) if self.engine == "jit" else None
            plain = partial(prepared.variant.run, prepared.plan)
            constants = self.operands(self.constants) if twin is not None else []
            self.kernels[prepared] = plain if twin is None else twin(prepared, *constants)
        return self.kernels[prepared]

    def prepare_for(self, inputs: Sequence[Array | None]) -> Prepared:
        """The prepared call for these inputs, made once for each combination of shapes and values."""
        if self.prepared is not None:
            return self.prepared
        forms = input_forms(self.op, self.node)
        key = tuple(
            None if array is None else (array.shape, array.tobytes() if form.is_value else b"")
            for array, form in zip(inputs, forms, strict=True)
        )
        if key not in self.memory:
            tensors = self.subgraph.tensors
            operands = [
                None if array is None else Operand(tensors[index], array.shape, array if form.is_value else constant)
                for index, array, constant, form in zip(self.node.inputs, inputs, self.constants, forms, strict=True)
            ]
            self.memory[key] = _prepare(self.op, self.node, self.subgraph, operands, self.kernel_set)
        return self.memory[key]

    @property
    def task(self) -> Task:
        """The step as a Runner takes it."""
        assert self.prepared is not None
        loop = getattr(self.kernel_for(self.prepared), "loop", None)
        operands = tuple(self.operands(self.node.inputs))
        return Task(
            self._outputs,
            loop,
            operands,
            self.node.inputs,
            self.node.outputs,
            is_view=self.prepared.variant in fast.VIEWS,
            has_state=self.op.uses_state or bool(self._variables),
            macs=self.prepared.macs,
        )

    def _outputs(self, inputs: Sequence[Array | None], state: State) -> Sequence[Array]:
        return self.run(inputs, state).outputs

    def __repr__(self) -> str:
        return f"<Step: {self}>"

    def __str__(self) -> str:
        variant, found = "planned when it runs", self.kernel_set
        if self.prepared is not None:
            variant, found = self.prepared.variant.name, self.prepared.kernel_set
        folded = ", folded" if self.folded is not None else ""
        return f"{self.node.label}: {self.op.signature.text}  [{variant}, {found}, {self.engine}{folded}]"


@dataclass(frozen=True, eq=False)
class Program:
    """What will be computed for one subgraph: its steps, the shapes known beforehand, the constants.

    `stopped` says why a partial program does not go on.
    """

    graph: Graph
    subgraph: Subgraph
    engine: str
    steps: tuple[Step, ...]
    shapes: Mapping[int, Shape]
    constants: Mapping[int, Array]
    settings: tuple[Mapping[str, Op], Kernels]
    stopped: str | None = None
    memory: dict[Any, "Program"] = field(default_factory=dict, repr=False)
    runners: dict[int, Runner] = field(default_factory=dict, repr=False)

    @cached_property
    def is_static(self) -> bool:
        """Whether all shapes are known before a run, which `run` needs."""
        outputs = {index for step in self.steps for index in step.node.outputs}
        return self.stopped is None and not any(step.dynamic for step in self.steps) and outputs <= self.shapes.keys()

    @cached_property
    def variables(self) -> tuple[Tensor, ...]:
        """The variable tensors."""
        return tuple(tensor for tensor in self.subgraph.tensors if tensor.is_variable)

    def runner(self, threads: int = 1) -> Runner:
        """What `run` goes through, made once. Raises UnsupportedError for a program that is not static."""
        if threads not in self.runners:
            if not self.is_static:
                raise UnsupportedError("shapes or values are known only when this program runs; use execute")
            with enough_memory(f"subgraph {self.subgraph.index}"):
                tasks = [self._task(step) for step in self.steps if step.folded is None]
                self.runners[threads] = Runner(self.subgraph, tasks, self.shapes, self.constants, usable(threads))
        return self.runners[threads]

    def _task(self, step: Step) -> Task:
        if step.op.control is None:
            return step.task
        inputs, outputs = step.node.inputs, step.node.outputs
        return Task(partial(self._run_control, step), None, inputs, inputs, outputs, False, has_state=False, macs=0)

    def _run_control(self, step: Step, arguments: Sequence[Array | None], state: State) -> Sequence[Array]:
        """What a step that runs subgraphs gives, by the runners of these."""

        def call(subgraph: int, arrays: Sequence[Array], iteration: int = 0) -> Generator[Any, None, Sequence[Array]]:
            yield from ()
            return self.callee(subgraph, [array.shape for array in arrays]).runner().call(arrays, state)

        assert step.op.control is not None
        steps = step.op.control.run(step.node, arguments, state, call)
        try:
            next(steps)
        except StopIteration as finished:
            check_outputs(step.node, step.subgraph, finished.value)
            return finished.value  # type: ignore[no-any-return]
        raise AssertionError("a step yields nothing here")

    def run(
        self,
        inputs: Mapping[int, Array],
        outputs: Mapping[int, Array],
        state: State | None = None,
        threads: int = 1,
    ) -> None:
        """Fill the arrays `outputs` from `inputs`, both by tensor index: the values of `execute`, faster.

        The first run prepares memory for all tensors, which later runs use again. Variables are read from `state` and
        their next values left there. `threads` share the work of compiled loops, as many as there are CPUs at most.
        Raises InputError for arrays that do not fit, UnsupportedError for a program that is not static.
        """
        self.runner(threads).run(inputs, outputs, state)

    def callee(self, subgraph: int, shapes: Sequence[Shape]) -> "Program":
        """The program of a subgraph that a step calls with inputs of these shapes, bound once for each."""
        key = (subgraph, tuple(shapes))
        takes = self.graph.subgraphs[subgraph].inputs
        if len(takes) != len(shapes):
            raise ModelError(f"subgraph {subgraph} takes {len(takes)} inputs, it is called with {len(shapes)}")
        if key not in self.memory:
            ops, kernels = self.settings
            bound = bind(self.graph, dict(zip(takes, shapes, strict=True)), ops, kernels, self.engine, subgraph)
            self.memory[key] = replace(bound, memory=self.memory, runners={})
        return self.memory[key]

    def __repr__(self) -> str:
        return f"<Program: {len(self.steps)} steps, {self.settings[1]} kernels, {self.engine} engine>"

    def __str__(self) -> str:
        return "\n".join([repr(self), *map(str, self.steps)])


def bind(
    graph: Graph,
    shapes: Mapping[int, Shape] | None = None,
    ops: Mapping[str, Op] = OPS,
    kernels: Kernels = "reference",
    engine: str = "auto",
    subgraph: int = 0,
    partial: bool = False,
) -> Program:
    """Prepare every step of a subgraph, the main one unless told otherwise.

    `shapes` replaces input shapes, by tensor index. `kernels` names the kernel set to follow, or maps op codes to sets
    with "*" for the rest. `engine` is "numpy", "jit" or "auto". Neither changes what a kernel set computes. A `partial`
    program ends before the first node that is not implemented.
    Raises UnsupportedError for an op, type or kernel set that is not implemented, ModelError for one that cannot run.
    """
    block = graph.subgraphs[subgraph]
    check_calls(graph, ops)
    if not partial:
        check_ops(graph, ops)
    sets = _kernel_sets(kernels)
    known = {index: (shapes or {}).get(index, block.tensors[index].shape) for index in block.inputs}
    constants = {tensor.index: value for tensor in block.tensors if (value := tensor.value) is not None}
    known.update({index: value.shape for index, value in constants.items()})
    known.update({tensor.index: tensor.shape for tensor in block.tensors if tensor.is_variable})
    steps, stopped = [], None
    for node in block.nodes:
        try:
            step = _step(_op(node, ops), node, block, known, constants, sets(node.op))
        except UnsupportedError as error:
            if not partial:
                raise
            stopped = str(error)
            break
        if step.op.control is not None:
            step = replace(step, called_shapes=_shapes_of_call(graph, step, known, (ops, kernels)))
        shapes_made = step.called_shapes or () if step.prepared is None else step.prepared.output_shapes
        made = zip(node.outputs, shapes_made, strict=False)
        known.update({index: shape for index, shape in made if shape is not None})
        if step.folded is not None:
            constants.update(zip(node.outputs, step.folded.outputs, strict=True))
        steps.append(step)
    engine = _engine(engine, steps)
    steps = [replace(step, engine=engine, kernels={}) for step in steps]
    return Program(graph, block, engine, tuple(steps), known, constants, (ops, kernels), stopped)


def _shapes_of_call(
    graph: Graph, step: Step, known: Mapping[int, Shape], settings: tuple[Mapping[str, Op], Kernels]
) -> tuple[Shape, ...] | None:
    """The shapes of what a step that runs subgraphs gives; None when only running tells, or it cannot run."""

    def call(subgraph: int, inputs: Sequence[Shape]) -> tuple[Shape, ...] | None:
        takes = graph.subgraphs[subgraph].inputs
        bound = bind(graph, dict(zip(takes, inputs, strict=True)), *settings, "numpy", subgraph)
        return tuple(tuple(bound.shapes[index]) for index in bound.subgraph.outputs) if bound.is_static else None

    control, given = step.op.control, step.node.inputs
    if control is None or control.shapes is None or any(index not in known for index in given):
        return None
    try:
        shapes = control.shapes(step.node, tuple(tuple(known[index]) for index in given), call)
    except (MiniliteError, ValueError):  # execute says what is wrong where it comes to that
        return None
    return shapes if shapes is not None and len(shapes) == len(step.node.outputs) else None


def _step(
    op: Op,
    node: Node,
    subgraph: Subgraph,
    known: Mapping[int, Shape],
    constants: Mapping[int, Array],
    kernel_set: str,
) -> Step:
    if for_microcontrollers(kernel_set):
        require_registered(op, node, kernel_set)
        named = zip(input_forms(op, node), node.inputs, strict=True)
        require_constants(op, node, {form.name: subgraph.tensors[i] for form, i in named if i >= 0}, kernel_set)
    operands = _known_operands(op, node, subgraph, known, constants)
    prepared = None if operands is None else _prepare(op, node, subgraph, operands, kernel_set)
    given = tuple(constants.get(index) for index in node.inputs)
    step = Step(node, subgraph, op, kernel_set, "numpy", prepared, constants=given)
    if op.shapes_only and operands is not None:
        given = tuple(None if x is None else np.broadcast_to(np.zeros((), x.dtype), x.shape) for x in operands)
    constant = all(index < 0 or array is not None for index, array in zip(node.inputs, given, strict=True))
    if prepared is None or op.uses_state or not constant or not node.inputs:
        return step
    with np.errstate(all="ignore"):
        folded = step.run(given, State())
    return replace(step, folded=folded)


def _known_operands(
    op: Op, node: Node, subgraph: Subgraph, known: Mapping[int, Shape], constants: Mapping[int, Array]
) -> list[Operand | None] | None:
    """The operands of a node; None when a shape, or a value that the plan reads, is not known yet."""
    if op.control is not None:
        return None
    operands: list[Operand | None] = []
    for index, form in zip(node.inputs, input_forms(op, node), strict=True):
        if index < 0:
            operands.append(None)
        elif index not in known or (form.is_value and index not in constants):
            return None
        else:
            operands.append(Operand(subgraph.tensors[index], known[index], constants.get(index)))
    return operands


def _prepare(
    op: Op,
    node: Node,
    subgraph: Subgraph,
    operands: Sequence[Operand | None],
    kernel_set: str,
) -> Prepared:
    outputs = [subgraph.tensors[index] for index in node.outputs]
    intermediates = [subgraph.tensors[index] for index in node.intermediates or () if index >= 0]
    with np.errstate(all="ignore"), enough_memory(node.label):
        return prepare(op, node, operands, outputs, kernel_set, intermediates)


def _op(node: Node, ops: Mapping[str, Op]) -> Op:
    if node.op not in ops:
        raise UnsupportedError(f"not implemented: {node.label}")
    return ops[node.op].for_node(node)


def _kernel_sets(kernels: Kernels) -> Callable[[str], str]:
    chosen = {"*": kernels} if isinstance(kernels, str) else {"*": "reference", **kernels}
    for name in chosen.values():
        if name not in (*KERNEL_SETS, REAL):
            raise InputError(f"no kernel set is called {name!r}; there are {', '.join(KERNEL_SETS)}")
    return lambda op: chosen.get(op, chosen["*"])


def _engine(engine: str, steps: Sequence[Step]) -> str:
    if engine not in ("auto", "numpy", "jit"):
        raise InputError(f"no engine is called {engine!r}; there are auto, numpy, jit")
    has_numba = numba_is_here()
    if engine == "jit" and not has_numba:
        raise UnsupportedError("engine 'jit' needs numba, which is not installed; use engine='numpy'")
    if engine != "auto":
        return engine
    macs = sum(step.prepared.macs for step in steps if step.prepared is not None)
    return "jit" if has_numba and macs >= JIT_PAYS_OFF else "numpy"
