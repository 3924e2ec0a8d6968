"""minilite budget: shares of each layer's error, and what has none."""

import pytest

from .models import DIGITS, document, invoke

MODEL, FLOAT = DIGITS / "digits_int8.tflite", DIGITS / "digits_float32.tflite"


def test_text_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = invoke("budget", MODEL, FLOAT, DIGITS / "digit.npy")
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines()[:-1])) <= 80
    assert "the causes add up to the measured errors within 0.00%" in result.stdout


def test_json_shares_add_up() -> None:
    found = document("budget", MODEL, FLOAT, DIGITS / "digit.npy")
    shares = ("share_inherited", "share_weights", "share_bias", "share_clipping", "share_rounding")
    for row in found["tensors"]:
        assert sum(row[name] for name in shares) == pytest.approx(1)
    assert found["unpaired"] == []
    assert found["tensors"][1]["paired_by"] == "name"


def test_models_that_are_no_pair() -> None:
    result = invoke("budget", MODEL, DIGITS.parents[1] / "tests" / "converted" / "u_net_float32.tflite", "--random")
    assert result.exit_code == 2
    assert "in the two models, they are no pair" in result.stderr
    assert result.stderr.count("\n") == 1


def test_models_the_other_way_round() -> None:
    result = invoke("budget", FLOAT, MODEL, DIGITS / "digit.npy")
    assert result.exit_code == 2
    assert result.stderr == f"minilite: error: {FLOAT} is the float model of the two; the quantized one comes first\n"
