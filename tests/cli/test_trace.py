"""minilite trace: one run or a dataset, as text, JSON, CSV and a file; mistakes get one line."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest

import minilite
from minilite.cli import output
from tests.cli.test_output import Terminal

from .models import DIGITS, document, invoke

MODEL, FLOAT = DIGITS / "digits_int8.tflite", DIGITS / "digits_float32.tflite"
CONVERTED = DIGITS.parents[1] / "tests" / "converted"
IMAGE, IMAGES = DIGITS / "digit.npy", DIGITS / "test_images.npy"


def test_text_fits_and_says_what_was_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = invoke("trace", MODEL, IMAGE, "--float", FLOAT)
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines()[:-1])) <= 80
    assert "DEPTHWISE_CONV_2D" in result.stdout
    assert "model: the same against the float model" in result.stdout
    assert "1 run, reference kernels, numpy engine" in result.stdout


@pytest.mark.parametrize("name", ["transformer_int8", "mobile_net_int16x8", "lstm_float32"])
def test_wide_tables_fit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = invoke("trace", CONVERTED / f"{name}.tflite", "--random").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert ("1:4 is node 4 of subgraph 1" in lines) == (name == "lstm_float32")


def test_json_has_every_tensor() -> None:
    found = document("trace", MODEL, IMAGE)
    assert [row["tensor"] for row in found["tensors"]] == [0, *range(14, 25)]
    assert found["reference"] == "real arithmetic"
    assert found["tensors"][5]["local_sqnr_db"] == "Infinity"  # MAX_POOL_2D is exact
    assert found["tensors"][0]["without"] == {}


def test_csv() -> None:
    rows = list(csv.DictReader(io.StringIO(invoke("trace", MODEL, IMAGE, "--csv").stdout)))
    assert len(rows) == 12
    assert rows[1]["op"] == "CONV_2D"
    assert float(rows[1]["local_rmse_steps"]) < 0.51


def test_saved_trace_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "trace.npz"
    assert invoke("trace", MODEL, IMAGE, "-o", path, "--accumulators").exit_code == 0
    again = minilite.load_trace(path)
    expected = minilite.trace(MODEL, np.load(IMAGE), accumulators=True)
    assert again.hashes == expected.hashes
    assert expected.differences(again) == []
    assert again.accumulators.keys() == expected.accumulators.keys() != set()
    assert list(tmp_path.iterdir()) == [path]


def test_datasets_in_three_forms_are_one(tmp_path: Path) -> None:
    images = np.load(IMAGES)[:3]
    np.savez(tmp_path / "many.npz", images)
    np.save(tmp_path / "many.npy", images)
    (tmp_path / "folder").mkdir()
    for number, image in enumerate(images):
        np.save(tmp_path / "folder" / f"{number}.npy", image)
    expected = minilite.trace(MODEL, [image[None] for image in images])
    for name in ("many.npz", "many.npy", "folder"):
        found = document("trace", MODEL, tmp_path / name, "--float", FLOAT)
        assert found["runs"] == 3
        assert found["sha256"] == expected.hashes
        assert [row["minimum"] for row in found["tensors"]] == [record.values.minimum for record in expected.records]
        assert found["tensors"][0]["propagated_rmse_steps"] < 0.3  # real inputs are remembered beside their codes


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Terminal()
    monkeypatch.setattr(output, "PATIENCE", 0.0)
    made = output.Progress.__init__

    def with_terminal(self: output.Progress) -> None:
        made(self)
        self.stream = shown

    monkeypatch.setattr(output.Progress, "__init__", with_terminal)
    invoke("trace", MODEL, "--random", "--seeds", 2)
    assert "minilite: run 1 of 2" in shown.getvalue()
    assert "minilite: run 2 of 2" in shown.getvalue()


def test_interrupted_it_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from minilite.tracing import run

    calls = []

    def interrupt(*_: object) -> None:
        calls.append(1)
        if len(calls) > 20:
            raise KeyboardInterrupt

    monkeypatch.setattr(run.Tracer, "_accumulators", interrupt)
    result = invoke("trace", MODEL, IMAGES, "-o", tmp_path / "trace.npz")
    assert result.exit_code == 2
    assert result.stderr.endswith("minilite: error: interrupted\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((MODEL,), "1 input (image) not given; name a file, or use --random"),
        ((MODEL, "{tmp}"), "there is no file in this folder"),
        ((MODEL, "{tmp}/none.npy"), "none.npy: cannot be read: No such file or directory"),
        ((MODEL, IMAGE, "--random"), "--random makes up all inputs; give either that or files"),
        ((MODEL, IMAGE, "--json", "--csv"), "--json and --csv are two forms of the same; give one"),
        ((MODEL, IMAGE, "-o", "{tmp}/x.json"), "a trace file ends in .npz"),
        ((MODEL, IMAGE, "-o", "{tmp}/none/x.npz"), "there is no such folder"),
        ((MODEL, IMAGE, "--accumulators"), "it needs -o and one input"),
        ((MODEL, IMAGE, "--float", "{tmp}/none.tflite"), "none.tflite"),
        ((MODEL, DIGITS / "test_labels.npy"), "shape is [360], expected [1, 8, 8, 1]"),
    ],
)
def test_mistakes(tmp_path: Path, arguments: tuple[object, ...], message: str) -> None:
    (tmp_path / "empty").mkdir()
    result = invoke("trace", *(str(one).replace("{tmp}", str(tmp_path)) for one in arguments))
    assert result.exit_code == 2
    assert result.stderr.startswith("minilite: error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_file_that_ends_early(tmp_path: Path) -> None:
    np.save(tmp_path / "many.npy", np.load(IMAGES)[:3])
    data = (tmp_path / "many.npy").read_bytes()
    (tmp_path / "many.npy").write_bytes(data[:-10])
    result = invoke("trace", MODEL, tmp_path / "many.npy")
    assert (result.exit_code, "the file ends before its last sample" in result.stderr) == (2, True)


def test_columns_that_say_nothing_are_left_out() -> None:
    lines = invoke("trace", FLOAT, IMAGE).stdout.splitlines()
    assert lines[0].split() == ["op", "tensor", "lowest", "highest", "dead"]
    assert ["op", "tensor", "local", "model"] in [line.split() for line in lines]
    assert "dead: channels always 0, + others that never change" in lines
    assert not any("RMSE" in line or "rails" in line for line in lines)
