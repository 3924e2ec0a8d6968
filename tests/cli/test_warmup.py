"""minilite warmup: compiles ahead, says what, and later processes find the code."""

import os
import subprocess
import sys

import pytest

from minilite import fast
from minilite.numerics.jit import KERNELS, is_compiled

from .models import DIGITS, ROOT, document, invoke

MODEL = DIGITS / "digits_int8.tflite"
compiles = pytest.mark.skipif(not is_compiled(), reason="numba is not installed")


@compiles
def test_every_loop_is_compiled_and_models_run() -> None:
    found = document("warmup", MODEL)
    names = {loop["name"] for loop in found["loops"]}
    assert {"products.windows_product", "calls.run_calls"} <= names
    assert len(names) == len(found["loops"]) > len(fast.FAMILIES) // 2
    assert all(name.split(".")[1] in {kernel.__name__ for kernel in KERNELS} for name in names)
    assert [model["model"] for model in found["models"]] == [str(MODEL)]


@compiles
def test_a_run_after_it_compiles_nothing() -> None:
    lines = invoke("warmup", MODEL).stdout.splitlines()
    assert lines[-1].startswith("kept in ")
    assert lines[-2].endswith(str(MODEL))
    code = (
        "import sys, numba.core.event as event, minilite\n"
        "with event.install_recorder('numba:compile') as compiled:\n"
        f"    minilite.run({str(MODEL)!r}, __import__('numpy').zeros((1, 8, 8, 1)), engine='jit')\n"
        "print(len(compiled.buffer))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "0", done.stderr


def test_without_numba_it_says_so() -> None:
    command = [sys.executable, "-m", "minilite", "warmup"]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("minilite: error: nothing can be compiled: ")


@compiles
def test_a_model_that_is_none_is_noticed_before_anything_is_compiled() -> None:
    result = invoke("warmup", MODEL, "nothere.tflite")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "minilite: error: nothere.tflite: cannot read the model: No such file or directory\n"
