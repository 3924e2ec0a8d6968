"""schema/tflite.md shows the bytes that are written, and LiteRT runs them."""

import numpy as np
import pytest

from minilite import load, run

from .annotate import PAGE, annotation, page, small_model


def test_annotation_is_current() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "run: python -m tests.house.annotate"


def test_annotation_shows_every_byte() -> None:
    shown = [line[6:30] for line in annotation(small_model()).splitlines()]
    assert bytes.fromhex(" ".join(shown)) == small_model()


@pytest.mark.parametrize("text", ["SOFTMAX", "'x' and", "[-3]", "beta = 1.0", "(INT8)"])
def test_annotation_says_what_the_model_holds(text: str) -> None:
    assert text in annotation(small_model())


def test_an_unexplained_byte_is_refused() -> None:
    data = bytearray(small_model())
    data[8] = 1  # padding
    with pytest.raises(ValueError, match="not reached and not zero"):
        annotation(bytes(data))


def test_model_is_valid() -> None:
    assert [node.op for node in load(small_model()).main.nodes] == ["SOFTMAX"]


def test_litert_runs_it_alike() -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    from minilite import oracle

    x = np.int8([[-128, 0, 1, 127]])
    theirs = oracle.evaluate(small_model(), {0: x})[1]
    assert run(small_model(), x)["y"].tolist() == theirs.tolist()
