"""The conformance check can tell rounding rules apart: every other rule, put in place of the right one, is caught."""

import contextlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import NoSuchExample

from minilite import oracle
from minilite.interpreter import evaluate
from minilite.numerics.rescale import RULES
from minilite.ops import OPS, Op
from minilite.program import bind

from . import CASES
from .case import Case, OneOp, variant_of

SETTINGS = settings(
    max_examples=6000,
    phases=[Phase.generate],
    database=None,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
RESCALING = [case for case in CASES if (variant := variant_of(case)) and variant.rules["reference"]]
NEGATIVE_ONLY = "the two differ for negative accumulators only, which the clamp brings to the zero point"
NEVER_NEGATIVE = "the two differ for negative accumulators only, and there are none"
INDISTINGUISHABLE = {
    **{(op, "half-up"): NEGATIVE_ONLY for op in ("RELU", "RELU6", "RELU_0_TO_1")},
    **{(op, "half-up"): NEVER_NEGATIVE for op in ("ABS", "RSQRT")},
}


def with_rule(case: Case, rule: str) -> dict[str, Op]:
    """The ops with `rule` in place of the one this case's variant follows."""
    op, chosen = OPS[case.op], variant_of(case)
    mutant = replace(chosen, rules={"reference": rule})

    def mutated(op: Op) -> Op:
        variants = tuple(mutant if variant is chosen else variant for variant in op.variants)
        return replace(op, variants=variants, others=tuple((nodes, mutated(other)) for nodes, other in op.others))

    return {**OPS, op.code: mutated(op)}


def wrong_rules(case: Case) -> list[str]:
    """The rules that must be told from the one the case's variant follows."""
    right = variant_of(case).rules["reference"]
    return [rule for rule in RULES if rule != right and (case.op, rule) not in INDISTINGUISHABLE]


@pytest.mark.parametrize("case", RESCALING, ids=str)
def test_every_other_rule_is_caught(case: Case) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    alive = {rule: with_rule(case, rule) for rule in wrong_rules(case)}

    def kills_the_last(example: OneOp) -> bool:
        expected = oracle.evaluate(example.graph, example.inputs, case.resolver)
        for rule, ops in list(alive.items()):
            program = bind(example.graph, {i: a.shape for i, a in example.inputs.items()}, ops=ops, engine="numpy")
            mutated = evaluate(program, example.inputs)
            if any(not np.array_equal(mutated[index], expected[index]) for index in example.graph.main.outputs):
                del alive[rule]
        return not alive

    with contextlib.suppress(NoSuchExample):
        find(case.draw, kills_the_last, settings=SETTINGS)
    assert not alive, f"no example tells {', '.join(alive)} from the rule of {case}"
