"""The size budget: small files, small functions. Prints the largest (pytest -s)."""

import ast
from pathlib import Path
from statistics import median, quantiles

from .sources import python_files, relative, tree

FILE_LINES, FUNCTION_LINES = 400, 60
MEDIAN_FILE, NINTH_DECILE_FUNCTION = 120, 30


def file_sizes(*folders: str) -> list[tuple[int, str]]:
    """Lines of each Python file, largest first."""
    files = python_files(*folders)
    return sorted(
        ((len(path.read_text(encoding="utf-8").splitlines()), relative(path)) for path in files), reverse=True
    )


def function_sizes(*folders: str) -> list[tuple[int, str]]:
    """Lines of each function, largest first."""
    found = [size for path in python_files(*folders) for size in _functions(path)]
    return sorted(found, reverse=True)


def _functions(path: Path) -> list[tuple[int, str]]:
    nodes = [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)]
    return [((node.end_lineno or 0) - node.lineno + 1, f"{relative(path)}:{node.lineno} {node.name}") for node in nodes]


def show(what: str, sizes: list[tuple[int, str]]) -> None:
    print(f"\nlargest {what} of {len(sizes)}:")
    print("\n".join(f"{lines:6} {name}" for lines, name in sizes[:5]))


def test_no_file_is_too_long() -> None:
    sizes = file_sizes()
    show("files", sizes)
    assert [size for size in sizes if size[0] > FILE_LINES] == []


def test_no_function_is_too_long() -> None:
    sizes = function_sizes()
    show("functions", sizes)
    assert [size for size in sizes if size[0] > FUNCTION_LINES] == []


def test_most_are_small() -> None:
    files, functions = file_sizes("minilite"), function_sizes("minilite")
    middle = median(lines for lines, _ in files)
    ninth_decile = quantiles((lines for lines, _ in functions), n=10)[-1]
    print(f"\nmedian file {middle:.0f} lines, 90 % of functions at most {ninth_decile:.0f}")
    assert middle <= MEDIAN_FILE
    assert ninth_decile <= NINTH_DECILE_FUNCTION
