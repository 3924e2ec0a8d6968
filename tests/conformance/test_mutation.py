"""The conformance check can tell rounding rules apart: every other rule, put in place of the right one, is caught."""

import contextlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis.errors import NoSuchExample

from minilite import oracle
from minilite.interpreter import evaluate
from minilite.numerics.rescale import RULES
from minilite.ops import OPS, Op, Variant
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
NEGATIVE_ONLY = "the two differ for negative accumulators only, which the clamp brings to the zero point"
NEVER_NEGATIVE = "the two differ for negative accumulators only, and there are none"
INDISTINGUISHABLE = {
    **{(op, "half-up"): NEGATIVE_ONLY for op in ("RELU", "RELU6", "RELU_0_TO_1")},
    **{(op, "half-up"): NEVER_NEGATIVE for op in ("ABS", "RSQRT")},
    ("MEAN-uint8-optimized", "double"): "the two differ for negative sums only, and codes of uint8 have none",
}

WIDE_BIAS = "its kernel takes biases of 32 bits only"
NARROW_WEIGHTS = "the delegate leaves these weights to other kernels"
SPARSE = "sparse weights have a kernel of their own"
NEVER_TAKEN = {
    **{(f"FULLY_CONNECTED-int16,{w},int64,->,int16", "optimized"): WIDE_BIAS for w in ("int8", "int4", "int2")},
    **{("FULLY_CONNECTED-int8,int8,int32,->,int8-sparse", kernels): SPARSE for kernels in ("optimized", "xnnpack")},
    ("CONV_2D-int8,int4,int32,->,int8", "xnnpack"): NARROW_WEIGHTS,
    ("DEPTHWISE_CONV_2D-int8,int4,int32,->,int8", "xnnpack"): NARROW_WEIGHTS,
}


def rescaling(case: Case, kernels: str) -> list[Variant]:
    """The variants that take the case's types and that this set gives a rescale rule of its own."""
    if kernels == "reference":
        variants = [variant_of(case)]
    else:
        variants = [variant for variant in all_variants(OPS[case.op]) if case.types in variant.types]
    return [variant for variant in variants if variant is not None and variant.rules.get(kernels)]


def all_variants(op: Op) -> list[Variant]:
    return [*op.variants, *(variant for _, other in op.others for variant in other.variants)]


def with_rule(case: Case, kernels: str, rule: str) -> dict[str, Op]:
    """The ops with `rule` in place of the one this case's variants follow."""
    chosen = rescaling(case, kernels)

    def mutated(op: Op) -> Op:
        variants = tuple(
            replace(variant, rules={**variant.rules, kernels: rule}) if variant in chosen else variant
            for variant in op.variants
        )
        return replace(op, variants=variants, others=tuple((nodes, mutated(other)) for nodes, other in op.others))

    return {**OPS, case.op: mutated(OPS[case.op])}


def wrong_rules(case: Case, kernels: str) -> list[str]:
    """The rules that must be told from those the case's variants follow."""
    right = {variant.rules[kernels] for variant in rescaling(case, kernels)}
    names = case.op, f"{case}-{kernels}"
    return [
        rule for rule in RULES if rule not in right and not any((name, rule) in INDISTINGUISHABLE for name in names)
    ]


WITH_RULES = [
    (case, kernels)
    for case in CASES
    for kernels in ("reference", *case.sets)
    if rescaling(case, kernels) and not isinstance(case.sets.get(kernels), str)
]
RESCALING = [(case, kernels) for case, kernels in WITH_RULES if (str(case), kernels) not in NEVER_TAKEN]


@pytest.mark.parametrize(("case", "kernels"), RESCALING, ids=str)
def test_every_other_rule_is_caught(case: Case, kernels: str) -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    alive = {rule: with_rule(case, kernels, rule) for rule in wrong_rules(case, kernels)}
    resolver = case.resolver if kernels == "reference" else kernels

    def kills_the_last(example: OneOp) -> bool:
        expected = oracle.evaluate(example.graph, example.inputs, resolver)
        for rule, ops in list(alive.items()):
            shapes = {i: a.shape for i, a in example.inputs.items()}
            mutated = evaluate(bind(example.graph, shapes, ops, kernels, "numpy"), example.inputs)
            if any(not np.array_equal(mutated[index], expected[index]) for index in example.graph.main.outputs):
                del alive[rule]
        return not alive

    with contextlib.suppress(NoSuchExample):
        find(case.draw, kills_the_last, settings=SETTINGS)
    assert not alive, f"no example tells {', '.join(alive)} from the rule of {case}"


@pytest.mark.parametrize(("case", "kernels"), [pair for pair in WITH_RULES if pair not in RESCALING], ids=str)
def test_no_example_comes_to_the_rule(case: Case, kernels: str) -> None:
    chosen = rescaling(case, kernels)

    @given(case.draw)
    def check(example: OneOp) -> None:
        prepared = bind(example.graph, kernels=kernels, engine="numpy").steps[0].prepared
        assert prepared is not None
        assert prepared.kernel_set != kernels or prepared.variant not in chosen

    check()
