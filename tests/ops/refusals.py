"""Asserting that a one-op model is refused, with which error and message."""

import pytest

from minilite.errors import MiniliteError
from minilite.interpreter import evaluate
from minilite.program import bind
from tests.conformance.case import OneOp


def assert_refused(example: OneOp, error: type[MiniliteError], message: str) -> None:
    """Binding or running `example` raises `error`; its text matches `message` and names the op."""
    with pytest.raises(error, match=message) as caught:
        evaluate(bind(example.graph, {i: a.shape for i, a in example.inputs.items()}), example.inputs)
    assert example.graph.main.nodes[0].op in str(caught.value)
