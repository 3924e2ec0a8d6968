"""Compiled code is kept: by many processes at once, and where a folder can only be read."""

import os
import subprocess
import sys
from pathlib import Path

from tests.house.sources import ROOT

TWICE = """
import sys, tempfile
import numpy as np
from minilite.numerics import jit

@jit.kernel
def twice(x):
    return x[0] + x[0]

def check():
    for kind in sys.argv[1:]:
        assert twice(np.array([21], kind)) == 42, kind
    stats = jit.compiled(twice.__wrapped__).stats
    print("loaded", sum(stats.cache_hits.values()), "compiled", sum(stats.cache_misses.values()))
"""
READ_ONLY = """
def refuse(*arguments, **options):
    raise PermissionError("read-only")
jit.tempfile.TemporaryFile = jit.tempfile.gettempdir = refuse
"""
SLOWLY = """
import time
from numba.core.caching import IndexDataCacheFile as File
quickly = File._save_index
File._save_index = lambda self, overloads: (time.sleep(0.2), quickly(self, overloads))
"""
TYPES = ("int8", "int16", "int32", "int64", "float32", "float64")


def start(folder: Path | str, *types: str, before: str = "") -> "subprocess.Popen[str]":
    """A process that compiles a function for some types, or finds its code in `folder`."""
    command = [sys.executable, "-c", f"{TWICE}\n{before}\ncheck()", *types]
    environment = {**os.environ, "MINILITE_CACHE": str(folder), "NUMBA_DISABLE_JIT": "0"}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def said(process: "subprocess.Popen[str]") -> str:
    """What a process prints; it must succeed."""
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return out.strip()


def test_many_processes_may_start_at_once(tmp_path: Path) -> None:
    pairs = (TYPES[:2], TYPES[2:4], TYPES[4:])
    for process in [start(tmp_path, *types, before=SLOWLY) for types in pairs]:
        said(process)
    assert said(start(tmp_path, *TYPES)) == "loaded 6 compiled 0"


def test_code_in_a_folder_that_cannot_be_written_to_is_used(tmp_path: Path) -> None:
    assert said(start(tmp_path, "int8")) == "loaded 0 compiled 1"
    files = sorted(tmp_path.rglob("*"))
    assert said(start(tmp_path, "int8", before=READ_ONLY)) == "loaded 1 compiled 0"
    assert sorted(tmp_path.rglob("*")) == files


def test_without_any_folder_code_is_compiled_and_not_kept(tmp_path: Path) -> None:
    not_a_folder = tmp_path / "file"
    not_a_folder.touch()
    nowhere = "jit._is_usable = lambda folder: False"
    assert said(start(not_a_folder, "int8", before=nowhere)) == "loaded 0 compiled 1"


def test_where_no_folder_can_be_made_a_temporary_one_serves(tmp_path: Path) -> None:
    not_a_folder = tmp_path / "file"
    not_a_folder.touch()
    elsewhere = f"jit.tempfile.gettempdir = lambda: {str(tmp_path)!r}"
    assert said(start(not_a_folder / "cache", "int8", before=elsewhere)) == "loaded 0 compiled 1"
    assert said(start(not_a_folder / "cache", "int8", before=elsewhere)) == "loaded 1 compiled 0"
