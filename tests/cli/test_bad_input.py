"""Bad files, bad inputs, bad usage: one clear line on stderr, exit code 2, no traceback, nothing half-written."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from .models import DIGITS, dense, invoke, saved, two_inputs, with_op

MODEL = DIGITS / "digits_int8.tflite"
COMMANDS = ("run", "show", "verify")


def refused(*arguments: object) -> str:
    """The one line of a command that refuses."""
    result = invoke(*arguments)
    lines = result.stderr.splitlines()
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(lines) == 1
    assert lines[0].startswith("minilite: error: ")
    assert "Traceback" not in result.output
    assert "internal error" not in result.output
    return lines[0]


def npy(folder: Path, array: object) -> Path:
    path = folder / "input.npy"
    np.save(path, np.asarray(array))
    return path


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        (b"", "it is empty"),
        (b"hello, I am a text file\n", "a text file"),
        (b"\x00\x01\x02\x03ABCDEFGH", "another binary format"),
        (b"PK\x03\x04________", "zip archive"),
        (b"TFL3", "4 bytes"),
    ],
)
def test_not_a_model(command: str, content: bytes | None, says: str, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    if content is not None:
        path.write_bytes(content)
    extra = ["--random"] if command == "run" else []
    assert says in refused(command, path, *extra)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("share", [0.001, 0.25, 0.5, 0.75, 0.99])
def test_truncated_model(command: str, share: float, tmp_path: Path) -> None:
    data = MODEL.read_bytes()
    path = tmp_path / "model.tflite"
    path.write_bytes(data[: int(len(data) * share)])
    extra = ["--random"] if command == "run" else []
    assert str(path) in refused(command, path, *extra)


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    assert "directory" in refused("run", tmp_path, "--random").lower()


@pytest.mark.parametrize("op", ["Mystery", "Evil\x1b[31m\nOp"])
@pytest.mark.parametrize("command", ["run", "verify"])
def test_unknown_op_is_named(command: str, op: str, tmp_path: Path) -> None:
    path = saved(with_op(dense(), op), tmp_path)
    line = refused(command, path, "--random")
    assert "not implemented: " in line
    assert op.replace("\x1b", "\\x1b").replace("\n", "\\n") in line


def test_wrong_shape(tmp_path: Path) -> None:
    line = refused("run", MODEL, npy(tmp_path, np.zeros((1, 8, 9, 1), np.float32)))
    assert "shape is [1, 8, 9, 1], expected [1, 8, 8, 1]" in line


def test_resize_the_model_cannot_follow(tmp_path: Path) -> None:
    line = refused("run", MODEL, npy(tmp_path, np.zeros((3, 8, 8, 1), np.float32)))
    assert "cannot be resized to [3, 8, 8, 1]" in line


@pytest.mark.parametrize("dtype", ["int16", "uint8", "int64", "bool", "complex64", "U3"])
def test_wrong_type(dtype: str, tmp_path: Path) -> None:
    line = refused("run", MODEL, npy(tmp_path, np.zeros((1, 8, 8, 1), dtype)))
    assert "expected int8 or real values" in line


def test_wrong_count(tmp_path: Path) -> None:
    path = npy(tmp_path, np.zeros((2, 3), np.float32))
    model = saved(two_inputs(), tmp_path)
    assert "nothing left to give it to" in refused("run", model, path, path, path)
    assert "(tensor_1) not given" in refused("run", model, path)
    assert "2 inputs (tensor_0, tensor_1) not given" in refused("run", model)


def test_wrong_name(tmp_path: Path) -> None:
    path = npy(tmp_path, np.zeros((2, 3), np.float32))
    model = saved(two_inputs(), tmp_path)
    assert "no input is called 'nobody'" in refused("run", model, f"nobody={path}", path)
    assert "given twice" in refused("run", model, f"tensor_0={path}", f"tensor_0={path}")


def test_nan_into_a_quantized_input(tmp_path: Path) -> None:
    values = np.zeros((1, 8, 8, 1), np.float32)
    values[0, 3, 3, 0] = np.nan
    assert "NaN, which has no code" in refused("run", MODEL, npy(tmp_path, values))


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"not an array", b"\x93NUMPY\x01\x00v\x00{'descr': '<f4'"])
def test_corrupt_npy(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "input.npy"
    path.write_bytes(content)
    assert "not a valid .npy file" in refused("run", MODEL, path)


def test_npy_changed_or_cut_anywhere(tmp_path: Path) -> None:
    """Wherever the header is damaged or the file cut, the answer is one line or a run, never a traceback."""
    data = (DIGITS / "digit.npy").read_bytes()
    path = tmp_path / "input.npy"
    for place in range(0, 128, 9):
        for broken in (
            data[:place],
            data[:place] + b"\xff" + data[place + 1 :],
            data[:place] + b"9" + data[place + 1 :],
        ):
            path.write_bytes(broken)
            result = invoke("run", MODEL, path)
            assert result.exit_code in (0, 2)
            assert "internal error" not in result.stderr


def test_npy_with_pickled_objects(tmp_path: Path) -> None:
    path = tmp_path / "input.npy"
    np.save(path, np.array([{"a": 1}, None], object), allow_pickle=True)
    assert "pickled Python objects, which are not loaded" in refused("run", MODEL, path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 but no archive"])
def test_corrupt_npz(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "input.npz"
    path.write_bytes(content)
    assert "not a valid .npz file" in refused("run", MODEL, path)


def test_npz_with_other_names(tmp_path: Path) -> None:
    path = tmp_path / "input.npz"
    np.savez(path, one=np.zeros(1), two=np.zeros(1))
    assert "'one' is the name of no input" in refused("run", MODEL, path)
    assert "none called 'image'" in refused("run", MODEL, f"image={path}")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.raw", b"1234", "4 bytes, but tensor"),
        ("x.csv", b"1,2,three\n", "line 1: 'three' is not a number"),
        ("x.csv", b"1,2,3\n", "3 numbers, but tensor"),
        ("x.csv", b"\xff\xfe\x00", "is not a number"),
        ("x.png", b"no image", "cannot read the image"),
        ("x.txt", b"", "cannot tell what is in it"),
    ],
)
def test_other_bad_files(name: str, content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert says in refused("run", MODEL, tmp_path / name)


def test_missing_input_file(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refused("run", MODEL, tmp_path / "x.npy")


def test_unwritable_output(tmp_path: Path) -> None:
    digit = DIGITS / "digit.npy"
    assert "no such folder" in refused("run", MODEL, digit, "-o", tmp_path / "nowhere" / "out.npz")
    assert "ends in .npz" in refused("run", MODEL, digit, "-o", tmp_path / "out.txt")
    (tmp_path / "out.npz").mkdir()
    assert "it is a folder" in refused("run", MODEL, digit, "-o", tmp_path / "out.npz")


@pytest.mark.parametrize("name", ["out.npz", "out.npy"])
def test_failed_write_leaves_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(file: object, array: object, **_: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    (tmp_path / name).write_bytes(b"what was there before")
    monkeypatch.setattr(np.lib.format, "write_array", write)
    assert "No space left on device" in refused("run", MODEL, DIGITS / "digit.npy", "-o", tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == b"what was there before"


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["fly"],
        ["run", MODEL, "--engine", "steam"],
        ["run", MODEL, "--kernels", "mine"],
        ["run", MODEL, "--random", "--seed", "-1"],
        ["run", MODEL, DIGITS / "digit.npy", "--random"],
        ["run", MODEL, DIGITS / "digit.npy", "--mean", "3"],
        ["run", MODEL, DIGITS / "digit.npy", "--top", "0"],
        ["run", MODEL, DIGITS / "digit.npy", "--labels", "nowhere.txt"],
        ["run", MODEL, "--no-such-option"],
    ],
)
def test_bad_usage(arguments: list[object]) -> None:
    refused(*arguments)


def test_whole_process_shows_a_traceback_only_with_debug() -> None:
    call = [sys.executable, "-m", "minilite", "run", "no-such.tflite", "--random"]
    plain = subprocess.run(call, capture_output=True, text=True, check=False)
    assert plain.returncode == 2
    assert plain.stdout == ""
    assert plain.stderr == "minilite: error: no-such.tflite: cannot read the model: No such file or directory\n"
    debug = subprocess.run([*call, "--debug"], capture_output=True, text=True, check=False)
    assert debug.returncode == 2
    assert "Traceback" in debug.stderr
    assert debug.stderr.splitlines()[-1] == plain.stderr.strip()
