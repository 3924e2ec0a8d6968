"""The multiplier against its definition, each rescale rule against exact arithmetic, and against its compiled twin."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minilite.fast.rescale import RULE_CODES, rescale_arrays, rescale_one
from minilite.numerics.jit import kernel
from minilite.numerics.rescale import RULES, make_rescale, quantize_multiplier

from .test_fixed_point import INT32, half_up, wrapped
from .test_rounding import half_away

MULTIPLIERS = st.one_of(
    st.floats(1e-12, 1e3),
    st.integers(-40, 10).map(lambda power: 2.0**power),
    st.sampled_from([0.5, 1.5, 0.75, 0.375, 3.0, 1.0, 1 - 2.0**-33, 0.0]),
)
ACCUMULATORS = st.one_of(INT32, st.integers(-4000, 4000))


@given(MULTIPLIERS)
def test_quantize_multiplier_is_the_nearest(real: float) -> None:
    _, mantissa, exponent = (value.item() for value in quantize_multiplier(real))
    if mantissa == 0:
        assert real < 2.0**-32
        return
    assert 2**30 <= mantissa < 2**31
    assert exponent >= -31
    error = abs(Fraction(mantissa) * Fraction(2) ** (exponent - 31) - Fraction(real))
    assert error <= Fraction(2) ** (exponent - 32)


def test_quantize_multiplier_at_its_edges() -> None:
    real = np.array([0.0, 2.0**-33, 2.0**-32, 1 - 2.0**-40, -0.75])
    multiplier = quantize_multiplier(real)
    assert multiplier.mantissa.tolist() == [0, 0, 2**30, 2**30, -3 * 2**29]
    assert multiplier.exponent.tolist() == [0, 0, -31, 1, 0]


def exact(rule: str, accumulator: int, real: float) -> int:
    """The rule on Python integers and fractions; the float rules round the product to their precision first."""
    _, mantissa, exponent = (value.item() for value in quantize_multiplier(real))
    if rule in ("double", "half-up"):
        shifted = wrapped(accumulator << (max(exponent, 0) % 32))
        high = min(half_up(Fraction(shifted * mantissa, 2**31)), 2**31 - 1)
        return (half_away if rule == "double" else half_up)(Fraction(high, 2 ** max(-exponent, 0)))
    if rule == "single":
        return half_up(Fraction(accumulator * mantissa) / 2 ** (31 - exponent))
    if rule == "int16-multiplier":
        reduced = min((mantissa + 2**15) // 2**16, 0x7FFF)
        return wrapped(half_up(Fraction(accumulator * reduced) / 2 ** (15 - exponent)))
    if rule == "float64-away":
        return half_away(Fraction(float(accumulator) * real))
    if rule == "256ths":
        return half_up(Fraction(accumulator * round(Fraction(256 * float(np.float32(real)))), 256))
    return round(Fraction(float(np.float32(accumulator) * np.float32(real))))


@pytest.mark.parametrize("rule", RULES)
def test_rule_is_its_definition(rule: str) -> None:
    @given(ACCUMULATORS, MULTIPLIERS)
    def check(accumulator: int, real: float) -> None:
        expected = exact(rule, accumulator, real)
        assert make_rescale(rule, real)(np.array([accumulator]))[0] == expected
        arrays = rescale_arrays(make_rescale(rule, real), 1)
        one = rescale_one(arrays.rule, np.int64(accumulator), arrays.mantissa[0], arrays.exponent[0], arrays.real[0])
        assert one == expected

    check()


@kernel
def rescale_all(rule, accumulators, mantissa, exponent, real, result) -> None:
    """Every accumulator with its own multiplier, in a compiled loop."""
    for i in range(accumulators.size):
        result[i] = rescale_one(rule, accumulators[i], mantissa[i], exponent[i], real[i])


@pytest.mark.parametrize("rule", RULES)
def test_compiled_rule_is_the_rule(rule: str) -> None:
    pytest.importorskip("numba", reason="numba is not installed")

    @given(st.lists(st.tuples(ACCUMULATORS, MULTIPLIERS), min_size=1, max_size=50))
    def check(pairs: list[tuple[int, float]]) -> None:
        accumulators = np.array([accumulator for accumulator, _ in pairs], np.int64)
        rescale = make_rescale(rule, [real for _, real in pairs])
        result = np.zeros(len(pairs), np.int64)
        code, *parts = rescale_arrays(rescale, len(pairs))
        rescale_all(code, accumulators, *parts, result)
        assert result.tolist() == rescale(accumulators).tolist()

    check()


def test_every_rule_has_a_number() -> None:
    assert list(RULE_CODES) == list(RULES)
    assert list(RULE_CODES.values()) == list(range(len(RULES)))


@pytest.mark.parametrize(("one", "other"), [("double", "half-up"), ("double", "single"), ("half-up", "float32-even")])
def test_the_rules_really_differ(one: str, other: str) -> None:
    values, with_ties = np.arange(-1000, 1001), 0.1875
    assert (make_rescale(one, with_ties)(values) != make_rescale(other, with_ties)(values)).any()
