"""The walk "Add an operator" in CONTRIBUTING.md works: its code blocks define an op that equals LiteRT's."""

import re
import types

import pytest
from hypothesis import find, given, settings

from minilite import oracle
from minilite.interpreter import evaluate
from minilite.ops import OPS
from minilite.program import bind
from tests.conformance.case import OneOp

from .sources import PACKAGE, ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
LIMITED = settings(max_examples=100)


def module(name: str, source: str) -> types.ModuleType:
    """A code block as the module the walk says it is."""
    made = types.ModuleType(name)
    made.__package__ = name.rpartition(".")[0]
    exec(compile(source, f"CONTRIBUTING.md: {name}", "exec"), vars(made))
    return made


DEFINITION = module("minilite.ops.absolute", BLOCKS[0])
CONFORMANCE = module("tests.conformance.absolute", BLOCKS[1])


def differs(example: OneOp, rule: str | None = None) -> bool:
    """Whether the op of the walk, by its own rule or another, differs from LiteRT in any element."""
    (op,) = DEFINITION.OPS
    if rule is not None:
        variant = types.SimpleNamespace(**vars(op.variants[0]))
        variant.rules = {"reference": rule}
        op = type(op)(op.code, op.signature_text, op.options, (type(op.variants[0])(**vars(variant)),))
    program = bind(example.graph, ops=OPS | {op.code: op}, engine="numpy")
    ours = evaluate(program, example.inputs)
    theirs = oracle.evaluate(example.graph, example.inputs)
    return any(oracle.difference(ours[index], theirs[index]).differing for index in example.graph.main.outputs)


def test_the_walk_has_two_blocks() -> None:
    assert len(BLOCKS) == 2
    assert {(case.op, case.types) for case in CONFORMANCE.CASES} == {
        (op.code, types) for op in DEFINITION.OPS for variant in op.variants for types in variant.types
    }


def test_the_walk_ends_in_a_passing_test() -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    (case,) = CONFORMANCE.CASES

    @LIMITED
    @given(case.draw)
    def check(example: OneOp) -> None:
        assert not differs(example)

    check()


@pytest.mark.parametrize("rule", ["single", "float64-away", "float32-even", "int16-multiplier"])
def test_another_rule_would_fail(rule: str) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    (case,) = CONFORMANCE.CASES
    find(case.draw, lambda example: differs(example, rule), settings=settings(max_examples=2000, derandomize=True))


@pytest.mark.parametrize("name", sorted(set(re.findall(r"^\| [^|]+\| (?:rule )?`([\w-]+)`", TEXT, re.MULTILINE))))
def test_our_names_in_the_glossary_exist(name: str) -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    assert re.search(rf"\b{re.escape(name)}\b", source), f"no {name} in the package"


def test_every_path_named_exists() -> None:
    for name in re.findall(r"`((?:minilite|tests)/[\w/]+\.py|\.ci/\w+)`", TEXT):
        assert (ROOT / name).exists() or "absolute" in name, name
