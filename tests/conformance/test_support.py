"""The support table that ships with the package says what the conformance cases hold."""

import json

from minilite.ops import OPS

from .support import TABLE, support


def test_table_is_current() -> None:
    assert TABLE.read_text(encoding="utf-8") == support(), "run: python -m tests.conformance.support"


def test_every_op_has_a_row() -> None:
    assert {row["op"] for row in json.loads(support())["rows"]} == set(OPS)
