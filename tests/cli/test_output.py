"""Text in columns, folded names, progress."""

import io

import numpy as np
import pytest

from minilite.cli import output


@pytest.mark.parametrize("width", [5, 8, 20])
def test_folded_text_is_whole_and_fits(width: int) -> None:
    text = "model/layer_1/conv;model/relu, and a word-without-any-place-to-break"
    lines = output.fold(text, width)
    assert max(map(len, lines)) <= width
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_folds_where_a_reader_would() -> None:
    assert output.fold("one/two;three four", 9) == ["one/two;", "three", "four"]
    assert output.fold("", 9) == [""]
    assert output.fold("ad_dynamic_range", 12) == ["ad_dynamic_", "range"]
    assert output.fold(f"a b{output.NO_BREAK}c d", 4) == ["a", "b c", "d"]


def test_columns(capsys: pytest.CaptureFixture[str]) -> None:
    output.columns(output.console(), (">n", "name", "rest"), [("1", "long name", "x"), ("10", "b", "")])
    assert capsys.readouterr().out == " n  name       rest\n 1  long name  x\n10  b\n"


def test_long_arrays_are_abbreviated() -> None:
    assert output.abbreviate(np.arange(1000).reshape(10, 100), "  ").splitlines() == [
        "  [  0   1   2   3 ... 996 997 998 999]",
        "  lowest 0, mean 499.5, highest 999",
    ]
    assert output.abbreviate(np.array([[0.5, 1 / 3]]), "") == "[[0.5 0.333333]]"
    assert output.abbreviate(np.float32(2.5), "") == "2.5"


class Terminal(io.StringIO):
    """Says of itself that it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


@pytest.mark.parametrize(
    ("stream", "patience", "expected"),
    [
        (Terminal, 0.0, "\r\x1b[Knode 1 of 2\r\x1b[K"),
        (Terminal, 1000.0, ""),
        (io.StringIO, 0.0, ""),
    ],
)
def test_progress(stream: type[io.StringIO], patience: float, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = stream()
    monkeypatch.setattr(output.sys, "stderr", shown)
    monkeypatch.setattr(output, "PATIENCE", patience)
    with output.Progress() as progress:
        progress.say("node 1 of 2")
    assert shown.getvalue() == expected
