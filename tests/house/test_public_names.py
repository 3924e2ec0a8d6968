"""What the package shows: a sorted `__all__` that is all there is, and a docstring on everything public."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import minilite

from .sources import module_name, python_files, relative, tree

DECLARED_DATA = ("minilite/format/schema.py", "minilite/format/enums.py", "minilite/format/options/")
OP_INFRASTRUCTURE = {"call", "op", "ops", "prepare", "signature"}


def reading_order(name: str) -> tuple[int, str]:
    """CONSTANTS, then Classes, then functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def test_all_is_sorted_and_complete() -> None:
    """What a type checker sees imported, what `__all__` says and what can be loaded are the same names."""
    source = tree(Path(minilite.__file__))
    blocks = [node for node in source.body if isinstance(node, ast.If)]
    seen = [alias.name for node in ast.walk(blocks[0]) if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert minilite.__all__ == sorted(seen, key=reading_order)
    assert all(getattr(minilite, name) is not None for name in minilite.__all__)
    assert set(minilite.__all__) <= set(dir(minilite))
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        minilite.nonsense  # noqa: B018


def test_everything_in_all_has_a_docstring() -> None:
    undocumented = [
        name for name in minilite.__all__ if callable(getattr(minilite, name)) and not getattr(minilite, name).__doc__
    ]
    assert undocumented == []


@pytest.mark.parametrize("path", python_files("minilite"), ids=module_name)
def test_every_module_has_a_docstring(path: Path) -> None:
    assert ast.get_docstring(tree(path)), "say in a docstring what this module is"


@pytest.mark.parametrize("path", python_files("minilite"), ids=module_name)
def test_every_public_name_has_a_docstring(path: Path) -> None:
    if relative(path).startswith(DECLARED_DATA):
        return  # tables and enums are the schema's own; the module docstring says where they come from
    undocumented = [name for name, node in public_names(tree(path)) if not ast.get_docstring(node)]
    if is_op_family(path):  # plans and kernels: the file's docstring is their formula
        undocumented = [name for name in undocumented if name[0].isupper()]
    assert undocumented == []


def is_op_family(path: Path) -> bool:
    """Whether a file defines ops."""
    name = module_name(path)
    return name.startswith(("minilite.ops", "minilite.fast")) and name.rpartition(".")[2] not in OP_INFRASTRUCTURE


def public_names(node: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, ast.ClassDef]]:
    """Public classes and functions of a module, and public methods of public classes."""
    for child in node.body:
        if isinstance(child, (ast.FunctionDef, ast.ClassDef)) and not child.name.startswith("_"):
            yield prefix + child.name, child
            if isinstance(child, ast.ClassDef):
                yield from public_names(child, f"{prefix}{child.name}.")
