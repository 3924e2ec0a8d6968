"""The support table, generated from the conformance cases.

    python -m tests.conformance.support      writes minilite/support.json

One row for each op and combination of types. `sets` says of each kernel set that takes it how well it is followed:
"bit-exact", or the largest difference allowed as a share of the tensor's largest absolute value, both measured against
LiteRT, or "not compared". `notes` says why not, or what a figure leaves out. What nobody can run here for comparison is
"golden" where recorded tensors of real builds agree bit for bit (tests/golden/coverage.json), else "source": written
after reading it. `deviation` says where minilite does not follow the reference kernel, and why. `engines` lists "jit"
where a compiled twin exists; elsewhere engine="jit" runs the NumPy kernel.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import minilite
from minilite.fast import TWINS
from minilite.ops.op import Op, spelled_out
from minilite.ops.prepare import SEARCH
from minilite.ops.registered import REGISTERED
from minilite.oracle import RESOLVERS, VERIFIED_VERSION
from minilite.program import KERNEL_SETS
from tests.golden.coverage import recorded

from . import CASES
from .case import Case, definitions, variants_of

TABLE = Path(minilite.__file__).parent / "support.json"


Key = tuple[str, str]  # an op and the element types of a combination


def row(key: Key, cases: list[Case], golden: tuple[str, ...] | None) -> dict[str, Any]:
    """One combination of types as a row of the table: its cases, and the sets of which its tensors were recorded."""
    found = {
        name: _match(name, cases) if name in RESOLVERS else _match_recorded(name, key, golden) for name in KERNEL_SETS
    }
    return {
        "op": key[0],
        "types": key[1],
        "engines": ["numpy", "jit"] if any(variant in TWINS for variant in variants_of(*key)) else ["numpy"],
        "sets": {name: match for name, match in found.items() if match is not None},
        "notes": {name: reason for case in cases for name, reason in case.sets.items() if isinstance(reason, str)},
        "deviation": next((case.deviation for case in cases if case.deviation), None),
    }


def _match(kernels: str, cases: list[Case]) -> str | float | None:
    """How well a kernel set of LiteRT is followed; None when it does not take these types."""
    if not cases:
        return None
    matches = [case.tolerance if kernels == "reference" else case.sets.get(kernels) for case in cases]
    compared = [match for match in matches if not isinstance(match, str)]
    if not compared:
        return "not compared"
    return max((match for match in compared if match is not None), default="bit-exact")


def _match_recorded(kernels: str, key: Key, golden: tuple[str, ...] | None) -> str | None:
    """How well a microcontroller set is followed; None when it does not take these types, or refused all recorded."""
    if golden is not None:
        return "golden" if kernels in golden else None
    return "source" if takes(kernels, *key) else None


def takes(kernels: str, code: str, types: str) -> bool:
    """Whether a microcontroller set has a kernel for these types; one that runs subgraphs is the same in all."""
    if types == "any":
        return code in REGISTERED
    registered = {_words(text, op) for op in definitions(code) for text in REGISTERED.get(code, ())}
    return any(
        _words(types, op) in registered and name in variant.rules
        for op in definitions(code)
        for variant in op.variants
        if types in variant.types
        for name in SEARCH[kernels]
    )


def _words(types: str, op: Op) -> tuple[str, ...]:
    return tuple((spelled_out(types, op.signature) or {}).values())


def support(cases: Iterable[Case] = CASES) -> str:
    """The whole table as JSON, one row a line."""
    golden = recorded()
    grouped: dict[Key, list[Case]] = {key: [] for key in golden}
    for case in cases:
        grouped.setdefault((case.op, case.types), []).append(case)
    rows = ",\n".join(f"  {json.dumps(row(key, grouped[key], golden.get(key)))}" for key in sorted(grouped))
    return f'{{"litert": "{VERIFIED_VERSION}", "rows": [\n{rows}\n]}}\n'


if __name__ == "__main__":
    TABLE.write_text(support(), encoding="utf-8")
