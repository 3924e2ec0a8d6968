"""The official names of the kernel sets."""

from collections.abc import Mapping
from enum import Enum, unique
from types import MappingProxyType
from typing import Any

from minilite.errors import InputError


@unique
class OpResolverType(Enum):
    """Which official kernels to follow; same names and values as `ai_edge_litert.interpreter.OpResolverType`.

    AUTO and BUILTIN: what XNNPACK computes, BUILTIN_REF: the reference kernels, BUILTIN_WITHOUT_DEFAULT_DELEGATES: the
    optimized kernels.
    """

    AUTO = 0
    BUILTIN = 1
    BUILTIN_REF = 2
    BUILTIN_WITHOUT_DEFAULT_DELEGATES = 3


KERNEL_SETS: Mapping[OpResolverType, str] = MappingProxyType(
    {
        OpResolverType.AUTO: "xnnpack",
        OpResolverType.BUILTIN: "xnnpack",
        OpResolverType.BUILTIN_REF: "reference",
        OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES: "optimized",
    }
)


def kernel_set(resolver: Any) -> str:
    """The kernel set of a resolver type: a member of this enum or the official one, its name or value, or None.

    None means the reference kernels. Raises InputError for anything else.
    """
    if resolver is None:
        return "reference"
    name = getattr(resolver, "name", resolver)
    for member, kernels in KERNEL_SETS.items():
        if name == member.name or (type(name) is int and name == member.value):
            return kernels
    names = ", ".join(member.name for member in OpResolverType)
    raise InputError(f"experimental_op_resolver_type is {resolver!r}, expected one of {names}, or None")
