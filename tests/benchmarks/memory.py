"""How much memory a run takes: peak resident size of fresh processes, in MB.

    python -m tests.benchmarks.memory [MODEL.tflite...]

Each process loads the model, makes an Interpreter and invokes it a few times: minilite's with compiled loops, then
LiteRT's with its reference kernels and with XNNPACK. Another process just compiles a function that does nothing: what
numba takes. The goal: minilite takes at most 1.5 times what LiteRT (XNNPACK) takes plus what numba adds to NumPy.
Without models, MobileNetV2 int8 is made. Linux only: a process there knows its own peak.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from minilite.graph.write import save

from .models import build

MEASURE = "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
COMPILE = "import numba; numba.njit(lambda x: x)(numpy.zeros(1))"
RUN = """
model = {interpreter}
model.allocate_tensors()
for detail in model.get_input_details():
    model.set_tensor(detail["index"], numpy.zeros(detail["shape"], detail["dtype"]))
for _ in range(3):
    model.invoke()
"""
LITERT = "import numpy; from ai_edge_litert.interpreter import Interpreter, OpResolverType"
OURS = ("import numpy; from minilite import Interpreter", "Interpreter({path!r}, engine='jit')")
THEIRS = {
    name: (LITERT, f"Interpreter({{path!r}}, experimental_op_resolver_type=OpResolverType.{resolver})")
    for name, resolver in {"reference": "BUILTIN_REF", "xnnpack": "AUTO"}.items()
}


def peak(code: str) -> float:
    """Peak resident megabytes of a fresh process."""
    command = [sys.executable, "-c", f"{code}\n{MEASURE}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1]) / 1024


def peak_of_run(path: Path, imports: str, interpreter: str) -> float:
    """The same of one that runs a model."""
    return peak(f"{imports}\n{RUN.format(interpreter=interpreter.format(path=str(path)))}")


def main(paths: list[Path]) -> None:
    """Print a line per model."""
    numpy, imported, compiled = map(peak, ("import numpy", "import numpy, numba", f"import numpy\n{COMPILE}"))
    numba = compiled - numpy
    print(
        f"NumPy takes {numpy:.0f} MB, importing numba adds {imported - numpy:.0f}, compiling {compiled - imported:.0f}"
    )
    print(f"{'MB':24} {'minilite':>9} {'reference':>9} {'xnnpack':>9} {'minilite / (xnnpack + numba)':>30}")
    for path in paths:
        peak_of_run(path, *OURS)  # compiles
        ours = peak_of_run(path, *OURS)
        theirs = [peak_of_run(path, *of) for of in THEIRS.values()]
        print(f"{path.stem:24} {ours:9.0f} {theirs[0]:9.0f} {theirs[1]:9.0f} {ours / (theirs[1] + numba):30.2f}")


if __name__ == "__main__":
    if sys.argv[1:]:
        main([Path(name) for name in sys.argv[1:]])
    else:
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "mobilenet_v2_int8.tflite"
            save(build("mobilenet_v2", "int8"), made)
            main([made])
