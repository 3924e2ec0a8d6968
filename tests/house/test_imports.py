"""What `import minilite` loads, and that everything but the compiled loops works where numba is absent."""

import subprocess
import sys

from .sources import ROOT

HEAVY = ("numba", "llvmlite", "click", "rich", "tflite", "ai_edge_litert", "PIL")
BLOCK_NUMBA = """
import importlib.util, sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("numba", "llvmlite"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocker())
"""
RUN_DIGITS = """
import numpy as np, minilite
model, digit = "examples/digits/digits_int8.tflite", np.load("examples/digits/digit.npy")
for engine in ("numpy", "auto"):
    (scores,) = minilite.run(model, digit, engine=engine).values()
    assert scores.argmax() == 7, scores
try:
    minilite.run(model, digit, engine="jit")
except minilite.UnsupportedError as error:
    print(error)
"""


def python(code: str) -> str:
    """What a fresh interpreter prints for `code`, run from the project's top folder."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_loads_nothing_heavy() -> None:
    loaded = python("import sys, minilite; print(*{name.split('.')[0] for name in sys.modules})").split()
    assert "minilite" in loaded
    assert sorted(set(HEAVY) & set(loaded)) == []


def test_import_of_every_module_needs_no_numba() -> None:
    code = "import pkgutil, importlib, minilite\nfor found in pkgutil.walk_packages(minilite.__path__, 'minilite.'):\n"
    compiler = (
        "numerics.jit_cache",
        *(f"fast.lowered.{name}" for name in ("intrinsics", "llvm", "rules", "ways", "addresses")),
        *(f"fast.lowered.{name}_intrinsics" for name in ("float", "memory", "sum")),
    )
    left_out = ("__main__", *compiler)
    python(BLOCK_NUMBA + code + f"    found.name.endswith({left_out}) or importlib.import_module(found.name)")


def test_works_without_numba() -> None:
    said = python(BLOCK_NUMBA + RUN_DIGITS)
    assert said == "engine 'jit' needs numba, which is not installed; use engine='numpy'\n"
