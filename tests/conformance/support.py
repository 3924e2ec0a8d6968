"""The support table, generated from the conformance cases.

    python -m tests.conformance.support      writes minilite/support.json

One row for each op and combination of types. `sets` says of each kernel set that takes it how well it is followed:
"bit-exact", or the largest difference allowed as a share of the tensor's largest absolute value, both measured against
LiteRT, or "not compared". `notes` says why not, or what a figure leaves out. What nobody can run here for comparison is
"golden" where recorded tensors of real builds agree bit for bit, else "source": written after reading it. `deviation`
says where minilite does not follow the reference kernel, and why. `engines` lists "jit" where a compiled twin exists;
elsewhere engine="jit" runs the NumPy kernel.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import minilite
from minilite.fast import TWINS
from minilite.ops.prepare import SEARCH
from minilite.oracle import RESOLVERS, VERIFIED_VERSION
from minilite.program import KERNEL_SETS

from . import CASES
from .case import Case, definitions, variant_of

TABLE = Path(minilite.__file__).parent / "support.json"


def row(cases: list[Case]) -> dict[str, Any]:
    """The cases of one op and combination of types as a row of the table."""
    first = cases[0]
    found = {name: _match(name, cases) for name in KERNEL_SETS}
    return {
        "op": first.op,
        "types": first.types,
        "engines": ["numpy", "jit"] if any(variant_of(case) in TWINS for case in cases) else ["numpy"],
        "sets": {name: match for name, match in found.items() if match is not None},
        "notes": {name: reason for case in cases for name, reason in case.sets.items() if isinstance(reason, str)},
        "deviation": next((case.deviation for case in cases if case.deviation), None),
    }


def _match(kernels: str, cases: list[Case]) -> str | float | None:
    """How well a kernel set is followed; None when it does not take these types."""
    if kernels not in RESOLVERS:
        return "source" if _takes(kernels, cases[0]) else None
    matches = [case.tolerance if kernels == "reference" else case.sets.get(kernels) for case in cases]
    compared = [match for match in matches if not isinstance(match, str)]
    if not compared:
        return "not compared"
    return max((match for match in compared if match is not None), default="bit-exact")


def _takes(kernels: str, case: Case) -> bool:
    """Whether a set has a kernel for the types of a case; one that runs subgraphs is the same in all."""
    ops = definitions(case.op)
    variants = [variant for op in ops for variant in op.variants if case.types in variant.types]
    return any(op.control is not None for op in ops) or any(
        name in variant.rules for name in SEARCH[kernels] for variant in variants
    )


def support(cases: Iterable[Case] = CASES) -> str:
    """The whole table as JSON, one row a line."""
    grouped: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        grouped.setdefault((case.op, case.types), []).append(case)
    rows = ",\n".join(f"  {json.dumps(row(grouped[key]))}" for key in sorted(grouped))
    return f'{{"litert": "{VERIFIED_VERSION}", "rows": [\n{rows}\n]}}\n'


if __name__ == "__main__":
    TABLE.write_text(support(), encoding="utf-8")
