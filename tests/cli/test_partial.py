"""`run --partial`: what was computed before the first node that is not implemented."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from minilite.graph import Graph, load, save

from .models import DIGITS, document, invoke


def stopping(at: int, folder: Path) -> Path:
    """The digits model with one node replaced by an op nobody knows."""
    graph: Graph = load(DIGITS / "digits_int8.tflite")
    nodes = list(graph.main.nodes)
    nodes[at] = replace(nodes[at], op="Mystery", is_custom=True, options=None)
    path = folder / "mystery.tflite"
    save(replace(graph, subgraphs=(replace(graph.main, nodes=tuple(nodes)),)), path)
    return path


def test_saves_what_was_computed_and_names_the_op(tmp_path: Path) -> None:
    saved = tmp_path / "out.npz"
    result = invoke("run", stopping(4, tmp_path), DIGITS / "digit.npy", "--partial", "-o", saved)
    assert result.exit_code == 1
    assert "stopped not implemented: Mystery (node 4)" in result.output
    full = invoke("run", DIGITS / "digits_int8.tflite", DIGITS / "digit.npy", "--partial", "-o", tmp_path / "full.npz")
    assert full.exit_code == 0
    with np.load(saved) as some, np.load(tmp_path / "full.npz") as every:
        assert len(some.files) == 4 * 2
        assert len(every.files) == 11 * 2
        assert all(np.array_equal(some[name], every[name]) for name in some.files)


def test_document_says_where_it_stopped(tmp_path: Path) -> None:
    found = document("run", stopping(0, tmp_path), DIGITS / "digit.npy", "--partial", code=1)
    assert found["stopped"] == "not implemented: Mystery (node 0)"
    assert found["outputs"] == []
    assert document("run", DIGITS / "digits_int8.tflite", DIGITS / "digit.npy")["stopped"] is None


def test_without_partial_the_unknown_op_is_an_error(tmp_path: Path) -> None:
    result = invoke("run", stopping(4, tmp_path), DIGITS / "digit.npy")
    assert result.exit_code == 2
    assert "not implemented: Mystery (first at node 4)" in result.output
