"""Control flow and resource variables: graphs of several subgraphs, with random sizes, constants and loop counts."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.enums import TensorType
from minilite.format.options.arithmetic import AddOptions
from minilite.format.options.control import CallOnceOptions, IfOptions, VarHandleOptions, WhileOptions
from minilite.format.options.empty import AssignVariableOptions, LessOptions, ReadVariableOptions
from minilite.format.options.stablehlo import StableHLOCompositeOptions
from minilite.graph import Graph, Node, Subgraph, Tensor
from minilite.ops.resources import STORED

from .case import Case, OneOp
from .strategies import arrays, elements

F32, I32, BOOL, RESOURCE = TensorType.FLOAT32, TensorType.INT32, TensorType.BOOL, TensorType.RESOURCE
Shape = tuple[int, ...]


def tensor(index: int, name: str, kind: TensorType, shape: Shape = (2,), value: Any = None) -> Tensor:
    data = None if value is None else np.asarray(value, "<i4" if kind == I32 else "<f4").reshape(-1).view(np.uint8)
    return Tensor(index, name, shape, kind, data=data, buffer=int(data is not None))


def add_graph(index: int, name: str, constant: float) -> Subgraph:
    """y = x + constant."""
    tensors = (tensor(0, "x", F32), tensor(1, "c", F32, (), constant), tensor(2, "y", F32))
    return Subgraph(index, name, tensors, (Node(0, "ADD", (0, 1), (2,), AddOptions()),), (0,), (2,))


def if_graph() -> Graph:
    tensors = (tensor(0, "condition", BOOL, (1,)), tensor(1, "x", F32), tensor(2, "y", F32))
    options = IfOptions(then_subgraph_index=1, else_subgraph_index=2)
    main = Subgraph(0, "main", tensors, (Node(0, "IF", (0, 1), (2,), options),), (0, 1), (2,))
    return Graph((main, add_graph(1, "then", 1.5), add_graph(2, "else", -3.25)))


def while_graph(limit: int = 5) -> Graph:
    """while i < limit: x = x + 0.1; i = i + 1."""
    main = Subgraph(
        0,
        "main",
        (tensor(0, "i", I32, (1,)), tensor(1, "x", F32), tensor(2, "i_out", I32, (1,)), tensor(3, "y", F32)),
        (Node(0, "WHILE", (0, 1), (2, 3), WhileOptions(cond_subgraph_index=1, body_subgraph_index=2)),),
        (0, 1),
        (2, 3),
    )
    condition = Subgraph(
        1,
        "condition",
        (tensor(0, "i", I32, (1,)), tensor(1, "x", F32), tensor(2, "n", I32, (), limit), tensor(3, "go", BOOL, (1,))),
        (Node(0, "LESS", (0, 2), (3,), LessOptions()),),
        (0, 1),
        (3,),
    )
    body_tensors = (
        tensor(0, "i", I32, (1,)),
        tensor(1, "x", F32),
        tensor(2, "one", I32, (), 1),
        tensor(3, "step", F32, (), 0.1),
        tensor(4, "next_i", I32, (1,)),
        tensor(5, "next_x", F32),
    )
    body_nodes = (Node(0, "ADD", (0, 2), (4,), AddOptions()), Node(1, "ADD", (1, 3), (5,), AddOptions()))
    return Graph((main, condition, Subgraph(2, "body", body_tensors, body_nodes, (0, 1), (4, 5))))


def counter_graph(initialized: bool = True) -> Graph:
    """A variable set to 10 once, then increased by x at every run."""
    handle = VarHandleOptions(container="", shared_name="counter")
    tensors = (
        tensor(0, "x", F32),
        tensor(1, "handle", RESOURCE, ()),
        tensor(2, "old", F32),
        tensor(3, "new", F32),
    )
    nodes = (
        Node(0, "CALL_ONCE", (), (), CallOnceOptions(init_subgraph_index=1)),
        Node(1, "VAR_HANDLE", (), (1,), handle),
        Node(2, "READ_VARIABLE", (1,), (2,), ReadVariableOptions()),
        Node(3, "ADD", (2, 0), (3,), AddOptions()),
        Node(4, "ASSIGN_VARIABLE", (1, 3), (), AssignVariableOptions()),
    )
    main = Subgraph(0, "main", tensors, nodes if initialized else nodes[1:], (0,), (3,))
    first = (tensor(0, "handle", RESOURCE, ()), tensor(1, "ten", F32, (2,), [10.0, 20.0]))
    init = (Node(0, "VAR_HANDLE", (), (0,), handle), Node(1, "ASSIGN_VARIABLE", (0, 1), (), AssignVariableOptions()))
    return Graph((main, Subgraph(1, "init", first, init, (), ())))


def composite_graph() -> Graph:
    """A composite whose decomposition adds 0.5."""
    attributes = np.zeros(0, np.uint8)  # LiteRT wants the field, if only empty
    options = StableHLOCompositeOptions(name="my.add", decomposition_subgraph_index=1, composite_attributes=attributes)
    tensors = (tensor(0, "x", F32), tensor(1, "y", F32))
    main = Subgraph(0, "main", tensors, (Node(0, "STABLEHLO_COMPOSITE", (0,), (1,), options),), (0,), (1,))
    return Graph((main, add_graph(1, "decomposition", 0.5)))


def variable_graph(handle: str, kind: str, shape: Shape, number: int = 0) -> Graph:
    """y = the value that was just assigned to a variable; an int32 handle is a constant."""
    element, options = TensorType[kind.upper()], VarHandleOptions(container="a", shared_name="b")
    handles = tensor(1, "handle", RESOURCE, ()) if handle == "resource" else tensor(1, "handle", I32, (1,), number)
    tensors = (tensor(0, "x", element, shape), handles, tensor(2, "y", element, shape))
    nodes: tuple[Node, ...] = (
        Node(1, "ASSIGN_VARIABLE", (1, 0), (), AssignVariableOptions()),
        Node(2, "READ_VARIABLE", (1,), (2,), ReadVariableOptions()),
    )
    if handle == "resource":
        nodes = (Node(0, "VAR_HANDLE", (), (1,), options), *nodes)
    return Graph((Subgraph(0, "main", tensors, nodes, (0,), (2,)),))


SHARE = 0.3  # of the examples: values of every type are only kept
FLOATS = arrays("float32", (2,))


@st.composite
def conditional(draw: Any) -> OneOp:
    return OneOp(if_graph(), {0: np.array([draw(st.booleans())]), 1: draw(FLOATS)})


@st.composite
def loop(draw: Any) -> OneOp:
    start = np.array([draw(st.integers(-3, 9))], np.int32)
    return OneOp(while_graph(draw(st.integers(0, 12))), {0: start, 1: draw(FLOATS)})


@st.composite
def variable(draw: Any, types: str) -> OneOp:
    handle, kind = types.split()
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    return OneOp(variable_graph(handle, kind, shape, draw(st.integers(0, 9))), {0: draw(elements(kind, shape)).data})


CASES = (
    Case("IF", "any", conditional()),
    Case("WHILE", "any", loop()),
    Case("CALL_ONCE", "any", FLOATS.map(lambda x: OneOp(counter_graph(), {0: x}))),
    Case("STABLEHLO_COMPOSITE", "any", FLOATS.map(lambda x: OneOp(composite_graph(), {0: x}))),
    Case("VAR_HANDLE", "-> resource", variable("resource float32")),
    *(Case("ASSIGN_VARIABLE", f"{types} ->", variable(types), share=SHARE) for types in STORED),
    *(Case("READ_VARIABLE", types.replace(" ", " -> "), variable(types), share=SHARE) for types in STORED),
)
