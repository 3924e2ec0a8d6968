"""minilite show: what a model says about itself, also of one that minilite cannot run."""

from pathlib import Path

import pytest

from .models import DIGITS, dense, document, invoke, renamed, saved, with_op

SCHEMES = {
    "float32": "float32",
    "float16": "float16 weights",
    "dynamic_range": "dynamic range",
    "int8": "full int8",
    "int8_float_io": "int8 with float I/O",
    "uint8_io": "int8 with uint8 I/O",
    "int16x8": "int16x8",
}
MACS = 9216 + 9216 + 16384 + 55296 + 3072 + 320  # of the layers with weights


@pytest.mark.parametrize("name", SCHEMES)
def test_digits(name: str) -> None:
    path = DIGITS / f"digits_{name}.tflite"
    report = document("show", path)
    assert report["scheme"]["name"] == SCHEMES[name]
    assert report["bytes"] == path.stat().st_size
    nodes = report["subgraphs"][0]["nodes"]
    assert sum(node["macs"] for node in nodes if "CONV" in node["op"] or "CONNECTED" in node["op"]) == MACS
    assert report["macs"] == sum(node["macs"] for node in nodes)
    assert report["macs_complete"]
    assert [item["name"] for item in report["inputs"] + report["outputs"]] == ["image", "output_0"]
    text = invoke("show", path)
    assert text.exit_code == 0
    lines = [line for line in text.stdout.splitlines() if str(path) not in line]
    assert max(map(len, lines)) <= 80
    assert all(line == line.rstrip() for line in lines)
    for tensor in report["subgraphs"][0]["tensors"]:
        assert f"#{tensor['index']}" in text.stdout


def test_says_which_nodes_break_the_scheme() -> None:
    broken = document("show", DIGITS / "digits_dynamic_range.tflite")["scheme"]["breaking"]
    assert [(one["node"], one["op"]) for one in broken] == [
        (0, "CONV_2D"),
        (1, "DEPTHWISE_CONV_2D"),
        (2, "CONV_2D"),
        (9, "FULLY_CONNECTED"),
    ]
    text = invoke("show", DIGITS / "digits_dynamic_range.tflite").stdout
    assert "dynamic range; except CONV_2D 0, DEPTHWISE_CONV_2D 1, CONV_2D 2," in text


def test_options_by_their_names() -> None:
    node = document("show", DIGITS / "digits_int8.tflite")["subgraphs"][0]["nodes"][0]
    assert node["options"] == {
        "padding": "SAME",
        "stride_w": 1,
        "stride_h": 1,
        "fused_activation_function": "RELU",
        "dilation_w_factor": 1,
        "dilation_h_factor": 1,
        "quantized_bias_type": "FLOAT32",
    }
    text = invoke("show", DIGITS / "digits_int8.tflite").stdout
    assert "    padding SAME, stride_w 1, stride_h 1, fused_activation_function RELU\n" in text


def test_memory_of_the_residual_block() -> None:
    report = document("show", DIGITS / "digits_int8.tflite")
    assert report["memory"] == {"peak_bytes": 3 * 1024, "node": 2}  # its input and output, and the other branch
    assert [node["live_bytes"] for node in report["subgraphs"][0]["nodes"]][:4] == [1088, 2048, 3072, 3072]


def test_bytes_per_buffer() -> None:
    report = document("show", DIGITS / "digits_int8.tflite")
    tensors = report["subgraphs"][0]["tensors"]
    stored = {tensor["buffer"]: tensor["bytes"] for tensor in tensors if tensor["buffer"] is not None}
    assert {buffer["index"]: buffer["bytes"] for buffer in report["buffers"]} == stored
    assert all([0, tensor["index"]] in buffer["tensors"] for buffer in report["buffers"] for tensor in tensors
               if tensor["buffer"] == buffer["index"])  # fmt: skip


def test_op_that_minilite_does_not_know(tmp_path: Path) -> None:
    path = saved(with_op(dense(), "Mystery\x1b"), tmp_path)
    report = document("show", path)
    (node,) = report["subgraphs"][0]["nodes"]
    assert (node["op"], node["custom"], node["implemented"], node["macs"]) == ("Mystery\x1b", True, False, None)
    assert not report["macs_complete"]
    assert report["obstacle"].startswith("not implemented: Mystery")
    text = invoke("show", path).stdout
    assert "Mystery\\x1b v1" in text
    assert "at least 0 multiply-accumulates" in text
    assert "\x1b" not in text


def test_custom_op_with_the_name_of_a_builtin_is_not_it(tmp_path: Path) -> None:
    report = document("show", saved(with_op(dense(), "FULLY_CONNECTED"), tmp_path))
    assert report["subgraphs"][0]["nodes"][0]["custom"]
    assert report["subgraphs"][0]["nodes"][0]["macs"] is None


def test_long_names_are_folded(tmp_path: Path) -> None:
    long = "layer/" * 40
    text = invoke("show", saved(renamed(dense(), "x", long), tmp_path)).stdout
    tensors = text[text.index("tensors\n") :]
    assert max(map(len, tensors.splitlines())) <= 80
    assert long in "".join(tensors.split())
