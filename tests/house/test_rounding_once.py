"""Rounding exists once: in `numerics`, as named steps, and in `fast`, as their compiled twins."""

import ast
from collections.abc import Iterator

import pytest

from .sources import module_name, python_files, relative, tree

OUTSIDE = [
    path for path in python_files("minilite") if not relative(path).startswith(("minilite/numerics/", "minilite/fast/"))
]
ROUNDERS = {"round", "around", "round_", "rint", "fix", "trunc", "frexp", "ldexp", "right_shift"}
EXCEPTIONS: dict[tuple[str, str], str] = {  # (file, construct): the reason
    ("minilite/graph/packed.py", ">>"): "takes elements of four or two bits out of a byte; nothing is rounded",
}


def rounding(root: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of every construct that rounds."""
    for node in ast.walk(root):
        operator = getattr(node, "op", None)
        if isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(operator, ast.RShift):
            yield node.lineno, ">>"
        elif isinstance(node, ast.Name) and node.id in ROUNDERS:
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and node.attr in ROUNDERS:
            yield node.lineno, node.attr
        elif isinstance(node, ast.Call) and any(_adds_half(argument) for argument in node.args):
            yield node.lineno, "half added"


def _adds_half(node: ast.AST) -> bool:
    is_sum = isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub))
    return is_sum and any(isinstance(side, ast.Constant) and side.value == 0.5 for side in (node.left, node.right))


@pytest.mark.parametrize("path", OUTSIDE, ids=module_name)
def test_nothing_rounds_outside_numerics(path) -> None:
    found = [(line, what) for line, what in rounding(tree(path)) if (relative(path), what) not in EXCEPTIONS]
    assert found == [], "give this step a name in minilite/numerics"


def test_every_exception_is_needed() -> None:
    needed = {(relative(path), what) for path in OUTSIDE for _, what in rounding(tree(path))}
    assert set(EXCEPTIONS) <= needed


@pytest.mark.parametrize(
    "text", ["x >> 31", "x >>= 2", "np.rint(x)", "round(x)", "x.round()", "math.frexp(x)", "int(x + 0.5)"]
)
def test_the_scan_sees(text: str) -> None:
    assert list(rounding(ast.parse(text)))
