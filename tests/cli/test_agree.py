"""minilite agree: the matrix of kernel sets, where they part, and which sets refuse."""

import json
import re

import numpy as np
import pytest

from minilite import load, to_inputs
from minilite.cli.agree_text import groups_that_part, print_matrix
from minilite.cli.output import console
from minilite.comparing import minilite_side
from minilite.comparing.parting import same_kernel
from minilite.program import KERNEL_SETS

from .models import DIGITS, document, invoke

MODEL = DIGITS / "digits_int8.tflite"
REFUSED = DIGITS / "digits_dynamic_range.tflite"  # by microcontrollers
LOOP = DIGITS.parents[1] / "tests" / "converted" / "gru_float32.tflite"
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
    one = invoke("agree", MODEL, "--sets", "reference,tflm,tflm-single,cmsis-nn-single", "--seeds", 4).stdout
    assert "2 answers\n  reference, tflm\n  tflm-single, cmsis-nn-single\n" in one
    assert "node 0 CONV_2D\n    double: ref, tflm  |  single: tflm-1, cmsis-1\n" in one
    several = invoke("agree", MODEL, REFUSED, "--sets", "reference,tflm").stdout.splitlines()
    assert several[1].split() == ["elements", "tflm", "model"]
    assert several[3].split()[1:] == ["-", "digits_dynamic_range"]
    assert several[-1] == '"-" this set does not take the model'


def test_text_fits_the_terminal_and_says_each_refusal_once() -> None:
    lines = invoke("agree", REFUSED).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    start = next(place for place, line in enumerate(lines) if line.startswith("not taken by"))
    assert lines[start].startswith("not taken by tflm, tflm-single, cmsis-nn, cmsis-nn-single: CONV_2D (")
    assert lines[start + 1].startswith("  TensorFlow Lite Micro has no kernel for x float32, w int8")


@pytest.mark.parametrize(
    ("parted", "joined"),
    [
        ([("ref", "xnnpack"), ("tflm", "xnnpack")], [(["ref", "tflm"], ["xnn"])]),
        ([("a", "c"), ("a", "d"), ("b", "d")], [(["a"], ["c", "d"]), (["b"], ["d"])]),
    ],
)
def test_pairs_become_groups_only_where_all_part(parted: list, joined: list) -> None:
    assert groups_that_part(parted) == joined


def test_one_rule_in_two_kernels(capsys: pytest.CaptureFixture[str]) -> None:
    parting = {"node": 3, "op": "LSTM", "rules": [f"int8 kernel of {name}, rounds by double" for name in "ab"]}
    counts = {"elements": 1, "differing": 0, "largest": 0.0, "rows": 1, "other_top": 0}
    print_matrix(console(), ["reference", "tflm"], [{"sets": ["reference", "tflm"], **counts, "parting": parting}])
    assert "node 3 LSTM\n    double: ref  |  double by another kernel: tflm\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [(("--sets", "fastest"), "no kernel set is called 'fastest'"), (("--random", "x.npy"), "--random makes up all")],
)
def test_wrong_use(arguments: tuple[str, ...], complaint: str) -> None:
    result = invoke("agree", MODEL, *arguments)
    assert result.exit_code == 2
    assert complaint in result.stderr


def test_a_matrix_too_wide_for_the_terminal_has_counts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = "agree", LOOP
    monkeypatch.setenv("COLUMNS", "80")
    lines = invoke(*arguments).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "differing outputs of 3 elements"
    assert lines[9].startswith("the largest difference is ")
    monkeypatch.setenv("COLUMNS", "120")
    wide = invoke(*arguments).stdout.splitlines()
    assert wide[0] == "differing outputs of 3 elements, the largest difference in brackets"
    assert [re.sub(r" *\(.*?\)", "", line).split() for line in wide[1:9]] == [line.split() for line in lines[1:9]]


def test_a_loop_parts_as_a_whole() -> None:
    text = invoke("agree", LOOP, "--sets", "reference,optimized").stdout
    assert "node 1 WHILE\n    in its subgraphs: ref  |  in its subgraphs by another kernel: opt\n" in text
