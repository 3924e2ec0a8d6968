"""The classes take what the official ones take: every public method, with its arguments and their defaults."""

import inspect
from typing import Any

import pytest

from minilite.litert import Interpreter, OpResolverType, SignatureRunner


def parameters(method: Any) -> list[tuple[str, Any, Any]]:
    """Name, kind and default of each argument that has a place, and of the rest."""
    found = inspect.signature(method).parameters.values()
    return [(p.name if p.kind != p.VAR_KEYWORD else "", p.kind, p.default) for p in found if p.kind != p.KEYWORD_ONLY]


def public(owner: type) -> list[str]:
    return [name for name in dir(owner) if not name.startswith("_")]


@pytest.mark.parametrize("ours", [Interpreter, SignatureRunner, OpResolverType], ids=lambda owner: owner.__name__)
def test_every_public_name_is_there(ours: Any) -> None:
    module = pytest.importorskip("ai_edge_litert.interpreter", reason="LiteRT is not installed")
    assert public(ours) == public(getattr(module, ours.__name__))


@pytest.mark.parametrize("ours", [Interpreter, SignatureRunner], ids=lambda owner: owner.__name__)
def test_every_argument_is_there(ours: Any) -> None:
    module = pytest.importorskip("ai_edge_litert.interpreter", reason="LiteRT is not installed")
    official = getattr(module, ours.__name__)
    names = ["__init__" if ours is Interpreter else "__call__", *public(ours)]
    for name in (name for name in names if not isinstance(getattr(ours, name), property)):
        expected = parameters(getattr(official, name))
        given = parameters(getattr(ours, name))
        if name == "__init__":  # the default is said to differ
            place = [each for each, _, _ in expected].index("experimental_op_resolver_type")
            assert given[place][2] is None
            expected[place] = given[place]
        assert given == expected, name
