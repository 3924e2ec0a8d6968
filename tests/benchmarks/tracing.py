"""Memory and time of tracing a dataset.

    python -m tests.benchmarks.tracing FOLDER [RUNS]

Runs `minilite trace` on an int8 MobileNetV2 with random weights and on RUNS images in a .npy file, 1000 unless told
otherwise, as an own process, and prints its time for each image and its largest resident memory.
"""

import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from minilite.graph.write import save

from .models import IMAGE, build

NAME = "mobilenet_v2"
PER_MEBIBYTE = 1 if sys.platform == "darwin" else 2**10  # what getrusage counts in: bytes there, kibibytes here


def main(folder: Path, runs: int) -> None:
    """Make the model and the images, trace, print."""
    folder.mkdir(parents=True, exist_ok=True)
    model, images = folder / f"{NAME}_int8.tflite", folder / f"images_{runs}.npy"
    save(build(NAME, "int8"), model)
    stored = np.lib.format.open_memmap(images, "w+", np.int8, (runs, *IMAGE[1:]))
    generator = np.random.default_rng(0)
    for image in stored:
        image[:] = generator.integers(-128, 128, image.shape, np.int8)
    stored.flush()
    start = time.perf_counter()
    command = [sys.executable, "-m", "minilite", "trace", str(model), str(images), "--engine", "jit", "--json"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / PER_MEBIBYTE
    print(f"{runs} runs: {1000 * seconds / runs:.0f} ms each, {seconds:.0f} s in all, {memory:.0f} MiB at most")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000)
