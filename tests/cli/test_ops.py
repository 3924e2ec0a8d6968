"""minilite ops: prints the support table that comes with the package."""

import json
from pathlib import Path

import pytest

from minilite.cli import ops

from .models import document, invoke


def row(op: str, types: str, engines: list[str], deviation: str | None = None, **sets: str | float) -> dict:
    notes = {"xnnpack": "unknown"} if sets.get("xnnpack") == "not compared" else {}
    found = {name.replace("_", "-"): one for name, one in sets.items()}
    return {"op": op, "types": types, "engines": engines, "sets": found, "notes": notes, "deviation": deviation}


EXACT = "bit-exact"
TABLE = {
    "litert": "2.3.0",
    "rows": [
        row("ADD", "int8", ["numpy", "jit"], reference=EXACT, tflm="golden", cmsis_nn="source"),
        row("ADD", "uint8", ["numpy", "jit"], reference=EXACT, tflm="golden", cmsis_nn="source"),
        row("ADD", "float32", ["numpy"], reference=EXACT),
        row("SUM", "int8", ["numpy"], "the reference kernel reads other bytes", reference=EXACT),
        row("TANH", "int8 -> float32", ["numpy"], xnnpack="not compared", optimized=1e-05),
    ],
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the installed package."""
    monkeypatch.setattr(ops.resources, "files", lambda _: tmp_path)
    return tmp_path


def test_table(package: Path) -> None:
    (package / "support.json").write_text(json.dumps(TABLE))
    assert document("ops") == {"command": "ops", **TABLE}
    assert invoke("ops").stdout.splitlines()[:8] == [
        "op    ref  opt    xnn  tflm  cmsis  jit  types",
        "ADD   =    -      -    =     s      yes  int8, uint8",
        "      =    -      -    -     -           float32",
        "SUM   =*   -      -    -     -           int8",
        "TANH  -    1e-05  ?    -     -           int8 -> float32",
        "",
        "* SUM (int8): the reference kernel reads other bytes",
        "* TANH (int8 -> float32), xnnpack: unknown",
    ]


def test_markdown(package: Path) -> None:
    (package / "support.json").write_text(json.dumps(TABLE))
    lines = invoke("ops", "--markdown").stdout.splitlines()
    assert lines[1] == "| --- | --- | --- | --- | --- | --- | --- | --- |"
    assert lines[2] == "| ADD | = | - | - | = | s | yes | int8, uint8 |"
    assert "\\* SUM (int8): the reference kernel reads other bytes" in lines


@pytest.mark.usefixtures("package")
def test_missing_table() -> None:
    result = invoke("ops")
    assert result.exit_code == 2
    assert result.stderr == "minilite: error: support.json is missing from this installation of minilite\n"
