"""What a model and a program say of themselves in a console: one line, without the numbers they hold."""

import pytest

from minilite.graph import load
from minilite.program import bind
from tests.cli.models import DIGITS

GRAPH = load(DIGITS / "digits_int8.tflite")
PROGRAM = bind(GRAPH, kernels="xnnpack", engine="numpy")


@pytest.mark.parametrize(
    ("value", "beginning"),
    [
        (GRAPH, "<Graph: 11 nodes, 25 tensors, inputs ['serving_default_image:0 int8[1, 8, 8, 1]'], outputs ["),
        (GRAPH.main, "<Subgraph 0 'main': 11 nodes, 25 tensors>"),
        (GRAPH.main.tensors[0], "<tensor 0 'serving_default_image:0': int8[1, 8, 8, 1], scale 0.00392156886, zero"),
        (GRAPH.main.tensors[13], "<tensor 13 'digits_1/stem_1/convolution': int8[16, 3, 3, 1], 16 scales 0.00122"),
        (PROGRAM, "<Program: 11 steps, xnnpack kernels, numpy engine>"),
        (PROGRAM.steps[0], "<Step: CONV_2D (node 0): x[n,h,w,c] w[u,i,j,d] b[u]? -> y[n,p,q,u]  [quantized, xnnpack,"),
    ],
)
def test_one_line(value: object, beginning: str) -> None:
    assert repr(value).startswith(beginning)
    assert len(repr(value)) < 200


def test_a_printed_program_has_a_line_for_each_step() -> None:
    lines = str(PROGRAM).splitlines()
    assert lines[0] == repr(PROGRAM)
    assert lines[1:] == [str(step) for step in PROGRAM.steps]
