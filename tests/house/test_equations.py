"""The equations of minilite/numerics/README.md and the citations in the code point at each other."""

import doctest
import re

import pytest

from .sources import PACKAGE, module_name, python_files

README = PACKAGE / "numerics" / "README.md"
NUMBERED = re.compile(r"^ {4}.*\S {2,}\((\d+[a-z]?)\)$", re.MULTILINE)
CITATION = re.compile(r"\(eq\. (\d+[a-z]?(?:, \d+[a-z]?)*)\)")


def equations() -> list[str]:
    """The numbers of the equations, in the order they stand in."""
    return NUMBERED.findall(README.read_text(encoding="utf-8"))


def citations(text: str) -> set[str]:
    """The numbers a text cites."""
    return {number for group in CITATION.findall(text) for number in group.split(", ")}


def test_equations_are_numbered_in_order() -> None:
    found = equations()
    assert found == sorted(set(found), key=lambda number: (int(re.match(r"\d+", number)[0]), number))


@pytest.mark.parametrize("path", python_files("minilite"), ids=module_name)
def test_every_equation_cited_exists(path) -> None:
    text = path.read_text(encoding="utf-8")
    assert citations(text) <= set(equations())
    assert text.count("(eq.") == len(CITATION.findall(text)), "cite as (eq. 7) or (eq. 6, 7)"


def test_every_equation_is_cited() -> None:
    cited = set().union(*(citations(path.read_text(encoding="utf-8")) for path in python_files("minilite")))
    assert set(equations()) <= cited


def test_worked_numbers() -> None:
    result = doctest.testfile(str(README), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted > 0
    assert result.failed == 0
