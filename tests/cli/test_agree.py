"""minilite agree: the matrix of kernel sets, where they part, and which sets refuse."""

import json

import numpy as np
import pytest

from minilite import load, to_inputs
from minilite.comparing import minilite_side
from minilite.comparing.parting import same_kernel
from minilite.program import KERNEL_SETS

from .models import DIGITS, document, invoke

MODEL = DIGITS / "digits_int8.tflite"
REFUSED = DIGITS / "digits_dynamic_range.tflite"  # by microcontrollers
ROUNDING = ("tflm", "tflm-single")


def test_pairs_and_the_first_op_at_which_they_part() -> None:
    report = document("agree", MODEL, "--sets", ",".join(ROUNDING), "--seeds", 4, code=1)["models"][0]
    (pair,) = report["pairs"]
    assert (report["sets"], pair["sets"], pair["elements"]) == ([*ROUNDING], [*ROUNDING], 40)
    parting = pair["parting"]
    assert parting["op"] == "CONV_2D"
    assert [text.split()[-1] for text in parting["rules"]] == ["double", "single"]
    assert 0 < parting["differing"] < parting["elements"]


def test_a_set_agrees_with_itself_step_by_step() -> None:
    graph = load(MODEL)
    inputs = to_inputs(graph, np.load(DIGITS / "digit.npy"))
    one, other = (minilite_side(graph, inputs, "tflm") for _ in range(2))
    assert one.steps
    assert all(same_kernel(one.steps[node], other.steps[node]) for node in one.steps)


def test_sets_that_refuse_are_named_with_their_reason() -> None:
    report = document("agree", REFUSED, "--sets", "reference,tflm")["models"][0]
    assert report["sets"] == ["reference"]
    assert "kernel set 'tflm'" in report["refused"]["tflm"]


def test_every_set_takes_the_digits_model() -> None:
    result = invoke("agree", MODEL, DIGITS / "digit.npy", "--json")
    assert json.loads(result.stdout)["models"][0]["sets"] == list(KERNEL_SETS)


def test_text_of_one_and_of_several_models() -> None:
    one = invoke("agree", MODEL, "--sets", ",".join(ROUNDING), "--seeds", 4).stdout
    assert "node 0 CONV_2D, double  |  single: tflm/tflm-1" in one
    several = invoke("agree", MODEL, REFUSED, "--sets", "reference,tflm").stdout.splitlines()
    assert several[1].split() == ["elements", "tflm", "model"]
    assert several[3].split()[1:] == ["-", REFUSED.stem]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(("--sets", "fastest"), "no kernel set is called 'fastest'"), (("--random", "x.npy"), "--random makes up all")],
)
def test_wrong_use(arguments: tuple[str, ...], complaint: str) -> None:
    result = invoke("agree", MODEL, *arguments)
    assert result.exit_code == 2
    assert complaint in result.stderr
