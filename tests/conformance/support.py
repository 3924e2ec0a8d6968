"""The support table, generated from the conformance cases.

    python -m tests.conformance.support      writes minilite/support.json

One row for each case: `status` is "bit-exact", or "within tolerance" with the largest difference allowed as a share of
the tensor's largest absolute value; `deviation` says where minilite does not follow the reference kernel, and why.
`engines` lists "jit" where a compiled twin exists; elsewhere engine="jit" runs the NumPy kernel.
"""

import json
from pathlib import Path
from typing import Any

import minilite
from minilite.fast import TWINS
from minilite.oracle import VERIFIED_VERSION

from . import CASES
from .case import Case, variant_of

TABLE = Path(minilite.__file__).parent / "support.json"


def row(case: Case) -> dict[str, Any]:
    """One case as a row of the table."""
    return {
        "op": case.op,
        "types": case.types,
        "kernel_set": "reference",
        "engines": ["numpy", "jit"] if variant_of(case) in TWINS else ["numpy"],
        "status": "bit-exact" if case.tolerance is None else "within tolerance",
        "tolerance": case.tolerance,
        "deviation": case.deviation or None,
    }


def support() -> str:
    """The whole table as JSON, one row a line."""
    unique = {(case.op, case.types): row(case) for case in CASES}
    rows = ",\n".join(f"  {json.dumps(unique[key])}" for key in sorted(unique))
    return f'{{"litert": "{VERIFIED_VERSION}", "rows": [\n{rows}\n]}}\n'


if __name__ == "__main__":
    TABLE.write_text(support(), encoding="utf-8")
