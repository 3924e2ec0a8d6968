"""minilite run: what it computes, what it says was done to the inputs, what it saves."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minilite
from minilite.cli.output import jsonable

from .models import DIGITS, dense, document, invoke, renamed, saved, two_inputs

MODEL = DIGITS / "digits_int8.tflite"
DIGIT = DIGITS / "digit.npy"
FLOAT = DIGITS / "digits_float32.tflite"


def codes(*arguments: object) -> np.ndarray:
    """The codes of the only output."""
    (output,) = document("run", *arguments)["outputs"]
    return np.array(output["codes"])


def npy(folder: Path, array: object, name: str = "input.npy") -> Path:
    path = folder / name
    np.save(path, np.asarray(array))
    return path


def test_says_what_it_did_and_names_the_class() -> None:
    result = invoke("run", MODEL, DIGIT, "--labels", DIGITS / "labels.txt", "--top", 2)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert "float32 values quantized with scale 0.00392156886, zero point -128" in result.stdout
    assert "0 of 64 values clamped" in result.stdout
    assert "0.996094  seven" in result.stdout
    assert all(len(line) <= 80 and line == line.rstrip() for line in result.stdout.splitlines() if ".npy" not in line)


@pytest.mark.parametrize("engine", ["numpy", "jit"])
def test_equals_the_library(engine: str) -> None:
    if engine == "jit":
        pytest.importorskip("numba", reason="numba is not installed")
    (output,) = document("run", MODEL, DIGIT, "--engine", engine)["outputs"]
    expected = minilite.run(MODEL, np.load(DIGIT), engine="numpy")["output_0"]
    assert np.array_equal(output["codes"], expected)
    assert np.array_equal(output["real"], (expected.astype(np.float64) + 128) / 256)


def test_float_model_has_no_codes() -> None:
    (output,) = document("run", FLOAT, DIGIT)["outputs"]
    assert output["codes"] is None
    assert output["quantization"] is None
    assert np.array_equal(np.float32(output["real"]), minilite.run(FLOAT, np.load(DIGIT))["output_0"])


def test_counts_values_clamped_at_both_ends(tmp_path: Path) -> None:
    model = saved(dense(), tmp_path)  # codes stand for -65.5 to 62.0
    values = np.array([[-65.75, 62.26, 62.24, -np.inf]], np.float64)  # the first is nearest to code -128.5, away: -129
    report = document("run", model, npy(tmp_path, values))
    assert report["inputs"][0]["clamped"] == 3
    assert report["inputs"][0]["steps"][-1] == "3 of 4 values clamped"
    as_codes = np.array([[-128, 127, 127, -128]], np.int8)
    assert np.array_equal(report["outputs"][0]["codes"], codes(model, npy(tmp_path, as_codes)))


def test_values_of_the_right_type_are_taken_as_they_are(tmp_path: Path) -> None:
    report = document("run", saved(dense(), tmp_path), npy(tmp_path, np.zeros((1, 4), np.int8)))
    assert report["inputs"][0]["clamped"] is None
    assert report["inputs"][0]["steps"] == []


def test_batch_dimension_added_or_resized(tmp_path: Path) -> None:
    model = saved(dense(), tmp_path)
    values = np.arange(12, dtype=np.int8).reshape(3, 4)
    one = document("run", model, npy(tmp_path, values[0]))
    assert one["inputs"][0]["steps"] == ["batch dimension added: [4] to [1, 4]"]
    three = document("run", model, npy(tmp_path, values))
    assert three["inputs"][0]["steps"] == ["model resized from [1, 4] to [3, 4]"]
    assert three["outputs"][0]["shape"] == [3, 3]
    assert three["outputs"][0]["codes"][0] == one["outputs"][0]["codes"][0]


def test_every_kind_of_file_gives_the_same(tmp_path: Path) -> None:
    model = saved(dense(), tmp_path)
    values = np.array([[-4, 7, 99, -128]], np.int8)
    expected = codes(model, npy(tmp_path, values))
    np.savez(tmp_path / "x.npz", anything=values)
    values.tofile(tmp_path / "x.raw")
    values.tofile(tmp_path / "x.bin")
    (tmp_path / "x.csv").write_text("-3.5, 2.0\n48, -65.5\n")
    np.save(tmp_path / "fortran.npy", np.asfortranarray(values))
    for name in ("x.npz", "x.raw", "x.bin", "x.csv", "fortran.npy"):
        assert np.array_equal(codes(model, tmp_path / name), expected), name
    assert np.array_equal(codes(model, f"tensor_0={tmp_path / 'x.raw'}"), expected)


def test_csv_lines_as_a_batch(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("1,2,3,4\n5,6,7,8\n")
    assert codes(saved(dense(), tmp_path), tmp_path / "x.csv").shape == (2, 3)


def test_big_endian_values(tmp_path: Path) -> None:
    model = saved(dense("float32"), tmp_path)
    one, other = (document("run", model, npy(tmp_path, np.arange(4, dtype=kind))) for kind in ("<f4", ">f4"))
    assert one["outputs"] == other["outputs"]


def test_inputs_by_name_and_by_position(tmp_path: Path) -> None:
    model = saved(renamed(two_inputs(), "left=0", "a/right"), tmp_path)
    x, y = (npy(tmp_path, np.full((2, 3), v, np.float32), f"{v}.npy") for v in (1, 2))
    for arguments in ([x, y], [f"a/right={y}", x], [f"left=0={x}", f"a/right={y}"]):
        sources = [item["source"] for item in document("run", model, *arguments)["inputs"]]
        assert sources == [str(x), str(y)]
    np.savez(tmp_path / "both.npz", **{"a/right": np.ones((2, 3), np.float32), "left=0": np.ones((2, 3), np.float32)})
    assert document("run", model, tmp_path / "both.npz")["outputs"][0]["real"] == [[2.0] * 3] * 2


def test_random_inputs_are_those_of_the_seed() -> None:
    first, again, other = (document("run", MODEL, "--random", "--seed", seed)["outputs"] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_not_finite_values_are_strings(tmp_path: Path) -> None:
    model = saved(dense("float32"), tmp_path)
    (output,) = document("run", model, npy(tmp_path, np.array([[np.inf, -np.inf, 0, 0]], np.float32)))["outputs"]
    assert output["real"] == [["NaN", "NaN", "NaN"]]
    values = np.array([np.nan, np.inf, -np.inf, 1.5], np.float32)
    assert jsonable({"a": values, "b": (values[1],)}) == {"a": ["NaN", "Infinity", "-Infinity", 1.5], "b": ["Infinity"]}


def test_raw_prints_codes(tmp_path: Path) -> None:
    model, values = saved(dense(), tmp_path), npy(tmp_path, np.full((1, 4), 13, np.int8))
    assert "[[ 2. 22. 42.]]" not in invoke("run", model, values, "--raw").stdout
    assert str(codes(model, values)).strip("[]") in invoke("run", model, values, "--raw").stdout


def test_saves_codes_and_real_values(tmp_path: Path) -> None:
    for name in ("one.npz", "two.npz", "out.npy"):
        assert f"saved   {tmp_path / name}" in invoke("run", MODEL, DIGIT, "-o", tmp_path / name).stdout
    expected = minilite.run(MODEL, np.load(DIGIT))["output_0"]
    with np.load(tmp_path / "one.npz") as arrays:
        assert set(arrays) == {"output_0", "output_0.real"}
        assert np.array_equal(arrays["output_0"], expected)
        assert np.array_equal(arrays["output_0.real"], (expected.astype(np.float64) + 128) / 256)
    assert np.array_equal(np.load(tmp_path / "out.npy"), expected)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    assert len(list(tmp_path.iterdir())) == 3


def test_names_from_a_model_are_escaped(tmp_path: Path) -> None:
    name = "red \x1b[31m, right-to-left \u202e, bell \a"
    result = invoke("run", saved(renamed(dense(), name, "w", name), tmp_path), "--random")
    assert result.exit_code == 0
    assert not set("\x1b\u202e\a") & set(result.output)
    assert "red \\x1b[31m" in result.stdout


def test_no_color_and_no_markup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = saved(renamed(dense(), "[bold]name[/bold] :smile:"), tmp_path)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1m" in invoke("run", model, "--random").stdout
    assert "[bold]name[/bold] :smile:" in invoke("run", model, "--random").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in invoke("run", model, "--random").stdout


def test_labels_must_fit(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("one\ntwo\n")
    result = invoke("run", MODEL, DIGIT, "--labels", tmp_path / "labels.txt")
    assert result.exit_code == 2
    assert "2 labels, but the outputs have this many scores: 10" in result.stderr


def test_equal_scores_keep_their_order(tmp_path: Path) -> None:
    model = saved(dense("float32"), tmp_path)
    (output,) = document("run", model, npy(tmp_path, np.zeros((1, 4), np.float32)), "--top", 3)["outputs"]
    assert [one["class_index"] for one in output["top"][0]] == [0, 1, 2]


def test_whole_process_loads_only_what_it_needs() -> None:
    script = f"""
import sys
from minilite.cli import main
try:
    main(["run", {str(MODEL)!r}, {str(DIGIT)!r}, "--json"])
except SystemExit as end:
    heavy = ("numba", "rich", "PIL", "ai_edge_litert")
    print(end.code, [name for name in heavy if name in sys.modules], file=sys.stderr)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.stderr == "0 []\n"


@pytest.mark.parametrize("before", [None, "3"])
def test_matrix_products_take_one_thread_unless_told_otherwise(before: str | None) -> None:
    """NumPy reads the variable when it loads, so it must not be loaded before."""
    script = """
import os, sys
from minilite.cli import main
print("numpy" in sys.modules)
try:
    main(["ops", "--json"])
finally:
    print("\\n" + os.environ["OPENBLAS_NUM_THREADS"])
"""
    kept = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    environment = kept if before is None else {**kept, "OPENBLAS_NUM_THREADS": before}
    result = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    lines = result.stdout.splitlines()
    assert lines[0] == "False"
    assert lines[-1] == (before or "1")


def test_python_dash_m() -> None:
    call = [sys.executable, "-m", "minilite", "run", str(MODEL), str(DIGIT), "--top", "1"]
    result = subprocess.run(call, capture_output=True, text=True, check=True)
    assert "class 7" in result.stdout
    assert result.stderr == ""
