"""How long it takes to start: `import minilite` beyond NumPy's own import, and one `minilite run` as a whole process.

    python -m tests.benchmarks.startup [REPEATS]

Medians of several fresh processes, with bytecode on disk. The goals: at most 60 ms, under 500 ms.
The package loads its parts when they are first used, so the time until `minilite.run` is there is printed as well.
"""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

DIGITS = Path(__file__).resolve().parents[2] / "examples" / "digits"
IMPORT = "from time import perf_counter as now; start = now(); {}; print(now() - start)"
LOADS = ("import numpy", "import numpy, minilite", "import numpy, minilite; minilite.run")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
RUN = [
    *(sys.executable, "-m", "minilite", "run", "--engine", "numpy"),
    *(str(DIGITS / "digits_int8.tflite"), str(DIGITS / "digit.npy")),
]


def import_seconds(code: str) -> float:
    """Seconds that an import takes inside a fresh process."""
    command = [sys.executable, "-c", IMPORT.format(code)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout)


def run_seconds() -> float:
    """Seconds from start to end of a process that runs the digits model."""
    start = perf_counter()
    subprocess.run(RUN, capture_output=True, check=True, env=ENVIRONMENT)
    return perf_counter() - start


def main(repeats: int) -> None:
    """Print the medians. All are measured in turn, so that a busy machine disturbs them alike."""
    run_seconds()  # writes the bytecode
    rows = [(*map(import_seconds, LOADS), run_seconds()) for _ in range(repeats)]
    numpy, imported, loaded, whole = (1000 * median(column) for column in zip(*rows, strict=True))
    print(f"import numpy                   {numpy:6.0f} ms")
    print(f"import minilite, beyond that   {imported - numpy:6.0f} ms   (goal: at most 60)")
    print(f"minilite.run is there, beyond  {loaded - numpy:6.0f} ms")
    print(f"minilite run as a process      {whole:6.0f} ms   (goal: under 500)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 11)
