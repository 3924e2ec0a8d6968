"""Resource variables: VAR_HANDLE names one, ASSIGN_VARIABLE sets it, READ_VARIABLE reads it. They live in the State.
A handle is a number, so int32 values serve as well.

Follows tflite/kernels/var_handle.cc, assign_variable.cc, read_variable.cc.
"""

import math
from typing import Any

import numpy as np

from minilite.errors import StateError
from minilite.format.options.control import VarHandleOptions
from minilite.format.options.empty import AssignVariableOptions, ReadVariableOptions

from .call import Array, Call
from .element_types import EVERY
from .op import Op, Variant
from .state import State

STORED = tuple(f"{handle} {kind}" for kind in (*EVERY, "int4", "uint4") for handle in ("resource", "int32"))


def plan_handle(call: Call[VarHandleOptions]) -> tuple[str, str]:
    return call.options.container or "", call.options.shared_name or ""


def make_handle(plan: tuple[str, str], state: State) -> Array:
    """The number of this name, given in the order the names are first met."""
    handles = state.resources.setdefault("handles", {})
    return np.array(handles.setdefault(plan, len(handles)), np.int32)


def plan_label(call: Call[Any]) -> str:
    """The node's label for messages. Raises ModelError unless the handle is one number."""
    call.require(math.prod(call["handle"].shape) == 1, "the handle must be one number")
    return call.node.label


def assign(plan: str, state: State, handle: Array, value: Array) -> tuple[Array, ...]:
    state.resources["variable", int(handle.reshape(-1)[0])] = value
    return ()


def read(plan: str, state: State, handle: Array) -> Array:
    key = ("variable", int(handle.reshape(-1)[0]))
    if key not in state.resources:
        raise StateError(f"{plan}: reads resource variable {key[1]} before anything is assigned to it")
    value: Array = state.resources[key]
    return value


OPS = (
    Op(
        "VAR_HANDLE",
        "-> handle[...]",
        VarHandleOptions,
        (Variant("handle", ("-> resource",), plan_handle, make_handle),),
        shapes=lambda call: [()],
        uses_state=True,
    ),
    Op(
        "ASSIGN_VARIABLE",
        "handle[...] x[...] ->",
        AssignVariableOptions,
        (Variant("assign", tuple(f"{types} ->" for types in STORED), plan_label, assign),),
        shapes=lambda call: [],
        uses_state=True,
    ),
    Op(
        "READ_VARIABLE",
        "handle[...] -> y[?]",
        ReadVariableOptions,
        (Variant("read", tuple(types.replace(" ", " -> ") for types in STORED), plan_label, read),),
        uses_state=True,
    ),
)
