"""minilite ops: prints the support table that comes with the package."""

import json
from pathlib import Path

import pytest

from minilite.cli import ops

from .models import document, invoke


def row(op: str, types: str, engines: list[str], tolerance: float | None = None, deviation: str | None = None) -> dict:
    status = "bit-exact" if tolerance is None else "within tolerance"
    return {
        "op": op,
        "types": types,
        "kernel_set": "reference",
        "engines": engines,
        "status": status,
        "tolerance": tolerance,
        "deviation": deviation,
    }


TABLE = {
    "litert": "2.3.0",
    "rows": [
        row("ADD", "int8", ["numpy", "jit"]),
        row("ADD", "uint8", ["numpy", "jit"]),
        row("ADD", "float32", ["numpy"]),
        row("SUM", "int8", ["numpy"], deviation="the reference kernel reads other bytes"),
        row("TANH", "int8 -> float32", ["numpy"], 1e-05),
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
    assert invoke("ops").stdout.splitlines() == [
        "op    kernels    engines    LiteRT                    types",
        "ADD   reference  numpy jit  bit-exact                 int8, uint8",
        "      reference  numpy      bit-exact                 float32",
        "SUM   reference  numpy      bit-exact *               int8",
        "TANH  reference  numpy      within tolerance (1e-05)  int8 -> float32",
        "",
        "* SUM (int8): the reference kernel reads other bytes",
        "3 operators, compared with LiteRT 2.3.0",
    ]


def test_markdown(package: Path) -> None:
    (package / "support.json").write_text(json.dumps(TABLE))
    lines = invoke("ops", "--markdown").stdout.splitlines()
    assert lines[1] == "| --- | --- | --- | --- | --- |"
    assert lines[2] == "| ADD | reference | numpy jit | bit-exact | int8, uint8 |"
    assert lines[5] == "| TANH | reference | numpy | within tolerance (1e-05) | int8 -> float32 |"
    assert lines[-1] == "\\* SUM (int8): the reference kernel reads other bytes"


@pytest.mark.usefixtures("package")
def test_missing_table() -> None:
    result = invoke("ops")
    assert result.exit_code == 2
    assert result.stderr == "minilite: error: support.json is missing from this installation of minilite\n"
